package model

// rate fills in the rates of a case whose values are there: those of every load, and of every service those of the load that asks for
// the most of it.
func (m *Model) rate(x *Case) {
	m.demand(x)
	for l := range x.Loads {
		m.flow(x, &m.Loads[l], &x.Loads[l], false)
	}
	for l := range x.Bursts {
		m.flow(x, &m.Bursts[l], &x.Bursts[l], true)
	}
	m.choose(x)
}

// demand turns people into requests per second by the 2/8 rule.
//
//	requests = users x active x actions      [1/day], or as given
//	busy     = share x requests / window     [1/s], share of the day that falls in the window [s]
//	day      = busy x step's share x peak    [1/s]
//	event    = busy x step's share x m       [1/s], m the step's event multiplier, at least the peak's
//	storm    = the step's requests in the window [1/s], between low and high by the storm's input
//
// A load's total is the sum of its steps.
// Source: the 2/8 rule of the back-end planning documents; docs/model.md.
func (m *Model) demand(x *Case) {
	w := &m.Workload
	if w.Requests != Absent {
		x.RequestsPerDay = x.Values[w.Requests]
	} else if w.Users != Absent {
		x.ActiveUsers = x.Values[w.Users] * x.Values[w.Active]
		x.RequestsPerDay = x.ActiveUsers * x.Values[w.Actions]
	}
	if w.BusySeconds > 0 {
		x.BusyMean = w.BusyShare * x.RequestsPerDay / w.BusySeconds
	}
	for l := range m.Loads {
		m.steps(x, &m.Loads[l], &x.Loads[l])
	}
	for l := range m.Bursts {
		m.steps(x, &m.Bursts[l], &x.Bursts[l])
	}
}

// steps fills in the rates of a load's steps.
func (m *Model) steps(x *Case, l *Load, r *Rates) {
	peak, position := x.Value(m.Workload.Peak, 0), x.Value(m.Storm, 0)
	r.QPS, r.TPS = 0, 0
	for k := range m.Steps {
		s := &m.Steps[k]
		switch l.Kind {
		case DayLoad:
			r.Steps[k] = peak * x.BusyMean * s.Share
		case EventLoad:
			r.Steps[k] = max(peak, x.Value(s.Event, peak)) * x.BusyMean * s.Share
		case StormLoad:
			r.Steps[k] = l.Storm[k].At(position)
		}
		r.QPS += r.Steps[k]
		if s.Transaction {
			r.TPS += r.Steps[k]
		}
	}
	switch l.Kind {
	case DayLoad:
		r.QPS = peak * x.BusyMean // the shares' sum is 1 but for its last digits
		x.PeakQPS, x.PeakTPS, x.EventQPS, x.EventTPS = r.QPS, r.TPS, r.QPS, r.TPS
	case EventLoad:
		x.EventQPS, x.EventTPS = r.QPS, r.TPS
	}
}

// NormalDay returns the case with every step at its busy mean, not yet sized; 0 for each without a workload.
func (m *Model) NormalDay(of *Case) *Case {
	quiet := *m
	quiet.Loads, quiet.Bursts, quiet.choice = []Load{{Kind: DayLoad}}, nil, []int{0}
	x := quiet.newCase()
	copy(x.Values, of.Values)
	if peak := m.Workload.Peak; peak != Absent {
		x.Values[peak] = 1
	}
	quiet.rate(x)
	return x
}

// Typical returns the mid case on a normal day, not yet sized; that of the load that services are sized for where there is no workload.
func (m *Model) Typical() *Case {
	x := m.newCase()
	for i := range m.Inputs {
		x.Values[i] = m.Inputs[i].Mid
	}
	if m.HasDay() {
		return m.NormalDay(x)
	}
	m.rate(x)
	return x
}

func (m *Model) newCase() *Case {
	n := len(m.Services)
	x := &Case{
		choice: m.choice, Values: make([]float64, len(m.Inputs)), Loads: make([]Rates, len(m.Loads)), Bursts: make([]Rates, len(m.Bursts)), SizedFor: make([]int, n),
		Rates: make([]float64, n), Direct: make([]float64, n), Sizes: make([]Size, n),
	}
	rates := func(of []Load, loads []Rates) {
		for l := range loads {
			loads[l] = Rates{Kind: of[l].Kind, Steps: make([]float64, len(m.Steps)), Requests: make([]float64, len(m.Steps)), Services: make([]float64, n), Direct: make([]float64, n),
				Queued: make([]float64, n), Orders: make([]float64, n), Out: make([]float64, n), Totals: make([]float64, n)}
		}
	}
	rates(m.Loads, x.Loads)
	rates(m.Bursts, x.Bursts)
	return x
}
