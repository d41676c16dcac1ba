package model

// rate fills in the rates of a case whose values are there: those of the demand, then every service's.
//
//	rate = sum over steps of step rate x calls + sum over callers of (1 - hit) x caller's rate
//
// Misses are reads that another service could not answer; only a service that names one in misses
// sends any. Services are taken in the order in which their rates become known.
func (m *Model) rate(x *Case) {
	m.demand(x)
	for i := range m.Services {
		var sum float64
		for k, calls := range m.Services[i].Calls {
			sum += x.Steps[k] * calls
		}
		x.Direct[i], x.Rates[i] = sum, sum
	}
	for _, i := range m.order {
		if s := &m.Services[i]; s.Misses != Absent {
			x.Rates[s.Misses] += (1 - x.Value(s.Hit, 0)) * x.Rates[i]
		}
	}
}

// demand turns people into requests per second by the 2/8 rule.
//
//	requests = users x active x actions      [1/day], or as given
//	busy     = share x requests / window     [1/s], share of the day that falls in the window [s]
//	peak     = multiplier x busy             [1/s]
//	step     = busy x its share x m          [1/s], m its event multiplier, else the peak's
//
// The peak is the day's, without the event; the event is the sum of the steps.
// Source: the 2/8 rule of the back-end planning documents; docs/model.md.
func (m *Model) demand(x *Case) {
	w := &m.Workload
	if w.Requests != Absent {
		x.RequestsPerDay = x.Values[w.Requests]
	} else {
		x.ActiveUsers = x.Values[w.Users] * x.Values[w.Active]
		x.RequestsPerDay = x.ActiveUsers * x.Values[w.Actions]
	}
	x.BusyMean = w.BusyShare * x.RequestsPerDay / w.BusySeconds
	peak := x.Values[w.Peak]
	x.PeakQPS, x.PeakTPS, x.EventQPS, x.EventTPS = peak*x.BusyMean, 0, 0, 0
	for i := range m.Steps {
		s := &m.Steps[i]
		x.Steps[i] = x.Value(s.Event, peak) * x.BusyMean * s.Share
		x.EventQPS += x.Steps[i]
		if s.Transaction {
			x.PeakTPS += peak * x.BusyMean * s.Share
			x.EventTPS += x.Steps[i]
		}
	}
	if !m.HasEvent() { // the shares' sum is 1 but for its last digits
		x.EventQPS = x.PeakQPS
	}
}

// HasEvent reports whether the sale multiplies any step.
func (m *Model) HasEvent() bool {
	for i := range m.Steps {
		if m.Steps[i].Event != Absent {
			return true
		}
	}
	return false
}

// Lasts returns how long the event's orders come in [s]: until the stock is sold, or the event is over.
// By definition it is min(event, pieces / transactions a second).
func (m *Model) Lasts(x *Case) float64 {
	if m.Sale == nil || m.Sale.Pieces() == 0 || x.EventTPS <= 0 {
		return m.Event.Seconds
	}
	return min(m.Event.Seconds, m.Sale.Pieces()/x.EventTPS)
}

// NormalDay returns the case with every step at its busy mean, not yet sized.
func (m *Model) NormalDay(of *Case) *Case {
	quiet := *m
	quiet.Steps = make([]Step, len(m.Steps))
	for i, s := range m.Steps {
		s.Event = Absent
		quiet.Steps[i] = s
	}
	x := quiet.newCase()
	copy(x.Values, of.Values)
	x.Values[m.Workload.Peak] = 1
	quiet.rate(x)
	return x
}

func (m *Model) newCase() *Case {
	return &Case{
		Values: make([]float64, len(m.Inputs)), Steps: make([]float64, len(m.Steps)),
		Rates: make([]float64, len(m.Services)), Direct: make([]float64, len(m.Services)), Sizes: make([]Size, len(m.Services)),
	}
}
