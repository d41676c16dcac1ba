package model

import (
	"slices"
	"strconv"
	"time"

	"fsctl/scenarios/visits"
)

// LoadKind says what a load is.
type LoadKind int

// The kinds of loads, in the order of a model's.
const (
	DayLoad   LoadKind = iota // the day's peak by the 2/8 rule
	EventLoad                 // the sale by workload.event
	StormLoad                 // a second of the storm at full scale, by its curve and the visits of its journeys
)

// LoadKinds lists them by name, in their order.
func LoadKinds() []string { return []string{"day", "event", "storm"} }

// String returns the kind as a plan writes it.
func (k LoadKind) String() string { return LoadKinds()[k] }

// Load is a rate of each step at one instant, which the services have to bear.
type Load struct {
	Kind  LoadKind
	At    time.Duration   // when a window of the storm begins, from T0
	Storm []visits.Number // mean rate of each step in that window [1/s]; nil of other loads
}

// LoadOf returns the index of the first load of a kind, or Absent. The storm's first load is the busiest second of all requests; the
// others are those in which some service has more calls.
func (m *Model) LoadOf(kind LoadKind) int {
	return slices.IndexFunc(m.Loads, func(l Load) bool { return l.Kind == kind })
}

// HasDay reports whether a workload gives the day; else there is the storm alone.
func (m *Model) HasDay() bool { return m.LoadOf(DayLoad) != Absent }

// HasEvent reports whether the sale multiplies any step.
func (m *Model) HasEvent() bool { return m.LoadOf(EventLoad) != Absent }

// HasStorm reports whether the storm is expected to send anything.
func (m *Model) HasStorm() bool { return m.LoadOf(StormLoad) != Absent }

// Largest is what services are sized for where nothing else is asked for: the load that asks for the most.
const Largest = "largest"

// SizeFor lets services be sized for the loads of one kind alone: "day", "event" or "storm"; for the one that asks for the most
// where it is [Largest] or empty. It must come before any case. Errors: *[InputError] for a load that the scenario does not have.
func (m *Model) SizeFor(kind string) error {
	m.choice = nil
	for i, l := range m.Loads {
		if kind == "" || kind == Largest || kind == l.Kind.String() {
			m.choice = append(m.choice, i)
		}
	}
	if len(m.choice) > 0 {
		if m.built {
			m.markCalled()
		}
		return nil
	}
	missing := map[string]string{"day": "workload", "event": "workload.event", "storm": "storm and journeys"}[kind]
	if missing == "" {
		return &InputError{Field: "size-for", Found: strconv.Quote(kind), Wanted: "largest, day, event or storm"}
	}
	return &InputError{Field: "size-for", Found: kind + ", and a scenario without " + missing, Wanted: "a load that the scenario gives"}
}

// markCalled finds the services that get any call in a load that services may be sized for, with what others pass on, in the high case.
// The others change no figure: nothing waits for their start.
func (m *Model) markCalled() {
	x := m.newCase()
	for i := range m.Inputs {
		x.Values[i] = m.Inputs[i].corner(+1)
	}
	m.rate(x)
	for i := range m.Services {
		m.Services[i].Called = slices.ContainsFunc(m.choice, func(l int) bool { return x.Loads[l].Services[i] >= LeastRate })
	}
	if m.Estate == nil {
		return
	}
	m.Estate.StartSeconds = 0
	for i := range m.Services {
		if m.Services[i].Called && m.Services[i].Kind != "function" { // its provider starts a function
			m.Estate.StartSeconds = max(m.Estate.StartSeconds, m.Services[i].StartSeconds)
		}
	}
}

// choose finds the load with the most requests, and for each service the load that asks for the most of it. Of those that
// ask for the same it is the first.
func (m *Model) choose(x *Case) {
	x.Largest = m.choice[0]
	for _, l := range m.choice {
		if x.Loads[l].QPS > x.Loads[x.Largest].QPS {
			x.Largest = l
		}
	}
	x.Steps = x.Loads[x.Largest].Steps
	for i := range m.Services {
		m.sizeFor(x, i, m.largestOf(x, i))
	}
}

// StepSizedFor returns the load with the most requests of step k of those that services may be sized for, an index in Loads. Of the storm
// that is the busiest second of all requests.
func (m *Model) StepSizedFor(x *Case, k int) int {
	best, storm := m.choice[0], m.LoadOf(StormLoad)
	for _, l := range m.choice {
		if (m.Loads[l].Kind != StormLoad || l == storm) && x.Loads[l].Steps[k] > x.Loads[best].Steps[k] {
			best = l
		}
	}
	return best
}

// sizeFor lets service i be sized for a load.
func (m *Model) sizeFor(x *Case, i, load int) {
	r := &x.Loads[load]
	x.SizedFor[i], x.Rates[i], x.Direct[i] = load, r.Services[i], r.Direct[i]
}

// largestOf returns the load that asks for the most of service i. The larger rate does, but for kinds that tell calls apart: there
// a load is the larger one if no other has more of any of them, and if its size is the largest elsewhere.
func (m *Model) largestOf(x *Case, i int) int {
	best := m.choice[0]
	for _, l := range m.choice[1:] {
		a, b := &x.Loads[best], &x.Loads[l]
		switch {
		case m.dominates(a, b, i):
		case m.dominates(b, a, i) || m.exceeds(x, i, l, best):
			best = l
		}
	}
	return best
}

// dominates reports whether a load has at least as many calls of each sort at service i as another.
func (m *Model) dominates(a, b *Rates, i int) bool {
	if kind := m.Services[i].Kind; kind != "database" && kind != "queue" {
		return a.Services[i] >= b.Services[i]
	}
	written := func(r *Rates) float64 { return r.Direct[i] + r.Queued[i] }
	return a.Services[i] >= b.Services[i] && written(a) >= written(b) && a.Services[i]-written(a) >= b.Services[i]-written(b) &&
		a.Orders[i] >= b.Orders[i] && a.Totals[i] >= b.Totals[i]
}

// exceeds reports whether service i needs more for a load than for another: more instances, else more cores, else it has more calls.
func (m *Model) exceeds(x *Case, i, load, than int) bool {
	m.sizeFor(x, i, load)
	a := m.Size(x, i)
	m.sizeFor(x, i, than)
	b := m.Size(x, i)
	switch {
	case a.Instances != b.Instances:
		return a.Instances > b.Instances
	case a.Cores != b.Cores:
		return a.Cores > b.Cores
	}
	return x.Loads[load].Services[i] > x.Loads[than].Services[i]
}
