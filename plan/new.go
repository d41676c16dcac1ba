package plan

import (
	"runtime"
	"strconv"

	"fsctl/scenarios"
)

// Options of a plan. The zero value asks for the defaults.
type Options struct {
	Trials int    // Monte Carlo trials, 1 to 10 M; 0 for 10 000
	Seed   uint64 // of the trials' random numbers
	Cores  int    // trials that run at once; 0 for as many as there are processors. It does not change the plan
}

const (
	defaultTrials = 10_000
	maxTrials     = 10_000_000
)

// withDefaults fills in what is left out, and refuses what cannot be done.
func (o Options) withDefaults() (Options, error) {
	if o.Trials == 0 {
		o.Trials = defaultTrials
	}
	if o.Trials < 1 || o.Trials > maxTrials {
		return o, &InputError{"trials", strconv.Itoa(o.Trials), "1 to " + strconv.Itoa(maxTrials)}
	}
	if o.Cores <= 0 {
		o.Cores = runtime.GOMAXPROCS(0)
	}
	return o, nil
}

// New returns what the sale needs: rates per step, calls, cores and instances per service, each as
// an [Estimate], with warnings and with an excuse for each limit that no size can meet.
//
// It is a pure function of the scenario, the trials and the seed. The same plan comes out to the
// last bit on any number of cores. Every figure is finite.
// Errors: *[InputError] for each value outside the range of the formulas, joined.
// Source: docs/model.md.
func New(sc *scenarios.Scenario, opts Options) (*Plan, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	m, err := newModel(sc, opts.Seed)
	if err != nil {
		return nil, err
	}
	if err := checkMoney(sc); err != nil {
		return nil, err
	}
	low, mid, high := m.corner(-1), m.corner(0), m.corner(+1)
	if err := m.checkReach(high); err != nil {
		return nil, err
	}
	p := m.report(mid)
	p.Scenario, p.Seed, p.Trials = sc.Name, opts.Seed, opts.Trials
	columns := m.columns(p)
	for _, c := range columns {
		// A limit that only the high case cannot meet is left out there; the size never falls for it.
		c.into.Mid = c.read(mid)
		c.into.Low, c.into.High = min(c.read(low), c.into.Mid), max(c.read(high), c.into.Mid)
	}
	kept := m.percentiles(columns, opts.Trials, opts.Cores, sampleBudget,
		&p.Totals.CPUCores, &p.Totals.Instances, &p.Demand.EventQPS, &p.Demand.EventTPS)
	m.finishEstate(p.Estate)
	p.Autoscaling = m.newAutoscaling(sc, mid)
	m.limits(p, sc, mid, high)
	m.tornado(p, kept[0], kept[2], opts.Cores)
	m.candidates(p, sc, trialTotals{kept[0], kept[1], kept[3]})
	p.Feasible = len(p.Obstacles()) == 0
	return p, nil
}

// report returns the plan with the single figures of the mid case.
func (m *model) report(mid *point) *Plan {
	p := &Plan{Warnings: []Warning{}, Excuses: []Excuse{}, Estate: m.newEstatePlan()}
	p.Demand = Demand{
		ActiveUsers: mid.activeUsers, RequestsPerDay: mid.requestsPerDay,
		DayMeanQPS: mid.requestsPerDay / daySeconds, BusyMeanQPS: mid.busyMean,
		Steps: make([]StepDemand, len(m.steps)),
	}
	for i, s := range m.steps {
		p.Demand.Steps[i] = StepDemand{Name: s.name, Transaction: s.transaction, BusyMeanQPS: mid.busyMean * s.share}
	}
	p.Services = make([]Service, len(m.services))
	for i := range m.services {
		s := &m.services[i]
		p.Services[i] = Service{Name: s.name, Kind: s.kind, Running: s.running, Bottleneck: mid.sizes[i].bottleneck}
		m.behaviour(&p.Services[i], s, mid, i)
		p.Services[i].Details = m.details(mid, i)
	}
	return p
}

// column is one estimate of a plan with how to read it from a case or a trial.
type column struct {
	into  *Estimate
	needs int // the service that must have been sized, or allServices, or noService
	read  func(*point) float64
}

const (
	noService   = -1
	allServices = -2
)

// columns lists every estimate of the plan.
func (m *model) columns(p *Plan) []column {
	d := &p.Demand
	list := []column{
		{&d.PeakQPS, noService, func(x *point) float64 { return x.peakQPS }},
		{&d.PeakTPS, noService, func(x *point) float64 { return x.peakTPS }},
		{&d.EventQPS, noService, func(x *point) float64 { return x.eventQPS }},
		{&d.EventTPS, noService, func(x *point) float64 { return x.eventTPS }},
	}
	for i := range d.Steps {
		list = append(list, column{&d.Steps[i].PeakQPS, noService, func(x *point) float64 { return x.steps[i] }})
	}
	for i := range p.Services {
		s := &p.Services[i]
		list = append(list,
			column{&s.PeakQPS, noService, func(x *point) float64 { return x.rates[i] }},
			column{&s.CPUCores, i, func(x *point) float64 { return x.sizes[i].cores }},
			column{&s.Instances, i, func(x *point) float64 { return x.sizes[i].instances }})
	}
	list = append(list, m.estateColumns(p.Estate)...)
	return append(list,
		column{&p.Totals.CPUCores, allServices, totalCores},
		column{&p.Totals.BusyCores, allServices, m.busyCores},
		column{&p.Totals.Instances, allServices, func(x *point) float64 {
			var sum float64
			for i := range x.sizes {
				sum += x.sizes[i].instances
			}
			return sum
		}})
}
