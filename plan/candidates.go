package plan

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"fsctl/plan/model"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
)

// trialTotals are the figures of every trial that candidates are judged by, in the order of the trials.
type trialTotals struct{ cores, instances, eventTPS []float64 }

// choose returns the sizes to choose from with what each risks and costs, which one to take, and an
// excuse for each limit of the whole sale that one of them is over.
func choose(m *model.Model, services []Service, totals Totals, t trialTotals) ([]Candidate, Recommendation, []Excuse) {
	bill := newBill(m.Estate)
	stakes := newStakes(m.Sale, bill)
	needs := make([]float64, len(t.cores)) // cost of exactly what a trial needs
	for i, cores := range t.cores {
		needs[i] = bill.cost(cores)
	}
	var excuses []Excuse
	list := sizesToTry(m, services, totals)
	for i := range list {
		c := &list[i]
		c.Cost, c.Rejected = bill.cost(c.CPUCores), []string{}
		c.judge(t, needs, stakes)
		excuses = append(excuses, c.reject(m.Limits)...)
	}
	r := recommend(list, m.Limits, stakes)
	r.CostUnit = bill.unit
	return list, r, excuses
}

// sizesToTry lists the candidates' names, cores and instances.
func sizesToTry(m *model.Model, services []Service, totals Totals) []Candidate {
	c, n := totals.CPUCores, totals.Instances
	list := []Candidate{
		{Name: "mid", CPUCores: c.Mid, Instances: n.Mid}, {Name: "p50", CPUCores: c.P50, Instances: n.P50},
		{Name: "p95", CPUCores: c.P95, Instances: n.P95}, {Name: "p99", CPUCores: c.P99, Instances: n.P99},
		{Name: "high", CPUCores: c.High, Instances: n.High},
	}
	now := Candidate{Name: "now"}
	for i := range services {
		s := &services[i]
		if s.Instances.High > 0 && s.Running == 0 {
			return list // what runs now is not known of all
		}
		now.Instances += float64(s.Running)
		if m.Services[i].Demand != model.Absent {
			now.CPUCores += float64(s.Running) * m.Services[i].InstanceCores
		}
	}
	if now.Instances > 0 {
		list = append(list, now)
	}
	return list
}

// judge fills in what the trials say of the candidate.
//
//	regret = mean of (C - need)+ + (need - C)+                                  [cores], margin unknown
//	regret = mean of (cost(C) - cost(need))+ + margin (1 - C/need)+ orders      [cost]
//
//	C       cores of the candidate
//	need    cores that the trial needs
//	orders  that the sale can win: event TPS x hours, at most the stock
//
// A sale that is too small is taken to lose the share of its orders that it lacks of its cores.
func (c *Candidate) judge(t trialTotals, needs []float64, s stakes) {
	var fewCores, fewInstances, short, spare, over, lost float64
	for i, need := range t.cores {
		if need > c.CPUCores {
			fewCores++
			lost += (1 - c.CPUCores/need) * s.orders(t.eventTPS[i])
		}
		if t.instances[i] > c.Instances {
			fewInstances++
		}
		short += math.Max(0, need-c.CPUCores)
		spare += math.Max(0, c.CPUCores-need)
		over += math.Max(0, c.Cost-needs[i])
	}
	n := float64(len(t.cores))
	c.NotEnoughRatio = math.Max(fewCores, fewInstances) / n
	c.ShortfallCores, c.SurplusCores = short/n, spare/n
	c.Regret = c.ShortfallCores + c.SurplusCores
	if s.margin > 0 {
		c.Regret = over/n + s.margin*lost/n
	}
}

// stakes are what a sale stands to lose.
type stakes struct{ margin, pieces, seconds float64 }

func newStakes(s *model.Sale, b bill) stakes {
	if s == nil {
		return stakes{}
	}
	return stakes{s.Margin, s.Pieces(), b.hours * 3600}
}

// orders returns how many the sale can win.
func (s stakes) orders(perSec float64) float64 { return math.Min(s.pieces, perSec*s.seconds) }

// recommend names the candidate of least regret. Where nothing says what a lost order costs, a core
// short weighs no more than a core idle, and half of all sales would fail at the least regret: so only
// the sizes that are enough in 95 % of the trials are compared there.
func recommend(list []Candidate, limits *scenarios.SizeLimits, s stakes) Recommendation {
	within := slices.DeleteFunc(slices.Clone(list), func(c Candidate) bool { return len(c.Rejected) > 0 })
	r := Recommendation{RegretUnit: RegretInCores}
	if s.margin > 0 {
		r.RegretUnit = RegretInCost
	}
	if !slices.ContainsFunc(within, func(c Candidate) bool { return c.carries() }) {
		r.Because = "no candidate within the limits is enough in 95 % of the trials"
		return r
	}
	if s.margin == 0 {
		within = slices.DeleteFunc(within, func(c Candidate) bool { return !c.carries() })
	}
	best := slices.MinFunc(within, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(a.Regret, b.Regret), cmp.Compare(a.CPUCores, b.CPUCores), cmp.Compare(a.Instances, b.Instances))
	})
	r.Candidate = best.Name
	among := ""
	if limits != nil {
		among = " within the limits"
	}
	if s.margin > 0 {
		r.Because = fmt.Sprintf("least regret of the candidates%s: idle cores and lost orders at %s each cost %s on average; not enough in %s of the trials",
			among, quantity.Money(s.margin), quantity.Money(best.Regret), quantity.Percent(best.NotEnoughRatio))
		return r
	}
	r.Because = fmt.Sprintf("least regret of the candidates%s that are enough in 95 %% of the trials: %s idle or missing on average; sale.margin, what a lost order costs, would weigh these against lost orders",
		among, quantity.EstimateOf(best.Regret, "core"))
	return r
}

// reject marks the candidate where it is over a limit of the whole sale, and returns an excuse for each.
func (c *Candidate) reject(limits *scenarios.SizeLimits) []Excuse {
	if limits == nil {
		return nil
	}
	var excuses []Excuse
	over := func(what string, got float64, limit *amount.Count) {
		if limit != nil && got > float64(*limit) {
			c.Rejected = append(c.Rejected, what)
			excuses = append(excuses, Excuse{wholeSale + c.Name, what, got, float64(*limit)})
		}
	}
	over(byMaxCores, c.CPUCores, limits.Cores)
	over(byMaxInstances, c.Instances, limits.Instances)
	over(byMaxCost, c.Cost, limits.Cost)
	return excuses
}
