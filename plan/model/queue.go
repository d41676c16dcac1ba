package model

import "math"

// Consumed returns the rate that the consumers of queue i must work off at their planned utilization
// [1/s]. Without a limit on the drain time it is the event's rate, so that nothing queues up. With one
// it is the least rate that empties the queue in time:
//
//	mu = max(after, (lambda T + after D) / (T + D))
//
//	lambda  rate in the event [1/s]
//	T       how long the event's orders come in [s], Lasts
//	after   rate after the event [1/s], RateAfter
//	D       longest time from then until the queue is empty [s]
//
// It solves (lambda - mu) T = (mu - after) D: what queues up in T is gone after D.
// Source: the fluid queue, queueing.FluidBacklog.
func (m *Model) Consumed(x *Case, i int) float64 {
	s, rate := &m.Services[i], x.Rates[i]
	if s.DrainSeconds == 0 {
		return rate
	}
	after, lasts := m.RateAfter(x, i), m.Lasts(x)
	return math.Min(rate, math.Max(after, (rate*lasts+after*s.DrainSeconds)/(lasts+s.DrainSeconds)))
}

// RateAfter returns the rate at service i when the event is over [1/s]: that of the day's peak, at most
// the event's. i is the index of the service, from 0.
func (m *Model) RateAfter(x *Case, i int) float64 {
	var calls float64
	for k := range m.Steps {
		calls += m.Steps[k].Share * m.Services[i].Calls[k]
	}
	misses := x.Rates[i] - x.Direct[i]
	return min(x.Rates[i], misses+x.Values[m.Workload.Peak]*x.BusyMean*calls)
}

// WorkedOff returns the rate at which so many consumers of queue i, 0 or more, work at their
// utilization [1/s], infinite where neither a demand nor a capacity bounds it. Source: the utilization
// law, consumers x utilization / demand: Denning and Buzen, ACM Computing Surveys 10(3), 1978.
func (m *Model) WorkedOff(x *Case, i int, consumers float64) float64 {
	s := &m.Services[i]
	rate := math.Inf(1)
	if s.Capacity != Absent {
		rate = consumers * x.Values[s.Capacity] * s.Utilization
	}
	if seconds := s.Seconds(x, consumers); seconds > 0 {
		rate = min(rate, consumers*s.InstanceCores/seconds*s.Utilization)
	}
	return rate
}
