package plan

import (
	"errors"
	"fmt"
	"slices"

	"fsctl/plan/queueing"
	"fsctl/scenarios"
)

// absent is the index of a quantity that the scenario does not give.
const absent = -1

// model is a scenario made ready for thousands of trials: names resolved to indices, units to
// seconds and 1/s, intervals to distributions. Nothing in it changes after newModel.
type model struct {
	quantities             []quantity
	users, active, actions int
	requests, peak         int
	busyShare, busySeconds float64
	steps                  []stepModel
	services               []serviceModel
	order                  []int   // of services, so that callers come before those they call
	hottest                float64 // share of all orders that wants the most wanted item
	rush

	estate *estateModel // nil where the scenario gives none
}

type stepModel struct {
	name        string
	share       float64
	transaction bool
	event       int // quantity, or absent
}

type serviceModel struct {
	name, kind  string
	calls       []float64 // per step
	misses      int       // service, or absent
	running     int
	cores       float64 // of one instance
	utilization float64
	wait        float64 // 1 where waiting is what it is for
	quantile    float64 // 0 where no latency is asked for
	limit       float64 // [s]
	writes      float64
	hotRow      float64 // [1/s], 0 where unknown

	demand, variability, hit, capacity int // quantities, or absent
	kindLimits

	usl *uslModel // nil where instances do not contend as far as anyone measured
}

// point is one case of the model: a corner or a trial.
type point struct {
	values                                []float64 // of the quantities
	activeUsers, requestsPerDay, busyMean float64
	peakQPS, peakTPS, eventQPS, eventTPS  float64
	steps                                 []float64 // rate at the sale [1/s]
	rates                                 []float64 // per service, with misses [1/s]
	direct                                []float64 // the part of rates that steps call, not misses [1/s]
	sizes                                 []size
}

func (m *model) newPoint() *point {
	return &point{
		values: make([]float64, len(m.quantities)), steps: make([]float64, len(m.steps)),
		rates: make([]float64, len(m.services)), direct: make([]float64, len(m.services)), sizes: make([]size, len(m.services)),
	}
}

// corner returns the low (-1), mid (0) or high (+1) case: all inputs at once at the values that ask
// for the least, the expected and the most.
func (m *model) corner(side int) *point {
	x := m.newPoint()
	for i := range m.quantities {
		x.values[i] = m.quantities[i].corner(side)
	}
	m.rate(x)
	for i := range m.services {
		x.sizes[i] = m.size(x, i)
	}
	return x
}

// builder collects every problem instead of stopping at the first.
type builder struct {
	model
	seed uint64
	errs []error
}

func (b *builder) problem(field, found, wanted string) {
	b.errs = append(b.errs, &InputError{field, found, wanted})
}

func add[T number](b *builder, field string, iv scenarios.Interval[T], scale float64, d dimension) int {
	if iv.IsZero() {
		return absent
	}
	return b.must(newQuantity(field, b.seed, iv, scale, d))
}

func (b *builder) must(q quantity, err error) int {
	if err != nil {
		b.errs = append(b.errs, err)
	}
	b.quantities = append(b.quantities, q)
	return len(b.quantities) - 1
}

func newModel(sc *scenarios.Scenario, seed uint64) (*model, error) {
	if sc == nil {
		return nil, &InputError{"scenario", "none", "one that scenarios.Load returned"}
	}
	b := &builder{seed: seed}
	b.workload(&sc.Workload)
	b.addSteps(sc)
	b.addServices(sc)
	b.sortServices()
	b.popularity(sc.Sale)
	b.model.rush = b.rush(sc)
	b.addEstate(sc)
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	return &b.model, nil
}

func (b *builder) workload(w *scenarios.Workload) {
	b.users = add(b, "workload.users", w.Users, 1, count)
	b.active = add(b, "workload.active", w.Active, 1, share)
	b.actions = add(b, "workload.actions", w.Actions, 1, multiplier)
	b.requests = add(b, "workload.requests", w.Requests, 1, count)
	b.peak = add(b, "workload.peak", w.Peak, 1, multiplier)
	if b.requests == absent && (b.users == absent || b.active == absent || b.actions == absent) {
		b.problem("workload", "no requests a day", "users, active and actions, or requests, each above 0")
	}
	if b.peak == absent {
		b.problem("workload.peak", "none", "peak over the busy mean, such as 2..3")
	}
	b.busyShare, b.busySeconds = float64(w.Busy.Share), w.Busy.Window.Seconds()
	if !(b.busyShare > 0 && b.busyShare <= 1) {
		b.problem("workload.busy.share", fmt.Sprint(b.busyShare), "above 0 and at most 1")
	}
	if !(b.busySeconds > 0 && b.busySeconds <= daySeconds) {
		b.problem("workload.busy.window", w.Busy.Window.String(), "above 0 and at most 24h")
	}
}

func (b *builder) addSteps(sc *scenarios.Scenario) {
	if len(sc.Steps) == 0 {
		b.problem("steps", "none", "at least one step")
	}
	for _, s := range sc.Steps {
		step := stepModel{name: s.Name, share: float64(s.Share), transaction: s.Transaction, event: absent}
		if err := share.bounds().check("steps."+s.Name+".share", step.share); err != nil {
			b.errs = append(b.errs, err)
		}
		if m, ok := sc.Workload.Event[s.Name]; ok {
			step.event = add(b, "workload.event."+s.Name, m, 1, multiplier)
		}
		b.steps = append(b.steps, step)
	}
}

func (b *builder) addServices(sc *scenarios.Scenario) {
	for i := range sc.Services {
		s := &sc.Services[i]
		same := func(o scenarios.Service) bool { return o.Name == s.Name }
		if slices.IndexFunc(sc.Services, same) != i {
			b.problem("services."+s.Name, "the name twice", "different names")
		}
		b.services = append(b.services, b.service(s))
		if s.Misses == "" {
			continue
		}
		to := slices.IndexFunc(sc.Services, func(o scenarios.Service) bool { return o.Name == s.Misses })
		if to < 0 {
			b.problem("services."+s.Name+".misses", s.Misses, "the name of a service")
		}
		b.services[i].misses = to
	}
}

func (b *builder) service(s *scenarios.Service) serviceModel {
	path := "services." + s.Name
	v := serviceModel{
		name: s.Name, kind: s.Kind, misses: absent, running: s.Running, cores: float64(s.Instance.Cores),
		utilization: float64(s.Utilization), wait: float64(s.Wait), writes: float64(s.Writes), hotRow: float64(s.HotRow),
		calls: make([]float64, len(b.steps)), variability: absent, hit: absent, kindLimits: newKindLimits(s),
	}
	v.demand = add(b, path+".demand", s.Demand, 1e-9, demandSeconds)
	v.capacity = add(b, path+".capacity", s.Capacity, 1, callsPerSec)
	v.usl = b.addUSL(path, s.USL)
	if s.Variability != nil {
		v.variability = b.must(newQuantity(path+".variability", b.seed, *s.Variability, 1, variability))
	}
	if s.Hit != nil {
		v.hit = b.must(newQuantity(path+".hit", b.seed, *s.Hit, 1, hitShare))
	}
	if s.Latency != nil {
		v.quantile, v.limit = float64(s.Latency.Quantile), s.Latency.Limit.Seconds()
	}
	for i, step := range b.steps {
		v.calls[i] = s.Calls[step.name]
		if err := multiplier.bounds().check(path+".calls."+step.name, v.calls[i]); err != nil {
			b.errs = append(b.errs, err)
		}
	}
	if v.kind == "queue" {
		v.wait = 1
	}
	b.checkService(path, &v)
	b.checkLimits(path, &v.kindLimits)
	return v
}

func (b *builder) checkService(path string, v *serviceModel) {
	for _, r := range []struct {
		field string
		value float64
		ok    bool
		want  string
	}{
		{"utilization", v.utilization, v.utilization > 0 && v.utilization <= 1, "above 0 and at most 1"},
		{"wait", v.wait, v.wait > 0 && v.wait <= 1, "above 0 and at most 1"},
		{"writes", v.writes, v.writes >= 0 && v.writes <= 1, "0 to 1"},
		{"hot_row", v.hotRow, v.hotRow >= 0 && v.hotRow <= 1e18, "0 to 1e18"},
		{"instance.cores", v.cores, v.cores >= 1 && v.cores <= 1e6, "1 to 1e6"},
		{"latency.quantile", v.quantile, v.quantile >= 0 && v.quantile < 1, "above 0 and below 1"},
	} {
		if !r.ok {
			b.problem(path+"."+r.field, fmt.Sprint(r.value), r.want)
		}
	}
	switch v.kind {
	case "service", "function":
		if v.demand == absent {
			b.problem(path+".demand", "none", "the CPU time of a call, above 0")
		}
	case "cache", "database":
		if v.capacity == absent {
			b.problem(path+".capacity", "none", "the calls per second of one node, above 0")
		}
	case "queue":
	default:
		b.problem(path+".kind", fmt.Sprintf("%q", v.kind), "service, cache, database, queue or function")
	}
}

// popularity finds the share of orders that wants the most wanted item. Without a sale nothing
// tells the rows apart, and all writes are taken to meet in one.
func (b *builder) popularity(sale *scenarios.Sale) {
	if b.hottest = 1; sale == nil {
		return
	}
	z, err := queueing.NewZipf(max(1, sale.Items), sale.Popularity.Zipf)
	if err != nil {
		b.problem("sale", err.Error(), "items from 1 to 1G and a Zipf exponent from 0 to 10")
		return
	}
	b.hottest, _ = z.Share(1) // rank 1 is always there
}

// sortServices orders the services so that each comes after all whose misses it takes.
func (b *builder) sortServices() {
	waiting := make([]int, len(b.services)) // callers that are not yet in the order
	for _, s := range b.services {
		if s.misses >= 0 {
			waiting[s.misses]++
		}
	}
	done := make([]bool, len(b.services))
	for range b.services {
		next := -1
		for i := range b.services {
			if !done[i] && waiting[i] == 0 {
				next = i
				break
			}
		}
		if next < 0 {
			b.problem("services", "a circle of misses", "a chain that ends")
			return
		}
		done[next] = true
		b.order = append(b.order, next)
		if to := b.services[next].misses; to >= 0 {
			waiting[to]--
		}
	}
}
