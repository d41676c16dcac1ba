package plan

import (
	"fmt"
	"math"

	"fsctl/plan/queueing"
)

// What can ask for the most of a service.
const (
	byCPU           = "cpu"
	byWait          = "wait"
	byLatency       = "latency"
	byNodeRate      = "node-rate"
	byPrimaryWrites = "primary-writes"
	byHotRow        = "hot-row"
	byConcurrency   = "concurrency"
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
}

// size returns what service i needs at its rate.
//
//	service   cores for the CPU demand; instances = ceil(cores / cores of one)
//	function  instances = ceil(rate x duration): concurrent executions, by Little's law
//	cache     shards = ceil(rate / (capacity x utilization))
//	database  1 primary for the writes + ceil(reads / (capacity x utilization)) replicas
//	queue     consumers, by capacity or demand
//
// A kind that gives both a demand and a capacity gets the larger of both sizes.
// Source: docs/model.md; Little, Operations Research 9(3), 1961, 383-387.
func (m *model) size(x *point, i int) size {
	s, rate := &m.services[i], x.rates[i]
	if rate < leastRate {
		return size{}
	}
	if s.kind == "function" {
		seconds := x.values[s.demand]
		return size{cores: rate * seconds, instances: ceil(rate * seconds), bottleneck: byConcurrency,
			late: s.tooSlow(seconds, x.value(s.variability, 1))}
	}
	var out size
	if s.demand != absent {
		out = s.staff(rate, x.values[s.demand], x.value(s.variability, 1))
	}
	if s.capacity == absent {
		return out
	}
	if nodes, why := m.nodes(x, i); nodes > out.instances {
		out.instances, out.bottleneck = nodes, why
	}
	return out
}

// ceil rounds up, but takes 40.000000000000007 for the 40 that was meant.
func ceil(x float64) float64 { return math.Ceil(x - 1e-12*x) }

// nodes returns how many nodes carry the rate of service i, each at most at its utilization.
func (m *model) nodes(x *point, i int) (nodes float64, bottleneck string) {
	s := &m.services[i]
	capacity := x.values[s.capacity]
	planned := capacity * s.utilization
	if s.kind != "database" {
		return ceil(x.rates[i] / planned), byNodeRate
	}
	writes := x.direct[i] * s.writes
	switch {
	case writes > planned:
		bottleneck = byPrimaryWrites
	case s.hotRow > 0 && m.hotWrites(x, i) > s.hotRow:
		bottleneck = byHotRow
	default:
		bottleneck = byNodeRate
	}
	return 1 + ceil((x.rates[i]-writes)/planned), bottleneck
}

// hotWrites returns the writes per second to the row of the most wanted item: those of the
// transaction steps, by that item's share of orders.
func (m *model) hotWrites(x *point, i int) float64 {
	var sum float64
	for k, calls := range m.services[i].calls {
		if m.steps[k].transaction {
			sum += x.steps[k] * calls
		}
	}
	return sum * m.services[i].writes * m.hottest
}

// staff returns the cores that keep the service's limits, and which of them asks for the most.
//
//	cpu      ceil(a / utilization), more than a; a = rate x seconds [erlang]
//	wait     least c with ErlangC(c, a) <= wait
//	latency  least c with P(response > limit) <= 1 - quantile
//
// All cores of the service are taken as one group with one line. Where the service time alone
// exceeds the latency limit that limit is left out, and late says so. Beyond 1e9 erlang, where only
// single trials get, the wait follows Halfin and Whitt.
func (s *serviceModel) staff(rate, seconds, scv float64) size {
	a := rate * seconds
	out := size{cores: math.Max(ceil(a/s.utilization), math.Floor(a)+1), bottleneck: byCPU}
	out.late = s.tooSlow(seconds, scv)
	if a > maxErlang || rate > maxRate {
		beta, _ := queueing.HalfinWhittBeta(s.wait) // the wait is in its range
		if c := math.Ceil(a + beta*math.Sqrt(a)); c > out.cores {
			out.cores, out.bottleneck = c, byWait
		}
	} else if out.cores < maxServers {
		if c := leastForWait(int(out.cores), a, s.wait); float64(c) > out.cores {
			out.cores, out.bottleneck = float64(c), byWait
		}
		if s.quantile > 0 && !out.late {
			if c := s.leastForLatency(int(out.cores), rate, seconds, scv); c > out.cores {
				out.cores, out.bottleneck = c, byLatency
			}
		}
	}
	out.instances = ceil(out.cores / s.cores)
	return out
}

// leastForWait returns the least number of cores from the given one on at which at most the given
// share of calls waits.
func leastForWait(from int, erlang, wait float64) int {
	if c, err := queueing.ErlangC(from, erlang); err == nil && c <= wait {
		return from
	}
	c, err := queueing.MinServersErlangC(erlang, wait)
	if err != nil { // the caller keeps the range
		return from
	}
	return max(from, c)
}

// leastForLatency returns the least number of cores from the given one on at which the quantile of
// the response time keeps the limit: by doubling steps, then by halving. The service must not be
// too slow for any number.
func (s *serviceModel) leastForLatency(from int, rate, seconds, scv float64) float64 {
	enough := func(c int) bool {
		r := newResponse(rate, seconds, scv, c)
		return r.tail(s.limit) <= 1-s.quantile
	}
	if enough(from) {
		return float64(from)
	}
	step := max(1, int(math.Sqrt(rate*seconds)/8))
	short, high := from, from+step
	for !enough(high) && high < maxServers {
		short, step = high, 2*step
		high += step
	}
	for high-short > 1 {
		if mid := short + (high-short)/2; enough(mid) {
			high = mid
		} else {
			short = mid
		}
	}
	return float64(high)
}

// tooSlow tells whether calls break the latency limit even when none waits.
func (s *serviceModel) tooSlow(seconds, scv float64) bool {
	return s.quantile > 0 && responseOf(seconds, scv).tail(s.limit) > 1-s.quantile
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
