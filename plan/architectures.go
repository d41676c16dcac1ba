package plan

import (
	"fmt"
	"math"
	"slices"

	"fsctl/scenarios"
)

// Architectures is one workload on one architecture after the other.
type Architectures struct {
	Scenario      string         `json:"scenario"`
	Seed          uint64         `json:"seed"`
	Trials        int            `json:"trials"`
	Architectures []Architecture `json:"architectures"`
	Assumptions   []string       `json:"assumptions"`
}

// Architecture is one step of the published way from one machine to a sale that holds.
// Rates are those of the event.
type Architecture struct {
	Name             string   `json:"name"`
	DatabaseReadsQPS Estimate `json:"database_reads_qps"`
	ReadNodes        int      `json:"read_nodes"` // database nodes that answer reads
	ReadsPerNodeQPS  Estimate `json:"reads_per_node_qps"`
	PrimaryWritesQPS Estimate `json:"primary_writes_qps"`
	RefusedOrdersQPS Estimate `json:"refused_orders_qps"` // beyond what the machines and the database take
	OrderBacklog     Estimate `json:"order_backlog"`      // orders that wait in the queue at its longest
	DrainSeconds     Estimate `json:"drain_seconds"`      // until the queue is empty after the peak; 0 where nothing waits, or it never is
	SinglePoints     []string `json:"single_points_of_failure"`
	CPUCores         Estimate `json:"cpu_cores"` // of all instances
	Instances        Estimate `json:"instances"`
	CostPerDay       Estimate `json:"cost_per_day"`
	Gain             string   `json:"gain"` // over the one before
}

// CompareArchitectures returns what the scenario's workload does to a monolith, a cluster with a
// primary/replica database, services split by step, a cache in front of the database, replicas that
// take the reads, and a queue that gives the database its own pace.
//
//	reads on the database = direct + cached calls, or direct + misses where there is a cache
//	served share          = min over machines and nodes of capacity / load, at most 1
//	refused orders/s      = orders x (1 - served share)
//	backlog               = (order writes - pace) x 60 s or until the stock is gone, pace = utilization x capacity - other writes
//
// The estimates are made as New's: all six architectures see the same trials. What the scenario does
// not say is assumed, and every assumption is in the result.
// Errors: *[InputError], as New. Source: docs/model.md.
func CompareArchitectures(sc *scenarios.Scenario, opts Options) (*Architectures, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	m, err := newModel(sc, opts.Seed)
	if err != nil {
		return nil, err
	}
	low, mid, high := m.corner(-1), m.corner(0), m.corner(+1)
	if err := m.checkReach(high); err != nil {
		return nil, err
	}
	w := newWorkloadShape(m, sc)
	out := &Architectures{Scenario: sc.Name, Seed: opts.Seed, Trials: opts.Trials, Assumptions: w.assumptions()}
	variants := w.variants(high)
	out.Architectures = make([]Architecture, len(variants))
	var columns []column
	for i := range variants {
		out.Architectures[i] = Architecture{Name: variants[i].name, ReadNodes: variants[i].readNodes}
		columns = append(columns, w.columns(&variants[i], &out.Architectures[i])...)
	}
	for _, c := range columns {
		c.into.Mid = c.read(mid)
		c.into.Low, c.into.High = min(c.read(low), c.into.Mid), max(c.read(high), c.into.Mid)
	}
	m.percentiles(columns, opts.Trials, opts.Cores, sampleBudget)
	for i := range variants {
		a := &out.Architectures[i]
		a.CostPerDay = a.CPUCores.mapped(func(cores float64) float64 { return cores * w.price * daySeconds / 3600 })
		a.SinglePoints = w.singlePoints(&variants[i], high)
		a.Gain = w.gain(&variants[i], out.Architectures, i)
	}
	return out, nil
}

// variant is one architecture in terms of what it has.
type variant struct {
	name                                  string
	machines, split, cache, apart, queued bool // many machines; services by step; reads apart from the primary
	standby                               int  // database nodes beside the primary
	readNodes                             int
}

// The published number of replicas: 3 to 5 times the reads of one node.
const (
	leastReplicas = 3
	mostReplicas  = 5
)

// variants lists the architectures; replicas are those that the high case needs, within 3 to 5.
func (w *workloadShape) variants(high *point) []variant {
	reads := w.reads(high, true)
	replicas := int(math.Max(leastReplicas, math.Min(mostReplicas, ceil(reads/(w.capacity(high)*w.planned)))))
	return []variant{
		{name: "monolith", readNodes: 1},
		{name: "cluster", machines: true, standby: 1, readNodes: 1},
		{name: "split", machines: true, split: true, standby: 1, readNodes: 1},
		{name: "cached", machines: true, split: true, cache: true, standby: 1, readNodes: 1},
		{name: "replicated", machines: true, split: true, cache: true, apart: true, standby: replicas, readNodes: replicas},
		{name: "queued", machines: true, split: true, cache: true, apart: true, queued: true, standby: replicas, readNodes: replicas},
	}
}

// columns lists the estimates of one architecture.
func (w *workloadShape) columns(v *variant, a *Architecture) []column {
	list := []column{
		{&a.DatabaseReadsQPS, noService, func(x *point) float64 { return w.reads(x, v.cache) }},
		{&a.ReadsPerNodeQPS, noService, func(x *point) float64 { return w.reads(x, v.cache) / float64(v.readNodes) }},
		{&a.PrimaryWritesQPS, noService, func(x *point) float64 { return w.primaryWrites(x, v) }},
		{&a.RefusedOrdersQPS, noService, func(x *point) float64 { return w.refused(x, v) }},
		{&a.CPUCores, noService, func(x *point) float64 { cores, _ := w.machines(x, v); return cores }},
		{&a.Instances, noService, func(x *point) float64 { _, instances := w.machines(x, v); return instances }},
	}
	if v.queued {
		list = append(list,
			column{&a.OrderBacklog, noService, func(x *point) float64 { backlog, _ := w.backlog(x); return backlog }},
			column{&a.DrainSeconds, noService, func(x *point) float64 { _, drain := w.backlog(x); return drain }})
	}
	return list
}

// singlePoints lists what stops the sale by its loss alone, in the high case.
func (w *workloadShape) singlePoints(v *variant, high *point) []string {
	list := []string{}
	if !v.machines {
		list = append(list, "the one machine")
	}
	if v.machines && !v.split && len(w.steps) > 1 {
		list = append(list, "the one program, which fails for every step at once")
	}
	switch {
	case v.standby == 0:
		list = append(list, "the one database")
	case !v.queued:
		list = append(list, "the primary, until a replica is promoted")
	}
	if v.cache {
		reads, takes := w.reads(high, false), float64(v.readNodes)*w.capacity(high)
		if !v.apart {
			reads += w.writes(high)
		}
		if reads > takes {
			list = append(list, fmt.Sprintf("the cache: without it %s reads/s fall on nodes that take %s/s", figure(math.Round(reads)), figure(math.Round(takes))))
		}
	}
	return list
}

// gain says in one phrase what an architecture buys over the one before, in the mid case.
func (w *workloadShape) gain(v *variant, all []Architecture, i int) string {
	a := &all[i]
	if i == 0 {
		return fmt.Sprintf("nothing yet: one machine of %s cores and one database for %s reads/s%s", figure(w.computeCores(w.m.corner(0), v)),
			figure(math.Round(a.DatabaseReadsQPS.Mid)), w.tooLarge(a))
	}
	before := &all[i-1]
	switch {
	case v.queued && a.OrderBacklog.Mid > 0:
		return fmt.Sprintf("the database turns away %s orders/s fewer: at most %s wait, and the primary sees %s writes/s in place of %s",
			figure(math.Round(before.RefusedOrdersQPS.Mid-a.RefusedOrdersQPS.Mid)), figure(math.Round(a.OrderBacklog.Mid)),
			figure(math.Round(a.PrimaryWritesQPS.Mid)), figure(math.Round(before.PrimaryWritesQPS.Mid)))
	case v.queued:
		return fmt.Sprintf("the primary may fail or lag: the %s orders of a failover of %s wait in place of being refused",
			figure(math.Round(min(w.pieces, w.orders(w.m.corner(0))*failoverSeconds))), seconds(failoverSeconds))
	case v.apart:
		return fmt.Sprintf("%d times the reads of one node: %s/s on each replica in place of %s/s on the primary, which only writes",
			v.readNodes, figure(math.Round(a.ReadsPerNodeQPS.Mid)), figure(math.Round(before.ReadsPerNodeQPS.Mid)))
	case v.cache && before.DatabaseReadsQPS.Mid > 0:
		return fmt.Sprintf("%s %% of the reads leave the database: %s/s in place of %s/s",
			figure(math.Round(1000*(1-a.DatabaseReadsQPS.Mid/before.DatabaseReadsQPS.Mid))/10),
			figure(math.Round(a.DatabaseReadsQPS.Mid)), figure(math.Round(before.DatabaseReadsQPS.Mid)))
	case v.cache:
		return "hot reads are answered before the database"
	case v.split:
		return fmt.Sprintf("each step scales and fails on its own, for %s instances in place of %s", figure(a.Instances.Mid), figure(before.Instances.Mid))
	}
	return fmt.Sprintf("no single machine is needed any more: %s with %s cores each share the load%s, and a replica stands by for the database",
		figure(ceil(w.computeCores(w.m.corner(0), v)/w.instanceCores)), figure(w.instanceCores), w.spared(before, a))
}

func (w *workloadShape) tooLarge(a *Architecture) string {
	if cores := a.CPUCores.Mid; cores > largestMachine {
		return fmt.Sprintf("; no machine has more than %d", largestMachine)
	}
	return ""
}

func (w *workloadShape) spared(before, a *Architecture) string {
	if before.RefusedOrdersQPS.Mid <= a.RefusedOrdersQPS.Mid {
		return ""
	}
	return fmt.Sprintf(", %s orders/s fewer are refused", figure(math.Round(before.RefusedOrdersQPS.Mid-a.RefusedOrdersQPS.Mid)))
}

// assumptions says what the scenario did not.
func (w *workloadShape) assumptions() []string {
	list := []string{
		fmt.Sprintf("a machine has at most %d cores; load balancers come in pairs and are not counted; a queue has %d brokers", largestMachine, int(brokers)),
		fmt.Sprintf("the peak lasts %s, then the busy mean returns; a failover takes %s", seconds(peakSeconds), seconds(failoverSeconds)),
		"all databases are taken as one, whose nodes share reads evenly; what is beyond a node's capacity is refused",
		fmt.Sprintf("replicas: what the high case needs, but %d to %d", leastReplicas, mostReplicas),
	}
	return slices.Concat(list, w.notes)
}
