package loadgen

import "time"

// pace hands what is due to idle connections, until nothing is left or the shard is stopped.
func (s *shard) pace() {
	for {
		nap, more := s.handOut()
		switch {
		case !more:
			s.mu.Lock()
			defer s.mu.Unlock()
			s.pacer.Close()
			return
		case nap > 0:
			time.Sleep(nap)
		default:
			for s.attends() {
				s.pacer.Pass()
			}
			s.pacer.Wait()
			s.spin()
		}
	}
}

// handOut gives idle connections what is due. It returns a time to sleep, or 0 where the alarm will ring. It returns
// false where nothing will be due any more.
func (s *shard) handOut() (nap time.Duration, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.roll(now)
	round, again := 0, ever
	for ; s.pool.canSend(); s.pacer.Sent() {
		if s.pacer.MustPoll() {
			return 0, true
		}
		if !s.mayOpen(now) {
			again = now + openAgain
			break
		}
		u := s.popPatient(now-s.coldAfter(), now)
		if u == nil {
			break
		}
		s.pool.send(u, now, func(w *worker) { s.take(w, u, now) })
		round++
	}
	s.end()
	if s.closing {
		return 0, false
	}
	s.pacer.Begin(now)
	if !s.pool.canSend() { // the next connection that is idle wakes the pacer
		return 0, true
	}
	return s.pacer.Until(max(s.handOutAt(), again), s.now(), round), true
}

// handOutAt returns the instant at which the pacer has something to do, or never.
func (s *shard) handOutAt() time.Duration {
	at := s.begins()
	if t, ok := s.wheel.Next(); ok {
		at = min(at, t)
	}
	if at == never {
		return never
	}
	return at + s.coldAfter()
}

// coldAfter returns how long a request must have been due to take a connection that has not been in use lately, or to open
// one. Such a connection costs generator and target twice as much, so that a rush which took ever more of them would outrun
// both of them. A target that answers soon gives a warm one back meanwhile; one that does not
// gets every request, that much late the first time.
func (s *shard) coldAfter() time.Duration {
	switch {
	case s.pool.own != nil: // which no other would spare it
		return 0
	case len(s.pool.idle) == 0 && !s.pool.fixed:
		return s.pacer.Patience
	case s.pool.busy < s.pool.warm:
		return 0
	}
	return s.pacer.Warmth
}

// openAgain is after how long the pacer looks again whether connections are short.
const openAgain = 500 * time.Microsecond

// mayOpen reports whether the next request may leave: a connection is there for it, or is worth opening.
func (s *shard) mayOpen(now time.Duration) bool {
	if s.pool.own != nil || len(s.pool.idle)+len(s.pool.opening) > 0 {
		return true
	}
	oldest := s.oldest(now)
	if now-oldest < s.pacer.Patience {
		return true // it does not leave yet
	}
	came := (s.curve.Area(now) - s.curve.Area(oldest)) * s.storm.shareOfUsers() / float64(s.storm.shards)
	return s.pool.isShort(1+came, now) || now-oldest >= mustOpen && s.pool.mayOpenOne(now)
}

// yields returns how long a request must have been due for a connection to take it as soon as it is free itself. While
// others are idle, the pacer's next round is soon enough, and sends it with others.
func (s *shard) yields() time.Duration {
	if len(s.pool.idle) == 0 {
		return 0
	}
	return s.pacer.Nap / 2
}

// attends reports whether to stay awake for an answer: requests are overdue, and every connection is busy.
func (s *shard) attends() bool {
	if s.pacer.Attend == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	return !s.closing && !s.pool.canSend() && s.oldest(now) <= now && s.pacer.Await(now)
}

// spin waits out the last stretch before the instant for which the pacer was woken early.
func (s *shard) spin() {
	if s.pacer.Spin == 0 {
		return
	}
	s.mu.Lock()
	until, early := s.pacer.Waking()
	s.mu.Unlock()
	for now := s.now(); now < until && until-now <= early; now = s.now() {
	}
}
