package model

import (
	"fmt"
	"math"
)

// flow fills in a load's rates of services from those of its steps.
//
//	rate = sum over steps of step rate x calls + what callers pass on
//
// A cache, or another service that names one in misses, passes on the share (1 - hit) of the calls that it takes: these are reads, but for
// those that come out of a queue through a service or function, which handles its messages.
// A queue passes on what its consumers work off. What a quota or an account's limit refuses goes nowhere. Services are taken in the order in which their rates
// become known. Totals go the same way, all that comes in while the load lasts.
//
//	burst  the load is a burst of the storm, for which no queue gets consumers of its own
func (m *Model) flow(x *Case, l *Load, r *Rates, burst bool) {
	for k := range m.Steps {
		r.Requests[k] = m.requests(x, l, k)
	}
	for i := range m.Services {
		var sum, orders, total float64
		for _, c := range m.calls[i] {
			calls := r.Steps[c.step] * c.calls
			sum += calls
			total += r.Requests[c.step] * c.calls
			if m.Steps[c.step].Transaction {
				orders += calls
			}
		}
		r.Direct[i], r.Services[i], r.Queued[i], r.Orders[i], r.Totals[i] = sum, sum, 0, orders, total
	}
	for _, i := range m.order {
		m.passOn(x, r, i, burst)
	}
}

// requests returns how many of step k come while a load lasts: those of the busy window, or of the storm.
func (m *Model) requests(x *Case, l *Load, k int) float64 {
	if l.Kind == StormLoad {
		return m.StormRequests[k].At(x.Value(m.Storm, 0))
	}
	return x.BusyMean * m.Steps[k].Share * m.Workload.BusySeconds
}

// passOn adds what service i passes on to the next one.
func (m *Model) passOn(x *Case, r *Rates, i int, burst bool) {
	s, rate := &m.Services[i], r.Services[i]
	if rate == 0 {
		r.Out[i] = 0
		return
	}
	taken := m.Taken(x, r, i)
	r.Out[i] = taken
	if s.Kind == "queue" {
		r.Out[i] = m.workedOff(x, r, i, burst)
	}
	share := 1 - x.Value(s.Hit, 0)
	if s.Misses != Absent {
		on := share * r.Out[i]
		handled := on * m.handled(r, i)
		r.Services[s.Misses] += on
		r.Queued[s.Misses] += handled
		if handled > 0 {
			r.Orders[s.Misses] += on * (r.Orders[i] - m.ordered(r, i)) / rate
		}
		r.Totals[s.Misses] += share * r.Totals[i] * taken / rate
	}
	if s.To != Absent {
		on := share * r.Out[i]
		r.Services[s.To] += on
		r.Queued[s.To] += on
		r.Orders[s.To] += on * r.Orders[i] / rate
		r.Totals[s.To] += share * r.Totals[i] * taken / rate
	}
}

// handled returns the share of what service i passes on as misses that are messages out of a queue, 0 to 1: those that a service or function
// handles are not looked up, so that they write as the queue's own do. By definition of the flow.
func (m *Model) handled(r *Rates, i int) float64 {
	if kind := m.Services[i].Kind; kind != "service" && kind != "function" || r.Services[i] == 0 {
		return 0
	}
	return r.Queued[i] / r.Services[i]
}

// ordered returns the calls to service i that the steps' own transactions make [1/s].
func (m *Model) ordered(r *Rates, i int) (sum float64) {
	for _, c := range m.calls[i] {
		if m.Steps[c.step].Transaction {
			sum += r.Steps[c.step] * c.calls
		}
	}
	return sum
}

// Taken returns the calls to service i that are not refused in the load's busiest second [1/s].
//
//	min(rate, quota + burst, max_instances / demand)
//
// By definition of a token bucket that is full, over one second; and Little's law for the executions that an account allows.
func (m *Model) Taken(x *Case, r *Rates, i int) float64 {
	s, rate := &m.Services[i], r.Services[i]
	if s.Quota > 0 {
		rate = min(rate, s.Quota+s.QuotaBurst)
	}
	if s.MaxInstances > 0 {
		rate = min(rate, s.MaxInstances/x.Values[s.Demand])
	}
	return rate
}

// lasts returns for how long a load's rate comes to service i [s], so that no more comes in than is expected in all. i is the index of the
// service, from 0.
//
//	storm       total / rate, the total that of the whole storm
//	day, event  min(total / rate, event), the total that of the busy window
//
// Stock bounds what succeeds, never what is attempted: it has no part in it.
func (m *Model) lasts(r *Rates, i int) float64 {
	if r.Services[i] < LeastRate {
		return 0
	}
	t := r.Totals[i] / r.Services[i]
	if r.Kind == StormLoad {
		return t
	}
	return min(t, m.Event.Seconds)
}

// Lasts returns for how long the rate that service i is sized for comes [s]; see lasts. i is the index of the service, from 0.
func (m *Model) Lasts(x *Case, i int) float64 { return m.lasts(x.LoadOf(i), i) }

// Selling returns for how long of that time anything is left to sell [s]: by definition at most pieces / transactions a second. i is the index of
// the service, from 0.
func (m *Model) Selling(x *Case, i int) float64 {
	t, tps := m.Lasts(x, i), x.LoadOf(i).TPS
	if m.Sale == nil || tps <= 0 {
		return t
	}
	return min(t, m.Sale.Pieces()/tps)
}

// sameRate is the share by which rates that are the same may differ by rounding.
const sameRate = 1e-9

// Conserved returns an error where calls come from nowhere or are lost in a case that is sized. For every load, service and second
//
//	calls in = calls of steps + misses of callers + output of queues
//	calls in = passed on or answered + refused or waiting, none of them below 0
//
// and for what a load brings in all: what is refused or throttled is at most what comes in, and executions are at most
// max_instances. It reads the calls from the steps' rates and each service's output alone. By definition of the flow.
func (m *Model) Conserved(x *Case) error {
	for _, loads := range [][]Rates{x.Loads, x.Bursts} {
		for l := range loads {
			for i := range m.Services {
				if err := m.conserved(x, &loads[l], i); err != nil {
					return fmt.Errorf("%s load: services.%s: %w", loads[l].Kind, m.Services[i].Name, err)
				}
			}
		}
	}
	for i := range m.Services {
		if err := m.refusedOfAll(x, i); err != nil {
			return fmt.Errorf("services.%s: %w", m.Services[i].Name, err)
		}
	}
	return nil
}

func (m *Model) conserved(x *Case, r *Rates, i int) error {
	var direct, queued, missed, total float64
	for k, calls := range m.Services[i].Calls {
		direct += calls * r.Steps[k]
		total += calls * r.Requests[k]
	}
	for k := range m.Services {
		from := &m.Services[k]
		share := 1 - x.Value(from.Hit, 0)
		if from.Misses == i {
			handled := m.handled(r, k)
			missed += share * r.Out[k] * (1 - handled)
			queued += share * r.Out[k] * handled
		}
		if from.To == i {
			queued += share * r.Out[k]
		}
		if (from.Misses == i || from.To == i) && r.Services[k] > 0 {
			total += share * r.Totals[k] * m.Taken(x, r, k) / r.Services[k]
		}
	}
	in := r.Services[i]
	switch slack := sameRate*in + LeastRate; {
	case math.IsNaN(in) || math.Abs(direct+queued+missed-in) > slack:
		return fmt.Errorf("%g calls/s arrive, and %g of steps, %g of misses and %g of queues were sent", in, direct, missed, queued)
	case math.Abs(direct-r.Direct[i]) > slack || math.Abs(queued-r.Queued[i]) > slack:
		return fmt.Errorf("%g calls/s of steps and %g of queues arrive, and %g and %g were sent", r.Direct[i], r.Queued[i], direct, queued)
	case !(r.Out[i] >= 0 && r.Out[i] <= in+slack):
		return fmt.Errorf("%g calls/s are worked off, and %g come", r.Out[i], in)
	case math.Abs(total-r.Totals[i]) > sameRate*total+LeastRate:
		return fmt.Errorf("%g calls are expected in all, and %g were sent", r.Totals[i], total)
	case r.Orders[i] > r.Direct[i]+r.Queued[i]+slack:
		return fmt.Errorf("%g calls/s are of transactions, and %g come", r.Orders[i], r.Direct[i]+r.Queued[i])
	}
	return nil
}

// refusedOfAll returns an error where service i refuses more than comes while the load lasts that it is sized for.
func (m *Model) refusedOfAll(x *Case, i int) error {
	s := &m.Services[i]
	rate := x.Rates[i]
	if rate < LeastRate {
		return nil
	}
	come := rate * m.Lasts(x, i)
	switch s.Kind {
	case "queue":
		if waits := m.Depth(x, i); waits < 0 || waits > come*(1+sameRate) {
			return fmt.Errorf("%g calls wait of %g that came", waits, come)
		}
	case "function":
		if n := x.Sizes[i].Instances; s.MaxInstances > 0 && n > s.MaxInstances {
			return fmt.Errorf("%g executions for an account that allows %g", n, s.MaxInstances)
		}
		if s.Burst != nil {
			if r := m.Ramp(x, i, *s.Burst); r.ThrottledPerSec > rate*(1+sameRate) || r.ThrottledRequests > come*(1+sameRate) {
				return fmt.Errorf("%g calls are throttled of %g that came", r.ThrottledRequests, come)
			}
		}
	}
	return nil
}
