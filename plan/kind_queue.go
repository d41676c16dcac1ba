package plan

import (
	"fmt"
	"math"
)

// consumed returns the rate that a queue's consumers must work off at their planned utilization.
// Without a limit on the drain time it is the event's rate, so that nothing queues up. With one it
// is the least rate that empties the queue in time:
//
//	mu = max(after, (lambda T + after D) / (T + D))
//
//	lambda  rate in the event [1/s]
//	T       how long the event's orders come in [s]: until the stock is sold, at most the event
//	after   rate after the event [1/s]: that of the day's peak, at most lambda
//	D       longest time from then until the queue is empty [s]
//
// It solves (lambda - mu) T = (mu - after) D: what queues up in T is gone after D.
// Source: the fluid queue, queueing.FluidBacklog.
func (m *model) consumed(x *point, i int) float64 {
	s, rate := &m.services[i], x.rates[i]
	if s.drainSeconds == 0 {
		return rate
	}
	after, lasts := m.after(x, i), m.lasts(x)
	return math.Min(rate, math.Max(after, (rate*lasts+after*s.drainSeconds)/(lasts+s.drainSeconds)))
}

// after returns the rate at service i when the event is over [1/s].
func (m *model) after(x *point, i int) float64 {
	var calls float64
	for k := range m.steps {
		calls += m.steps[k].share * m.services[i].calls[k]
	}
	misses := x.rates[i] - x.direct[i]
	return min(x.rates[i], misses+x.values[m.peak]*x.busyMean*calls)
}

// worked returns the rate at which so many consumers of service i work at their utilization [1/s].
func (m *model) worked(x *point, i int, consumers float64) float64 {
	s := &m.services[i]
	rate := math.Inf(1)
	if s.capacity != absent {
		rate = consumers * x.values[s.capacity] * s.utilization
	}
	if seconds := s.seconds(x, consumers); seconds > 0 {
		rate = min(rate, consumers*s.cores/seconds*s.utilization)
	}
	return rate
}

func (m *model) queueDetails(x *point, i int) []Detail {
	s := &m.services[i]
	consumers := x.sizes[i].instances
	note := fmt.Sprintf("with %s consumers", figure(consumers))
	if s.partitions > 0 && consumers > s.partitions {
		consumers = s.partitions
		note = fmt.Sprintf("with %s consumers, one for each partition", figure(consumers))
	}
	lasts, after, worked := m.lasts(x), m.after(x, i), m.worked(x, i, consumers)
	depth := max(0, x.rates[i]-worked) * lasts
	list := []Detail{
		{"event_seconds", lasts, inSeconds, fmt.Sprintf("%s/s come in, then %s/s", figure(x.rates[i]), figure(after))},
		{"depth", depth, "requests", "at the end of that, " + note},
	}
	switch {
	case depth == 0:
		list = append(list, Detail{"drain_seconds", 0, inSeconds, "nothing queues up"})
	case worked > after:
		list = append(list, Detail{"drain_seconds", depth / (worked - after), inSeconds, "from then until it is empty"})
	}
	partitions := Detail{"partitions", x.sizes[i].instances, "partitions", "needed, at least one for each consumer"}
	if s.partitions > 0 {
		partitions.Value, partitions.Note = s.partitions, fmt.Sprintf("%s are needed", figure(x.sizes[i].instances))
	}
	return append(list, partitions)
}

func (r *review) partitionLimit(i int) {
	s := &r.services[i]
	if s.partitions == 0 {
		return
	}
	x, when := r.worst(func(x *point) bool { return x.sizes[i].instances > s.partitions })
	if x == nil {
		return
	}
	rest := "it never gets empty"
	depth := max(0, x.rates[i]-r.worked(x, i, s.partitions)) * r.lasts(x)
	if over := r.worked(x, i, s.partitions) - r.after(x, i); over > 0 {
		rest = fmt.Sprintf("it takes %s until it is empty", seconds(depth/over))
	}
	r.warn("partitions", "%s: %s consumers are needed%s and only %s partitions feed them; with those %s requests queue up and %s",
		s.name, figure(x.sizes[i].instances), when, figure(s.partitions), figure(depth), rest)
	if x == r.mid {
		r.excuse(fmt.Sprintf("%s with %s partitions", s.name, figure(s.partitions)), byPartitions, x.sizes[i].instances, s.partitions)
	}
}
