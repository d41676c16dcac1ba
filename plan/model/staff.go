package model

import (
	"math"

	"fsctl/plan/queueing"
)

// Staff returns the cores that keep the service's limits, and which of them asks for the most.
//
//	cpu      ceil(a / utilization), more than a; a = rate x seconds [erlang]
//	wait     least c with ErlangC(c, a) <= wait
//	latency  least c with P(response > limit) <= 1 - quantile
//
//	rate     of calls [1/s], 1e-15 to 1e15
//	seconds  mean service time [s], above 0
//	scv      squared coefficient of variation of the service time, 0 to 100
//
// All cores of the service are taken as one group with one line. Where the service time alone
// exceeds the latency limit that limit is left out, and Late says so. Beyond 1e9 erlang, where only
// single trials get, the wait follows Halfin and Whitt.
// Source: the utilization law; queueing.ErlangC; [ResponseTime]; queueing.HalfinWhittBeta.
func (s *Service) Staff(rate, seconds, scv float64) Size {
	a := rate * seconds
	out := Size{Cores: math.Max(Ceil(a/s.Utilization), math.Floor(a)+1), Bottleneck: ByCPU}
	out.Late = s.tooSlow(seconds, scv)
	if a > MaxErlang || rate > MaxRate {
		beta, _ := queueing.HalfinWhittBeta(s.Wait) // the wait is in its range
		if c := math.Ceil(a + beta*math.Sqrt(a)); c > out.Cores {
			out.Cores, out.Bottleneck = c, ByWait
		}
	} else if out.Cores < MaxServers {
		if c := LeastForWait(int(out.Cores), a, s.Wait); float64(c) > out.Cores {
			out.Cores, out.Bottleneck = float64(c), ByWait
		}
		if s.Quantile > 0 && !out.Late {
			if c := s.LeastForLatency(int(out.Cores), rate, seconds, scv); c > out.Cores {
				out.Cores, out.Bottleneck = c, ByLatency
			}
		}
	}
	out.Instances = Ceil(out.Cores / s.InstanceCores)
	return out
}

// LeastForWait returns the least number of cores from the given one on at which at most the given
// share of calls waits. from is at least 1, erlang the load from 0 to MaxErlang, wait the share,
// above 0 and at most 1; outside it returns from. Source: queueing.MinServersErlangC.
func LeastForWait(from int, erlang, wait float64) int {
	if c, err := queueing.ErlangC(from, erlang); err == nil && c <= wait {
		return from
	}
	c, err := queueing.MinServersErlangC(erlang, wait)
	if err != nil { // the caller keeps the range
		return from
	}
	return max(from, c)
}

// LeastForLatency returns the least number of cores from the given one on at which the quantile of
// the response time keeps the limit: by doubling steps, then by halving.
//
//	from     cores, more than rate x seconds
//	rate     of calls [1/s], above 0
//	seconds  mean service time [s], above 0
//	scv      squared coefficient of variation of the service time, 0 to 100
//
// The service must not be too slow for any number. Source: [ResponseTime].
func (s *Service) LeastForLatency(from int, rate, seconds, scv float64) float64 {
	enough := func(c int) bool {
		r := NewResponseTime(rate, seconds, scv, c)
		return r.Tail(s.LimitSeconds) <= 1-s.Quantile
	}
	if enough(from) {
		return float64(from)
	}
	step := max(1, int(math.Sqrt(rate*seconds)/8))
	short, high := from, from+step
	for !enough(high) && high < MaxServers {
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

// tooSlow reports whether calls break the latency limit even when none waits.
func (s *Service) tooSlow(seconds, scv float64) bool {
	return s.Quantile > 0 && ServiceTime(seconds, scv).Tail(s.LimitSeconds) > 1-s.Quantile
}
