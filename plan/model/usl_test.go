package model

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"fsctl/plan/queueing"
)

func TestMoreLoadNeverNeedsFewerUnderTheLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Service{InstanceCores: float64(rapid.IntRange(1, 8).Draw(t, "cores")), Utilization: rapid.Float64Range(0.3, 1).Draw(t, "utilization"),
			Wait: rapid.Float64Range(0.01, 1).Draw(t, "wait"), Variability: Absent}
		s.USL = &USL{Gamma: 0, Alpha: 1, Beta: 2, Measured: float64(rapid.IntRange(1, 200).Draw(t, "measured"))}
		x := &Case{Values: []float64{rapid.Float64Range(1, 1e4).Draw(t, "gamma"), rapid.Float64Range(0, 1).Draw(t, "alpha"), rapid.Float64Range(0, 0.1).Draw(t, "beta")}}
		rate := rapid.Float64Range(0.1, 1e6).Draw(t, "rate")
		less, more := s.StaffUSL(x, rate), s.StaffUSL(x, rate*rapid.Float64Range(1, 3).Draw(t, "times"))
		if more.Instances < less.Instances || math.IsInf(more.Instances, 0) || math.IsNaN(more.Cores) {
			t.Fatalf("%+v, then %+v for more", less, more)
		}
		law := queueing.USL{GammaPerSec: queueing.Estimate{Value: x.Values[0]}, Alpha: queueing.Estimate{Value: x.Values[1]},
			Beta: queueing.Estimate{Value: x.Values[2]}, LargestConcurrency: s.USL.Measured}
		if does, err := law.ThroughputPerSec(less.Instances); !less.Beyond && (err != nil || does*s.Utilization < rate*(1-1e-9)) {
			t.Fatalf("%g instances do %g/s (%v), wanted %g/s at %g", less.Instances, does, err, rate, s.Utilization)
		}
	})
}
