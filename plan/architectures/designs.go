package architectures

import (
	"math"

	"fsctl/plan/model"
)

// design is one architecture in terms of what it has.
type design struct {
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

// designs lists the architectures; replicas are those that the high case needs, within 3 to 5.
func (w *workload) designs(high *model.Case) []design {
	reads := w.reads(high, true)
	replicas := int(math.Max(leastReplicas, math.Min(mostReplicas, model.Ceil(reads/(w.capacity(high)*w.planned)))))
	return []design{
		{name: "monolith", readNodes: 1},
		{name: "cluster", machines: true, standby: 1, readNodes: 1},
		{name: "split", machines: true, split: true, standby: 1, readNodes: 1},
		{name: "cached", machines: true, split: true, cache: true, standby: 1, readNodes: 1},
		{name: "replicated", machines: true, split: true, cache: true, apart: true, standby: replicas, readNodes: replicas},
		{name: "queued", machines: true, split: true, cache: true, apart: true, queued: true, standby: replicas, readNodes: replicas},
	}
}
