package plan

import (
	"fmt"
	"math"

	"fsctl/scenarios"
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

// workloadShape is what all architectures have in common: who reads, who writes, what work that is.
type workloadShape struct {
	m                          *model
	steps                      []stepModel
	compute                    []int // services whose demand is work of the program
	caches, databases, queues  []int
	database                   int // the one with the most writes, whose capacity a node has; absent if assumed
	instanceCores, nodeCores   float64
	utilization, wait, planned float64 // planned: of a database node
	price                      float64
	pieces                     float64 // on sale, infinite where the scenario sells nothing
	notes                      []string
}

func newWorkloadShape(m *model, sc *scenarios.Scenario) *workloadShape {
	w := &workloadShape{m: m, steps: m.steps, database: absent, instanceCores: 0, nodeCores: 1, utilization: 1, wait: 1, planned: 0.7}
	for i := range m.services {
		s := &m.services[i]
		switch {
		case s.kind == "cache":
			w.caches = append(w.caches, i)
		case s.kind == "database":
			w.databases = append(w.databases, i)
		case s.kind == "queue":
			w.queues = append(w.queues, i)
		}
		if s.demand != absent && (s.kind == "service" || s.kind == "function") {
			w.compute = append(w.compute, i)
			w.instanceCores = max(w.instanceCores, s.cores)
			w.utilization, w.wait = min(w.utilization, s.utilization), min(w.wait, s.wait)
		}
	}
	w.assume()
	if w.pieces = math.MaxFloat64; sc.Sale != nil {
		w.pieces = float64(sc.Sale.Stock) * float64(max(1, sc.Sale.Items))
		w.note("the queue comes after the stock is taken, so no more orders wait than there are pieces: %s; an attempt after that is told sold out", figure(w.pieces))
	}
	w.price = assumedPrice
	priced := false
	if sc.Estate != nil {
		for _, p := range sc.Estate.Pools {
			if p.Price > 0 && !priced {
				w.price, priced = p.Price, true
			}
		}
	}
	if !priced {
		w.note("a core costs %g an hour", w.price)
	} else {
		w.note("a core costs %g an hour, the price of the first pool that gives one", w.price)
	}
	return w
}

func (w *workloadShape) note(format string, args ...any) {
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// assume fills in the parts that the scenario does not have.
func (w *workloadShape) assume() {
	if len(w.compute) == 0 {
		w.instanceCores, w.utilization, w.wait = assumedCores, 0.7, 0.2
		w.note("no service has a demand: only databases and caches are counted as cores")
	}
	for _, i := range w.compute {
		if w.m.services[i].kind == "function" {
			w.note("function %s is counted as a program that computes for all of its duration", w.m.services[i].name)
		}
	}
	for _, i := range w.databases {
		if s := &w.m.services[i]; w.database == absent || s.writes > w.m.services[w.database].writes {
			w.database, w.nodeCores, w.planned = i, s.cores, s.utilization
		}
	}
	if w.database == absent {
		w.note("there is no database: one is assumed that takes %g calls/s a node, with a read a request and a write more a transaction", assumedNodeRate)
	}
	if len(w.caches) == 0 {
		w.note("there is no cache: one is assumed that takes %g calls/s a shard and answers %g %% of the reads outside transactions", assumedShardRate, 100*assumedHit)
	}
	if len(w.queues) == 0 {
		w.note("there is no queue: orders are assumed to write to the database through one in the last architecture")
	} else {
		w.note("before the last architecture every message to a queue is a write on the database")
	}
}

func (w *workloadShape) orders(x *point) float64 {
	var sum float64
	for k := range w.steps {
		if w.steps[k].transaction {
			sum += x.steps[k]
		}
	}
	return sum
}

// capacity returns the calls per second of one database node.
func (w *workloadShape) capacity(x *point) float64 {
	if w.database == absent {
		return assumedNodeRate
	}
	return x.values[w.m.services[w.database].capacity]
}

// direct returns the reads per second at the databases that no cache may answer, and those that it may.
func (w *workloadShape) direct(x *point) (uncached, cacheable float64) {
	for k, s := range w.steps {
		reads := 0.0
		for _, i := range w.databases {
			d := &w.m.services[i]
			reads += d.calls[k] * (1 - d.writes)
		}
		if len(w.databases) == 0 {
			reads = 1
		}
		if s.transaction || len(w.caches) > 0 { // a scenario with a cache says itself what it holds
			uncached += x.steps[k] * reads
		} else {
			cacheable += x.steps[k] * reads
		}
	}
	for _, i := range w.caches {
		cacheable += x.direct[i]
	}
	return uncached, cacheable
}

// reads returns the reads per second at the databases, behind a cache or without.
func (w *workloadShape) reads(x *point, cached bool) float64 {
	uncached, cacheable := w.direct(x)
	switch {
	case !cached:
		return uncached + cacheable
	case len(w.caches) == 0:
		return uncached + (1-assumedHit)*cacheable
	}
	for _, i := range w.caches { // misses that go to another cache are counted there
		s := &w.m.services[i]
		if s.misses == absent || w.m.services[s.misses].kind != "cache" {
			uncached += (1 - x.value(s.hit, 0)) * x.rates[i]
		}
	}
	return uncached
}

// orderWrites returns the writes per second that orders make, which a queue can hold back.
func (w *workloadShape) orderWrites(x *point) float64 {
	if len(w.databases) == 0 && len(w.queues) == 0 {
		return w.orders(x)
	}
	var sum float64
	for k, s := range w.steps {
		for _, i := range w.databases {
			if s.transaction {
				sum += x.steps[k] * w.m.services[i].calls[k] * w.m.services[i].writes
			}
		}
		for _, i := range w.queues {
			sum += x.steps[k] * w.m.services[i].calls[k]
		}
	}
	return sum
}

// otherWrites returns the writes per second outside transactions.
func (w *workloadShape) otherWrites(x *point) float64 {
	var sum float64
	for k, s := range w.steps {
		for _, i := range w.databases {
			if !s.transaction {
				sum += x.steps[k] * w.m.services[i].calls[k] * w.m.services[i].writes
			}
		}
	}
	return sum
}

func (w *workloadShape) writes(x *point) float64 { return w.orderWrites(x) + w.otherWrites(x) }

// hotRow returns the writes per second that the database's hottest row takes of all, infinite where unknown.
func (w *workloadShape) hotRow(x *point) float64 {
	if w.database == absent || w.m.services[w.database].hotRow == 0 {
		return math.MaxFloat64
	}
	return w.m.services[w.database].hotRow / w.m.hottest
}

// pace returns the order writes per second that the database takes from a queue.
func (w *workloadShape) pace(x *point) float64 {
	return min(w.hotRow(x), max(0, w.capacity(x)*w.planned-w.otherWrites(x)))
}

func (w *workloadShape) primaryWrites(x *point, v *variant) float64 {
	if v.queued {
		return w.otherWrites(x) + min(w.orderWrites(x), w.pace(x))
	}
	return w.writes(x)
}

// served returns capacity / load, at most 1.
func served(capacity, load float64) float64 {
	if load <= capacity {
		return 1
	}
	return capacity / load
}

// refused returns the orders per second that neither machines nor database take.
//
// A node that is asked for more than its capacity serves its share of everything, so an order gets
// through with the least share of all that it needs.
func (w *workloadShape) refused(x *point, v *variant) float64 {
	capacity, reads, writes := w.capacity(x), w.reads(x, v.cache), w.writes(x)
	share := 1.0
	if !v.machines {
		share = served(largestMachine, w.work(x, allSteps))
	}
	switch {
	case v.queued: // the queue takes every order; the database's pace shows in its backlog
		share = min(share, served(capacity*float64(v.readNodes), reads))
	case v.apart:
		share = min(share, served(capacity*float64(v.readNodes), reads), served(capacity, writes))
	default:
		share = min(share, served(capacity, reads+writes))
	}
	if !v.queued { // only the buyers of the hottest item meet in its row
		share *= 1 - w.m.hottest*(1-served(w.hotRow(x), w.orderWrites(x)))
	}
	return w.orders(x) * (1 - share)
}

// backlog returns the orders that wait at the end of the peak, and how long [s] they take after it.
//
//	backlog = (order writes - pace) x peak / writes of one order
//	drain   = backlog / (pace - order writes at the busy mean); 0 where the queue is never empty
//
// The peak ends early where the stock does, and then no order comes after it.
func (w *workloadShape) backlog(x *point) (orders, drainSeconds float64) {
	writes, pace, rate := w.orderWrites(x), w.pace(x), w.orders(x)
	if writes <= pace || rate < leastRate {
		return 0, 0
	}
	perOrder := writes / rate
	quiet := 0.0
	for _, s := range w.steps {
		if s.transaction {
			quiet += x.busyMean * s.share
		}
	}
	peak := peakSeconds
	if soldOut := w.pieces / rate; soldOut < peak {
		peak, quiet = soldOut, 0
	}
	orders = (writes - pace) * peak / perOrder
	if quiet *= perOrder; quiet < pace*(1-1e-9) {
		drainSeconds = orders * perOrder / (pace - quiet)
	}
	return orders, drainSeconds
}

// allSteps asks for the work of every step.
const allSteps = -1

// work returns the CPU work [erlang] of one step, or of all.
func (w *workloadShape) work(x *point, step int) float64 {
	var sum, requests float64
	for k := range w.steps {
		if step == allSteps || step == k {
			requests += x.steps[k]
		}
	}
	for _, i := range w.compute {
		s := &w.m.services[i]
		demand := x.values[s.demand]
		for k := range w.steps {
			if step == allSteps || step == k {
				sum += x.steps[k] * s.calls[k] * demand
			}
		}
		if missed := x.rates[i] - x.direct[i]; missed > 0 && x.eventQPS > 0 { // by the steps' rates: misses have no step
			sum += missed * demand * requests / x.eventQPS
		}
	}
	return sum
}

// computeCores returns the cores that the program, or its services by step, need.
func (w *workloadShape) computeCores(x *point, v *variant) float64 {
	cores := func(step int, rate float64) float64 {
		erlang := w.work(x, step)
		if rate < leastRate || erlang < leastRate {
			return 0
		}
		s := serviceModel{cores: 1, utilization: w.utilization, wait: w.wait}
		return s.staff(rate, erlang/rate, 1).cores
	}
	if !v.split {
		return cores(allSteps, x.eventQPS)
	}
	var sum float64
	for k := range w.steps { // each step's service comes in whole instances
		sum += ceil(cores(k, x.steps[k])/w.instanceCores) * w.instanceCores
	}
	return sum
}

// machines returns the cores and the instances of an architecture: program, database, cache, queue.
func (w *workloadShape) machines(x *point, v *variant) (cores, instances float64) {
	cores, instances = w.computeCores(x, v), 1
	if v.machines {
		instances = ceil(cores / w.instanceCores)
		cores = instances * w.instanceCores
	}
	nodes := 1 + float64(v.standby)
	cores, instances = cores+nodes*w.nodeCores, instances+nodes
	if v.cache {
		shards := w.shards(x)
		cores, instances = cores+shards, instances+shards
	}
	if v.queued {
		cores, instances = cores+brokers, instances+brokers
	}
	return cores, instances
}

// shards returns the shards of all caches, at least two.
func (w *workloadShape) shards(x *point) float64 {
	var sum float64
	for _, i := range w.caches {
		s := &w.m.services[i]
		sum += ceil(x.rates[i] / (x.values[s.capacity] * s.utilization))
	}
	if len(w.caches) == 0 {
		_, cacheable := w.direct(x)
		sum = ceil(cacheable / (assumedShardRate * 0.7))
	}
	return max(leastShards, sum)
}
