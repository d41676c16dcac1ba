package loadgen

import (
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/queue"
	"fsctl/loadgen/record"
	"fsctl/loadgen/tally"
	"fsctl/scenarios/arrivals"
)

// expected counts requests that follow on others by the second in which they are due, before they are, and in the same way users who
// begin the journey of their phase after another one.
type expected struct {
	steps   int
	streams int
	from    int // second before which everything has been taken
	seconds map[int][]uint64
	spare   [][]uint64
}

func newExpected(steps, streams int) expected {
	return expected{steps: steps, streams: streams, seconds: map[int][]uint64{}}
}

// add counts n requests of a step. What falls into a second that has been taken counts in the next.
func (e *expected) add(st *journey.Step, due time.Duration, n int64) { e.count(st.Index, due, n) }

// begins counts n users of a stream who begin the journey of their phase.
func (e *expected) begins(stream int, due time.Duration, n int64) { e.count(e.steps+stream, due, n) }

func (e *expected) count(what int, due time.Duration, n int64) {
	at := max(arrivals.Second(due), e.from)
	counts := e.seconds[at]
	if counts == nil {
		if last := len(e.spare) - 1; last >= 0 {
			counts, e.spare = e.spare[last], e.spare[:last]
		} else {
			counts = make([]uint64, e.steps+e.streams)
		}
		e.seconds[at] = counts
	}
	counts[what] += uint64(n)
}

// take adds a second's counts, those of steps before those of streams, to sums and forgets them.
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

// seconds is what a shard measures, second by second.
type seconds struct {
	storm    *Storm
	tally    *tally.Tally   // of the second under way
	until    time.Duration  // that second's end
	full     []*tally.Tally // of seconds that are over, not yet flushed
	spare    []*tally.Tally
	expected expected

	// Of the run's goroutine alone.
	counted int // second from which on arrivals have not been counted
	flushed []*tally.Tally
	came    []queue.Second
}

// newSeconds returns what is to be counted from a second on.
func newSeconds(s *Storm, from int) seconds {
	v := seconds{storm: s, counted: from, expected: newExpected(len(s.journeys.Steps), len(s.programs))}
	v.expected.from = from
	return v
}

// begin starts to tally a second.
func (c *seconds) begin(at int) {
	if last := len(c.spare) - 1; last >= 0 {
		c.tally, c.spare = c.spare[last], c.spare[:last]
	} else {
		c.tally = tally.New(c.storm.journeys, c.storm.timings)
	}
	c.tally.Second = at
	c.until = time.Duration(at+1) * time.Second
}

// next puts the second under way among those that are over, and begins another.
func (c *seconds) next(at int) {
	c.full = append(c.full, c.tally)
	c.begin(at)
}

// roll notes that the shard runs, and goes on to the second that now is in. Every event is preceded by it, so that a second of the record
// holds what happened in that second, however late it is flushed.
func (s *shard) roll(now time.Duration) {
	if over := now >= s.seconds.until; over || s.pulse.GapUpTo(now) {
		t := s.seconds.tally
		t.Gaps = s.pulse.Take(t.Gaps)
		if over {
			s.pool.count(now, t)
			s.seconds.next(arrivals.Second(now))
			s.pool.roll()
		}
	}
	s.pulse.Beat(now)
}

// flush hands over what was measured in the seconds that are over, and in the one under way where nothing more
// will happen, and returns how long the pacer was awake without work. The gauges are those of the second event. Histograms
// stay the shard's own: release takes them back when they have been written.
func (s *shard) flush(event int, intervals map[int]*record.Interval) (idleAwake time.Duration) {
	c := &s.seconds
	s.mu.Lock()
	now := s.now()
	s.roll(now)
	last := c.tally.Second - 1
	backlog, busy, open := now-min(now, s.oldest(now)), s.pool.busy, s.pool.open()
	end := time.Duration(last+1)*time.Second - 1
	s.queue.Claim(end)
	if s.closing && s.pool.busy == 0 {
		last = c.tally.Second
		c.tally.Gaps = s.pulse.Take(c.tally.Gaps)
		c.next(last)
	}
	c.flushed = append(c.flushed, c.full...)
	c.full = c.full[:0]
	idleAwake = s.pacer.TakeIdleAwake()
	s.mu.Unlock()

	s.overtake(end)
	waiting := s.count(last, intervals)
	for _, t := range c.flushed {
		t.Merge(intervals)
	}
	g := tally.EventsOf(event, intervals).Generator
	g.Waiting += waiting
	g.Busy += busy
	g.Connections += open
	g.BacklogSeconds = max(g.BacklogSeconds, backlog.Seconds())
	return idleAwake
}

// overtake counts who came while others wait for a connection, up to an instant, and lets those begin who pause first. It
// may take long where many come at once, and so holds the lock for those who pause only.
func (s *shard) overtake(until time.Duration) {
	for more := s.queue.Lagging(); more; {
		var pausers []arrivals.Arrival
		if pausers, more = s.queue.Overtake(until); len(pausers) == 0 {
			continue
		}
		s.mu.Lock()
		for _, a := range s.queue.Begin(pausers) {
			s.beginPause(a)
		}
		if s.pool.canSend() {
			s.pacer.WakeBy(s.handOutAt(), s.now())
		}
		s.mu.Unlock()
	}
}

// count adds who came and what was due up to a second's end, and returns how many users wait.
func (s *shard) count(last int, intervals map[int]*record.Interval) (waiting int) {
	c, steps := &s.seconds, s.storm.journeys.Steps
	add := func(at int, users, due []uint64) {
		interval := tally.EventsOf(at, intervals)
		for phase, n := range users {
			if n > 0 {
				interval.Generator.Arrivals += n
				tally.AddJourney(interval.Generator, s.storm.programs[phase].Name, record.Journey{Users: n})
			}
		}
		for i, n := range due {
			if n > 0 {
				tally.CountersOf(steps[i].Name, interval).Due += n
			}
		}
	}
	due := make([]uint64, len(steps)+len(s.storm.next))
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; c.counted <= last; c.counted++ {
		clear(due)
		c.expected.take(c.counted, due)
		add(c.counted, nil, due[:len(steps)])
		for stream, n := range due[len(steps):] {
			if n > 0 {
				tally.AddJourney(tally.EventsOf(c.counted, intervals).Generator, s.storm.next[stream].program.Name, record.Journey{Users: n, Ready: n})
			}
		}
	}
	c.came = s.queue.Take(last, c.came[:0])
	for _, v := range c.came {
		add(v.Second, v.Users, v.Due)
	}
	return s.waiting()
}

// release makes what was flushed ready to be filled again.
func (s *shard) release() {
	c := &s.seconds
	for _, t := range c.flushed {
		t.Clear()
	}
	s.mu.Lock()
	c.spare = append(c.spare, c.flushed...)
	s.queue.GiveBack(c.came)
	s.mu.Unlock()
	c.flushed, c.came = c.flushed[:0], c.came[:0]
}
