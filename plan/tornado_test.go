package plan

import (
	"math"
	"testing"
)

func influence(t testing.TB, list []Influence, input string) Influence {
	t.Helper()
	for _, f := range list {
		if f.Input == input {
			return f
		}
	}
	t.Fatalf("no %s in %+v", input, list)
	return Influence{}
}

// The variance of a product of lognormals is known: input i alone explains
// (e^(s_i^2) - 1)/(e^(sum of all s^2) - 1).
func TestSharesAgreeWithTheLognormal(t *testing.T) {
	sc := flags(t, spread("workload.users", 10e6, .1), spread("workload.active", .2, .2), spread("workload.actions", 30, .3), "workload.peak=1", "services=[]")
	all := math.Expm1(.01 + .04 + .09)
	for _, seed := range []uint64{1, 2, 3} {
		list := newPlan(t, sc, Options{Trials: 100_000, Seed: seed}).EventTornado
		for input, sigma := range map[string]float64{"workload.users": .1, "workload.active": .2, "workload.actions": .3} {
			if got, want := influence(t, list, input).Share, math.Expm1(sigma*sigma)/all; math.Abs(got-want) > 0.025 {
				t.Errorf("seed %d: %s explains %g, want %g", seed, input, got, want)
			}
		}
		if list[0].Input != "workload.actions" || len(list) != 3 {
			t.Errorf("order %+v, want actions first of three", list)
		}
	}
}

func TestTornadoMovesOneInputAtATime(t *testing.T) {
	p := newPlan(t, flags(t, "workload.users=[5M, 10M, 30M]", "services.app.demand=[4ms, 5ms, 6ms]", "workload.peak=3"), Options{Trials: 2000})
	if len(p.Tornado) != 2 || p.Tornado[0].Input != "workload.users" || p.Tornado[1].Input != "services.app.demand" {
		t.Fatalf("tornado %+v, want users before the demand", p.Tornado)
	}
	for input, ends := range map[string][2]string{
		"workload.users":      {"workload.users=5M", "workload.users=30M"},
		"services.app.demand": {"services.app.demand=4ms", "services.app.demand=6ms"},
	} {
		f := influence(t, p.Tornado, input)
		for i, got := range []float64{f.Low, f.High} {
			if want := newPlan(t, flags(t, "workload.peak=3", ends[i]), Options{Trials: 1}).Totals.CPUCores.Mid; got != want {
				t.Errorf("%s: %g cores at end %d, want the %g of a scenario that says so", input, got, i, want)
			}
		}
		if f.Swing != f.High-f.Low {
			t.Errorf("%s: swing %g of %g to %g", input, f.Swing, f.Low, f.High)
		}
	}
	if p.Tornado[0].Share <= p.Tornado[1].Share {
		t.Errorf("shares %+v, want those of users the larger", p.Tornado)
	}
	if len(p.EventTornado) != 1 || p.EventTornado[0].Input != "workload.users" {
		t.Errorf("the event hangs on %+v, want users alone", p.EventTornado)
	}
}

// More hits mean fewer cores: the output at the low value is the larger one.
func TestTornadoOfAFallingInput(t *testing.T) {
	sc := flags(t, `services=[{name: c, kind: cache, hit: [80%, 90%, 95%], misses: s, capacity: 1M/s, calls: {read: 1}}, {name: s, kind: service, demand: 10ms}]`)
	f := influence(t, newPlan(t, sc, Options{Trials: 2000}).Tornado, "services.c.hit")
	if !(f.Low > f.High && f.Swing == f.Low-f.High && f.Swing > 0) {
		t.Errorf("influence %+v, want fewer cores with more hits", f)
	}
}

// An input that cannot matter is not listed, however the trials fall.
func TestTornadoLeavesOutWhatDoesNotMatter(t *testing.T) {
	for seed := range uint64(20) {
		sc := flags(t, "workload.peak=[2, 2.5, 3]", "workload.event={transaction: [60, 90, 120], read: [10, 11, 12]}")
		for _, f := range newPlan(t, sc, Options{Trials: 2000, Seed: seed}).Tornado {
			if f.Input == "workload.peak" {
				t.Errorf("seed %d: %+v, but every step has a multiplier of its own", seed, f)
			}
		}
	}
}

func TestTornadoOfFewTrials(t *testing.T) {
	for _, trials := range []int{1, 2, 3, 10} {
		for _, f := range newPlan(t, load(t, liveDrop), Options{Trials: trials}).Tornado {
			if f.Share < 0 || f.Share > 1 {
				t.Errorf("%d trials: share %g of %s, want 0 to 1", trials, f.Share, f.Input)
			}
		}
	}
	if p := newPlan(t, flags(t, "workload.peak=3"), Options{}); p.Tornado == nil || len(p.Tornado) != 0 {
		t.Errorf("tornado %v without uncertain inputs, want an empty list", p.Tornado)
	}
}
