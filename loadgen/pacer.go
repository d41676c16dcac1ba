package loadgen

import "time"

// pacing says how exactly requests leave at their due instants, which costs CPU.
//
// Waking at an instant costs as much as sending two requests. Where cores are few, and requests are due closer
// together than a nap, the pacer therefore sleeps by Go's timers: these are up to a millisecond late where nothing else
// goes on, so that a few requests leave together. Whatever is due after a longer wait, T0's first request above all,
// leaves within microseconds of its instant, and so does every request where cores are many.
type pacing struct {
	precise bool          // time is the kernel's, not that of a test
	nap     time.Duration // waits shorter than this are slept
	rest    time.Duration // the least time between two rounds of handing out
	spin    time.Duration // of a core that does nothing else at the end of a wait, for the last microseconds
	warmth  time.Duration // that a request waits for a connection in use lately, before it takes another
}

// pacingFor returns the pacing on so many cores.
func pacingFor(precise bool, cores int) pacing {
	const many = 4
	switch {
	case !precise:
		return pacing{}
	case cores < many:
		return pacing{precise: true, nap: time.Millisecond, warmth: 500 * time.Microsecond}
	}
	return pacing{precise: true, rest: 100 * time.Microsecond, spin: 50 * time.Microsecond, warmth: 500 * time.Microsecond}
}

// worthSpinning is the shortest wait that ends in spinning, in spins: it takes a twentieth of a core at most.
const worthSpinning = 20

// pace hands what is due to idle connections, until nothing is left or the shard is stopped.
func (s *shard) pace() {
	alarm := s.alarm
	for {
		nap, more := s.handOut()
		switch {
		case !more:
			s.mu.Lock()
			defer s.mu.Unlock()
			s.alarm = nil
			alarm.close()
			return
		case nap > 0:
			time.Sleep(nap)
		default:
			alarm.wait()
			s.spin()
		}
	}
}

// fewWarm is how many connections count as warm where fewer were in use.
const fewWarm = 64

// chill returns how long a request must have been due to take a connection that has not been in use lately. Such a
// connection costs generator and target twice as much, so that a rush which took ever more of them would outrun both
// of them. A target that answers soon gives a warm one back meanwhile; one that does not
// gets every request, that much late the first time.
func (s *shard) chill() time.Duration {
	if s.busy < s.warm {
		return 0
	}
	return s.storm.pacing.warmth
}

// atOnce is how many requests leave before an answer must be read. Answers come by the poller, which the scheduler does
// not ask while anything can run or a timer is due: a pacer that only slept by timers would take ever more connections,
// each colder than the last, while answers wait to be read. The alarm comes by the poller as they do.
const atOnce = 32

// pollAfter is a time that is not over by the time the pacer waits for it.
const pollAfter = 20 * time.Microsecond

// handOut gives idle connections what is due. It returns a time to sleep, or 0 where the alarm will ring. It returns
// false where nothing will be due any more.
func (s *shard) handOut() (nap time.Duration, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.roll(now)
	for ; len(s.idle) > 0; s.handed++ {
		if s.handed >= atOnce {
			s.handed, s.wake = 0, soon
			s.alarm.set(pollAfter)
			return 0, true
		}
		u := s.pop(now - s.chill())
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
		return 0, false
	}
	s.wake, s.woke = never, now // with no connection idle, the next that is wakes the pacer
	if len(s.idle) == 0 {
		return 0, true
	}
	at := s.handOutAt()
	if now = s.now(); at-now < s.storm.pacing.nap {
		s.wake = soon
		return max(at-now, 1), true
	}
	s.wakeBy(at, now)
	return 0, true
}

// wakeBy has the pacer wake at an instant, unless it does so before.
func (s *shard) wakeBy(at, now time.Duration) {
	if at >= s.wake || s.alarm == nil {
		return
	}
	p := &s.storm.pacing
	s.wake = at
	wait := max(at, s.woke+p.rest) - now
	if s.early = 0; wait > worthSpinning*p.spin {
		s.early = p.spin
	}
	s.alarm.set(wait - s.early)
}

// spin waits out the last stretch before the instant for which the pacer was woken early.
func (s *shard) spin() {
	if s.storm.pacing.spin == 0 {
		return
	}
	s.mu.Lock()
	until, early := s.wake, s.early
	s.mu.Unlock()
	for now := s.now(); now < until && until-now <= early; now = s.now() {
	}
}
