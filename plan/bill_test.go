package plan

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"fsctl/plan/bill"
	"fsctl/scenarios"
)

// parse returns a scenario of 86.4 M requests a day, all in one step, at 1000/s times peak and event.
func parse(t testing.TB, text string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse("bill.yaml", []byte("apiVersion: fsctl/v1\nkind: Scenario\nname: bill\nsteps: {order: {share: 100%, transaction: true}}\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

const thousand = "workload: {requests: 86.4M, busy: {share: 100%, window: 24h}, peak: 1}\n"

// Nodes that are sized by their capacity count wherever cores do.
func TestDatabaseIsOnTheBill(t *testing.T) {
	text := thousand + "services: [{name: db, kind: database, calls: {order: 1}, capacity: 100/s, instance: {cores: 32}}]\n"
	p := newPlan(t, parse(t, text+"limits: {cores: 1, cost: 1}\n"), Options{})
	c := candidate(t, p, "p95")
	if p.Totals.CPUCores.P95 != 512 || c.CPUCores != 512 || c.Cores != 512 || *c.Cost != 512 || p.Totals.Cost.P95 != 512 || *c.Size[0].Cores != 512 || p.Services[0].CPUCores.P95 != 512 {
		t.Errorf("totals %+v and candidate %+v, want 512 cores and core-hours", p.Totals, c)
	}
	if p.Feasible || !slices.Equal(c.Rejected, []string{byMaxCores, byMaxCost}) {
		t.Errorf("feasible %v, rejected for %v, want it rejected for cores and cost", p.Feasible, c.Rejected)
	}
	if p := newPlan(t, parse(t, text+"limits: {cores: 512, cost: 512}\n"), Options{}); !p.Feasible {
		t.Errorf("infeasible at its very size: %+v", p.Excuses)
	}
}

// Instances of unknown cores cannot be held against a limit on cores, and functions take none.
func TestLimitOnUnknownCores(t *testing.T) {
	const web = "{name: web, kind: service, calls: {order: 1}, demand: 10ms}"
	for _, c := range []struct {
		service, limit string
		unsized        []string
		want           string
	}{
		{"{name: db, kind: database, calls: {order: 1}, capacity: 100/s}", "cores: 1M", []string{"db"}, ByUnsized},
		{"{name: db, kind: database, calls: {order: 1}, capacity: 100/s}", "cores: 1", []string{"db"}, byMaxCores},
		{"{name: db, kind: database, calls: {order: 1}, capacity: 100/s, demand: 1us}", "cores: 1M", []string{}, ""},
		{"{name: db, kind: database, calls: {order: 1}, capacity: 100/s, instance: {cores: 1}}", "cores: 1M", []string{}, ""},
		{"{name: db, kind: database, capacity: 100/s}", "cores: 1M", []string{}, ""}, // nothing calls it
		{"{name: q, kind: queue, calls: {order: 1}, instance: {cores: 2}}", "cores: 1M", []string{"q"}, ByUnsized},
		{"{name: f, kind: function, calls: {order: 1}, demand: 1s}", "cores: 100", []string{}, ""},
		{"{name: f, kind: function, calls: {order: 1}, demand: 1s}", "instances: 100", []string{}, byMaxInstances},
		{"{name: f, kind: function, calls: {order: 1}, demand: 1s}", "cost: 1M", []string{}, ByUnpriced},
		{"{name: db, kind: database, calls: {order: 1}, capacity: 100/s}", "cost: 1M", []string{"db"}, ByUnpriced}, // nor what its cores cost
		{"{name: db, kind: database, calls: {order: 1}, capacity: 100/s}", "instances: 100", []string{"db"}, ""},
		{"{name: q, kind: queue, calls: {order: 1}, instance: {cores: 2}}", "cost: 1M", []string{"q"}, ByUnpriced},
	} {
		p := newPlan(t, parse(t, thousand+"services: ["+web+", "+c.service+"]\nlimits: {"+c.limit+"}\n"), Options{})
		got := ""
		if list := p.Obstacles(); len(list) > 0 {
			got = list[0].Bottleneck
		}
		if got != c.want || p.Feasible != (c.want == "") || !slices.Equal(p.Totals.Unsized, c.unsized) {
			t.Errorf("%s with %s: obstacle %q and unsized %v, want %q and %v", c.service, c.limit, got, p.Totals.Unsized, c.want, c.unsized)
		}
		if len(c.unsized) > 0 && c.want != "" && c.want != byMaxCores && !strings.Contains(warning(p, "unsized-cores"), "cannot be said to hold") {
			t.Errorf("%s: no warning says why", c.service)
		}
	}
}

// A pool without a price has no cost, and a price of 0 is one.
func TestPoolWithoutAPrice(t *testing.T) {
	const web = thousand + "services: [{name: web, kind: service, calls: {order: 1}, demand: 10ms, start: 30s}]\n"
	of := func(own, more string) *Plan {
		return newPlan(t, parse(t, web+"estate: {zones: 1, pools: [{name: own, cores: 10"+own+"}, {name: cloud, cores: 1k, provision: {cores: 1k, within: 5m}, price: 0.04}]}\n"+more), Options{})
	}
	none, free := of("", ""), of(", price: 0", "")
	if none.Estate.Pools[0].Cost != nil || none.Totals.CostParts[0].Cost != nil || warning(none, "unpriced") == "" {
		t.Errorf("own pool costs %v, want nothing known and a warning", none.Estate.Pools[0].Cost)
	}
	if free.Estate.Pools[0].Cost == nil || free.Estate.Pools[0].Cost.P95 != 0 || warning(free, "unpriced") != "" {
		t.Errorf("own pool costs %v, want 0", free.Estate.Pools[0].Cost)
	}
	if *none.Totals.Cost != *free.Totals.Cost || none.Totals.Cost.P95 != none.Estate.Cost.P95 || none.Estate.Cost.P95 != *candidate(t, none, "p95").Cost || none.Estate.Cost.P95 == 0 {
		t.Errorf("cost %v of the totals, %v of the estate, want one figure", none.Totals.Cost, none.Estate.Cost)
	}
	if none, free := of("", "limits: {cost: 1M}\n"), of(", price: 0", "limits: {cost: 1M}\n"); none.Feasible || !free.Feasible {
		t.Errorf("feasible %v without a price and %v with one of 0, want only the latter", none.Feasible, free.Feasible)
	}
}

// An autoscaler that stops below the size is not enough, and its setting is named.
func TestAutoscalerThatStopsTooEarly(t *testing.T) {
	of := func(max string) *EstatePlan {
		return estate(t, newPlan(t, parse(t, "workload: {requests: 86.4M, busy: {share: 100%, window: 24h}, peak: 1, event: {order: 50}}\n"+
			"services: [{name: web, kind: service, calls: {order: 1}, demand: 10ms, start: 60s}]\n"+
			"estate: {zones: 1, pools: [{name: p, cores: 10k}], scaling: [{service: web, policy: hpa, target: 50%, min: 1, max: "+max+"}]}\n"), Options{}))
	}
	few := of("5")
	if few.Enough || few.BindingLimit != byAutoscalerMax || !strings.Contains(few.Verdict, "estate.scaling of web stops at max 5, and 715 instances are needed") {
		t.Errorf("enough %v, bound by %s: %q, want the autoscaler's max", few.Enough, few.BindingLimit, few.Verdict)
	}
	for max, pods := range map[string]float64{"715": 715, "900": 900, "2000": 1000} {
		if e := of(max); !e.Enough || e.NeedCores.Mid != pods {
			t.Errorf("max %s: enough %v with %g cores, want enough with %g pods", max, e.Enough, e.NeedCores.Mid, pods)
		}
	}
}

// What nothing calls changes no figure, whatever it says.
func TestUncalledServiceChangesNothing(t *testing.T) {
	const text = "workload: {requests: 86.4M, busy: {share: 100%, window: 24h}, peak: 2}\nservices:\n" +
		"  - {name: web, kind: service, calls: {order: 1}, demand: [5ms, 10ms, 20ms], start: 30s, running: 3}\n"
	const estate = "estate: {zones: 1, pools: [{name: idc, cores: 10}, {name: cloud, cores: 1k, provision: {cores: 1k, within: 5m}, price: 0.04}]SCALING}\nlimits: {cores: 1k}\n"
	without := newPlan(t, parse(t, text+strings.Replace(estate, "SCALING", "", 1)), Options{Trials: 1000})
	for _, more := range []string{
		"{name: batch, kind: service, demand: 10ms, start: 20m, instance: {cores: 64}, running: 7}",
		"{name: batch, kind: cache, hit: 100%, misses: web, capacity: 1/s}",
		"{name: batch, kind: function, demand: 10s, start: 20m, max_instances: 1}",
		"{name: batch, kind: queue, start: 20m}",
	} {
		scaling := ""
		if strings.Contains(more, "kind: service") {
			scaling = ", scaling: [{service: batch, policy: hpa, target: 10%, min: 100, max: 200}]"
		}
		p := newPlan(t, parse(t, text+"  - "+more+"\n"+strings.Replace(estate, "SCALING", scaling, 1)), Options{Trials: 1000})
		if got := warning(p, "unsized"); !strings.Contains(got, "batch: no step calls it") {
			t.Errorf("%s: warning %q, want one that nothing calls it", more, got)
		}
		for i := range p.Candidates {
			p.Candidates[i].Size = p.Candidates[i].Size[:1]
		}
		if !reflect.DeepEqual(p.Totals, without.Totals) || !reflect.DeepEqual(p.Estate, without.Estate) || !reflect.DeepEqual(p.Candidates, without.Candidates) ||
			!reflect.DeepEqual(p.Recommendation, without.Recommendation) || !reflect.DeepEqual(p.Tornado, without.Tornado) {
			t.Errorf("%s: a figure changed:\n%+v %+v\nwant\n%+v %+v", more, p.Totals, p.Estate, without.Totals, without.Estate)
		}
	}
}

// checkBill checks that the headline is the sum of the parts.
func checkBill(t testing.TB, p *Plan) {
	t.Helper()
	for _, c := range p.Candidates {
		var cores, instances float64
		for _, s := range c.Size {
			instances += s.Instances
			if s.Cores != nil {
				cores += *s.Cores
			}
		}
		if cores != c.CPUCores || instances != c.Instances || c.Cores != c.CPUCores || c.ShortfallRatio != c.NotEnoughRatio {
			t.Errorf("%s: %g cores in %g instances, its shares have %g in %g", c.Name, c.CPUCores, c.Instances, cores, instances)
		}
		for _, of := range []struct {
			name        string
			cores, more float64
		}{{"mid", p.Totals.CPUCores.Mid, p.Totals.Instances.Mid}, {"p50", p.Totals.CPUCores.P50, p.Totals.Instances.P50}, {"p95", p.Totals.CPUCores.P95, p.Totals.Instances.P95},
			{"p99", p.Totals.CPUCores.P99, p.Totals.Instances.P99}, {"high", p.Totals.CPUCores.High, p.Totals.Instances.High}} {
			if of.name == c.Name && (of.cores != c.CPUCores || of.more != c.Instances) {
				t.Errorf("%s: the totals have %g cores in %g instances, the candidate %g in %g", c.Name, of.cores, of.more, c.CPUCores, c.Instances)
			}
		}
		if p := map[string]float64{"p50": 0.5, "p95": 0.95, "p99": 0.99}[c.Name]; p > 0 && c.ShortfallRatio > 1-p+1e-12 {
			t.Errorf("%s: %g of the trials fall short, want at most %g", c.Name, c.ShortfallRatio, 1-p)
		}
	}
	var cores, instances, cost float64
	for _, s := range p.Services {
		instances += s.Instances.Mid
		cores += s.CPUCores.Mid
	}
	for _, part := range p.Totals.CostParts {
		if part.Cost != nil {
			cost += part.Cost.P95
		}
	}
	if cores != p.Totals.CPUCores.Mid || instances != p.Totals.Instances.Mid {
		t.Errorf("the totals have %g cores in %g instances, the services %g in %g", p.Totals.CPUCores.Mid, p.Totals.Instances.Mid, cores, instances)
	}
	if p.Totals.Cost != nil && math.Abs(p.Totals.Cost.P95-cost) > 1e-9*cost {
		t.Errorf("the total costs %g, its parts %g", p.Totals.Cost.P95, cost)
	}
	if e := p.Estate; e != nil && !reflect.DeepEqual(e.Cost, p.Totals.Cost) {
		t.Errorf("the estate costs %v, the sale %v", e.Cost, p.Totals.Cost)
	}
}

// Limits are broken exactly where the bill says so, and a size is enough as often as its name says.
func TestLimitsAreHeldAgainstTheBill(t *testing.T) {
	sc := twentyServices(t)
	free := newPlan(t, sc, Options{Trials: 500})
	for _, c := range []struct {
		field string
		value float64
	}{{"cores", free.Totals.CPUCores.P95}, {"instances", free.Totals.Instances.P95}, {"cost", free.Totals.Cost.P95}} {
		for _, by := range []float64{0, -1} {
			limited, err := sc.With(fmt.Sprintf("limits.%s=%f", c.field, c.value+by))
			if err != nil {
				t.Fatal(err)
			}
			if p := newPlan(t, limited, Options{Trials: 500}); p.Feasible != (by == 0) {
				t.Errorf("limit on %s %g off the p95: feasible %v", c.field, by, p.Feasible)
			}
		}
	}
}

// The intervals of percentiles hold them, and few trials are warned of.
func TestConfidence(t *testing.T) {
	for trials, bounded := range map[int]bool{50: false, 2000: true} {
		p := newPlan(t, twentyServices(t), Options{Trials: trials})
		for _, c := range []struct {
			e Estimate
			i Intervals
		}{{p.Totals.CPUCores, p.Confidence.CPUCores}, {p.Totals.Instances, p.Confidence.Instances}, {*p.Totals.Cost, p.Confidence.Cost}} {
			if c.i.P50.Low > c.e.P50 || c.i.P95.Low > c.e.P95 || c.i.P99.Low > c.e.P99 || *c.i.P50.High < c.e.P50 || c.i.P50.Low == *c.i.P50.High {
				t.Errorf("%d trials: intervals %+v, want them around %+v", trials, c.i, c.e)
			}
			if (c.i.P99.High != nil) != bounded {
				t.Errorf("%d trials: upper bound of p99 %v, want one: %v", trials, c.i.P99.High, bounded)
			}
		}
		if got := warning(p, "few-trials"); (got == "") != bounded {
			t.Errorf("%d trials: warning %q", trials, got)
		}
	}
}

// Where no service has known cores the sale has no cost, and not one of 0.
func TestUnknownCoresHaveNoCost(t *testing.T) {
	p := newPlan(t, parse(t, thousand+"services: [{name: db, kind: database, calls: {order: 1}, capacity: 100/s}]\n"), Options{})
	if c := candidate(t, p, "mid"); p.Totals.Cost != nil || c.Cost != nil {
		t.Errorf("cost %v of the totals and %v of a candidate, want none known", p.Totals.Cost, c.Cost)
	}
	if last := p.Totals.CostParts[len(p.Totals.CostParts)-1]; last.Name != bill.UnsizedCores || last.Cost != nil {
		t.Errorf("the last part is %+v, want the unsized cores without a cost", last)
	}
}

// A candidate whose cores are not all known is not over a limit that those which are keep.
func TestRejectionTellsOverFromUnknown(t *testing.T) {
	const services = thousand + "services: [{name: web, kind: service, calls: {order: 1}, demand: 10ms}, {name: db, kind: database, calls: {order: 1}, capacity: 100/s}]\n"
	for limits, want := range map[string]string{
		"cores: 1M":           "not known in full: cores",
		"cores: 1":            "over the limit of cores",
		"cores: 1, cost: 1M":  "over the limit of cores; not known in full: cost",
		"cores: 1M, cost: 1M": "not known in full: cores, cost",
		"cores: 1, cost: 1":   "over the limit of cores, cost",
		"instances: 1":        "over the limit of instances",
		"instances: 1k":       "recommended",
	} {
		p := newPlan(t, parse(t, services+"limits: {"+limits+"}\n"), Options{})
		c := candidate(t, p, "mid")
		if got := p.Note(&c); got != want {
			t.Errorf("%s: %q, want %q", limits, got, want)
		}
	}
}

// A limit that nothing can be held against is not said to be exceeded.
func TestExcusesOfWhatIsNotKnown(t *testing.T) {
	for _, c := range []struct{ why, want string }{
		{ByUnpriced, "all: not all of it has a price, so that a limit of 1,000,000 on the cost cannot be said to hold"},
		{ByUnsized, "all: not all instances have known cores, so that a limit of 1,000,000 cores cannot be said to hold"},
		{byMaxCost, "all: cost 118, limit 1,000,000"},
	} {
		if got := (Excuse{"all", c.why, 118, 1e6}).String(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
