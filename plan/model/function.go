package model

import "fsctl/plan/queueing"

// executions returns what the calls of function i need at once, at most what its account allows.
//
//	min(rate x duration, max_instances), rounded up
//
// Source: Little, Operations Research 9(3), 1961, 383-387.
func (m *Model) executions(x *Case, i int) Size {
	s, needed := &m.Services[i], m.Concurrency(x, i)
	out := Size{Cores: needed, Instances: Ceil(needed), Bottleneck: ByConcurrency, Late: s.tooSlow(x.Values[s.Demand], x.Value(s.Variability, 1))}
	if s.MaxInstances > 0 {
		out.Cores, out.Instances = min(out.Cores, s.MaxInstances), min(out.Instances, s.MaxInstances)
	}
	return out
}

// Concurrency returns the executions of function i that its calls ask for at once, whatever its account allows: by Little's law rate x duration. i is the index of
// the function, from 0.
func (m *Model) Concurrency(x *Case, i int) float64 {
	return x.Rates[i] * x.Values[m.Services[i].Demand]
}

// ColdStarts returns the instances, of so many that the event needs, that have to be created for it:
// those beyond Provisioned, at least 0.
func (s *Service) ColdStarts(instances float64) float64 { return max(0, instances-s.Provisioned) }

// Ramp is how a provider gets from the provisioned instances of a function to those that the event needs.
type Ramp struct {
	Seconds           float64 // until all are created [s]
	ThrottledPerSec   float64 // at T0: calls for which there is no instance [1/s]
	ThrottledRequests float64 // while anything is left to sell, at most all that come in that time
}

// Ramp returns how a provider gets to the executions of function i, of which p are provisioned and the provider
// creates b at once and r a second after that. i is the index of the function, from 0.
//
//	missing    M = max(0, E - p - b), E = min(A, max_instances), A = lambda S
//	seconds    M / r
//	throttled  (A - E + M) / S at T0 [1/s]
//	           ((A - E) T + M t - r t^2 / 2) / S in all, t = min(T, M / r)
//
//	lambda  rate [1/s]
//	S       seconds of a call [s], above 0
//	T       how long anything is left to sell [s], Selling
//	b, r    of the provider's limit; r above 0
//
// The calls in excess are refused, or wait, by the provider's kind of call; what is refused after the stock is gone would have been refused
// anyway, and is not counted. Source:
// queueing.TokenBucket; the area under a straight line.
func (m *Model) Ramp(x *Case, i int, limit queueing.TokenBucket) Ramp {
	s := &m.Services[i]
	rate, seconds, lasts := x.Rates[i], x.Values[s.Demand], m.Selling(x, i)
	asked := m.Concurrency(x, i)
	allowed := asked
	if s.MaxInstances > 0 {
		allowed = min(asked, s.MaxInstances)
	}
	missing := max(0, allowed-s.Provisioned-limit.Burst)
	out := Ramp{Seconds: missing / limit.RatePerSec}
	out.ThrottledPerSec = min(rate, (asked-allowed+missing)/seconds)
	t := min(lasts, out.Seconds)
	out.ThrottledRequests = min(rate*lasts, ((asked-allowed)*lasts+missing*t-limit.RatePerSec*t*t/2)/seconds)
	return out
}
