package model

import (
	"slices"
	"time"

	"fsctl/scenarios"
	"fsctl/scenarios/visits"
)

// Windows of a storm that a plan looks at.
const (
	StormSecond = time.Second
	StormBurst  = 100 * time.Millisecond
)

const (
	mostInstants = 8  // of a storm that become loads
	mostLooks    = 32 // services whose busiest window is looked for; the others get the windows of these
	sameInstant  = 1e-3
)

// loads lists the loads that the scenario gives. Without any there is nothing to plan for.
func (b *builder) loads(sc *scenarios.Scenario) {
	m := b.model
	if sc.Workload.IsGiven() {
		m.Loads = []Load{{Kind: DayLoad}}
		if slices.ContainsFunc(m.Steps, func(s Step) bool { return s.Event != Absent }) {
			m.Loads = append(m.Loads, Load{Kind: EventLoad})
		}
	}
	m.Storm = Absent
	if storm := b.stormOf(sc); storm != nil {
		weights := m.callsOfSteps()
		m.Loads = append(m.Loads, m.instants(storm, StormSecond, weights)...)
		m.StormRequests = make([]visits.Number, len(m.Steps))
		requests := storm.Requests()
		for k := range m.Steps {
			m.StormRequests[k] = requests[m.Steps[k].Name]
		}
		m.Bursts = m.instants(storm, StormBurst, weights)
		varies := func(l Load) bool { return slices.ContainsFunc(l.Storm, visits.Number.Varies) }
		if slices.ContainsFunc(m.StormRequests, visits.Number.Varies) || slices.ContainsFunc(m.Loads, varies) || slices.ContainsFunc(m.Bursts, varies) {
			m.Storm = add(b, "storm", stormPositions(), 1, position)
		}
	}
	if len(m.Loads) == 0 {
		b.problem("workload", "none, and no storm", "who comes on the day, such as workload: {requests: 1M}, or a storm with journeys: plan computes from them")
		return
	}
	b.check(m.SizeFor(Largest))
}

// stormOf returns what the storm is expected to send, nil without one.
func (b *builder) stormOf(sc *scenarios.Scenario) *visits.Storm {
	if sc.Storm == nil || len(sc.Storm.Phases) == 0 || len(sc.Journeys) == 0 {
		return nil
	}
	if b.storm == nil {
		storm := visits.Of(sc)
		b.storm = &storm
	}
	return b.storm
}

// callsOfSteps returns how many calls each service gets of one request of each step, those that its callers pass on included, in the mid case.
func (m *Model) callsOfSteps() [][]float64 {
	calls := make([][]float64, len(m.Services))
	for i := range m.Services {
		calls[i] = slices.Clone(m.Services[i].Calls)
	}
	for _, i := range m.order {
		s := &m.Services[i]
		to := s.next()
		if to == Absent {
			continue
		}
		passed := 1.0
		if s.Hit != Absent {
			passed = 1 - m.Inputs[s.Hit].Mid
		}
		for k, n := range calls[i] {
			calls[to][k] += passed * n
		}
	}
	return calls
}

// look is the busiest window of the requests that are weighted as a service is called.
type look struct {
	calls  []float64 // by step
	at     time.Duration
	perSec float64
}

// instants returns the windows of the storm that the model keeps: the busiest of all requests, and as long as some service has more
// calls elsewhere, the one in which it has the most. None where nothing is sent.
func (m *Model) instants(storm *visits.Storm, window time.Duration, weights [][]float64) (list []Load) {
	at, perSec := storm.Busiest(window, nil)
	if perSec < LeastRate {
		return nil
	}
	list = []Load{m.instant(storm, at, window)}
	steps := map[string]int{}
	for k := range m.Steps {
		steps[m.Steps[k].Name] = k
	}
	var looks []look
	for _, calls := range weights {
		known := func(l look) bool { return slices.Equal(l.calls, calls) }
		if len(looks) == mostLooks || slices.ContainsFunc(looks, known) {
			continue
		}
		l := look{calls: calls}
		l.at, l.perSec = storm.Busiest(window, func(step string) float64 { return calls[steps[step]] })
		looks = append(looks, l)
	}
	for len(list) < mostInstants {
		worst, short := look{}, 1+sameInstant
		for _, l := range looks {
			if missed := l.perSec / mostCalls(list, l.calls); l.perSec > 0 && missed > short {
				worst, short = l, missed
			}
		}
		if worst.calls == nil {
			break
		}
		list = append(list, m.instant(storm, worst.at, window))
	}
	return list
}

// mostCalls returns the most calls that any of the loads makes [1/s], by the calls of a request of each step.
func mostCalls(list []Load, calls []float64) (most float64) {
	for _, l := range list {
		var sum float64
		for k, n := range calls {
			sum += n * l.Storm[k].Mid()
		}
		most = max(most, sum)
	}
	return most
}

// instant returns one window of the storm as a load.
func (m *Model) instant(storm *visits.Storm, at, window time.Duration) Load {
	l := Load{Kind: StormLoad, At: at, Storm: make([]visits.Number, len(m.Steps))}
	rates := storm.Rates(at, window)
	for k := range m.Steps {
		l.Storm[k] = rates[m.Steps[k].Name]
	}
	return l
}
