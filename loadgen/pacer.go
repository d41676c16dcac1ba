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
	attend  time.Duration // that it stays awake for the next answer where all connections are busy
}

// pacingFor returns the pacing on so many cores of a machine that has so many, 0 for unknown.
//
// A generator that was given some of the machine's cores shares it with its target. Where it is faster than that, it
// would fall asleep between two answers, and waking it costs the target more than a tenth of what an answer
// does: on cores of its own it stays awake for a moment instead.
func pacingFor(precise bool, cores, machine int) pacing {
	const many = 4
	if !precise {
		return pacing{}
	}
	p := pacing{precise: true, warmth: 500 * time.Microsecond}
	if cores < many {
		p.nap = time.Millisecond
	} else {
		p.rest, p.spin = 100*time.Microsecond, 50*time.Microsecond
	}
	if cores < machine {
		p.attend = 20 * time.Microsecond
	}
	return p
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
			for s.attends() {
				alarm.pass()
			}
			alarm.wait()
			s.spin()
		}
	}
}

// attends tells whether to stay awake for an answer: requests are overdue, every connection is busy, and the last answer
// came a moment ago. The time in which nothing came is kept, since it is not work. The first answer after that wakes
// the pacer again.
func (s *shard) attends() bool {
	p := &s.storm.pacing
	if p.attend == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.closing || len(s.idle) > 0 || s.oldest() > now {
		return false
	}
	if s.answered {
		s.answered, s.attending = false, now
		return true
	}
	s.awake += now - s.attending
	s.attended += now - s.attending
	s.attending = now
	if s.attended < p.attend {
		return true
	}
	s.dozing = true
	return false
}

// came notes an answer.
func (s *shard) came() {
	s.handed, s.answered, s.attended = 0, true, 0
	if s.dozing && s.alarm != nil {
		s.dozing = false
		s.alarm.ring()
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
	round := 0
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
		round++
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
		nap = max(at-now, 1)
		if round <= fewAtOnce {
			nap = max(nap, s.storm.pacing.nap/2)
		}
		return nap, true
	}
	s.wakeBy(at, now)
	return 0, true
}

// fewAtOnce is how many requests a round hands out for it to have been woken too often: each answer ends the scheduler's
// sleep, so that at an even rate every one of them would bring a round for a single request.
const fewAtOnce = 16

// yields returns how long a request must have been due for a connection to take it as soon as it is free itself. While
// others are idle, the pacer's next round is soon enough, and sends it with others.
func (s *shard) yields() time.Duration {
	if len(s.idle) == 0 {
		return 0
	}
	return s.storm.pacing.nap / 2
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
