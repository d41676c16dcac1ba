package plan

const daySeconds = 86400

// demand turns people into requests per second by the 2/8 rule.
//
//	requests = users x active x actions      [1/day], or as given
//	busy     = share x requests / window     [1/s], share of the day that falls in the window [s]
//	peak     = multiplier x busy             [1/s]
//	step     = busy x its share x m          [1/s], m its event multiplier, else the peak's
//
// The peak is the day's, without the event; the event is the sum of the steps.
// Source: the 2/8 rule of the back-end planning documents; docs/model.md.
func (m *model) demand(x *point) {
	if m.requests != absent {
		x.requestsPerDay = x.values[m.requests]
	} else {
		x.activeUsers = x.values[m.users] * x.values[m.active]
		x.requestsPerDay = x.activeUsers * x.values[m.actions]
	}
	x.busyMean = m.busyShare * x.requestsPerDay / m.busySeconds
	peak := x.values[m.peak]
	x.peakQPS, x.peakTPS, x.eventQPS, x.eventTPS = peak*x.busyMean, 0, 0, 0
	eventless := true
	for i := range m.steps {
		s := &m.steps[i]
		times := peak
		if s.event != absent {
			times, eventless = x.values[s.event], false
		}
		x.steps[i] = times * x.busyMean * s.share
		x.eventQPS += x.steps[i]
		if s.transaction {
			x.peakTPS += peak * x.busyMean * s.share
			x.eventTPS += x.steps[i]
		}
	}
	if eventless { // the shares' sum is 1 but for its last digits
		x.eventQPS = x.peakQPS
	}
}
