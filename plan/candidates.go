package plan

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"fsctl/scenarios"
)

// Candidate is one size for the whole sale: the total cores and instances of a quantile or a corner,
// or those that run now. All trials are judged by the totals, so cores are taken to move between
// the services as the sale asks.
type Candidate struct {
	Name           string   `json:"name"` // mid, p50, p95, p99, high or now
	CPUCores       float64  `json:"cpu_cores"`
	Instances      float64  `json:"instances"`
	NotEnoughRatio float64  `json:"not_enough_ratio"` // share of trials that need more cores, or more instances where those are more trials
	ShortfallCores float64  `json:"shortfall_cores"`  // mean over all trials of what is missing
	SurplusCores   float64  `json:"surplus_cores"`    // mean over all trials of what is too much
	Cost           float64  `json:"cost"`             // of the cores over the sale's hours, in Recommendation.CostUnit
	Regret         float64  `json:"regret"`           // mean over all trials, in Recommendation.RegretUnit
	Rejected       []string `json:"rejected"`         // limits that it is over: cores, instances, cost
}

// Recommendation names the candidate to take.
type Recommendation struct {
	Candidate  string `json:"candidate"` // empty where no candidate within the limits is enough
	Because    string `json:"because"`
	CostUnit   string `json:"cost_unit"`   // money, in the currency of the pools' prices; core-hours where no pool has a price
	RegretUnit string `json:"regret_unit"` // cost, where sale.margin is given; cores elsewhere
}

// Units of costs and regrets.
const (
	CostInMoney     = "money"
	CostInCoreHours = "core-hours"
	RegretInCost    = "cost"
	RegretInCores   = "cores"
)

// mostMissed is the share of trials in which a size may be too small and still carries the p95.
const mostMissed = 0.05

// carries tells whether the candidate is enough in 95 % of the trials.
func (c *Candidate) carries() bool { return c.NotEnoughRatio <= mostMissed }

// trialTotals are the figures of every trial that candidates are judged by, in the order of the trials.
type trialTotals struct{ cores, instances, eventTPS []float64 }

// candidates fills in the sizes to choose from, what each risks and costs, and which one to take.
func (m *model) candidates(p *Plan, sc *scenarios.Scenario, t trialTotals) {
	bill := newBill(sc.Estate)
	stakes := newStakes(sc, bill)
	needs := make([]float64, len(t.cores)) // cost of exactly what a trial needs
	for i, cores := range t.cores {
		needs[i] = bill.cost(cores)
	}
	p.Candidates = m.sizesToTry(p)
	for i := range p.Candidates {
		c := &p.Candidates[i]
		c.Cost, c.Rejected = bill.cost(c.CPUCores), []string{}
		c.judge(t, needs, stakes)
		p.reject(c, sc.Limits)
	}
	p.Recommendation = recommend(p.Candidates, sc.Limits, stakes)
	p.Recommendation.CostUnit = bill.unit
}

// sizesToTry lists the candidates' names, cores and instances.
func (m *model) sizesToTry(p *Plan) []Candidate {
	c, n := p.Totals.CPUCores, p.Totals.Instances
	list := []Candidate{
		{Name: "mid", CPUCores: c.Mid, Instances: n.Mid}, {Name: "p50", CPUCores: c.P50, Instances: n.P50},
		{Name: "p95", CPUCores: c.P95, Instances: n.P95}, {Name: "p99", CPUCores: c.P99, Instances: n.P99},
		{Name: "high", CPUCores: c.High, Instances: n.High},
	}
	now := Candidate{Name: "now"}
	for i := range p.Services {
		s := &p.Services[i]
		if s.Instances.High > 0 && s.Running == 0 {
			return list // what runs now is not known of all
		}
		now.Instances += float64(s.Running)
		if m.services[i].demand != absent {
			now.CPUCores += float64(s.Running) * m.services[i].cores
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

func newStakes(sc *scenarios.Scenario, b bill) stakes {
	if sc.Sale == nil {
		return stakes{}
	}
	return stakes{sc.Sale.Margin, float64(sc.Sale.Stock) * float64(max(1, sc.Sale.Items)), b.hours * 3600}
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
		r.Because = fmt.Sprintf("least regret of the candidates%s: idle cores and lost orders at %s each cost %s on average; not enough in %s %% of the trials",
			among, figure(s.margin), rough(best.Regret), rough(best.NotEnoughRatio*100))
		return r
	}
	r.Because = fmt.Sprintf("least regret of the candidates%s that are enough in 95 %% of the trials: %s cores idle or missing on average; sale.margin, what a lost order costs, would weigh these against lost orders",
		among, rough(best.Regret))
	return r
}

// rough writes a number with three digits that count: the trials give no more.
func rough(x float64) string {
	if x == 0 {
		return figure(0)
	}
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(x)))-2)
	return figure(math.Round(x/unit) * unit)
}

// reject marks a candidate that is over a limit of the whole sale, with an excuse for each.
func (p *Plan) reject(c *Candidate, limits *scenarios.SizeLimits) {
	if limits == nil {
		return
	}
	over := func(what string, got float64, limit float64) {
		if got > limit {
			c.Rejected = append(c.Rejected, what)
			p.Excuses = append(p.Excuses, Excuse{wholeSale + c.Name, what, got, limit})
		}
	}
	if limits.Cores != nil {
		over(byMaxCores, c.CPUCores, float64(*limits.Cores))
	}
	if limits.Instances != nil {
		over(byMaxInstances, c.Instances, float64(*limits.Instances))
	}
	if limits.Cost != nil {
		over(byMaxCost, c.Cost, float64(*limits.Cost))
	}
}

// wholeSale begins the name of a candidate in an excuse.
const wholeSale = "the whole sale at "
