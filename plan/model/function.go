package model

import "fsctl/plan/queueing"

// concurrency returns the executions that are busy at once: ceil(rate x duration).
// Source: Little, Operations Research 9(3), 1961, 383-387.
func (s *Service) concurrency(rate, seconds, scv float64) Size {
	return Size{Cores: rate * seconds, Instances: Ceil(rate * seconds), Bottleneck: ByConcurrency, Late: s.tooSlow(seconds, scv)}
}

// ColdStarts returns the instances, of so many that the event needs, that have to be created for it:
// those beyond Provisioned, at least 0.
func (s *Service) ColdStarts(instances float64) float64 { return max(0, instances-s.Provisioned) }

// Ramp is how a provider gets from the provisioned instances of a function to those that the event needs.
type Ramp struct {
	Seconds           float64 // until all are created [s]
	ThrottledPerSec   float64 // at T0: calls for which there is no instance [1/s]
	ThrottledRequests float64 // until all are created
}

// Ramp returns the ramp to A = lambda S instances, of which p are provisioned and the provider
// creates b at once and r a second after that.
//
//	missing    M = max(0, A - p - b)
//	seconds    M / r
//	throttled  M / S at T0 [1/s], M^2 / (2 r S) in all
//
//	lambda  rate [1/s]
//	S       seconds of a call [s], above 0
//	b, r    of the provider's limit; r above 0
//
// The calls in excess are refused, or wait, by the provider's kind of call. Source:
// queueing.TokenBucket; the area under a straight line.
func (s *Service) Ramp(limit queueing.TokenBucket, rate, seconds float64) Ramp {
	missing := max(0, rate*seconds-s.Provisioned-limit.Burst)
	out := Ramp{Seconds: missing / limit.RatePerSec}
	out.ThrottledPerSec = min(rate, missing/seconds)
	out.ThrottledRequests = out.ThrottledPerSec * out.Seconds / 2
	return out
}
