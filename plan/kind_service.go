package plan

import (
	"math"

	"fsctl/plan/queueing"
)

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
