package loadgen

import (
	"container/heap"
	"slices"
	"sync"
	"time"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
)

// shard is one core's worth of a storm: its own pacer, users and connections. Shards share
// nothing that is written; arrival k belongs to shard k modulo their number.
type shard struct {
	storm  *Storm
	number uint64
	t0     time.Time
	told   func(record.Order) // where buyers' orders are noted
	raw    func(*worker, *sample)

	coming walk     // users by the instant they come, sent for or not; for the run's goroutine alone
	came   []uint64 // by phase: users counted by it, not yet in the tally

	mu       sync.Mutex
	opening  walk  // users whose first request is due when they come, as connections get to them
	pausing  walk  // users who pause first
	wheel    wheel // users who think, or whose next step is due
	idle     []*worker
	workers  int
	busy     int
	tally    *tally
	spare    *tally
	pending  []uint64      // by step: due follow-ups that no connection has taken yet
	wake     time.Duration // the pacer sleeps until then
	closing  bool          // no more is sent
	kick     chan struct{}
	finished chan struct{} // closed when there is nothing left to do
	t0Skew   time.Duration // lateness of the first request due at or after T0
	t0Due    time.Duration
}

const never = time.Duration(1<<63 - 1)

func newShard(s *Storm, number int, t0 time.Time) *shard {
	v := &shard{storm: s, number: uint64(number), t0: t0, came: make([]uint64, len(s.programs)),
		tally: newTally(s.steps, s.timings), spare: newTally(s.steps, s.timings), pending: make([]uint64, len(s.steps)),
		kick: make(chan struct{}, 1), finished: make(chan struct{}), wake: never, t0Due: never}
	own := func(a scenarios.Arrival) bool { return a.Index%uint64(s.shards) == v.number }
	opens := func(a scenarios.Arrival) bool { return s.programs[a.Phase].opening != nil }
	v.coming = newWalk(s.schedule.Walk(), own)
	v.opening = newWalk(s.schedule.Walk(), func(a scenarios.Arrival) bool { return own(a) && opens(a) })
	if slices.ContainsFunc(s.programs, func(p *program) bool { return p.opening == nil }) {
		v.pausing = newWalk(s.schedule.Walk(), func(a scenarios.Arrival) bool { return own(a) && !opens(a) })
	}
	v.wheel.tick = tickOf(v.now())
	return v
}

// now returns the time since T0.
func (s *shard) now() time.Duration { return time.Since(s.t0) }

// walk goes through arrivals in order of their due instants.
type walk struct {
	cursor *scenarios.Cursor
	mine   func(scenarios.Arrival) bool
	head   scenarios.Arrival // the next
	more   bool              // head holds one
}

func newWalk(c *scenarios.Cursor, mine func(scenarios.Arrival) bool) walk {
	w := walk{cursor: c, mine: mine}
	w.next()
	return w
}

// next goes on to the next arrival that is mine.
func (w *walk) next() {
	for {
		if w.head, w.more = w.cursor.Next(); !w.more || w.mine(w.head) {
			return
		}
	}
}

// due tells whether an arrival is due.
func (w *walk) due(now time.Duration) bool { return w.more && w.head.Due <= now }

// count counts the users who have come. It may take long where many come at once, and so holds no lock.
func (s *shard) count(now time.Duration) {
	for ; s.coming.due(now); s.coming.next() {
		s.came[s.coming.head.Phase]++
	}
}

// admit lets in the next user who pauses first.
func (s *shard) admit() {
	if u := s.user(s.pausing.head); u != nil {
		s.wheel.add(u)
	} else {
		s.tally.iterations++
	}
	s.pausing.next()
}

// user makes a user of an arrival, at the first step. It returns nil where there is none to send.
func (s *shard) user(a scenarios.Arrival) *user {
	u := &user{arrival: a.Index, program: s.storm.programs[a.Phase]}
	if u.advance(a.Due, s.storm.thinks) == nil {
		return nil
	}
	return u
}

// pop returns the user whose step has been due longest, or nil where none is due.
func (s *shard) pop(now time.Duration) *user {
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
	u := heap.Pop(&s.wheel.soon).(*user)
	s.tally.counters[u.step().index].Due++
	return u
}

// oldest returns the due instant of the first request that waits for a connection or will do so soon,
// or never.
func (s *shard) oldest() time.Duration {
	first := never
	if s.opening.more {
		first = s.opening.head.Due
	}
	if len(s.wheel.soon) > 0 {
		first = min(first, s.wheel.soon[0].due)
	}
	return first
}

// step returns the step that a user is at.
func (u *user) step() *step { return u.program.code[u.at].step }

// take counts a user's request as sent by a worker.
func (s *shard) take(w *worker, u *user, waited bool) {
	s.tally.counters[u.step().index].Sent++
	s.busy++
	w.waited = waited
	w.quiet = 4*s.busy <= s.workers
	w.full = s.busy == s.workers
}

// next puts down what a worker has done and returns what it has to do, nil for nothing any more.
func (s *shard) next(w *worker, done *sample, u *user) *user {
	s.mu.Lock()
	now := s.now()
	if done != nil {
		s.put(done, u)
	}
	if next := s.pop(now); next != nil {
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
	if s.due() < s.wake {
		s.alert()
	}
	s.mu.Unlock()
	return <-w.wake
}

// put records an answered request and moves its user on.
func (s *shard) put(done *sample, u *user) {
	s.busy--
	s.tally.add(done, s.storm.lateness)
	if done.due >= 0 && done.due < s.t0Due {
		s.t0Due, s.t0Skew = done.due, done.sent-done.due
	}
	u.at++
	switch {
	case u.advance(done.done, s.storm.thinks) == nil:
		s.tally.iterations++
	case !s.closing:
		s.wheel.add(u)
		if len(s.idle) > 0 && u.due < s.wake {
			s.alert()
		}
	}
}

// end tells the run when nothing is left to do.
func (s *shard) end() {
	if s.busy > 0 || s.opening.more || s.pausing.more || s.wheel.len() > 0 {
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
	s.alert()
}

// alert wakes the pacer.
func (s *shard) alert() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
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

// pace hands what is due to idle connections, until nothing is left or the shard is stopped.
func (s *shard) pace() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		s.mu.Lock()
		now := s.now()
		for len(s.idle) > 0 {
			u := s.pop(now)
			if u == nil {
				break
			}
			w := s.idle[len(s.idle)-1] // the last one used: its connection is the warmest
			s.idle = s.idle[:len(s.idle)-1]
			s.take(w, u, false)
			w.wake <- u
		}
		s.end()
		if s.closing {
			s.mu.Unlock()
			return
		}
		s.wake = never // with no connection idle, the next that is wakes the pacer
		if len(s.idle) > 0 {
			s.wake = s.due()
		}
		wait := s.wake
		if wait != never {
			wait = max(0, wait-s.now())
		}
		s.mu.Unlock()
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-s.kick:
		}
	}
}

// stop ends sending. What is due and not sent is counted; requests in flight go on.
func (s *shard) stop() {
	s.count(s.now())
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.countOverdue(now)
	for ; s.opening.due(now); s.opening.next() {
		s.tally.counters[s.storm.programs[s.opening.head.Phase].opening.index].Unsent++
	}
	s.opening.more, s.pausing.more, s.coming.more = false, false, false
	for _, u := range s.wheel.drop(now) {
		s.tally.counters[u.step().index].Unsent++
	}
	clear(s.pending)
	s.closing = true
	s.dismiss()
	s.end()
}

// flush hands over what was measured since the last flush. Its histograms are the shard's own:
// release takes them back when they have been written.
func (s *shard) flush(event int, intervals map[int]*record.Interval) {
	s.count(s.now())
	s.mu.Lock()
	now := s.now()
	s.countOverdue(now)
	backlog, waiting, busy := now-min(now, s.oldest()), s.wheel.len(), s.busy
	full := s.tally
	s.tally, s.spare = s.spare, nil
	s.mu.Unlock()

	full.merge(event, intervals)
	g := intervals[event].Generator
	g.Waiting += waiting
	g.Busy += busy
	g.Connections += s.workers
	g.BacklogSeconds = max(g.BacklogSeconds, backlog.Seconds())
	s.spare = full
}

// release makes what was flushed ready to be filled again.
func (s *shard) release() { s.spare.clear() }

// countOverdue counts as due what has become due, sent or not.
func (s *shard) countOverdue(now time.Duration) {
	s.count(now)
	for phase, n := range s.came {
		s.tally.arrivals += n
		if first := s.storm.programs[phase].opening; first != nil {
			s.tally.counters[first.index].Due += n
		}
	}
	clear(s.came)
	s.wheel.turn(now)
	for s.pausing.due(now) {
		s.admit()
	}
	waiting := make([]uint64, len(s.pending))
	for _, u := range s.wheel.soon {
		if u.due <= now {
			waiting[u.step().index]++
		}
	}
	for i := range waiting {
		// Taken follow-ups were counted when they were taken; those that wait are counted now.
		s.tally.counters[i].Due += waiting[i] - s.pending[i]
		s.pending[i] = waiting[i]
	}
}
