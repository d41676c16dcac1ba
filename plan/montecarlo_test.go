package plan

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"

	"fsctl/scenarios"
)

// spread writes an interval whose lognormal has the given sigma.
func spread(field string, mid, sigma float64) string {
	return fmt.Sprintf("%s=[%.17g, %.17g, %.17g]", field, mid*math.Exp(-sigma*normal90), mid, mid*math.Exp(sigma*normal90))
}

// The product of lognormals is lognormal: sigma = sqrt(.1^2 + .2^2 + .3^2).
func TestMonteCarloAgreesWithTheLognormal(t *testing.T) {
	sc := flags(t, spread("workload.users", 10e6, .1), spread("workload.active", .2, .2), spread("workload.actions", 30, .3), "workload.peak=1", "services=[]")
	for _, seed := range []uint64{1, 2, 3} {
		e := newPlan(t, sc, Options{Trials: 100_000, Seed: seed}).Demand.PeakQPS
		near(t, "median", e.P50, 2666.67, 0.02)
		near(t, "p95", e.P95, 4934.6, 0.02)
		near(t, "p99", e.P99, 6367.9, 0.02)
	}
}

func TestIntervalsAreReadAsQuantiles(t *testing.T) {
	for _, c := range []struct {
		name string
		iv   scenarios.Interval[float64]
		d    dimension
	}{
		{"skewed", scenarios.Interval[float64]{Low: 1, Mid: 2, High: 10}, multiplier},
		{"from nothing", scenarios.Interval[float64]{Low: 0, Mid: 2, High: 3}, multiplier},
		{"mostly nothing", scenarios.Interval[float64]{Low: 0, Mid: 0, High: 3}, multiplier},
		{"one side certain", scenarios.Interval[float64]{Low: 2, Mid: 2, High: 3}, multiplier},
		{"share", scenarios.Interval[float64]{Low: .5, Mid: .9, High: .99}, share},
	} {
		q, err := newQuantity(c.name, 1, c.iv, 1, c.d)
		if err != nil {
			t.Fatal(err)
		}
		draws := make([]float64, 100_000)
		for i := range draws {
			if draws[i] = q.draw(uint64(i)); draws[i] < q.min || draws[i] > q.max {
				t.Fatalf("%s: drew %g, want %g to %g", c.name, draws[i], q.min, q.max)
			}
		}
		slices.Sort(draws)
		for i, want := range []float64{c.iv.Low, c.iv.Mid, c.iv.High} {
			if got := rank(draws, []float64{.1, .5, .9}[i]); math.Abs(got-want) > 0.03*max(want, 0.5) {
				t.Errorf("%s: quantile %d is %g, want %g", c.name, i, got, want)
			}
		}
	}
}

// No number of cores and no size of the sample's memory changes a digit.
func TestSameBytesOnAnyCores(t *testing.T) {
	sc := twentyServices(t)
	want := bytesOf(t, newPlan(t, sc, Options{Trials: 2001, Seed: 7, Cores: 1}))
	for _, cores := range []int{2, 7} {
		if got := bytesOf(t, newPlan(t, sc, Options{Trials: 2001, Seed: 7, Cores: cores})); got != want {
			t.Errorf("the plan on %d cores differs", cores)
		}
	}
	if got := bytesOf(t, newPlan(t, sc, Options{Trials: 2001, Seed: 8, Cores: 1})); got == want {
		t.Error("another seed gives the same plan")
	}
	m, err := newModel(sc, 7)
	if err != nil {
		t.Fatal(err)
	}
	whole, split := m.report(m.corner(0)), m.report(m.corner(0))
	m.percentiles(m.columns(whole), 2001, 1, sampleBudget)
	m.percentiles(m.columns(split), 2001, 2, 5*2001)
	if bytesOf(t, whole) != bytesOf(t, split) {
		t.Error("the percentiles of five columns at a time differ from those of all at once")
	}
}

func bytesOf(t *testing.T, p *Plan) string {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A new uncertain input moves no other's draws.
func TestInputsDrawFromTheirOwnStreams(t *testing.T) {
	before := newPlan(t, load(t, liveDrop), Options{Trials: 1000})
	after := newPlan(t, load(t, liveDrop, "services.gateway.demand=[0.3ms, 0.4ms, 0.5ms]"), Options{Trials: 1000})
	if before.Demand.EventQPS != after.Demand.EventQPS || service(t, before, "shop").CPUCores != service(t, after, "shop").CPUCores {
		t.Error("an uncertain demand of the gateway moved the event or the shop")
	}
	if service(t, before, "gateway").CPUCores == service(t, after, "gateway").CPUCores {
		t.Error("the gateway's own figures stayed the same")
	}
}

func TestCertainInputsHaveNoSpread(t *testing.T) {
	p := newPlan(t, flags(t, "workload.peak=3"), Options{})
	for _, e := range []Estimate{p.Demand.PeakQPS, p.Demand.EventTPS, p.Services[0].CPUCores, p.Totals.Instances} {
		if e != (Estimate{e.Mid, e.Mid, e.Mid, e.Mid, e.Mid, e.Mid}) || e.Mid == 0 {
			t.Errorf("estimate %+v, want all six alike", e)
		}
	}
}

func TestRankIsTheNearest(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	for p, want := range map[float64]float64{0.5: 50, 0.95: 95, 0.99: 99} {
		if got := rank(hundred, p); got != want {
			t.Errorf("rank %g of 1..100 is %g, want %g", p, got, want)
		}
	}
	if got := rank([]float64{7}, 0.99); got != 7 {
		t.Errorf("rank of one value is %g, want it", got)
	}
}
