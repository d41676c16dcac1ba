package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fsctl/scenarios"
)

func obstacles(p *Plan) string {
	var list []string
	for _, e := range p.Obstacles() {
		list = append(list, e.Candidate+": "+e.Bottleneck)
	}
	return strings.Join(list, ", ")
}

func TestWhatMakesAPlanInfeasible(t *testing.T) {
	const latency = "services.app.latency={quantile: 0.99, limit: 23ms}"
	const primary = "services=[{name: db, kind: database, capacity: 100/s, writes: 100%, hot_row: 10/s, calls: {transaction: 2}}]"
	for _, c := range []struct {
		set  []string
		want string
	}{
		{nil, ""},
		{[]string{primary}, ""}, // what a database can do is no limit that somebody gave
		{[]string{"estate={pools: [{name: idc, cores: 1}]}"}, ""},
		{[]string{latency}, "app at any size: latency"},
		{[]string{"services.app.quota=10/s"}, "app with quota 10/s: quota"},
		{[]string{"limits={cores: 1k, instances: 1k, cost: 1k}"}, ""},
		{[]string{"limits.cores=40"}, "the whole sale at p95: cores"},
		{[]string{"limits.instances=2"}, "the whole sale at p95: instances"},
		{[]string{"limits.cost=2.5"}, "the whole sale at p95: cost"},
		{[]string{"limits={cores: 40, instances: 2}"}, "the whole sale at p95: cores, the whole sale at p95: instances"},
		{[]string{"limits.cores=40", latency}, "the whole sale at p95: cores, app at any size: latency"},
	} {
		p := newPlan(t, flags(t, c.set...), Options{Trials: 2000})
		if got := obstacles(p); got != c.want || p.Feasible != (c.want == "") {
			t.Errorf("%v: obstacles %q and feasible %v, want %q", c.set, got, p.Feasible, c.want)
		}
	}
}

// Between p95 and p99 a limit rejects some candidates, and leaves the plan feasible.
func TestALimitAboveTheP95(t *testing.T) {
	sized := func(limit string) *Plan {
		set := []string{"services.stock-cache.instance.cores=2", "services.orders-db.instance.cores=8"}
		if limit != "" {
			set = append(set, limit)
		}
		return newPlan(t, load(t, liveDrop, set...), Options{Trials: 2000})
	}
	cores := sized("").Totals.CPUCores
	limit := cores.P95
	p := sized(fmt.Sprintf("limits.cores=%f", limit))
	p99 := candidate(t, p, "p99")
	if !p.Feasible || !slices.Equal(p99.Rejected, []string{"cores"}) || len(candidate(t, p, "p95").Rejected) != 0 {
		t.Errorf("feasible %v, p99 %+v, want only p99 rejected", p.Feasible, p99)
	}
	if want := (Excuse{"the whole sale at p99", "cores", cores.P99, limit}); !slices.Contains(p.Excuses, want) {
		t.Errorf("excuses %+v, want %+v in it", p.Excuses, want)
	}
	if p.Recommendation.Candidate != "p95" && len(candidate(t, p, p.Recommendation.Candidate).Rejected) != 0 {
		t.Errorf("recommended %+v, want one within the limit", p.Recommendation)
	}
	below := sized(fmt.Sprintf("limits.cores=%f", limit-1))
	if below.Feasible || below.Recommendation.Candidate != "" || below.Recommendation.Because == "" {
		t.Errorf("feasible %v and recommended %+v, want neither below the p95", below.Feasible, below.Recommendation)
	}
}

// What no database or estate can do is reported, but only limits that were given end with code 114.
func TestEveryScenarioIsFeasibleWithoutLimits(t *testing.T) {
	for _, name := range append(scenarios.Builtin(), liveDrop) {
		if p := newPlan(t, load(t, name), Options{Trials: 500}); !p.Feasible {
			t.Errorf("%s: %s", name, obstacles(p))
		}
	}
}
