package model

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fsctl/plan/queueing"
)

// The search for the latency limit finds what queueing's exact staffing finds.
func TestStaffAgreesWithQueueing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.Float64Range(1e-4, 1).Draw(t, "seconds")
		rate := rapid.Float64Range(0.01, 3000).Draw(t, "erlang") / seconds
		s := Service{
			InstanceCores: 1, Utilization: rapid.Float64Range(0.3, 1).Draw(t, "utilization"), Wait: rapid.Float64Range(0.001, 1).Draw(t, "wait"),
			Quantile: rapid.Float64Range(0.5, 0.999).Draw(t, "quantile"),
		}
		s.LimitSeconds = seconds * rapid.Float64Range(0.5, 12).Draw(t, "limit")
		want, err := queueing.MinServers(queueing.Staffing{ArrivalPerSec: rate, ServiceSeconds: seconds, MaxUtilizationRatio: s.Utilization,
			MaxWaitRatio: s.Wait, LatencyQuantile: s.Quantile, MaxLatencySeconds: s.LimitSeconds})
		got := s.Staff(rate, seconds, 1)
		if got.Late != errors.Is(err, queueing.ErrInfeasible) {
			t.Fatalf("late is %v, queueing says %v", got.Late, err)
		}
		if !got.Late && got.Cores != float64(want.Servers) {
			t.Fatalf("%g cores by %s, want %d by %s", got.Cores, got.Bottleneck, want.Servers, want.Binding)
		}
	})
}

// A service time that varies more never needs fewer cores for its p99.
func TestVariabilityCosts(t *testing.T) {
	before := 0.0
	for _, scv := range []float64{0, 0.5, 1, 1.5, 2} {
		s := Service{InstanceCores: 1, Utilization: 1, Wait: 1, Quantile: 0.99, LimitSeconds: (42 * time.Millisecond).Seconds()}
		got := s.Staff(8000, 0.005, scv)
		if got.Late || got.Cores < before {
			t.Errorf("scv %g: %g cores, late %v, want at least %g", scv, got.Cores, got.Late, before)
		}
		before = got.Cores
	}
}
