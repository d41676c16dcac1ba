package plan

import "fmt"

// throttled returns the share of calls that a quota refuses while the event lasts.
//
//	max(0, lambda T - q T - b) / (lambda T)
//
//	lambda  rate of calls [1/s]
//	q       quota [1/s]
//	b       what the token bucket lets through above the quota at once
//	T       how long the event lasts [s]
//
// Source: queueing.TokenBucket, full at T0.
func (m *model) throttled(x *point, i int) float64 {
	s, rate := &m.services[i], x.rates[i]
	if rate <= s.quota {
		return 0
	}
	return max(0, 1-s.quota/rate-s.quotaBurst/(rate*m.rush.seconds))
}

func (m *model) quotaDetails(x *point, i int) []Detail {
	s, rate := &m.services[i], x.rates[i]
	over := max(0, rate-s.quota)
	note := "of the event"
	if over > 0 && s.quotaBurst > 0 {
		note = fmt.Sprintf("of the event; the burst of %s is used up after %s", figure(s.quotaBurst), seconds(s.quotaBurst/over))
	}
	return []Detail{
		{"quota_qps", s.quota, perSecond, "let through"},
		{"throttled_qps{quota}", over, perSecond, "above the quota"},
		{"throttled_ratio{quota}", m.throttled(x, i), ofOne, note},
	}
}

func (r *review) quotaLimit(i int) {
	s := &r.services[i]
	x, when := r.worst(func(x *point) bool { return r.throttled(x, i) > 0 })
	if x == nil {
		return
	}
	r.warn("quota", "%s: %s calls/s%s for a quota of %s/s: %s %% of them are throttled; have the quota raised, or refuse them before they get here",
		s.name, figure(x.rates[i]), when, figure(s.quota), figure(100*r.throttled(x, i)))
	if x == r.mid {
		r.excuse(fmt.Sprintf("%s with quota %s/s", s.name, figure(s.quota)), byQuota, x.rates[i], s.quota)
	}
}
