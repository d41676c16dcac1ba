package history

import (
	"cmp"
	"maps"
	"slices"

	"fsctl/loadgen/record"
)

// Pressure compares a target's service time while it was asked for much at once with that of quiet moments.
type Pressure struct {
	Known bool    // there were both
	Ratio float64 // mean over the steps of full over quiet, weighted by full requests
	Full  float64 // mean service time of those requests [s]
	Quiet float64 // what the same requests would have taken in quiet moments [s]

	calm map[string]float64
	run  *History
}

// queueingRatio is how much slower than in quiet moments a target must answer to be the one that queues. Half again is beyond
// what noise between seconds does, and far below the several times of a target near its limit.
const queueingRatio = 1.5

// Queues says whether the target is the one that makes requests wait.
func (p Pressure) Queues() bool { return p.Known && p.Ratio >= queueingRatio }

// ComparePressure compares the service times of a run with those of its own quiet moments.
func ComparePressure(run *History) Pressure { return PressureOn(run, run) }

// PressureOn compares the service times of a part of a run with those of its quiet moments elsewhere.
func PressureOn(calmer, run *History) Pressure {
	p := Pressure{calm: map[string]float64{}, run: run}
	var requests, ratios, full, quiet, allFull, allRequests float64
	for _, name := range run.Names {
		much, rest := run.full(run.Total(name)), calmer.quiet(calmer.Total(name))
		n := float64(much.Requests)
		allFull, allRequests = allFull+much.Seconds, allRequests+n
		if rest.Requests == 0 || rest.Seconds <= 0 {
			continue
		}
		calm := rest.Seconds / float64(rest.Requests)
		p.calm[name] = calm
		if n == 0 {
			continue
		}
		requests += n
		ratios += n * (much.Seconds / n) / calm
		full += much.Seconds
		quiet += n * calm
	}
	if requests == 0 {
		p.Full = Ratio(allFull, allRequests)
		return p
	}
	p.Known = true
	p.Ratio, p.Full, p.Quiet = Finite(ratios/requests), Finite(full/requests), Finite(quiet/requests)
	return p
}

// AtLimit says whether the target was at its limit in a second, counted from T0: it answered queueingRatio times slower than in quiet moments
// while it was asked for much at once, or more requests than the share of lateness allowed had to wait.
func (p Pressure) AtLimit(second int, events map[string]record.Counters, share float64) bool {
	var requests, ratios float64
	var waited, sent uint64
	for _, name := range slices.SortedFunc(maps.Keys(events), cmp.Compare) {
		c := events[name]
		waited, sent = waited+c.Waited, sent+c.Sent
		if much, calm := p.run.full(c), p.calm[name]; calm > 0 && much.Requests > 0 {
			requests += float64(much.Requests)
			ratios += much.Seconds / calm
		}
	}
	slow := requests > 0 && ratios/requests >= queueingRatio && (p.run.top == topUnknown || p.run.BusyThroughout(second, events))
	return slow || float64(waited) > share*float64(sent)
}

// LimitFrom returns the first second in which the target was at its limit.
func (p Pressure) LimitFrom(share float64) (second int, limited bool) {
	for i, events := range p.run.Events {
		if p.AtLimit(p.run.Seconds[i], events, share) {
			return p.run.Seconds[i], true
		}
	}
	return 0, false
}

// CountsInFlight says whether the run's record has the requests in flight.
func (p Pressure) CountsInFlight() bool { return p.run.top != topUnknown }

// Shares of a second's answers that left while the target was asked for much at once when it had work waiting throughout the
// second: of the requests in flight, and, in records of older versions, of connections that were all busy.
const (
	muchShare = 0.5
	fullShare = 0.9
)

// BusyThroughout says whether the target had work waiting in all of a second, counted from T0: also at its end. Then what it
// answered is what it can do, however short the rush was.
func (s *History) BusyThroughout(second int, events map[string]record.Counters) bool {
	sum := Sum(events)
	share := muchShare
	switch {
	case s.top == topUnknown:
		share = fullShare
	case s.open[second] < 1<<max(s.top-1, 0):
		return false
	}
	return sum.Done > 0 && float64(s.full(sum).Requests) >= share*float64(sum.Done)
}

// topUnknown is the top of a history that knows no requests in flight.
const topUnknown = -1

// topShare is the share of requests that must have been sent with so many in flight for that to be more than chance.
const topShare = 0.01

// topOf returns the highest level of requests in flight that was more than chance.
func topOf(s *History) int {
	all := s.All()
	var sum uint64
	for _, l := range all.InFlight {
		sum += l.Requests
	}
	if sum == 0 {
		return topUnknown
	}
	var above uint64
	for level := record.MostLevels - 1; level > 0; level-- {
		if above += all.InFlight[level].Requests; float64(above) >= topShare*float64(sum) {
			return level
		}
	}
	return 0
}

// full returns the requests that were sent while the target was asked for much at once: a quarter of the most, or more.
func (s *History) full(c record.Counters) record.Load {
	if s.top == topUnknown {
		return c.Full
	}
	return c.InFlight.Between(s.top-1, record.MostLevels)
}

// quiet returns the requests that were sent while it was asked for less than that.
func (s *History) quiet(c record.Counters) record.Load {
	if s.top == topUnknown {
		return c.Quiet
	}
	return c.InFlight.Between(0, s.top-2)
}
