package architectures

import (
	"fsctl/plan/model"
	"fsctl/scenarios"
)

// allSteps asks for the work of every step.
const allSteps = -1

// work returns the CPU work [erlang] of one step, or of all.
func (w *workload) work(x *model.Case, step int) float64 {
	var sum, requests float64
	load := &x.Loads[x.Largest]
	for k := range w.m.Steps {
		if step == allSteps || step == k {
			requests += x.Steps[k]
		}
	}
	for _, i := range w.compute {
		s := &w.m.Services[i]
		demand := x.Values[s.Demand]
		for k := range w.m.Steps {
			if step == allSteps || step == k {
				sum += x.Steps[k] * s.Calls[k] * demand
			}
		}
		if missed := load.Services[i] - load.Direct[i]; missed > 0 && load.QPS > 0 { // by the steps' rates: misses have no step
			sum += missed * demand * requests / load.QPS
		}
	}
	return sum
}

// computeCores returns the cores that the program, or its services by step, need.
func (w *workload) computeCores(x *model.Case, v *design) float64 {
	cores := func(step int, rate float64) float64 {
		erlang := w.work(x, step)
		if rate < model.LeastRate || erlang < model.LeastRate {
			return 0
		}
		s := model.Service{InstanceCores: 1, Utilization: w.utilization, Wait: w.wait}
		return s.Staff(rate, erlang/rate, 1).Cores
	}
	if !v.split {
		return cores(allSteps, x.Loads[x.Largest].QPS)
	}
	var sum float64
	for k := range w.m.Steps { // each step's service comes in whole instances
		sum += model.Ceil(cores(k, x.Steps[k])/w.instanceCores) * w.instanceCores
	}
	return sum
}

// machines returns the cores and the instances of an architecture: program, database, cache, queue.
func (w *workload) machines(x *model.Case, v *design) (cores, instances float64) {
	cores, instances = w.computeCores(x, v), 1
	if v.machines {
		instances = model.Ceil(cores / w.instanceCores)
		cores = instances * w.instanceCores
	}
	nodes := 1 + float64(v.standby)
	cores, instances = cores+nodes*w.nodeCores, instances+nodes
	if v.cache {
		shards := w.shards(x)
		cores, instances = cores+shards*w.shardCores, instances+shards
	}
	if v.queued {
		cores, instances = cores+brokers*w.brokerCores, instances+brokers
	}
	return cores, instances
}

// shards returns the shards of all caches, at least two, each sized as a plan sizes it.
func (w *workload) shards(x *model.Case) float64 {
	var sum float64
	for _, i := range w.caches {
		sum += w.m.Size(x, i).Instances
	}
	if len(w.caches) == 0 {
		_, cacheable := w.direct(x)
		assumed := model.Service{KeyCopies: 1}
		sum, _ = assumed.Shards(cacheable, w.m.Event.HotKey, assumedShardRate*float64(scenarios.DefaultUtilization))
	}
	return max(leastShards, sum)
}
