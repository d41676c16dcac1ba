package queueing

import (
	"errors"
	"math"
	"testing"
)

func simulateColdStart(t testing.TB, c ColdStart, seed uint64, requests int) ColdStartEstimate {
	t.Helper()
	e, err := c.Simulate(seed, requests)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// SimFaaS publishes .0014 and 7.66. The interval of a million seconds' requests holds what rounds to
// .0014; the instances are up to a percent more than published, whichever idle instance is taken.
func TestColdStartOfSimFaaS(t *testing.T) {
	e := simulateColdStart(t, ColdStart{0.9, 1.991, 2.244, 600}, 1, 900_000)
	if e.Requests != 900_000 {
		t.Errorf("%d requests counted, want 900000", e.Requests)
	}
	if c := e.ColdRatio; c.High < 0.00135 || c.Low > 0.00145 || c.High-c.Low > 0.0003 {
		t.Errorf("cold share %+v, want an interval over .0014 and no wider than .0003", c)
	}
	if n := e.MeanInstances; math.Abs(n.Value-7.66) > 0.01*7.66 || n.High-n.Low > 0.25 {
		t.Errorf("instances %+v, want 7.66 within 1 %% and an interval no wider than .25", n)
	}
}

// Where requests never overlap, a request is cold when none came for the time-out, and an instance
// is there in the share of time that follows a request within it: e^(-lambda T) and its complement.
func TestColdStartOfSeldomRequests(t *testing.T) {
	e := simulateColdStart(t, ColdStart{0.001, 1e-6, 1e-6, 600}, 1, 300_000)
	inside(t, "cold share", e.ColdRatio, math.Exp(-0.6))
	inside(t, "instances", e.MeanInstances, 1-math.Exp(-0.6))
	// A time-out of nothing starts every request cold: M/G/infinity.
	e = simulateColdStart(t, ColdStart{3, 1, 2, 1e-12}, 1, 300_000)
	if e.ColdRatio.Value != 1 {
		t.Errorf("cold share %g, want 1", e.ColdRatio.Value)
	}
	inside(t, "instances without a time-out", e.MeanInstances, 6)
}

func inside(t *testing.T, what string, e Estimate, exact float64) {
	t.Helper()
	if e.Low > exact || e.High < exact || e.High-e.Low > 0.05*exact {
		t.Errorf("%s is %+v, want an interval over %g and no wider than 5 %% of it", what, e, exact)
	}
}

func TestLongerTimeoutKeepsMoreWarm(t *testing.T) {
	before := ColdStartEstimate{ColdRatio: Estimate{Value: 1}}
	for _, seconds := range []float64{1, 10, 100, 1000} {
		e := simulateColdStart(t, ColdStart{2, 1, 1.5, seconds}, 7, 30_000)
		if e.ColdRatio.Value >= before.ColdRatio.Value || e.MeanInstances.Value <= before.MeanInstances.Value {
			t.Errorf("time-out %g s: %+v, want fewer cold starts and more instances than %+v", seconds, e, before)
		}
		before = e
	}
}

func TestColdStartIsDeterministic(t *testing.T) {
	c := ColdStart{0.9, 2, 3, 60}
	if a, b := simulateColdStart(t, c, 5, 3000), simulateColdStart(t, c, 5, 3000); a != b {
		t.Errorf("%+v and %+v of one seed, want the same", a, b)
	}
	if a, b := simulateColdStart(t, c, 5, 3000), simulateColdStart(t, c, 6, 3000); a == b {
		t.Errorf("%+v of two seeds, want them to differ", a)
	}
}

func TestColdStartRanges(t *testing.T) {
	for _, c := range []struct {
		ColdStart
		requests int
	}{
		{ColdStart{0, 1, 1, 1}, 3000}, {ColdStart{1, 0, 1, 1}, 3000}, {ColdStart{1, 1, math.NaN(), 1}, 3000}, {ColdStart{1, 1, 1, math.Inf(1)}, 3000},
		{ColdStart{1e6, 1, 1, 1}, 3000}, {ColdStart{1, 1, 1, 1}, 2999}, {ColdStart{1, 1, 1, 1}, 1e9},
	} {
		if _, err := c.Simulate(1, c.requests); !errors.As(err, new(*RangeError)) {
			t.Errorf("%+v: error %v, want a RangeError", c, err)
		}
	}
}

func BenchmarkColdStart(b *testing.B) {
	for b.Loop() {
		if _, err := (ColdStart{0.9, 1.991, 2.244, 600}).Simulate(1, 90_000); err != nil {
			b.Fatal(err)
		}
	}
}
