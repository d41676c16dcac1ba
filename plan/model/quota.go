package model

// Throttled returns the share of calls to service i, 0 to 1, that its quota refuses while the event
// lasts.
//
//	max(0, lambda T - q T - b) / (lambda T)
//
//	lambda  rate of calls [1/s], above 0
//	q       quota [1/s], above 0
//	b       calls that the token bucket lets through above the quota at once
//	T       how long that rate comes in [s], Lasts
//
// The calls that it refuses do not go on to the service that misses names; those of the same request to other services do.
// Source: queueing.TokenBucket, full at T0.
func (m *Model) Throttled(x *Case, i int) float64 {
	s, rate := &m.Services[i], x.Rates[i]
	if rate <= s.Quota {
		return 0
	}
	return max(0, 1-s.Quota/rate-s.QuotaBurst/(rate*m.Lasts(x, i)))
}
