package loadgen

import (
	"container/heap"
	"sync"
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/record"
	"fsctl/scenarios/arrivals"
)

// shard is one core's worth of a storm: its own pacer, users and connections. Shards share no mutable state; arrival k
// belongs to shard k modulo their number.
type shard struct {
	storm  *Storm
	t0     time.Time
	placed func(record.Order) // takes an order that a buyer was told of
	raw    func(*worker, *sample)

	samples sampler

	mu       sync.Mutex
	queue    arrivalQueue  // users who have not come, or wait for their first request
	wheel    wheel         // users who think, or whose next step is due
	free     *journey.User // users whose memory is free, linked
	pacer    pacer
	idle     []*worker
	workers  int
	busy     int
	busiest  int // in this second
	warm     int // connections in use lately
	seconds  seconds
	closing  bool          // no more is sent
	finished chan struct{} // closed when there is nothing left to do
	t0Skew   time.Duration // lateness of the first request due at or after T0
	t0Due    time.Duration
}

func newShard(s *Storm, number int, t0 time.Time) *shard {
	v := &shard{storm: s, t0: t0, queue: newArrivalQueue(s, uint64(number)), pacer: newPacer(s.pacing), warm: fewWarm,
		finished: make(chan struct{}), t0Due: never}
	now := v.now()
	v.wheel.tick = tickOf(now)
	v.seconds = newSeconds(s, second(min(now, v.queue.due())))
	v.seconds.begin(second(now))
	return v
}

// now returns the time since T0.
func (s *shard) now() time.Duration { return time.Since(s.t0) }

// admit lets everyone who is due, and pauses first, begin the pause, up to the first whose request is due at once.
func (s *shard) admit(now time.Duration) {
	for a, ok := s.queue.pauser(now); ok; a, ok = s.queue.pauser(now) {
		s.beginPause(a)
	}
}

// beginPause makes a user of an arrival who pauses first.
func (s *shard) beginPause(a arrivals.Arrival) {
	if u := s.user(a); u != nil {
		s.wait(u)
	}
}

// user makes a user of an arrival, at the first step. It returns nil where there is none to send: the journey is over then.
func (s *shard) user(a arrivals.Arrival) *journey.User {
	u := s.free
	if u == nil {
		u = &journey.User{}
	}
	s.free = u.Next
	if u.Start(a.Index, a.Due, s.storm.programs[a.Phase]) == nil {
		s.seconds.tally.end(u)
		s.leave(u)
		return nil
	}
	return u
}

// wait lets a user wait until the next step is due.
func (s *shard) wait(u *journey.User) {
	s.seconds.expected.add(u.Step(), u.Due, 1)
	s.wheel.add(u)
}

// leave takes a user's memory for the next one.
func (s *shard) leave(u *journey.User) { u.Next, s.free = s.free, u }

// pop returns the user whose step has been due longest, or nil where none is due.
func (s *shard) pop(now time.Duration) *journey.User {
	s.wheel.turn(now)
	s.admit(now) // from here on, who is due in the queue begins with a request
	first := s.wheel.first()
	switch due := s.queue.due(); {
	case min(due, first) > now:
		return nil
	case due <= first:
		return s.user(s.queue.opener()) // never nil: its program has an opening
	}
	return heap.Pop(&s.wheel.soon).(*journey.User)
}

// oldest returns the due instant of the first request that waits for a connection, or one that is not due, or never.
func (s *shard) oldest(now time.Duration) time.Duration {
	s.admit(now)
	return min(s.queue.due(), s.wheel.first())
}

// take counts a user's request as sent by a worker.
func (s *shard) take(w *worker, u *journey.User, waited bool) {
	s.seconds.tally.counters[u.Step().Index].Sent++
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
	s.pacer.wakeBy(s.handOutAt(), now)
	s.mu.Unlock()
	return <-w.wake
}

// put records an answered request and moves its user on.
func (s *shard) put(done *sample, u *journey.User) {
	s.busy--
	s.pacer.answer()
	s.seconds.tally.add(done, s.storm.lateness)
	if done.due >= 0 && done.due < s.t0Due {
		s.t0Due, s.t0Skew = done.due, done.sent-done.due
	}
	switch {
	case u.Advance(done.done) == nil:
		s.seconds.tally.end(u)
		s.leave(u)
	case !s.closing:
		s.wait(u)
		if len(s.idle) > 0 {
			s.pacer.wakeBy(u.Due+s.coldAfter(), done.done)
		}
	}
}

// end reports to the run that nothing is left to do.
func (s *shard) end() {
	if s.busy > 0 || s.queue.hand.more || s.wheel.len() > 0 {
		return
	}
	s.closing = true
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
	s.pacer.ring()
}

// stop ends sending. What is due and not sent is counted; requests in flight go on.
func (s *shard) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.roll(now)
	for s.admit(now); s.queue.due() <= now; s.admit(now) {
		opener := s.queue.opener()
		s.seconds.tally.counters[s.storm.programs[opener.Phase].Opening.Index].Unsent++
	}
	s.queue.stop()
	s.wheel.turn(now)
	for u := range s.wheel.drain() {
		if u.Due <= now {
			s.seconds.tally.counters[u.Step().Index].Unsent++
		} else {
			s.seconds.expected.add(u.Step(), u.Due, -1)
		}
	}
	s.closing = true
	s.dismiss()
	s.end()
}

// revise has the shard follow Owns from an instant on. Where it has not got there, it will by itself.
func (s *shard) revise(from time.Duration) {
	anew := s.queue.from(from)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return
	}
	s.queue.revise(anew, from)
	if len(s.idle) > 0 {
		s.pacer.wakeBy(s.handOutAt(), s.now())
	}
}
