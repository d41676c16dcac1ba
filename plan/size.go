package plan

import (
	"fmt"
	"math"
)

// What can ask for the most of a service.
const (
	byCPU           = "cpu"
	byWait          = "wait"
	byLatency       = "latency"
	byNodeRate      = "node-rate"
	byPrimaryWrites = "primary-writes"
	byHotRow        = "hot-row"
	byHotKey        = "hot-key"
	byDrain         = "drain"
	byConcurrency   = "concurrency"
)

// What a service can be bounded by that no size mends, beside those above.
const (
	byConnections = "connections"
	byPartitions  = "partitions"
	byAccount     = "concurrency-limit"
	byQuota       = "quota"
)

// The formulas' range; checkReach keeps the high case inside it, and staff knows the limit beyond.
const (
	leastRate  = 1e-15 // below, nobody comes [1/s]
	maxRate    = 1e15  // [1/s]
	maxErlang  = 1e9
	maxServers = 2e9
	maxNodes   = 1e12
)

// size is what one service needs in one case.
type size struct {
	cores, instances float64
	bottleneck       string
	late             bool // the service time alone exceeds the latency limit, so no size keeps it
	beyond           bool // instances are a lower bound: what was measured of their growth ends before
}

// size returns what service i needs at its rate.
//
//	service   cores for the CPU demand; instances = ceil(cores / cores of one); see staff
//	function  concurrent executions; see concurrency
//	cache     shards for the rate and for the hottest key; see shards
//	database  1 primary for the writes + replicas for the reads; see databaseNodes
//	queue     consumers that keep up, or that empty it in time; see consumed
//
// A kind that gives both a demand and a capacity gets the larger of both sizes.
// Source: docs/model.md.
func (m *model) size(x *point, i int) size {
	s, rate := &m.services[i], x.rates[i]
	if rate < leastRate {
		return size{}
	}
	switch s.kind {
	case "function":
		return s.concurrency(rate, x.values[s.demand], x.value(s.variability, 1))
	case "queue":
		rate = m.consumed(x, i)
	}
	var out size
	if s.usl != nil {
		out = s.staffUSL(x, rate)
	} else if s.demand != absent {
		out = s.staff(rate, x.values[s.demand], x.value(s.variability, 1))
	}
	if s.capacity != absent {
		if nodes, why := m.nodes(x, i); nodes > out.instances {
			out.instances, out.bottleneck = nodes, why
		}
	}
	if rate < x.rates[i] && out.instances > 0 {
		out.bottleneck = byDrain
	}
	return out
}

// ceil rounds up, but takes 40.000000000000007 for the 40 that was meant.
func ceil(x float64) float64 { return math.Ceil(x - 1e-12*x) }

// nodes returns how many nodes carry the rate at service i, each at most at its utilization.
func (m *model) nodes(x *point, i int) (nodes float64, bottleneck string) {
	s, rate := &m.services[i], x.rates[i]
	planned := x.values[s.capacity] * s.utilization
	switch s.kind {
	case "cache":
		return s.shards(rate, m.hotKey, planned)
	case "database":
		return m.databaseNodes(x, i, planned)
	case "queue":
		rate = m.consumed(x, i)
	}
	return ceil(rate / planned), byNodeRate
}

// checkReach refuses a high case that is out of the formulas' range.
func (m *model) checkReach(high *point) error {
	for i := range m.services {
		s, out := &m.services[i], high.sizes[i]
		for _, r := range []struct {
			got, limit float64
			what       string
		}{
			{high.rates[i], maxRate, "calls/s"},
			{high.rates[i] * high.value(s.demand, 0), maxErlang, "erlang of work"},
			{out.cores, maxServers, "cores"},
			{out.instances, maxNodes, "instances"},
		} {
			if r.got > r.limit {
				return &InputError{"services." + s.name, fmt.Sprintf("%.3g %s in the high case", r.got, r.what),
					fmt.Sprintf("at most %.0e; lower workload, calls or demand", r.limit)}
			}
		}
	}
	return nil
}
