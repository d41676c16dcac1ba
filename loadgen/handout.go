package loadgen

import "time"

// pace hands what is due to idle connections, until nothing is left or the shard is stopped.
func (s *shard) pace() {
	alarm := s.pacer.alarm
	for {
		nap, more := s.handOut()
		switch {
		case !more:
			s.mu.Lock()
			defer s.mu.Unlock()
			s.pacer.close()
			return
		case nap > 0:
			time.Sleep(nap)
		default:
			for s.attends() {
				alarm.pass()
			}
			alarm.wait()
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
	round := 0
	for ; len(s.idle) > 0; s.pacer.handed++ {
		if s.pacer.mustPoll() {
			return 0, true
		}
		u := s.pop(now - s.coldAfter())
		if u == nil {
			break
		}
		w := s.idle[len(s.idle)-1] // the last one used: its connection is the warmest
		s.idle = s.idle[:len(s.idle)-1]
		s.take(w, u, false)
		w.wake <- u
		round++
	}
	s.end()
	if s.closing {
		return 0, false
	}
	s.pacer.begin(now)
	if len(s.idle) == 0 { // the next connection that is idle wakes the pacer
		return 0, true
	}
	return s.pacer.until(s.handOutAt(), s.now(), round), true
}

// handOutAt returns the instant at which the pacer has something to do, or never.
func (s *shard) handOutAt() time.Duration {
	at := s.queue.due()
	if t, ok := s.wheel.next(); ok {
		at = min(at, t)
	}
	if at == never {
		return never
	}
	return at + s.coldAfter()
}

// fewWarm is how many connections count as warm where fewer were in use.
const fewWarm = 64

// coldAfter returns how long a request must have been due to take a connection that has not been in use lately. Such a
// connection costs generator and target twice as much, so that a rush which took ever more of them would outrun both
// of them. A target that answers soon gives a warm one back meanwhile; one that does not
// gets every request, that much late the first time.
func (s *shard) coldAfter() time.Duration {
	if s.busy < s.warm {
		return 0
	}
	return s.pacer.warmth
}

// yields returns how long a request must have been due for a connection to take it as soon as it is free itself. While
// others are idle, the pacer's next round is soon enough, and sends it with others.
func (s *shard) yields() time.Duration {
	if len(s.idle) == 0 {
		return 0
	}
	return s.pacer.nap / 2
}

// attends reports whether to stay awake for an answer: requests are overdue, and every connection is busy.
func (s *shard) attends() bool {
	if s.pacer.attend == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	return !s.closing && len(s.idle) == 0 && s.oldest(now) <= now && s.pacer.await(now)
}

// spin waits out the last stretch before the instant for which the pacer was woken early.
func (s *shard) spin() {
	if s.pacer.spin == 0 {
		return
	}
	s.mu.Lock()
	until, early := s.pacer.wake, s.pacer.early
	s.mu.Unlock()
	for now := s.now(); now < until && until-now <= early; now = s.now() {
	}
}
