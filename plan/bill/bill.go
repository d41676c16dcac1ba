// Package bill says what a size of the whole sale takes and costs.
//
// There is one way to count: cores are instances x cores of one, of every kind of service whose instances have cores; functions are
// counted by their time and their calls; reserved pools are paid for whole. The headline of a plan, its candidates, their regret, the limits
// of the sale and the estate all read the same [Bill]. A size comes with its split over the services, and [Trials] finds the split with
// which a share of the trials has no service short.
package bill

import (
	"fsctl/plan/model"
	"fsctl/scenarios"
)

// Units of costs.
const (
	InMoney     = "money"      // the currency of the estate's prices
	InCoreHours = "core-hours" // where nothing has a price
)

// Share is what one service has in a size of the whole sale, each 0 or more.
type Share struct {
	Instances  float64 // or shards, nodes, consumers, executions at once, by kind
	Pods       float64 // instances that run on the estate: those of the autoscaler where these are more
	Executions float64 // of a function: their time over the sale [s]
	Calls      float64 // of a function, over the sale
}

// Size is the share of each service of a model, in its order.
type Size []Share

// SizeOf returns the size of a case that is sized.
func SizeOf(m *model.Model, x *model.Case) Size {
	list := make(Size, len(m.Services))
	for i := range list {
		list[i].Instances, list[i].Pods = x.Sizes[i].Instances, m.Pods(x, i)
		if m.Services[i].Kind == "function" {
			list[i].Executions, list[i].Calls = executionSeconds(m, x, i), callsOf(m, x, i)
		}
	}
	return list
}

// executionSeconds returns the time of all executions of function i over the sale [s]: executions at once x how long its rate lasts, at
// most the hours for which the sale's cores are held. Those that its account refuses are not billed.
func executionSeconds(m *model.Model, x *model.Case, i int) float64 {
	held := scenarios.DefaultEventDuration.Seconds()
	if m.Estate != nil {
		held = m.Estate.EventSeconds
	}
	return x.Sizes[i].Cores * min(m.Lasts(x, i), held)
}

// callsOf returns the calls of function i that run over the sale: the time of all executions / that of one.
func callsOf(m *model.Model, x *model.Case, i int) float64 {
	if x.Sizes[i].Cores == 0 {
		return 0
	}
	return executionSeconds(m, x, i) / x.Values[m.Services[i].Demand]
}

// Combined returns a size whose figures are chosen from two sizes of the same model.
func (s Size) Combined(o Size, choose func(a, b float64) float64) Size {
	list := make(Size, len(s))
	for i, a := range s {
		b := o[i]
		list[i] = Share{choose(a.Instances, b.Instances), choose(a.Pods, b.Pods), choose(a.Executions, b.Executions), choose(a.Calls, b.Calls)}
	}
	return list
}

// Part is one part of a cost.
type Part struct {
	Name  string
	Cost  float64 // in the unit of the tariff
	Known bool    // false where it has no price; Cost is 0
}

// Bill is what a size takes and costs.
type Bill struct {
	Cores, Instances float64   // of the services' sizes. Executions of functions are instances, and no cores
	GBSeconds, Calls float64   // of functions over the sale
	Need             float64   // cores of all pods on the estate
	Home, Rest       float64   // those with the cores for lost zones on top, in whole cores: that stay at home, and the rest
	Used             []float64 // of each pool [cores]
	Short            float64   // cores that no pool has
	Parts            []Part    // of the cost, those of the pools first
	Cost             float64   // sum of the parts whose price is known, in the unit of the tariff
	Unpriced         []string  // parts without one, which Cost leaves out
}

// HasCost reports whether anything that is taken has a price.
func (b *Bill) HasCost() bool { return b.Cost > 0 || len(b.Unpriced) == 0 }

// Spill returns the cores that have to be asked for at a provider.
func (b *Bill) Spill(e *model.Estate) (sum float64) {
	for i, used := range b.Used {
		if e.Pools[i].Provider != nil {
			sum += used
		}
	}
	return sum
}

// LeadSeconds returns how long before T0 the scale-up of all pools must begin [s].
func (b *Bill) LeadSeconds(e *model.Estate) (most float64) {
	for i, used := range b.Used {
		most = max(most, e.LeadSeconds(&e.Pools[i], used))
	}
	return most
}

// Tariff prices the sizes of one model.
type Tariff struct {
	Unit string // InMoney or InCoreHours

	m       *model.Model
	estate  *model.Estate // one without pools where the scenario gives none
	hours   float64       // that the sale's cores are held
	dearest *float64      // price of a core-hour that no pool has; nil where no pool has a price
	parts   []string
	unsized bool // cores of some service are not known
}

// OfPool begins the name of a pool's part.
const OfPool = "pool:"

// Names of parts that are no pools.
const (
	AllCores      = "cores"
	BeyondPools   = "beyond-pools"
	FunctionTime  = "function-time"
	FunctionCalls = "function-calls"
	UnsizedCores  = "unsized-cores" // of services whose instances have no known cores: what these cost is never known
)

// NewTariff reads the prices and the hours of a model's estate. Where nothing has a price a core-hour costs 1, so that costs are
// comparable with each other alone.
func NewTariff(m *model.Model) *Tariff {
	t := &Tariff{Unit: InCoreHours, m: m, estate: m.Estate}
	if t.estate == nil {
		t.estate = &model.Estate{ZoneFactor: 1, EventSeconds: scenarios.DefaultEventDuration.Seconds(), Elsewhere: make([]bool, len(m.Services)), Pinned: make([]bool, len(m.Services))}
		for i := range m.Services {
			t.estate.Elsewhere[i] = !m.Services[i].HasCores
		}
	}
	t.hours = t.estate.EventSeconds / 3600
	var pools []string
	for i := range t.estate.Pools {
		p := &t.estate.Pools[i]
		pools = append(pools, OfPool+p.Name)
		if p.Price != nil && (t.dearest == nil || *p.Price > *t.dearest) {
			t.dearest = p.Price
		}
	}
	f := t.estate.Functions
	if t.dearest != nil || f.Call != nil || f.GBSecond != nil {
		t.Unit, t.parts = InMoney, append(pools, BeyondPools)
	} else {
		t.parts = []string{AllCores}
	}
	functions := false
	for i := range m.Services {
		if s := &m.Services[i]; s.Called {
			functions = functions || s.Kind == "function"
			t.unsized = t.unsized || unsized(s)
		}
	}
	if functions {
		t.parts = append(t.parts, FunctionTime, FunctionCalls)
	}
	return t
}

// unsized reports whether nothing says how many cores a called service takes: those of an instance, or the number of instances.
func unsized(s *model.Service) bool {
	sized := s.Demand != model.Absent || s.Capacity != model.Absent || s.USL != nil
	return s.Kind != "function" && (!s.HasCores || !sized)
}

// taken is what a size takes.
type taken struct{ cores, instances, home, rest, gbSeconds, calls float64 }

// add counts the share of service i.
func (t *Tariff) add(sum *taken, i int, s Share) {
	v := &t.m.Services[i]
	sum.instances += s.Instances
	if v.HasCores {
		sum.cores += s.Instances * v.InstanceCores
	}
	switch {
	case v.Kind == "function":
		sum.gbSeconds += t.GBSeconds(i, s)
		sum.calls += s.Calls
	case t.estate.Elsewhere[i]:
	case t.estate.Pinned[i]:
		sum.home += s.Pods * v.InstanceCores
	default:
		sum.rest += s.Pods * v.InstanceCores
	}
}

// cost adds up the parts whose price is known, and calls each, where given, with every part.
//
//	pools           as [model.Estate.Cost], filled in their order
//	beyond them     cores x dearest price x hours of the event
//	function time   GB x seconds x price: executions at once x memory x how long their rate lasts
//	function calls  calls x price
//	without prices  cores x hours
//
// By definition of the prices.
func (t *Tariff) cost(sum *taken, each func(k int, cost float64, known bool)) (total float64) {
	k := 0
	add := func(cost float64, known bool) {
		if known {
			total += cost
		} else {
			cost = 0
		}
		if each != nil {
			each(k, cost, known)
		}
		k++
	}
	home, rest := t.estate.Provisioned(sum.home, sum.rest)
	if t.Unit == InCoreHours {
		add((home+rest)*t.hours, true)
	} else {
		short := home + rest
		for i := range t.estate.Pools {
			var used float64
			used, short = t.estate.Fill(home, rest, i)
			add(t.estate.Cost(&t.estate.Pools[i], used))
		}
		add(priced(short*t.hours, t.dearest))
	}
	if k < len(t.parts) {
		add(priced(sum.gbSeconds, t.estate.Functions.GBSecond))
		add(priced(sum.calls, t.estate.Functions.Call))
	}
	return total
}

// priced returns what an amount costs, and whether that is known: nothing costs nothing.
func priced(amount float64, price *float64) (cost float64, known bool) {
	switch {
	case amount == 0:
		return 0, true
	case price == nil:
		return 0, false
	}
	return amount * *price, true
}

// Bill returns what a size takes and costs.
func (t *Tariff) Bill(s Size) Bill {
	var sum taken
	for i := range s {
		t.add(&sum, i, s[i])
	}
	b := Bill{Cores: sum.cores, Instances: sum.instances, GBSeconds: sum.gbSeconds, Calls: sum.calls, Need: sum.home + sum.rest}
	b.Home, b.Rest = t.estate.Provisioned(sum.home, sum.rest)
	b.Short = b.Home + b.Rest
	for i := range t.estate.Pools {
		var used float64
		used, b.Short = t.estate.Fill(b.Home, b.Rest, i)
		b.Used = append(b.Used, used)
	}
	b.Cost = t.cost(&sum, func(k int, cost float64, known bool) {
		b.Parts = append(b.Parts, Part{t.parts[k], cost, known})
		if !known {
			b.Unpriced = append(b.Unpriced, t.parts[k])
		}
	})
	if t.unsized {
		b.Parts, b.Unpriced = append(b.Parts, Part{Name: UnsizedCores}), append(b.Unpriced, UnsizedCores)
	}
	return b
}

// GBSeconds returns the time of service i, a function, over the sale [GB s]: time of all executions x memory of one. i is the index of the
// service, from 0.
func (t *Tariff) GBSeconds(i int, s Share) float64 { return s.Executions * t.m.Services[i].MemoryGB }

// Dearest returns the price of a core-hour that no pool has; nil where no pool has a price.
func (t *Tariff) Dearest() *float64 { return t.dearest }

// CostOfCores returns what so many cores cost that may leave home, in the unit of the tariff; known is false where a part of them has no
// price. Formula: that of a bill.
func (t *Tariff) CostOfCores(cores float64) (cost float64, known bool) {
	known = true
	cost = t.cost(&taken{rest: cores}, func(_ int, _ float64, priced bool) { known = known && priced })
	return cost, known
}

// Hours returns how long the sale's cores are held.
func (t *Tariff) Hours() float64 { return t.hours }

// Unsized lists the services that a size has instances of and whose instances have no cores, or that are called and have no size: what
// a number of cores leaves out.
func Unsized(m *model.Model, high *model.Case) []string {
	list := []string{}
	for i := range m.Services {
		s := &m.Services[i]
		if s.Called && s.Kind != "function" && (!s.HasCores || high.Sizes[i].Instances == 0) {
			list = append(list, s.Name)
		}
	}
	return list
}

// CoresOf returns the cores of service i in a case that is sized: 0 where nothing says how many an instance has. i is the index of the
// service, from 0.
func CoresOf(m *model.Model, x *model.Case, i int) float64 {
	if !m.Services[i].HasCores {
		return 0
	}
	return x.Sizes[i].Instances * m.Services[i].InstanceCores
}

// AllCoresOf returns the cores of all services in a case that is sized.
func AllCoresOf(m *model.Model, x *model.Case) (sum float64) {
	for i := range m.Services {
		sum += CoresOf(m, x, i)
	}
	return sum
}
