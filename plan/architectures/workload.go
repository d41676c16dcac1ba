package architectures

import (
	"fmt"
	"math"

	"fsctl/plan/bill"
	"fsctl/plan/model"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// What the comparison assumes where a scenario says nothing; each is in its assumptions.
const (
	largestMachine   = 192    // cores, of the largest common machine of public clouds
	peakSeconds      = 60.0   // that the event's rate lasts
	failoverSeconds  = 30.0   // until a replica is promoted
	assumedHit       = 0.8    // the hot 80 % of the published design
	assumedNodeRate  = 8000.0 // calls/s of one database node, as MySQL in memory
	assumedShardRate = 90e3   // calls/s of one cache shard, as Redis
	assumedPrice     = 0.04   // per core-hour
	assumedCores     = 4.0    // of one instance
	brokers          = 3.0    // nodes of a queue that keeps its messages
	leastShards      = 2.0
)

// workload is what all architectures have in common: who reads, who writes, what work that is.
type workload struct {
	m                          *model.Model
	compute                    []int // services whose demand is work of the program
	caches, databases, queues  []int
	database                   int     // the one with the most writes, whose capacity a node has; absent if assumed
	instanceCores, nodeCores   float64 // of a program's instance, of a database's node
	utilization, wait, planned float64 // planned: of a database node
	tariff                     *bill.Tariff
	shardCores, brokerCores    float64 // of a cache's shard, of a queue's broker
	pieces                     float64 // on sale, MaxFloat64 where the scenario sells nothing
	notes                      []string
}

func newWorkload(m *model.Model) *workload {
	w := &workload{m: m, database: model.Absent, nodeCores: 1, utilization: 1, wait: 1, planned: float64(scenarios.DefaultUtilization),
		tariff: bill.NewTariff(m), shardCores: 1, brokerCores: 1}
	for i := range m.Services {
		s := &m.Services[i]
		if !s.Called { // it changes no figure
			continue
		}
		switch {
		case s.Kind == "cache":
			w.caches, w.shardCores = append(w.caches, i), max(w.shardCores, s.InstanceCores)
		case s.Kind == "database":
			w.databases = append(w.databases, i)
		case s.Kind == "queue":
			w.queues, w.brokerCores = append(w.queues, i), max(w.brokerCores, s.InstanceCores)
		}
		if s.Demand != model.Absent && (s.Kind == "service" || s.Kind == "function") {
			w.compute = append(w.compute, i)
			w.instanceCores = max(w.instanceCores, s.InstanceCores)
			w.utilization, w.wait = min(w.utilization, s.Utilization), min(w.wait, s.Wait)
		}
	}
	w.assume()
	if w.pieces = math.MaxFloat64; m.Sale != nil {
		w.pieces = m.Sale.Pieces()
		w.note("the queue comes after the stock is taken, so no more orders wait than there are pieces: %s; an attempt after that is told sold out", quantity.Given(w.pieces))
	}
	w.setPrice()
	return w
}

// setPrice takes the prices of the estate, or assumes one.
func (w *workload) setPrice() {
	if w.tariff.Unit == bill.InMoney {
		for _, p := range w.m.Estate.Pools {
			if p.Price != nil {
				w.note("a core costs %s an hour in pool %s", quantity.Money(*p.Price), p.Name)
			}
		}
		w.note("a cost is that of the plan: pools are filled in their order, reserved ones are paid for whole, cores for lost zones come on top")
		return
	}
	w.note("a core costs %s an hour, all day", quantity.Money(assumedPrice))
}

// cost returns what cores cost on the day of the sale, nil where a pool that they take has no price.
func (w *workload) cost(cores model.Estimate) *model.Estimate {
	whole := true
	e := cores.Mapped(func(cores float64) float64 {
		if w.tariff.Unit != bill.InMoney {
			return cores * assumedPrice * model.DaySeconds / 3600
		}
		cost, known := w.tariff.CostOfCores(cores)
		whole = whole && known
		return cost
	})
	if !whole {
		return nil
	}
	return &e
}

func (w *workload) note(format string, args ...any) {
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// assume fills in the parts that the scenario does not have.
func (w *workload) assume() {
	if len(w.compute) == 0 {
		w.instanceCores, w.utilization, w.wait = assumedCores, float64(scenarios.DefaultUtilization), float64(scenarios.DefaultWait)
		w.note("no service has a demand: only databases and caches are counted as cores")
	}
	for _, i := range w.compute {
		if w.m.Services[i].Kind == "function" {
			w.note("function %s is counted as a program that computes for all of its duration", w.m.Services[i].Name)
		}
	}
	for _, i := range w.databases {
		if s := &w.m.Services[i]; w.database == model.Absent || s.Writes > w.m.Services[w.database].Writes {
			w.database, w.nodeCores, w.planned = i, s.InstanceCores, s.Utilization
		}
	}
	if w.database == model.Absent {
		w.note("there is no database: one is assumed that takes %s a node, with a read a request and a write more a transaction", quantity.RateOf(assumedNodeRate, "call"))
	}
	if len(w.caches) == 0 {
		w.note("there is no cache: one is assumed that takes %s a shard and answers %s of the reads outside transactions", quantity.RateOf(assumedShardRate, "call"), quantity.Percent(assumedHit))
	}
	for i := range w.m.Services {
		if s := &w.m.Services[i]; s.Called && !s.HasCores && s.Kind != "function" {
			w.note("%s: nothing says how many cores an instance has (instance.cores), and 1 is counted", s.Name)
		}
	}
	if len(w.queues) == 0 {
		w.note("there is no queue: orders are assumed to write to the database through one in the last architecture")
	} else {
		w.note("before the last architecture every message to a queue is a write on the database")
	}
}

func (w *workload) orders(x *model.Case) float64 {
	var sum float64
	for k := range w.m.Steps {
		if w.m.Steps[k].Transaction {
			sum += x.Steps[k]
		}
	}
	return sum
}

// capacity returns the calls per second of one database node.
func (w *workload) capacity(x *model.Case) float64 {
	if w.database == model.Absent {
		return assumedNodeRate
	}
	return x.Values[w.m.Services[w.database].Capacity]
}

// direct returns the reads per second at the databases that no cache may answer, and those that it may.
func (w *workload) direct(x *model.Case) (uncached, cacheable float64) {
	for k, s := range w.m.Steps {
		reads := 0.0
		for _, i := range w.databases {
			d := &w.m.Services[i]
			reads += d.Calls[k] * (1 - d.Writes)
		}
		if len(w.databases) == 0 {
			reads = 1
		}
		if s.Transaction || len(w.caches) > 0 { // a scenario with a cache says itself what it holds
			uncached += x.Steps[k] * reads
		} else {
			cacheable += x.Steps[k] * reads
		}
	}
	for _, i := range w.caches {
		cacheable += x.Loads[x.Largest].Direct[i]
	}
	return uncached, cacheable
}

// reads returns the reads per second at the databases, behind a cache or without.
func (w *workload) reads(x *model.Case, cached bool) float64 {
	uncached, cacheable := w.direct(x)
	switch {
	case !cached:
		return uncached + cacheable
	case len(w.caches) == 0:
		return uncached + (1-assumedHit)*cacheable
	}
	for _, i := range w.caches { // misses that go to another cache are counted there
		s := &w.m.Services[i]
		if s.Misses == model.Absent || w.m.Services[s.Misses].Kind != "cache" {
			uncached += (1 - x.Value(s.Hit, 0)) * x.Loads[x.Largest].Services[i]
		}
	}
	return uncached
}

// orderWrites returns the writes per second that orders make, which a queue can hold back.
func (w *workload) orderWrites(x *model.Case) float64 {
	if len(w.databases) == 0 && len(w.queues) == 0 {
		return w.orders(x)
	}
	var sum float64
	for k, s := range w.m.Steps {
		for _, i := range w.databases {
			if s.Transaction {
				sum += x.Steps[k] * w.m.Services[i].Calls[k] * w.m.Services[i].Writes
			}
		}
		for _, i := range w.queues {
			sum += x.Steps[k] * w.m.Services[i].Calls[k]
		}
	}
	return sum
}

// otherWrites returns the writes per second outside transactions.
func (w *workload) otherWrites(x *model.Case) float64 {
	var sum float64
	for k, s := range w.m.Steps {
		for _, i := range w.databases {
			if !s.Transaction {
				sum += x.Steps[k] * w.m.Services[i].Calls[k] * w.m.Services[i].Writes
			}
		}
	}
	return sum
}

func (w *workload) writes(x *model.Case) float64 { return w.orderWrites(x) + w.otherWrites(x) }

// hotRow returns the writes per second that the database's hottest row takes of all, infinite where unknown.
func (w *workload) hotRow(x *model.Case) float64 {
	if w.database == model.Absent || w.m.Services[w.database].HotRow == 0 {
		return math.MaxFloat64
	}
	return w.m.Services[w.database].HotRow / w.m.Event.Hottest
}

// pace returns the order writes per second that the database takes from a queue.
func (w *workload) pace(x *model.Case) float64 {
	return min(w.hotRow(x), max(0, w.capacity(x)*w.planned-w.otherWrites(x)))
}
