package loadgen

import (
	"container/heap"
	"math"
	"sync"
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/record"
	"fsctl/scenarios"
)

// shard is one core's worth of a storm: its own pacer, users and connections. Shards share
// nothing that is written; arrival k belongs to shard k modulo their number.
type shard struct {
	storm  *Storm
	number uint64
	t0     time.Time
	placed func(record.Order) // takes an order that a buyer was told of
	raw    func(*worker, *sample)

	coming  walk // users by the instant they come, sent for or not; for the run's goroutine alone
	counted int  // second from which on users have not been counted; likewise
	flushed []*tally

	mu       sync.Mutex
	revised  time.Duration // from when on coming is to be walked anew, never for not at all
	opening  walk          // users whose first request is due when they come, as connections get to them
	pausing  walk          // users who pause first
	wheel    wheel         // users who think, or whose next step is due
	gone     *journey.User // users whose memory is free, linked
	idle     []*worker
	workers  int
	busy     int
	busiest  int           // in this second
	warm     int           // connections in use lately
	tally    *tally        // of the second under way
	until    time.Duration // that second's end
	full     []*tally      // of seconds that are over, not yet flushed
	spare    []*tally
	expected expected
	wake     time.Duration // the pacer sleeps until then
	woke     time.Duration // its last round
	handed   int           // requests since an answer was read

	answered  bool          // since the pacer looked
	attending time.Duration // when it looked
	attended  time.Duration // for how long no answer came
	dozing    bool          // the next answer wakes it
	awake     time.Duration // spent so, not yet flushed
	awaited   time.Duration // spent so in what was flushed last

	early    time.Duration // by which the alarm rings before that, to spin
	closing  bool          // no more is sent
	alarm    alarm         // nil once the pacer is gone
	finished chan struct{} // closed when there is nothing left to do
	stopped  time.Duration // when sending was stopped, never for not yet
	t0Skew   time.Duration // lateness of the first request due at or after T0
	t0Due    time.Duration
}

// Instants that stand for something else.
const (
	never = time.Duration(math.MaxInt64)
	ever  = -never / 2                   // before everything that is due
	soon  = time.Duration(math.MinInt64) // the pacer wakes in a moment, whatever is due
)

func newShard(s *Storm, number int, t0 time.Time) *shard {
	v := &shard{storm: s, number: uint64(number), t0: t0, expected: newExpected(len(s.journeys.Steps)),
		alarm: newAlarm(s.pacing.precise), finished: make(chan struct{}), wake: never, stopped: never, t0Due: never, revised: never}
	v.coming, v.opening, v.pausing = v.walk(everybody, ever), v.walk(openers, ever), v.walk(pausers, ever)
	now := v.now()
	v.wheel.tick = tickOf(now)
	v.counted = second(now)
	if v.coming.more {
		v.counted = min(v.counted, second(v.coming.head.Due))
	}
	v.expected.from = v.counted
	v.warm = fewWarm
	v.begin(second(now))
	return v
}

// now returns the time since T0.
func (s *shard) now() time.Duration { return time.Since(s.t0) }

// admit lets in the next user who pauses first.
func (s *shard) admit() {
	if u := s.user(s.pausing.head); u != nil {
		s.wait(u)
	} else {
		s.tally.iterations++
	}
	s.pausing.next()
}

// user makes a user of an arrival, at the first step. It returns nil where there is none to send.
func (s *shard) user(a scenarios.Arrival) *journey.User {
	u := s.gone
	if u == nil {
		u = &journey.User{}
	}
	s.gone = u.Next
	if u.Start(a.Index, a.Due, s.storm.programs[a.Phase]) == nil {
		s.leave(u)
		return nil
	}
	return u
}

// wait lets a user wait until the next step is due.
func (s *shard) wait(u *journey.User) {
	s.expected.add(u.Step(), u.Due, 1)
	s.wheel.add(u)
}

// leave takes a user's memory for the next one.
func (s *shard) leave(u *journey.User) { u.Next, s.gone = s.gone, u }

// pop returns the user whose step has been due longest, or nil where none is due.
func (s *shard) pop(now time.Duration) *journey.User {
	s.wheel.turn(now)
	for s.pausing.due(now) && s.pausing.head.Due < s.oldest() {
		s.admit()
	}
	switch first := s.oldest(); {
	case first > now:
		return nil
	case s.opening.more && s.opening.head.Due == first:
		a := s.opening.head
		s.opening.next()
		return s.user(a) // never nil: its program has an opening
	}
	return heap.Pop(&s.wheel.soon).(*journey.User)
}

// oldest returns the due instant of the first request that waits for a connection or will do so soon,
// or never.
func (s *shard) oldest() time.Duration {
	first := never
	if s.opening.more {
		first = s.opening.head.Due
	}
	if len(s.wheel.soon) > 0 {
		first = min(first, s.wheel.soon[0].Due)
	}
	return first
}

// take counts a user's request as sent by a worker.
func (s *shard) take(w *worker, u *journey.User, waited bool) {
	s.tally.counters[u.Step().Index].Sent++
	s.busy++
	s.busiest = max(s.busiest, s.busy)
	s.warm = max(s.warm, s.busy)
	w.waited = waited
	w.quiet = 4*s.busy <= s.workers
	w.full = s.busy == s.workers
}

// next puts down what a worker has done and returns what it has to do, nil for nothing any more.
func (s *shard) next(w *worker, done *sample, u *journey.User) *journey.User {
	s.mu.Lock()
	var now time.Duration
	if done != nil {
		now = done.done // a moment ago, and no look at the clock
	} else {
		now = s.now()
	}
	s.roll(now)
	if done != nil {
		s.put(done, u)
	}
	if next := s.pop(now - s.yields()); next != nil {
		s.take(w, next, len(s.idle) == 0)
		s.mu.Unlock()
		return next
	}
	s.end()
	if s.closing {
		s.mu.Unlock()
		return nil
	}
	s.idle = append(s.idle, w)
	s.wakeBy(s.handOutAt(), now)
	s.mu.Unlock()
	return <-w.wake
}

// put records an answered request and moves its user on.
func (s *shard) put(done *sample, u *journey.User) {
	s.busy--
	s.came()
	s.tally.add(done, s.storm.lateness)
	if done.due >= 0 && done.due < s.t0Due {
		s.t0Due, s.t0Skew = done.due, done.sent-done.due
	}
	switch {
	case u.Advance(done.done) == nil:
		s.tally.iterations++
		s.leave(u)
	case !s.closing:
		s.wait(u)
		if len(s.idle) > 0 {
			s.wakeBy(u.Due+s.chill(), done.done)
		}
	}
}

// end tells the run when nothing is left to do.
func (s *shard) end() {
	if s.busy > 0 || s.opening.more || s.pausing.more || s.wheel.len() > 0 {
		return
	}
	s.closing = true
	s.stopped = min(s.stopped, s.now())
	s.dismiss()
	select {
	case <-s.finished:
	default:
		close(s.finished)
	}
}

// dismiss sends the idle workers and the pacer home.
func (s *shard) dismiss() {
	for _, w := range s.idle {
		w.wake <- nil
	}
	s.idle = nil
	if s.alarm != nil {
		s.alarm.ring()
	}
}

// handOutAt returns the instant at which the pacer has something to do, or never.
func (s *shard) handOutAt() time.Duration {
	at := s.due()
	if at == never {
		return never
	}
	return at + s.chill()
}

// due returns the earliest instant at which something is to be done.
func (s *shard) due() time.Duration {
	next := never
	if t, ok := s.wheel.next(); ok {
		next = t
	}
	for _, w := range []*walk{&s.opening, &s.pausing} {
		if w.more {
			next = min(next, w.head.Due)
		}
	}
	return next
}
