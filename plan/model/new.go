package model

import (
	"errors"
	"slices"

	"go.yaml.in/yaml/v3"

	"fsctl/plan/queueing"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/visits"
)

// New reads a scenario.
//
//	sc    returned by scenarios.Load or scenarios.Parse, or one that its Validate accepts: what that
//	      guarantees is not checked again
//	seed  of the inputs' random numbers; each input has a stream of its own, by its name
//
// Errors: *[InputError] for each value outside the range in which the formulas give finite answers,
// joined.
func New(sc *scenarios.Scenario, seed uint64) (*Model, error) {
	if sc == nil {
		return nil, &InputError{Field: "scenario", Found: "none", Wanted: "one that scenarios.Load returned"}
	}
	b := &builder{seed: seed, model: &Model{Scenario: sc.Name, Limits: sc.Limits}}
	m := b.model
	m.Workload = b.workload(sc)
	m.Steps = b.steps(sc)
	m.Services = b.services(sc)
	m.order, m.calls = callersFirst(m.Services), callsOf(m.Services)
	m.Sale = saleOf(sc.Sale)
	m.Event = b.event(sc)
	b.keys(sc)
	b.loads(sc)
	m.Estate = b.estate(sc)
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	m.built = true
	m.markCalled()
	return m, nil
}

// builder collects every problem instead of stopping at the first.
type builder struct {
	model *Model
	seed  uint64
	storm *visits.Storm // once it is needed
	errs  []error
}

func (b *builder) check(err error) {
	if err != nil {
		b.errs = append(b.errs, err)
	}
}

func (b *builder) problem(field, found, wanted string) {
	b.check(&InputError{Field: field, Found: found, Wanted: wanted})
}

// between reports a value outside the range in which every figure stays finite.
func (b *builder) between(field string, value, least, most float64) {
	if !(value >= least && value <= most) {
		b.problem(field, quantity.Given(value), quantity.Number(least)+" to "+quantity.Number(most))
	}
}

// add appends an input and returns its index.
func add[T number](b *builder, field string, iv amount.Interval[T], scale float64, d dimension) int {
	in, err := newInput(field, b.seed, iv, scale, d)
	b.check(err)
	b.model.Inputs = append(b.model.Inputs, in)
	return len(b.model.Inputs) - 1
}

// addGiven adds an input that may be absent.
func addGiven[T number](b *builder, field string, iv amount.Interval[T], scale float64, d dimension) int {
	if iv.IsZero() {
		return Absent
	}
	return add(b, field, iv, scale, d)
}

func (b *builder) workload(sc *scenarios.Scenario) Workload {
	w := &sc.Workload
	if !w.IsGiven() {
		return Workload{Users: Absent, Active: Absent, Actions: Absent, Requests: Absent, Peak: Absent}
	}
	out := Workload{
		Users:     addGiven(b, "workload.users", w.Users, 1, count),
		Active:    addGiven(b, "workload.active", w.Active, 1, share),
		Actions:   addGiven(b, "workload.actions", w.Actions, 1, multiplier),
		Requests:  addGiven(b, "workload.requests", w.Requests, 1, count),
		Peak:      add(b, "workload.peak", w.Peak, 1, multiplier),
		PeakGiven: peakGiven(sc), BusyShare: float64(w.Busy.Share), BusySeconds: w.Busy.Window.Seconds(),
		Origins: map[string]float64{},
	}
	for name, n := range w.Origins {
		out.Origins[name] = float64(n)
	}
	return out
}

// peakGiven reports whether the scenario's text gives the peak. The validated scenario does not show it:
// defaults are filled in there. One without a text was made by a program, which gave it.
func peakGiven(sc *scenarios.Scenario) bool {
	var text struct {
		Workload struct {
			Peak *yaml.Node `yaml:"peak"`
		} `yaml:"workload"`
	}
	if len(sc.Document) == 0 {
		return true
	}
	return yaml.Unmarshal(sc.Document, &text) != nil || text.Workload.Peak != nil
}

func (b *builder) steps(sc *scenarios.Scenario) []Step {
	list := make([]Step, len(sc.Steps))
	var shares map[string]float64
	if storm := b.stormOf(sc); !sc.HasShares() && storm != nil && sc.Workload.IsGiven() {
		shares = sharesOf(storm)
	}
	for i, s := range sc.Steps {
		list[i] = Step{Name: s.Name, Share: float64(s.Share), Transaction: s.Transaction, Event: Absent}
		if m, ok := sc.Workload.Event[s.Name]; ok {
			list[i].Event = add(b, "workload.event."+s.Name, m, 1, multiplier)
		}
		if shares != nil {
			list[i].Share, list[i].Followed = shares[s.Name], true
		}
	}
	return list
}

// sharesOf returns each step's share of the requests that the storm is expected to send.
func sharesOf(storm *visits.Storm) map[string]float64 {
	shares, sum := map[string]float64{}, 0.0
	for step, n := range storm.Requests() {
		shares[step] = n.Mid()
		sum += n.Mid()
	}
	for step := range shares {
		shares[step] /= sum
	}
	return shares
}

func (b *builder) services(sc *scenarios.Scenario) []Service {
	list := make([]Service, len(sc.Services))
	for i := range sc.Services {
		s := &sc.Services[i]
		list[i] = b.service(s)
		named := func(name string) int {
			return slices.IndexFunc(sc.Services, func(o scenarios.Service) bool { return o.Name == name }) // Absent where there is none
		}
		list[i].Misses, list[i].To = named(s.Misses), named(s.To)
		if s.Kind == "queue" && list[i].To == Absent { // misses is another word for it
			list[i].Misses, list[i].To = Absent, list[i].Misses
		}
	}
	return list
}

func (b *builder) service(s *scenarios.Service) Service {
	path := "services." + s.Name
	v := Service{
		Name: s.Name, Kind: s.Kind, Running: s.Running, InstanceCores: float64(max(1, s.Instance.Cores)), StartSeconds: s.Start.Seconds(),
		Utilization: float64(s.Utilization), Wait: float64(s.Wait), Writes: float64(s.Writes), HotRow: float64(s.HotRow),
		KeyCopies: float64(max(1, s.KeyCopies)), Connections: float64(s.Connections), Partitions: float64(s.Partitions),
		DrainSeconds: s.Drain.Seconds(), Provisioned: float64(s.Provisioned), MaxInstances: float64(s.MaxInstances),
		Quota: float64(s.Quota), QuotaBurst: float64(s.QuotaBurst), Primaries: float64(max(1, s.Shards)),
		HasCores: s.Instance.Cores > 0 && s.Kind != "function", MemoryGB: float64(s.Instance.Memory) / 1e9,
		Calls: make([]float64, len(b.model.Steps)), Variability: Absent, Hit: Absent,
	}
	v.Demand = addGiven(b, path+".demand", s.Demand, 1e-9, demandSeconds)
	v.Capacity = addGiven(b, path+".capacity", s.Capacity, 1, callsPerSec)
	v.USL = b.usl(path+".usl.", s.USL)
	if s.Variability != nil {
		v.Variability = add(b, path+".variability", *s.Variability, 1, variability)
	}
	if s.Hit != nil {
		v.Hit = add(b, path+".hit", *s.Hit, 1, hitShare)
	}
	if s.Latency != nil {
		v.Quantile, v.LimitSeconds = float64(s.Latency.Quantile), s.Latency.Limit.Seconds()
	}
	if s.Burst != nil {
		v.Burst = &queueing.TokenBucket{Burst: float64(s.Burst.Instances), RatePerSec: float64(s.Burst.Rate)}
	}
	for i, step := range b.model.Steps {
		v.Calls[i] = s.Calls[step.Name]
		b.check(multiplier.bounds().check(path+".calls."+step.Name, v.Calls[i]))
	}
	if v.Kind == "queue" {
		v.Wait = 1
	}
	b.reach(path+".", &v)
	return v
}

// usl reads the measured growth of a service, nil where it has none. Each coefficient varies on its own.
func (b *builder) usl(path string, u *scenarios.USL) *USL {
	if u == nil {
		return nil
	}
	b.between(path+"measured", float64(u.Measured), 1, 1e9)
	return &USL{
		Gamma:    add(b, path+"gamma", u.Gamma, 1, callsPerSec),
		Alpha:    add(b, path+"alpha", u.Alpha, 1, share),
		Beta:     add(b, path+"beta", u.Beta, 1, multiplier),
		Measured: float64(u.Measured),
	}
}

// reach reports limits of a service outside the range in which every figure stays finite.
func (b *builder) reach(path string, v *Service) {
	b.between(path+"hot_row", v.HotRow, 0, 1e18)
	b.between(path+"instance.cores", v.InstanceCores, 1, 1e6)
	b.between(path+"instance.memory", v.MemoryGB, 0, 1e6)
	b.between(path+"key_copies", v.KeyCopies, 1, 1e9)
	b.between(path+"connections", v.Connections, 0, 1e12)
	b.between(path+"shards", v.Primaries, 1, 1e9)
	b.between(path+"partitions", v.Partitions, 0, 1e12)
	b.between(path+"drain", v.DrainSeconds, 0, 1e10)
	b.between(path+"provisioned", v.Provisioned, 0, 1e12)
	b.between(path+"max_instances", v.MaxInstances, 0, 1e12)
	if v.Quota != 0 {
		b.between(path+"quota", v.Quota, 1e-9, 1e18)
	}
	b.between(path+"quota_burst", v.QuotaBurst, 0, 1e18)
	if v.Burst != nil {
		b.between(path+"burst.instances", v.Burst.Burst, 0, 1e12)
		b.between(path+"burst.rate", v.Burst.RatePerSec, 1e-6, 1e12)
	}
}

// callsOf lists the calls of each service that are not 0.
func callsOf(services []Service) [][]stepCalls {
	list := make([][]stepCalls, len(services))
	for i := range services {
		for k, n := range services[i].Calls {
			if n != 0 {
				list[i] = append(list[i], stepCalls{k, n})
			}
		}
	}
	return list
}

// next returns the service that gets what this one passes on, or Absent.
func (s *Service) next() int { return max(s.Misses, s.To) }

// callersFirst orders the services so that each comes after all that pass calls on to it; calls run in no
// circle.
func callersFirst(services []Service) []int {
	waiting := make([]int, len(services)) // callers that are not yet in the order
	for _, s := range services {
		if to := s.next(); to != Absent {
			waiting[to]++
		}
	}
	var order []int
	for len(order) < len(services) {
		next := -1
		for i := range services {
			if waiting[i] == 0 && !slices.Contains(order, i) {
				next = i
				break
			}
		}
		if next < 0 { // only in a circle
			break
		}
		order = append(order, next)
		if to := services[next].next(); to != Absent {
			waiting[to]--
		}
	}
	return order
}

func saleOf(s *scenarios.Sale) *Sale {
	if s == nil {
		return nil
	}
	return &Sale{Items: float64(s.Items), Stock: float64(s.Stock), Margin: s.Margin}
}

// event finds how long the event's rate lasts, and the share of orders that wants the most wanted item.
// Without a sale the rows are not distinguished, and all writes are taken to meet in one.
func (b *builder) event(sc *scenarios.Scenario) Event {
	e := Event{Seconds: b.model.Workload.BusySeconds, Hottest: 1}
	if sc.Storm != nil {
		from, end := sc.Storm.Curve().Span()
		switch {
		case e.Seconds == 0: // without a workload
			e.Seconds = (end - max(0, min(from, end))).Seconds()
		case end > 0:
			e.Seconds = min(e.Seconds, end.Seconds())
		}
	}
	if sc.Sale == nil {
		return e
	}
	z, err := queueing.NewZipf(sc.Sale.Items, sc.Sale.Popularity.Zipf)
	if err != nil {
		b.problem("sale.popularity", err.Error(), "a law of popularity")
		return e
	}
	e.Hottest, _ = z.Share(1) // rank 1 is always there
	e.HotKey = e.Hottest
	return e
}

func (b *builder) estate(sc *scenarios.Scenario) *Estate {
	e := sc.Estate
	if e == nil {
		return nil
	}
	v := &Estate{Zones: e.Zones, SurviveZones: e.SurviveZones, ZoneFactor: 1, Scaling: e.Scaling,
		EventSeconds: e.EventDuration.Seconds(), MarginSeconds: e.Margin.Seconds()}
	if e.SurviveZones > 0 {
		factor, err := queueing.ZoneRedundancy(e.Zones, e.SurviveZones)
		if err != nil {
			b.problem("estate.survive_zones", err.Error(), "fewer than zones")
		}
		v.ZoneFactor = factor
	}
	for i := range sc.Services {
		s := &sc.Services[i]
		v.Pinned = append(v.Pinned, s.Kind == "cache" || s.Kind == "database")
		v.Elsewhere = append(v.Elsewhere, !b.model.Services[i].HasCores)
	}
	v.Autoscalers = make([]*scenarios.Scaling, len(sc.Services))
	for i := range e.Scaling {
		at := slices.IndexFunc(sc.Services, func(s scenarios.Service) bool { return s.Name == e.Scaling[i].Service })
		if e.Scaling[i].Policy == "hpa" && at >= 0 {
			v.Autoscalers[at] = &e.Scaling[i]
		}
	}
	if f := e.Functions; f != nil {
		v.Functions.GBSecond = b.price("estate.functions.gb_second", f.GBSecond)
		if perMillion := b.price("estate.functions.million_calls", f.MillionCalls); perMillion != nil {
			call := *perMillion / 1e6
			v.Functions.Call = &call
		}
	}
	for i := range e.Pools {
		v.Pools = append(v.Pools, b.pool(&e.Pools[i]))
	}
	if !slices.ContainsFunc(v.Pools, func(p Pool) bool { return p.Home }) {
		for i := range v.Pools {
			v.Pools[i].Home = true
		}
	}
	return v
}

// Beyond these no pool is meant, and figures would lose their last core.
const (
	maxPoolCores = 1e15
	maxPrice     = 1e9
)

// price checks a price, nil where there is none.
func (b *builder) price(path string, p *float64) *float64 {
	if p != nil {
		b.between(path, *p, 0, maxPrice)
	}
	return p
}

func (b *builder) pool(p *scenarios.Pool) Pool {
	path := "estate.pools." + p.Name
	v := Pool{Name: p.Name, Billing: p.Billing, Cores: float64(p.Cores), Price: b.price(path+".price", p.Price), Home: p.Provision == nil}
	b.between(path+".cores", v.Cores, 0, maxPoolCores)
	if r := p.Provision; r != nil {
		v.GivenCores, v.Within = float64(r.Cores), r.Within
		v.Provider = &queueing.TokenBucket{Burst: float64(r.Burst), RatePerSec: v.GivenCores / r.Within.Seconds()}
		b.between(path+".provision.burst", v.Provider.Burst, 0, maxPoolCores)
		b.between(path+".provision (cores per second)", v.Provider.RatePerSec, 1e-9, maxPoolCores)
	}
	return v
}
