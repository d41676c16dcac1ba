package queueing

import (
	"fmt"
	"math"
	"testing"
)

func TestFluidCheckValue(t *testing.T) {
	f := must[Fluid](t)(FluidBacklog(0, []Flow{{10, 1e6, 1e5}, {200, 0, 1e5}}))
	wantNear(t, "peak", f.PeakBacklog, 9e6, 1e-3)
	wantNear(t, "peak time", f.PeakSeconds, 10, 1e-12)
	wantNear(t, "final", f.FinalBacklog, 0, 0)
	wantRelative(t, "area", f.WaitRequestSeconds, 9e6*10/2+9e6*90/2, 1e-12)
	if empty := f.Points[2]; empty.Backlog != 0 || math.Abs(empty.Seconds-100) > 1e-9 {
		t.Errorf("emptied at %+v, want 0 at 100 s", empty)
	}
	wantNear(t, "drain", must[float64](t)(DrainSeconds(f.PeakBacklog, 0, 1e5)), 90, 1e-9)
}

func TestFluidMovesBetweenFlows(t *testing.T) {
	f := must[Fluid](t)(FluidBacklog(50, []Flow{{5, 0, 10}, {5, 0, 10}, {10, 20, 10}, {2, 0, 10}, {0, 5, 5}}))
	want := []FluidPoint{{0, 50}, {5, 0}, {5, 0}, {10, 0}, {20, 100}, {22, 80}, {22, 80}}
	if len(f.Points) != len(want) {
		t.Fatalf("points %v, want %v", f.Points, want)
	}
	for i := range want {
		wantNear(t, fmt.Sprintf("time of point %d", i), f.Points[i].Seconds, want[i].Seconds, 1e-9)
		wantNear(t, fmt.Sprintf("backlog of point %d", i), f.Points[i].Backlog, want[i].Backlog, 1e-9)
	}
}

func TestDrain(t *testing.T) {
	_, err := DrainSeconds(10, 5, 5)
	wantError(t, "no spare rate", err, ErrUnstable)
	wantNear(t, "nothing to drain", must[float64](t)(DrainSeconds(0, 5, 5)), 0, 0)
}

func TestSpikeAgainstSmallSteps(t *testing.T) {
	s := Spike{BasePerSec: 2000, SurgePerSec: 50000, DecaySeconds: 30}
	const mu = 12000.0
	got := must[SpikeBacklog](t)(s.Against(mu))
	wantRelative(t, "turn", got.TurnSeconds, 30*math.Log(50000.0/(mu-2000)), 1e-12)
	const step = 1e-3
	q, peak, empty := 0.0, 0.0, 0.0
	for i := 0; empty == 0; i++ {
		at := (float64(i) + 0.5) * step
		q += (s.BasePerSec + s.SurgePerSec*math.Exp(-at/s.DecaySeconds) - mu) * step
		peak = math.Max(peak, q)
		if q <= 0 {
			empty = at
		}
	}
	wantRelative(t, "peak", got.PeakBacklog, peak, 1e-6)
	wantRelative(t, "empty", got.EmptySeconds, empty, 1e-4)
}

func TestSpikeEdges(t *testing.T) {
	got := must[SpikeBacklog](t)(Spike{BasePerSec: 10, SurgePerSec: 5, DecaySeconds: 1}.Against(20))
	if got != (SpikeBacklog{}) {
		t.Errorf("a spike below the capacity left %+v", got)
	}
	_, err := Spike{BasePerSec: 10, SurgePerSec: 5, DecaySeconds: 1}.Against(10)
	wantError(t, "base at capacity", err, ErrUnstable)
	huge := must[SpikeBacklog](t)(Spike{SurgePerSec: 1e15, DecaySeconds: 1e12}.Against(1e-15))
	wantFinite(t, "huge spike", huge.TurnSeconds, huge.PeakBacklog, huge.EmptySeconds)
}

func TestTokenBucket(t *testing.T) {
	b := TokenBucket{Burst: 100, RatePerSec: 20}
	wantNear(t, "passed in a minute", must[float64](t)(b.MaxPassed(60)), 1300, 1e-9)
	wantNear(t, "time for the burst", must[float64](t)(b.SecondsToPass(100)), 0, 0)
	for _, seconds := range []float64{0, .5, 7, 1e6} {
		wantRelative(t, "round trip", must[float64](t)(b.SecondsToPass(must[float64](t)(b.MaxPassed(seconds)))), seconds, 1e-12)
	}
	_, err := TokenBucket{Burst: 5}.SecondsToPass(6)
	wantError(t, "bucket without refill", err, ErrInfeasible)
	wantNear(t, "limit per instance", must[float64](t)(InstanceLimitPerSec(9000, 30, 10)), 450, 1e-9)
	_, err = InstanceLimitPerSec(9000, 30, 30)
	wantRangeError(t, "all instances lost", err)
}
