package loadgen

import (
	"sync"
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/pace"
	"fsctl/loadgen/pulse"
	"fsctl/loadgen/queue"
	"fsctl/loadgen/record"
	"fsctl/loadgen/tally"
	"fsctl/loadgen/wheel"
	"fsctl/scenarios/arrivals"
)

// Instants that stand for something else.
const (
	never = pace.Never
	ever  = -never / 2 // before everything that is due
)

// shard is one core's worth of a storm: its own pacer, users and connections. Shards share no mutable state; arrival k
// belongs to shard k modulo their number.
type shard struct {
	storm  *Storm
	curve  arrivals.Curve
	t0     time.Time
	placed func(record.Order) // takes an order that a buyer was told of
	raw    func(*worker, *tally.Request)
	sends  *sendOrder // numbers raw results; nil without

	samples sampler

	mu       sync.Mutex
	queue    queue.Queue   // users who have not come, or wait for their first request
	wheel    wheel.Wheel   // users who think, or whose next step is due
	free     *journey.User // users whose memory is free, linked
	pacer    pace.Pacer
	pool     pool
	seconds  seconds
	pulse    pulse.Pulse
	closing  bool          // no more is sent
	finished chan struct{} // closed when there is nothing left to do
	t0Skew   time.Duration // lateness of the first request due at or after T0
	t0Due    time.Duration
}

func newShard(s *Storm, number int, t0 time.Time) *shard {
	v := &shard{storm: s, curve: s.Scenario.Storm.Curve(), t0: t0, queue: queue.New(s.arriving(uint64(number))), pacer: pace.New(s.pacing), pool: newPool(s.share(number), s.Connections > 0, s.NoKeepAlive),
		pulse: pulse.New(s.lateness), finished: make(chan struct{}), t0Due: never}
	if s.timings.Own {
		v.ownLinks(s.share(number))
	}
	now := v.now()
	v.wheel.Start(now)
	v.seconds = newSeconds(s, arrivals.Second(min(now, v.queue.Due())))
	v.seconds.begin(arrivals.Second(now))
	return v
}

// now returns the time since T0.
func (s *shard) now() time.Duration { return time.Since(s.t0) }

// admit lets everyone who is due, and pauses first, begin the pause, up to the first whose request is due at once.
func (s *shard) admit(now time.Duration) {
	for a, ok := s.queue.Pauser(now); ok; a, ok = s.queue.Pauser(now) {
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
	u.Stream = uint16(a.Phase)
	if u.Start(a.Index, a.Due, s.storm.programs[a.Phase]) == nil && !s.over(u) {
		return nil
	}
	return u
}

// wait lets a user wait until the next step is due.
func (s *shard) wait(u *journey.User) {
	s.seconds.expected.add(u.Step(), u.Due, 1)
	s.wheel.Add(u)
}

// leave takes a user's memory for the next one.
func (s *shard) leave(u *journey.User) {
	s.dropLink(u)
	s.seconds.tally.Evicted += uint64(u.Evicted())
	u.Next, s.free = s.free, u
}

// pop returns the user whose step has been due longest, or nil where none is due.
func (s *shard) pop(now time.Duration) *journey.User {
	if s.pool.own != nil {
		return s.popOwn(now)
	}
	s.wheel.Turn(now)
	s.admit(now) // from here on, who is due in the queue begins with a request
	first := s.wheel.First()
	switch due := s.queue.Due(); {
	case min(due, first) > now:
		return nil
	case due <= first:
		return s.user(s.queue.Opener()) // never nil: its program has an opening
	}
	return s.wheel.Pop()
}

// popPatient returns the user whose step has been due longest at an instant and who has not given up by now, or nil where none is due.
// Those who have are counted on the way, and nothing is sent for them.
func (s *shard) popPatient(due, now time.Duration) *journey.User {
	for {
		u := s.pop(due)
		if u == nil {
			return nil
		}
		at, ok := givesUp(u.Step(), u.Due, now)
		if !ok {
			return u
		}
		s.giveUp(u, at)
		s.closeLinks()
	}
}

// givesUp returns when the user of a request that was due has given up, and whether that is by now.
func givesUp(st *journey.Step, due, now time.Duration) (at time.Duration, ok bool) {
	limit, ok := st.Patience()
	return due + limit, ok && now-due >= limit
}

// giveUp ends the journey of a user who gave up at an instant while its request waited for a connection.
func (s *shard) giveUp(u *journey.User, at time.Duration) {
	c := &s.seconds.tally.Counters[u.Step().Index]
	c.GivenUp++
	if s.pulse.SpoilUnsent(u.Due) {
		c.Frozen++
	}
	u.GiveUp()
	u.Advance(at)
	s.seconds.tally.AddGroups(u)
	s.over(u)
}

// oldest returns the due instant of the first request that waits for a connection, or one that is not due, or never.
func (s *shard) oldest(now time.Duration) time.Duration {
	s.admit(now)
	first := min(s.queue.Due(), s.wheel.First())
	if own := s.pool.own; own != nil {
		first = min(first, own.First())
	}
	return first
}

// next puts down what a worker has done and returns what it has to do, nil for nothing any more.
func (s *shard) next(w *worker, done *tally.Request, u *journey.User) *journey.User {
	s.mu.Lock()
	var now time.Duration
	if done != nil {
		now = done.Done // a moment ago, and no look at the clock
	} else {
		now = s.now()
	}
	s.roll(now)
	if done != nil {
		s.put(done, u)
		s.closeLinks()
	}
	if next := s.popPatient(now-s.yields(), now); next != nil {
		s.take(w, next, now)
		s.mu.Unlock()
		return next
	}
	s.end()
	if s.closing {
		s.mu.Unlock()
		return nil
	}
	s.pool.rest(w, now, s.seconds.tally)
	s.pacer.WakeBy(s.handOutAt(), now)
	s.mu.Unlock()
	return <-w.wake
}

// take counts a user's request as sent by a worker.
func (s *shard) take(w *worker, u *journey.User, now time.Duration) {
	s.seconds.tally.Counters[u.Step().Index].Sent++
	begins := s.pool.own == nil || s.takeOwn(w, u)
	w.leaving = s.pool.take(u.Due, now, s.storm.lateness, s.seconds.tally)
	w.leaving.InFlight *= s.storm.shards
	if !begins {
		w.leaving.Held = tally.HeldByGenerator // it had its connection
	}
}

// put records an answered request and moves its user on.
func (s *shard) put(done *tally.Request, u *journey.User) {
	t := s.seconds.tally
	s.pool.give(done, t)
	s.pacer.Answer()
	done.Frozen = s.pulse.Spoil(done.Times(), s.storm.lateness)
	t.Add(done, s.storm.lateness)
	if done.Due >= 0 && done.Due < s.t0Due {
		s.t0Due, s.t0Skew = done.Due, done.Sent-done.Due
	}
	goesOn := u.Advance(done.Done) != nil
	t.AddGroups(u)
	if !goesOn {
		goesOn = s.over(u)
	}
	switch {
	case goesOn && s.closing:
		s.dropLink(u)
	case goesOn:
		s.wait(u)
		if s.pool.canSend() {
			s.pacer.WakeBy(u.Due+s.coldAfter(), done.Done)
		}
	}
}

// end reports to the run that nothing is left to do.
func (s *shard) end() {
	if s.pool.busy > 0 || s.queue.More() || s.waiting() > 0 {
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

// waiting returns how many users wait: for their next step, or for a connection of their own.
func (s *shard) waiting() int {
	n := s.wheel.Len()
	if own := s.pool.own; own != nil {
		n += own.Waiting()
	}
	return n
}

// dismiss sends the idle workers and the pacer home.
func (s *shard) dismiss() {
	s.pool.dismiss()
	s.pacer.Ring()
}

// stop ends sending. What is due and not sent is counted, and apart from it whose users had given up by then; requests in flight go on.
func (s *shard) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.roll(now)
	for s.admit(now); s.queue.Due() <= now; s.admit(now) {
		opener := s.queue.Opener()
		step := s.storm.programs[opener.Phase].Opening
		if at, ok := givesUp(step, opener.Due, now); ok {
			s.giveUp(s.user(opener), at)
			continue
		}
		s.unsent(step, opener.Due)
	}
	s.queue.Stop()
	s.wheel.Turn(now)
	if own := s.pool.own; own != nil {
		own.Forget(s.wheel.Add)
	}
	for u := range s.wheel.Drain() {
		if at, ok := givesUp(u.Step(), u.Due, now); ok {
			s.giveUp(u, at)
			continue
		}
		if u.Due <= now {
			s.unsent(u.Step(), u.Due)
		} else {
			s.seconds.expected.add(u.Step(), u.Due, -1)
		}
		if s.waitsToBegin(u, now) {
			s.seconds.expected.begins(int(u.Stream), u.Came, -1)
		}
		s.seconds.tally.Evicted += uint64(u.Evicted())
		s.dropLink(u)
	}
	s.closing = true
	s.dismiss()
	s.end()
	s.closeLinks()
}

// unsent counts a request that was due and is given up.
func (s *shard) unsent(st *journey.Step, due time.Duration) {
	c := &s.seconds.tally.Counters[st.Index]
	c.Unsent++
	if s.pulse.SpoilUnsent(due) {
		c.Frozen++
	}
}

// beat says that the generator runs, and for how long its machine slept just before.
func (s *shard) beat(slept time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.roll(now)
	if slept == 0 {
		return
	}
	if n := s.missed(now, slept); n > 0 {
		s.seconds.tally.Gaps = append(s.seconds.tally.Gaps, pulse.Asleep(now, slept, n))
	}
}

// missed returns how many requests were in flight, or would have been due, while the machine slept up to now. Where T0 is an instant of
// others too, all that is still to come is late by the sleep.
func (s *shard) missed(now, slept time.Duration) uint64 {
	n := uint64(s.pool.busy)
	if s.queue.More() {
		n += uint64((s.curve.Area(now+slept) - s.curve.Area(now)) / float64(s.storm.shards))
	}
	first := s.queue.Due()
	if waiting, ok := s.wheel.Next(); ok {
		first = min(first, waiting)
	}
	shared := s.storm.Owns != nil || !s.storm.Scenario.Storm.T0.At.IsZero()
	if n == 0 && first < never && (shared || first <= now+slept) {
		n = 1
	}
	return n
}

// revise has the shard follow Owns from an instant on. Where it has not got there, it will by itself.
func (s *shard) revise(from time.Duration) {
	anew := s.queue.From(from)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return
	}
	s.queue.Revise(anew, from)
	if s.pool.canSend() {
		s.pacer.WakeBy(s.handOutAt(), s.now())
	}
}
