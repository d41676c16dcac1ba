package plan

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"fsctl/plan/bill"
	"fsctl/plan/model"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
)

// choose returns the sizes to choose from with what each risks and costs, which one to take, and an excuse for each limit of the whole
// sale that one of them is over, or cannot be said to keep.
//
//	unsized  services whose instances have no known cores
//	tps      transactions of the load that each trial is sized for [1/s]
//	beyond   what no size of a service mends
func (s *sizing) choose(services []Service, unsized []string, tps []float64, beyond []Excuse) ([]Candidate, Recommendation, []Excuse) {
	stakes := newStakes(s.m.Sale, s.tariff.Hours())
	var orders []float64
	if stakes.margin > 0 {
		for _, perSec := range tps {
			orders = append(orders, stakes.orders(perSec))
		}
	}
	names, sizes := s.toTry(services)
	var excuses []Excuse
	list := make([]Candidate, len(names))
	for i, risk := range s.trials.Risks(s.tariff, sizes, orders) {
		b := s.tariff.Bill(sizes[i])
		c := Candidate{Name: names[i], Size: split(s.m, s.tariff, sizes[i]), CPUCores: b.Cores, Cores: b.Cores, Instances: b.Instances, Rejected: []string{},
			ShortfallRatio: risk.NotEnough, NotEnoughRatio: risk.NotEnough, ShortfallCores: risk.Short, SurplusCores: risk.Spare, Regret: risk.Short + risk.Spare}
		if stakes.margin > 0 {
			c.Regret = risk.Over + stakes.margin*risk.LostOrders
		}
		if b.HasCost() {
			c.Cost = &b.Cost
		}
		excuses = append(excuses, c.reject(s.m.Limits, &b, unsized)...)
		list[i] = c
	}
	r := recommend(list, s.m.Limits, stakes, beyond)
	r.CostUnit = s.tariff.Unit
	return list, r, excuses
}

// toTry lists the candidates' names and sizes: those of an estimate but the low one, and what runs now where that is known of all.
func (s *sizing) toTry(services []Service) (names []string, sizes []bill.Size) {
	for _, at := range []int{1, 3, 4, 5, 2} {
		names, sizes = append(names, s.names[at]), append(sizes, s.sizes[at])
	}
	now, running := make(bill.Size, len(services)), 0
	for i := range services {
		v := &services[i]
		if v.Instances.High == 0 {
			continue // what nothing calls changes no figure
		}
		if v.Running == 0 {
			return names, sizes
		}
		running += v.Running
		now[i] = s.sizes[1][i]
		now[i].Instances, now[i].Pods = float64(v.Running), float64(v.Running)
	}
	if running > 0 {
		names, sizes = append(names, "now"), append(sizes, now)
	}
	return names, sizes
}

// stakes are what a sale stands to lose.
type stakes struct{ margin, pieces, seconds float64 }

func newStakes(s *model.Sale, hours float64) stakes {
	if s == nil {
		return stakes{}
	}
	return stakes{s.Margin, s.Pieces(), hours * 3600}
}

// orders returns how many the sale can win.
func (s stakes) orders(perSec float64) float64 { return math.Min(s.pieces, perSec*s.seconds) }

// recommend names the candidate of least regret. Where nothing says what a lost order costs, a core
// short weighs no more than a core idle, and half of all sales would fail at the least regret: so only
// the sizes that are enough in 95 % of the trials are compared there. beyond is what no size of a service mends.
func recommend(list []Candidate, limits *scenarios.SizeLimits, s stakes, beyond []Excuse) Recommendation {
	within := slices.DeleteFunc(slices.Clone(list), func(c Candidate) bool { return len(c.Rejected) > 0 })
	r := Recommendation{RegretUnit: RegretInCores}
	if s.margin > 0 {
		r.RegretUnit = RegretInCost
	}
	if given := noSizeMends(beyond); len(given) > 0 {
		r.Because = "no size is enough: " + given[0].String()
		return r
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
	among, but := "", ""
	if len(beyond) > 0 {
		but = "; what no size mends: " + beyond[0].String()
	}
	if limits != nil {
		among = " within the limits"
	}
	if s.margin > 0 {
		r.Because = fmt.Sprintf("least regret of the candidates%s: idle cores and lost orders at %s each cost %s on average; not enough in %s of the trials%s",
			among, quantity.Money(s.margin), quantity.Money(best.Regret), quantity.Percent(best.NotEnoughRatio), but)
		return r
	}
	if best.CPUCores == 0 { // of functions alone, or of instances whose cores are not known
		r.Because = fmt.Sprintf("the smallest of the candidates%s that are enough in 95 %% of the trials, by instances: no cores are known that could be idle or missing%s", among, but)
		return r
	}
	r.Because = fmt.Sprintf("least regret of the candidates%s that are enough in 95 %% of the trials: %s idle or missing on average; sale.margin, what a lost order costs, would weigh these against lost orders%s",
		among, quantity.EstimateOf(best.Regret, "core"), but)
	return r
}

// DistinctCandidates leaves out the candidates of the same size as one before. The one to take is the first of its size.
func (p *Plan) DistinctCandidates() (list []Candidate) {
	for _, c := range p.Candidates {
		if !slices.ContainsFunc(list, func(o Candidate) bool { return o.CPUCores == c.CPUCores && o.Instances == c.Instances }) {
			list = append(list, c)
		}
	}
	return list
}

// String returns the recommendation in one line.
func (r Recommendation) String() string {
	if r.Candidate == "" {
		return "no size recommended: " + r.Because
	}
	return r.Candidate + ": " + r.Because
}

// What a limit cannot be held against.
const (
	ByUnsized  = "unsized"  // a service's instances have no known cores
	ByUnpriced = "unpriced" // a part of the cost has no price
)

// reject marks the candidate where it is over a limit of the whole sale, or cannot be said to keep it, and returns an excuse for each.
func (c *Candidate) reject(limits *scenarios.SizeLimits, b *bill.Bill, unsized []string) []Excuse {
	if limits == nil {
		return nil
	}
	var excuses []Excuse
	over := func(what string, got float64, limit *amount.Count, missing []string, why string) {
		switch {
		case limit == nil || got <= float64(*limit) && len(missing) == 0:
			return
		case got > float64(*limit):
			why = what
		}
		c.Rejected = append(c.Rejected, what)
		excuses = append(excuses, Excuse{wholeSale + c.Name, why, got, float64(*limit)})
	}
	over(byMaxCores, b.Cores, limits.Cores, unsized, ByUnsized)
	over(byMaxInstances, b.Instances, limits.Instances, nil, "")
	over(byMaxCost, b.Cost, limits.Cost, b.Unpriced, ByUnpriced)
	return excuses
}

// Note says of a candidate that it is recommended, or which limits it is over and which it cannot be said to keep; empty for neither.
func (p *Plan) Note(c *Candidate) string {
	if c.Name == p.Recommendation.Candidate {
		return "recommended"
	}
	var over, unknown []string
	for _, what := range c.Rejected {
		why := map[string]string{byMaxCores: ByUnsized, byMaxCost: ByUnpriced}[what]
		if slices.ContainsFunc(p.Excuses, func(e Excuse) bool { return e.Candidate == wholeSale+c.Name && e.Bottleneck == why }) {
			unknown = append(unknown, what)
		} else {
			over = append(over, what)
		}
	}
	var list []string
	if len(over) > 0 {
		list = append(list, "over the limit of "+strings.Join(over, ", "))
	}
	if len(unknown) > 0 {
		list = append(list, "not known in full: "+strings.Join(unknown, ", "))
	}
	return strings.Join(list, "; ")
}
