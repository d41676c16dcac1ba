package plan

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"fsctl/plan/model"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/scenariotest"
)

// drawnPlan returns the plan of a scenario drawn at random; nil where it is out of the formulas' range.
func drawnPlan(t *rapid.T, sc *scenarios.Scenario) *Plan {
	p, err := New(sc, Options{Trials: 40, Seed: 1, Cores: 1})
	if err != nil {
		return nil
	}
	return p
}

// Calls come from somewhere and go somewhere, in the corners and in trials.
func TestDrawnScenariosConserveCalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sc := scenariotest.Draw(t)
		m, err := model.New(sc, 1)
		if err != nil {
			return
		}
		c, err := m.Corners()
		if err != nil {
			return
		}
		for name, x := range map[string]*model.Case{"low": c.Low, "mid": c.Mid, "high": c.High, "trial": m.Trial(rapid.IntRange(0, 1000).Draw(t, "trial"))} {
			if err := m.Conserved(x); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, sc.Document)
			}
		}
	})
}

// columns are the six figures of an estimate.
func columns(e Estimate) []float64 { return []float64{e.Low, e.Mid, e.High, e.P50, e.P95, e.P99} }

// The headline is the sum of its parts: cores and instances of the services, the cost of what is paid for, and every candidate's split.
func TestHeadlineIsTheSumOfItsParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sc := scenariotest.Draw(t)
		p := drawnPlan(t, sc)
		if p == nil {
			return
		}
		same := func(what string, whole, parts float64) {
			if math.Abs(whole-parts) > 1e-9*(1+math.Abs(whole)) {
				t.Fatalf("%s: %g in all, and its parts are %g\n%s", what, whole, parts, sc.Document)
			}
		}
		cores, instances, cost := make([]float64, 6), make([]float64, 6), make([]float64, 6)
		add := func(sum []float64, e *Estimate) {
			if e == nil {
				return
			}
			for k, v := range columns(*e) {
				sum[k] += v
			}
		}
		for i := range p.Services {
			add(cores, &p.Services[i].CPUCores)
			add(instances, &p.Services[i].Instances)
		}
		for i := range p.Totals.CostParts {
			add(cost, p.Totals.CostParts[i].Cost)
		}
		for k, name := range []string{"low", "mid", "high", "p50", "p95", "p99"} {
			same("cores "+name, columns(p.Totals.CPUCores)[k], cores[k])
			same("instances "+name, columns(p.Totals.Instances)[k], instances[k])
			if p.Totals.Cost != nil {
				same("cost "+name, columns(*p.Totals.Cost)[k], cost[k])
			}
			at := slices.IndexFunc(p.Candidates, func(c Candidate) bool { return c.Name == name })
			if at < 0 {
				continue
			}
			c := &p.Candidates[at]
			same("cores of candidate "+name, columns(p.Totals.CPUCores)[k], c.Cores)
			same("instances of candidate "+name, columns(p.Totals.Instances)[k], c.Instances)
			if p.Totals.Cost != nil && c.Cost != nil {
				same("cost of candidate "+name, columns(*p.Totals.Cost)[k], *c.Cost)
			}
			var split, instances float64
			for _, s := range c.Size {
				instances += s.Instances
				if s.Cores != nil {
					split += *s.Cores
				}
			}
			same("the split in cores of "+name, c.Cores, split)
			same("the split in instances of "+name, c.Instances, instances)
		}
	})
}

// more returns the scenario with its demand multiplied: the day's requests by one factor, and the storm's users by another.
func more(sc *scenarios.Scenario, factor, ofStorm float64) *scenarios.Scenario {
	c := *sc
	times := func(iv amount.Interval[amount.Count]) amount.Interval[amount.Count] {
		f := amount.Count(factor)
		return amount.Interval[amount.Count]{Low: iv.Low * f, Mid: iv.Mid * f, High: iv.High * f}
	}
	c.Workload.Requests, c.Workload.Users = times(sc.Workload.Requests), times(sc.Workload.Users)
	if sc.Storm != nil {
		storm := *sc.Storm
		storm.Phases = slices.Clone(storm.Phases)
		for i := range storm.Phases {
			p := &storm.Phases[i]
			p.Rate.From, p.Rate.To = p.Rate.From*amount.Rate(ofStorm), p.Rate.To*amount.Rate(ofStorm)
			p.Users = amount.Count(math.Ceil(float64(p.Users) * ofStorm))
		}
		c.Storm = &storm
	}
	return &c
}

// More load never needs less of anything. Percentiles of sizes are compared where all loads grow alike and no limit is in the way: where the
// day grows and the storm does not, or more trials reach a limit, services may come to vary together that did not, and the size with
// which a share of the trials has none short is smaller then.
func TestMoreLoadNeverNeedsLessOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sc := scenariotest.Draw(t)
		factor, ofStorm := rapid.Float64Range(1, 4).Draw(t, "factor"), rapid.Float64Range(1, 4).Draw(t, "of the storm")
		alike := rapid.Bool().Draw(t, "alike")
		if alike { // users are whole
			factor = math.Ceil(factor)
			ofStorm = factor
		}
		less, many := drawnPlan(t, sc), drawnPlan(t, more(sc, factor, ofStorm))
		if less == nil || many == nil {
			return
		}
		own, alike := true, alike && less.Feasible && many.Feasible
		check := func(what string, a, b Estimate) {
			for k, v := range columns(a) {
				if columns(b)[k] < v*(1-1e-9) && (k < 3 || alike || own) {
					t.Fatalf("%s: %+v, and with %g times the load of the day and %g times the storm %+v\n%s", what, a, factor, ofStorm, b, sc.Document)
				}
			}
		}
		for i := range less.Services {
			a, b := &less.Services[i], &many.Services[i]
			check(a.Name+" calls", a.PeakQPS, b.PeakQPS)
			check(a.Name+" cores needed", a.NeededCores, b.NeededCores)
		}
		own = false
		for i := range less.Services {
			a, b := &less.Services[i], &many.Services[i]
			check(a.Name+" instances", a.Instances, b.Instances)
			check(a.Name+" cores", a.CPUCores, b.CPUCores)
		}
		check("cores", less.Totals.CPUCores, many.Totals.CPUCores)
		check("instances", less.Totals.Instances, many.Totals.Instances)
		if less.Totals.Cost != nil && many.Totals.Cost != nil && less.Totals.CostUnit == many.Totals.CostUnit {
			check("cost", *less.Totals.Cost, *many.Totals.Cost)
		}
		if less.Estate != nil {
			check("estate", less.Estate.NeedCores, many.Estate.NeedCores)
			check("short", less.Estate.ShortCores, many.Estate.ShortCores)
			check("lead", less.Estate.LeadSeconds, many.Estate.LeadSeconds)
		}
	})
}

// A candidate is rejected exactly where it is over a limit, or cannot be said to keep it, and the plan is infeasible by them exactly where
// every candidate that is enough is.
func TestLimitsAreViolatedExactlyWhenTheBillSaysSo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sc := scenariotest.Draw(t)
		free := drawnPlan(t, sc)
		if free == nil || free.Totals.Instances.P95 == 0 {
			return
		}
		what := rapid.SampledFrom([]string{byMaxInstances, byMaxCores}).Draw(t, "limit on")
		p95 := free.Totals.Instances.P95
		if what == byMaxCores {
			p95 = free.Totals.CPUCores.P95
		}
		limit := amount.Count(max(1, math.Floor(p95*rapid.SampledFrom([]float64{0.5, 0.999, 1, 1.001, 2}).Draw(t, "limit over p95"))))
		bounded := *sc
		bounded.Limits = &scenarios.SizeLimits{Instances: &limit}
		if what == byMaxCores {
			bounded.Limits = &scenarios.SizeLimits{Cores: &limit}
		}
		p := drawnPlan(t, &bounded)
		if p == nil {
			t.Fatalf("no plan with a limit, and one without\n%s", sc.Document)
		}
		enough, within := 0, 0
		for i := range p.Candidates {
			c := &p.Candidates[i]
			over := c.Instances > float64(limit)
			if what == byMaxCores {
				over = c.Cores > float64(limit) || len(p.Totals.Unsized) > 0
			}
			if rejected := slices.Contains(c.Rejected, what); rejected != over {
				t.Fatalf("%s has %g instances and %g cores of at most %g %s, and rejected is %v\n%s", c.Name, c.Instances, c.Cores, float64(limit), what, rejected, sc.Document)
			}
			if c.carries() {
				enough++
				if !over {
					within++
				}
			}
		}
		bound := len(p.tooSmallLimits()) > 0
		if want := enough > 0 && within == 0; bound != want {
			t.Fatalf("infeasible by the limit of %g %s: %v, with %d candidates that are enough, %d of them within\n%s", float64(limit), what, bound, enough, within, sc.Document)
		}
	})
}
