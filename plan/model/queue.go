package model

import "math"

// drainRate returns the rate that the consumers of queue i must work off in a load at their planned utilization
// [1/s]. Without a limit on the drain time it is the load's rate, so that nothing queues up. With one
// it is the least rate that empties the queue in time:
//
//	mu = max(after, (lambda T + after D) / (T + D))
//
//	lambda  rate of what is enqueued [1/s], Taken
//	T       how long it comes in [s], lasts
//	after   rate after that [1/s], RateAfter
//	D       longest time from then until the queue is empty [s]
//
// It solves (lambda - mu) T = (mu - after) D: what queues up in T is gone after D.
// Source: the fluid queue, queueing.FluidBacklog.
func (m *Model) drainRate(x *Case, r *Rates, i int) float64 {
	s, rate := &m.Services[i], m.Taken(x, r, i)
	if s.DrainSeconds == 0 {
		return rate
	}
	after, lasts := m.rateAfter(x, r, i), m.lasts(r, i)
	return math.Min(rate, math.Max(after, (rate*lasts+after*s.DrainSeconds)/(lasts+s.DrainSeconds)))
}

// Consumed returns the rate that the consumers of queue i must work off in the load that it is sized for [1/s]; see drainRate. i is the
// index of the queue, from 0.
func (m *Model) Consumed(x *Case, i int) float64 { return m.drainRate(x, x.LoadOf(i), i) }

// workedOff returns the rate at which messages leave queue i in a load, as long as any wait [1/s]: what its consumers must work off, at most
// what as many of them as there are partitions do. Consumers that could do more wait for the service behind, which is sized for that rate. In a burst of the
// storm it is the most of the loads that services may be sized for.
func (m *Model) workedOff(x *Case, r *Rates, i int, burst bool) float64 {
	out := m.Taken(x, r, i)
	if burst {
		var most float64
		for _, l := range x.choice {
			most = max(most, x.Loads[l].Out[i])
		}
		return min(out, most)
	}
	out = min(out, m.drainRate(x, r, i))
	if s := &m.Services[i]; s.Partitions > 0 {
		out = min(out, m.WorkedOff(x, i, s.Partitions))
	}
	return out
}

// RateAfter returns the rate at service i when the sale is over [1/s]: that of the day's peak, at most
// the rate that it is sized for; 0 without a workload. i is the index of the service, from 0.
func (m *Model) RateAfter(x *Case, i int) float64 { return m.rateAfter(x, x.LoadOf(i), i) }

func (m *Model) rateAfter(x *Case, r *Rates, i int) float64 {
	day := m.LoadOf(DayLoad)
	if day == Absent {
		return 0
	}
	return min(m.Taken(x, r, i), m.Taken(x, &x.Loads[day], i))
}

// Enqueued returns the rate at which messages come to queue i in the load that it is sized for [1/s], and that at which they leave it as long as any
// wait [1/s]. i is the index of the queue, from 0.
func (m *Model) Enqueued(x *Case, i int) (in, out float64) {
	r := x.LoadOf(i)
	return m.Taken(x, r, i), r.Out[i]
}

// Depth returns how many messages wait in queue i when the load that it is sized for ends: by definition (in - out) x how long they come in, refusals that are
// enqueued among them. i is the index of the queue, from 0.
func (m *Model) Depth(x *Case, i int) float64 {
	in, out := m.Enqueued(x, i)
	return max(0, in-out) * m.Lasts(x, i)
}

// DrainSeconds returns how long after that queue i is empty again [s], infinite where it never is. By definition depth / (out - after). i
// is the index of the queue, from 0.
func (m *Model) DrainSeconds(x *Case, i int) float64 {
	depth, after := m.Depth(x, i), m.RateAfter(x, i)
	_, out := m.Enqueued(x, i)
	switch {
	case depth == 0:
		return 0
	case out <= after:
		return math.Inf(1)
	}
	return depth / (out - after)
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
