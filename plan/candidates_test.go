package plan

import (
	"math"
	"strings"
	"testing"
)

func candidate(t testing.TB, p *Plan, name string) Candidate {
	t.Helper()
	for _, c := range p.Candidates {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no candidate %s in %+v", name, p.Candidates)
	return Candidate{}
}

const shopOfOneItem = "sale={items: 1, stock: 1000, margin: MARGIN}"

func TestCandidatesAreTheQuantilesOfTheTotals(t *testing.T) {
	p := newPlan(t, load(t, liveDrop, "estate.pools.idc.price=0.02"), Options{Trials: 2000, Seed: 3})
	c := p.Totals.CPUCores
	for name, want := range map[string]float64{"mid": c.Mid, "p50": c.P50, "p95": c.P95, "p99": c.P99, "high": c.High} {
		if got := candidate(t, p, name).CPUCores; got != want {
			t.Errorf("%s has %g cores, want %g", name, got, want)
		}
	}
	for name, most := range map[string]float64{"p50": .5, "p95": .05, "p99": .01} {
		if got := candidate(t, p, name).NotEnoughRatio; got > most || got < most/2 {
			t.Errorf("%s is not enough in %g of the trials, want at most %g and not far below", name, got, most)
		}
	}
	last := Candidate{NotEnoughRatio: 1, ShortfallCores: math.Inf(1), Cost: new(float64)}
	for _, name := range []string{"p50", "p95", "p99"} {
		at := candidate(t, p, name)
		if at.NotEnoughRatio > last.NotEnoughRatio || at.ShortfallCores > last.ShortfallCores || at.SurplusCores < last.SurplusCores || *at.Cost < *last.Cost {
			t.Errorf("%+v after %+v, want less risk at more cost", at, last)
		}
		last = at
	}
}

// A certain plan needs exactly its cores: half of them lose half of the orders.
func TestRegretOfCertainNeed(t *testing.T) {
	set := []string{"workload.peak=3", "services.app.running=6", "estate={event_duration: 2h, margin: 0s, pools: [{name: own, cores: 10, price: 0.5, billing: on-demand}, {name: cloud, cores: 1k, price: 2, billing: on-demand}]}"}
	p := newPlan(t, flags(t, append(set, strings.Replace(shopOfOneItem, "MARGIN", "3", 1))...), Options{})
	mid, now := candidate(t, p, "mid"), candidate(t, p, "now")
	need := p.Totals.CPUCores.Mid
	near(t, "cores now", now.CPUCores, 24, 0)
	near(t, "cost of mid", *mid.Cost, 2*(10*.5+(need-10)*2), 1e-12)
	near(t, "shortfall", now.ShortfallCores, need-24, 1e-12)
	near(t, "regret", now.Regret, 3*1000*(1-24/need), 1e-12)
	if mid.NotEnoughRatio != 0 || mid.Regret != 0 || now.NotEnoughRatio != 1 || p.Recommendation.Candidate != "mid" {
		t.Errorf("mid %+v, now %+v and recommended %q, want mid enough and recommended", mid, now, p.Recommendation.Candidate)
	}
	if p.Recommendation.CostUnit != CostInMoney || p.Recommendation.RegretUnit != RegretInCost {
		t.Errorf("units %+v, want money and cost", p.Recommendation)
	}
}

// The stock bounds what can be lost, and so does the time of the sale.
func TestOrdersThatCanBeLost(t *testing.T) {
	for sale, want := range map[string]float64{
		"sale={stock: 7, items: 3, margin: 1}":    21,
		"sale={stock: 1G, items: 100, margin: 1}": 400 * 3600,
	} {
		p := newPlan(t, flags(t, "workload.peak=3", "services.app.running=1", sale), Options{})
		now := candidate(t, p, "now")
		near(t, sale, now.Regret, want*(1-4/p.Totals.CPUCores.Mid), 1e-9)
	}
}

func TestDearerOrdersAskForMoreCores(t *testing.T) {
	recommended := func(margin string) Candidate {
		p := newPlan(t, flags(t, strings.Replace(shopOfOneItem, "MARGIN", margin, 1)), Options{Trials: 2000})
		return candidate(t, p, p.Recommendation.Candidate)
	}
	cheap, dear := recommended("0.0001"), recommended("1000")
	if !(cheap.CPUCores < dear.CPUCores && dear.NotEnoughRatio < cheap.NotEnoughRatio) {
		t.Errorf("recommended %+v for cheap orders and %+v for dear ones, want more cores for dear ones", cheap, dear)
	}
}

// A core short and a core idle weigh the same where no margin is known; half of all sales must not fail for that.
func TestUnknownMarginComparesOnlyWhatIsEnough(t *testing.T) {
	p := newPlan(t, load(t, liveDrop), Options{Trials: 2000})
	r := p.Recommendation
	if got := candidate(t, p, r.Candidate); got.NotEnoughRatio > .05 || r.RegretUnit != RegretInCores || !strings.Contains(r.Because, "sale.margin") {
		t.Errorf("recommended %+v because %q, want one that is enough, with what is missing", got, r.Because)
	}
	if p50 := candidate(t, p, "p50"); p50.Regret >= candidate(t, p, "p99").Regret {
		t.Errorf("p50 %+v, want less regret in cores than p99: the median has the least", p50)
	}
}

func TestNowIsKnownOnlyOfAll(t *testing.T) {
	for _, c := range []struct {
		set   string
		known bool
	}{
		{"services=[{name: a, kind: service, demand: 1ms, calls: {read: 1}, running: 2}, {name: b, kind: service, demand: 1ms, calls: {read: 1}}]", false},
		{"services=[{name: a, kind: service, demand: 1ms, calls: {read: 1}, running: 2}, {name: b, kind: service, demand: 1ms}]", true},
		{"services=[]", false},
	} {
		p := newPlan(t, flags(t, c.set), Options{Trials: 20})
		if known := p.Candidates[len(p.Candidates)-1].Name == "now"; known != c.known {
			t.Errorf("%s: candidates %+v, want now: %v", c.set, p.Candidates, c.known)
		}
	}
}

// Where no cores are known, the recommendation does not speak of idle or missing ones.
func TestRecommendationWithoutCores(t *testing.T) {
	p := newPlan(t, parse(t, thousand+"services: [{name: f, kind: function, calls: {order: 1}, demand: [50ms, 100ms, 200ms]}]\n"), Options{Trials: 1000})
	if r := p.Recommendation; r.Candidate != "p95" || !strings.HasPrefix(r.Because, "the smallest of the candidates") {
		t.Errorf("recommended %s: %q, want p95, as the smallest that is enough", r.Candidate, r.Because)
	}
}
