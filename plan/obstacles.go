package plan

import (
	"slices"

	"fsctl/plan/model"
)

// Limits of the whole sale: scenario field limits, or plan's flags.
const (
	byMaxCores     = "cores"
	byMaxInstances = "instances"
	byMaxCost      = "cost"
)

// What a service can be bounded by that no size mends, beside the bottlenecks of sizes.
const (
	byConnections = "connections"
	byPartitions  = "partitions"
	byAccount     = "concurrency-limit"
	byQuota       = "quota"
)

// Obstacles returns the excuses that make the plan infeasible: no size meets the limits given.
//
// These are
//
//   - those of the smallest candidate that is enough in 95 % of the trials, where every such candidate
//     is over a limit of the whole sale;
//   - those of a service that no size mends and that stem from a limit which the scenario gives it:
//     latency, connections, partitions, max_instances, quota.
//
// What a service can do is not a limit that the user gave: capacity, hot_row and the hottest key make
// excuses too, and the plan stays feasible. The same holds for the size of the estate's pools.
func (p *Plan) Obstacles() []Excuse {
	list := p.tooSmallLimits()
	for _, e := range p.Excuses {
		if slices.Contains(givenLimits(), e.Bottleneck) {
			list = append(list, e)
		}
	}
	return list
}

// givenLimits are the bottlenecks of services that stand for a limit in the scenario.
func givenLimits() []string {
	return []string{model.ByLatency, byConnections, byPartitions, byAccount, byQuota}
}

// tooSmallLimits returns why the smallest candidate that is enough was rejected, where all of them were.
func (p *Plan) tooSmallLimits() []Excuse {
	smallest := -1
	for i := range p.Candidates {
		c := &p.Candidates[i]
		if !c.carries() {
			continue
		}
		if len(c.Rejected) == 0 {
			return nil
		}
		if smallest < 0 || c.CPUCores < p.Candidates[smallest].CPUCores {
			smallest = i
		}
	}
	if smallest < 0 {
		return nil
	}
	var list []Excuse
	for _, e := range p.Excuses {
		if e.Candidate == wholeSale+p.Candidates[smallest].Name {
			list = append(list, e)
		}
	}
	return list
}

// wholeSale begins the name of a candidate in an excuse.
const wholeSale = "the whole sale at "

// mostMissed is the share of trials in which a size may be too small and still carries the p95.
const mostMissed = 0.05

// carries reports whether the candidate is enough in 95 % of the trials.
func (c *Candidate) carries() bool { return c.NotEnoughRatio <= mostMissed }
