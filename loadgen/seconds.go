package loadgen

import (
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/record"
)

// expected counts requests that follow on others by the second in which they are due, before they are.
type expected struct {
	steps   int
	from    int // second before which everything has been taken
	seconds map[int][]uint64
	spare   [][]uint64
}

func newExpected(steps int) expected { return expected{steps: steps, seconds: map[int][]uint64{}} }

// add counts n requests of a step. What falls into a second that has been taken counts in the next.
func (e *expected) add(st *journey.Step, due time.Duration, n int64) {
	at := max(second(due), e.from)
	counts := e.seconds[at]
	if counts == nil {
		if last := len(e.spare) - 1; last >= 0 {
			counts, e.spare = e.spare[last], e.spare[:last]
		} else {
			counts = make([]uint64, e.steps)
		}
		e.seconds[at] = counts
	}
	counts[st.Index] += uint64(n)
}

// take adds a second's counts to sums and forgets them.
func (e *expected) take(at int, sums []uint64) {
	e.from = max(e.from, at+1)
	counts := e.seconds[at]
	if counts == nil {
		return
	}
	for i, n := range counts {
		sums[i] += n
	}
	clear(counts)
	e.spare = append(e.spare, counts)
	delete(e.seconds, at)
}

// begin starts to tally a second.
func (s *shard) begin(at int) {
	if last := len(s.spare) - 1; last >= 0 {
		s.tally, s.spare = s.spare[last], s.spare[:last]
	} else {
		s.tally = newTally(s.storm.journeys.Steps, s.storm.timings)
	}
	s.tally.second = at
	s.until = time.Duration(at+1) * time.Second
}

// roll goes on to the second that now is in. Every event is preceded by it, so that a second of the record
// holds what happened in that second, however late it is flushed.
func (s *shard) roll(now time.Duration) {
	if now >= s.until {
		s.full = append(s.full, s.tally)
		s.begin(second(now))
		s.warm, s.busiest = max(s.busiest, fewWarm), s.busy
	}
}

// stop ends sending. What is due and not sent is counted; requests in flight go on.
func (s *shard) stop() {
	s.mu.Lock()
	now := s.now()
	s.roll(now)
	s.admitAll(now)
	for ; s.opening.due(now); s.opening.next() {
		s.tally.counters[s.storm.programs[s.opening.head.Phase].Opening.Index].Unsent++
	}
	s.opening.more, s.pausing.more = false, false
	s.wheel.turn(now)
	for u := range s.wheel.drain() {
		if u.Due <= now {
			s.tally.counters[u.Step().Index].Unsent++
		} else {
			s.expected.add(u.Step(), u.Due, -1)
		}
	}
	s.closing = true
	s.dismiss()
	s.end()
	s.stopped = min(s.stopped, now)
	s.mu.Unlock()
}

func (s *shard) admitAll(now time.Duration) {
	for s.pausing.due(now) {
		s.admit()
	}
}

// flush hands over what was measured in the seconds that are over, and in the one under way where nothing more
// will happen. The gauges are those of the second event. Histograms stay the shard's own: release takes them back when they
// have been written.
func (s *shard) flush(event int, intervals map[int]*record.Interval) {
	s.mu.Lock()
	now := s.now()
	s.roll(now)
	last := s.tally.second - 1
	s.admitAll(min(now, time.Duration(last+1)*time.Second))
	if s.closing && s.busy == 0 {
		s.full = append(s.full, s.tally)
		last = s.tally.second
		s.begin(last)
	}
	backlog, waiting, busy := now-min(now, s.oldest()), s.wheel.len(), s.busy
	s.awaited, s.awake = s.awake, 0
	s.flushed = append(s.flushed, s.full...)
	s.full = s.full[:0]
	end := min(now, s.stopped)
	revised := s.revised
	s.revised = never
	s.mu.Unlock()

	if revised < never {
		s.coming.revise(s.walk(everybody, revised), revised)
	}

	s.countDue(last, end, intervals)
	for _, t := range s.flushed {
		t.merge(intervals)
	}
	g := eventsOf(event, intervals).Generator
	g.Waiting += waiting
	g.Busy += busy
	g.Connections += s.workers
	g.BacklogSeconds = max(g.BacklogSeconds, backlog.Seconds())
}

// countDue counts who came and what was due up to a second's end, or up to the end of sending.
func (s *shard) countDue(last int, end time.Duration, intervals map[int]*record.Interval) {
	for ; s.counted <= last; s.counted++ {
		due := make([]uint64, len(s.storm.journeys.Steps))
		s.mu.Lock()
		s.expected.take(s.counted, due)
		s.mu.Unlock()
		var came uint64
		until := min(time.Duration(s.counted+1)*time.Second-1, end)
		for ; s.coming.due(until); s.coming.next() { // may take long where many come at once, and so holds no lock
			came++
			if first := s.storm.programs[s.coming.head.Phase].Opening; first != nil {
				due[first.Index]++
			}
		}
		interval := eventsOf(s.counted, intervals)
		interval.Generator.Arrivals += came
		for i, n := range due {
			if n > 0 {
				countersOf(s.storm.journeys.Steps[i].Name, interval).Due += n
			}
		}
	}
}

// release makes what was flushed ready to be filled again.
func (s *shard) release() {
	for _, t := range s.flushed {
		t.clear()
	}
	s.mu.Lock()
	s.spare = append(s.spare, s.flushed...)
	s.mu.Unlock()
	s.flushed = s.flushed[:0]
}
