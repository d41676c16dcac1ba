package plan

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"fsctl/scenarios/amount"
)

// spread writes an interval whose lognormal has the given sigma.
func spread(field string, mid, sigma float64) string {
	return fmt.Sprintf("%s=[%.17g, %.17g, %.17g]", field, mid*math.Exp(-sigma*amount.Normal90), mid, mid*math.Exp(sigma*amount.Normal90))
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

// No number of cores changes a digit.
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
	if before.Demand.EventQPS != after.Demand.EventQPS || service(t, before, "shop").NeededCores != service(t, after, "shop").NeededCores {
		t.Error("an uncertain demand of the gateway moved the event or the shop")
	}
	if service(t, before, "gateway").CPUCores == service(t, after, "gateway").CPUCores {
		t.Error("the gateway's own figures stayed the same")
	}
}

func TestCertainInputsHaveNoSpread(t *testing.T) {
	p := newPlan(t, flags(t, "workload.peak=3"), Options{})
	for _, e := range []Estimate{p.Demand.PeakQPS, p.Demand.EventTPS, p.Services[0].CPUCores, p.Totals.Instances} {
		if e != (Estimate{Low: e.Mid, Mid: e.Mid, High: e.Mid, P50: e.Mid, P95: e.Mid, P99: e.Mid}) || e.Mid == 0 {
			t.Errorf("estimate %+v, want all six alike", e)
		}
	}
}
