// Package architectures sizes the same workload on six designs of a shop.
//
// Each design is a step on the way to the published one.
package architectures

import (
	"fsctl/plan/model"
	"fsctl/scenarios"
)

// Compare returns what the scenario's workload does to a monolith, a cluster with a primary/replica
// database, services split by step, a cache in front of the database, replicas that take the reads, and
// a queue that gives the database its own pace.
//
//	reads on the database = direct + cached calls, or direct + misses where there is a cache
//	served share          = min over machines and nodes of capacity / load, at most 1
//	refused orders/s      = orders x (1 - served share)
//	backlog               = (order writes - pace) x 60 s or until the stock is gone, pace = utilization x capacity - other writes
//
// The estimates are made as those of a plan: all six architectures see the same trials. What the
// scenario does not say is assumed, and every assumption is in the result.
// The scenario is one that model.New takes. Errors: *[model.InputError], as there.
// Source: docs/model.md.
func Compare(sc *scenarios.Scenario, opts model.Options) (*Comparison, error) {
	opts, err := opts.Resolved()
	if err != nil {
		return nil, err
	}
	m, err := model.New(sc, opts.Seed)
	if err != nil {
		return nil, err
	}
	if err := m.SizeFor(opts.SizeFor); err != nil {
		return nil, err
	}
	corners, err := m.Corners()
	if err != nil {
		return nil, err
	}
	w := newWorkload(m)
	designs := w.designs(corners.High)
	var figures []model.Figure
	for i := range designs {
		figures = append(figures, w.figures(&designs[i])...)
	}
	all, _ := m.Estimate(figures, corners, opts)
	out := &Comparison{Scenario: m.Scenario, Seed: opts.Seed, Trials: opts.Trials, Assumptions: w.assumptions()}
	for i := range designs {
		a := w.architecture(&designs[i], all)
		a.SinglePoints = w.singlePoints(&designs[i], corners.High)
		var before *Architecture // none for the first
		if i > 0 {
			before = &out.Architectures[i-1]
		}
		a.Gain = w.gain(&designs[i], corners.Mid, before, &a)
		out.Architectures = append(out.Architectures, a)
	}
	return out, nil
}

// figures lists the figures of one architecture.
func (w *workload) figures(v *design) []model.Figure {
	list := []model.Figure{
		{Field: v.name + ".database_reads_qps", Read: func(x *model.Case) float64 { return w.reads(x, v.cache) }},
		{Field: v.name + ".reads_per_node_qps", Read: func(x *model.Case) float64 { return w.reads(x, v.cache) / float64(v.readNodes) }},
		{Field: v.name + ".primary_writes_qps", Read: func(x *model.Case) float64 { return w.primaryWrites(x, v) }},
		{Field: v.name + ".refused_orders_qps", Read: func(x *model.Case) float64 { return w.refused(x, v) }},
		{Field: v.name + ".cpu_cores", Read: func(x *model.Case) float64 { cores, _ := w.machines(x, v); return cores }},
		{Field: v.name + ".instances", Read: func(x *model.Case) float64 { _, instances := w.machines(x, v); return instances }},
	}
	if v.queued {
		list = append(list,
			model.Figure{Field: v.name + ".order_backlog", Read: func(x *model.Case) float64 { backlog, _ := w.backlog(x); return backlog }},
			model.Figure{Field: v.name + ".drain_seconds", Read: func(x *model.Case) float64 { _, drain := w.backlog(x); return drain }})
	}
	for i := range list {
		list[i].Needs = model.NoService
	}
	return list
}

// architecture returns the estimates of one architecture: those of its figures, 0 where it has none.
func (w *workload) architecture(v *design, all model.Estimates) Architecture {
	cores := all[v.name+".cpu_cores"]
	return Architecture{
		Name: v.name, ReadNodes: v.readNodes,
		DatabaseReadsQPS: all[v.name+".database_reads_qps"],
		ReadsPerNodeQPS:  all[v.name+".reads_per_node_qps"],
		PrimaryWritesQPS: all[v.name+".primary_writes_qps"],
		RefusedOrdersQPS: all[v.name+".refused_orders_qps"],
		OrderBacklog:     all[v.name+".order_backlog"],
		DrainSeconds:     all[v.name+".drain_seconds"],
		CPUCores:         cores,
		Instances:        all[v.name+".instances"],
		CostPerDay:       w.cost(cores),
	}
}
