package plan

import (
	"slices"

	"fsctl/plan/model"
	"fsctl/scenarios/quantity"
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
//     latency, connections, partitions, max_instances, quota, and the cores of a primary.
//
// What a service can do is not a limit that the user gave: capacity, hot_row and the hottest key make
// excuses too, and the plan stays feasible. The same holds for the size of the estate's pools.
func (p *Plan) Obstacles() []Excuse { return append(p.tooSmallLimits(), noSizeMends(p.Excuses)...) }

// noSizeMends returns the excuses of services that no size mends and that stand for a limit in the scenario.
func noSizeMends(excuses []Excuse) (list []Excuse) {
	for _, e := range excuses {
		if slices.Contains([]string{model.ByLatency, model.ByPrimaryCPU, byConnections, byPartitions, byAccount, byQuota}, e.Bottleneck) {
			list = append(list, e)
		}
	}
	return list
}

// Row returns the candidate, the bottleneck and the two figures, with their unit where it is not that of the bottleneck's name.
func (e Excuse) Row() []string {
	got, limit := quantity.Against(e.Got, e.Limit)
	switch e.Bottleneck {
	case model.ByLatency:
		got, limit = quantity.Seconds(e.Got), quantity.Seconds(e.Limit)
	case model.ByPrimaryCPU:
		limit = quantity.EstimateOf(e.Limit, "core")
	case model.ByPrimaryWrites, model.ByHotKey, model.ByUSL, byQuota:
		got, limit = quantity.Rate(e.Got), quantity.Rate(e.Limit)
	}
	return []string{e.Candidate, e.Bottleneck, got, limit}
}

// String returns the excuse in one line.
func (e Excuse) String() string {
	row := e.Row()
	switch e.Bottleneck {
	case ByUnpriced:
		return row[0] + ": not all of it has a price, so that a limit of " + row[3] + " on the cost cannot be said to hold"
	case ByUnsized:
		return row[0] + ": not all instances have known cores, so that a limit of " + row[3] + " cores cannot be said to hold"
	}
	return row[0] + ": " + row[1] + " " + row[2] + ", limit " + row[3]
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
