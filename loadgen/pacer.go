package loadgen

import "time"

// pacer decides when a shard hands out what is due: it sleeps until then, or stays awake for the next answer. It is used
// under the shard's lock, but for the waits of its goroutine.
type pacer struct {
	pacing
	alarm  alarm         // nil once the goroutine is gone
	wake   time.Duration // it sleeps until then
	early  time.Duration // by which the alarm rings before that, to spin
	woke   time.Duration // its last round
	handed int           // requests since an answer was read

	// While every connection is busy and requests are overdue, it may stay awake for the next answer.
	answered  bool          // an answer came since it looked
	looked    time.Duration // when it looked
	awaiting  time.Duration // for how long no answer has come
	dozing    bool          // the next answer wakes it
	idleAwake time.Duration // spent awake without an answer, not yet taken
}

// Instants that stand for something else.
const (
	never = time.Duration(1<<63 - 1)
	ever  = -never / 2              // before everything that is due
	soon  = time.Duration(-1 << 63) // the pacer wakes in a moment, whatever is due
)

func newPacer(p pacing) pacer { return pacer{pacing: p, alarm: newAlarm(p.precise), wake: never} }

// worthSpinning is the shortest wait that ends in spinning, in spins: it takes a twentieth of a core at most.
const worthSpinning = 20

// wakeBy has the pacer wake at an instant, unless it does so before.
func (p *pacer) wakeBy(at, now time.Duration) {
	if at >= p.wake || p.alarm == nil {
		return
	}
	p.wake = at
	wait := max(at, p.woke+p.rest) - now
	if p.early = 0; wait > worthSpinning*p.spin {
		p.early = p.spin
	}
	p.alarm.set(wait - p.early)
}

// begin begins a round, in which the pacer is awake: from now on a wake that is asked for counts.
func (p *pacer) begin(now time.Duration) { p.wake, p.woke = never, now }

// atOnce is how many requests leave before an answer must be read. Answers come by the poller, which the scheduler does
// not ask while anything can run or a timer is due: a pacer that only slept by timers would take ever more connections,
// each colder than the last, while answers wait to be read. The alarm comes by the poller as they do.
const atOnce = 32

// pollAfter is a time that is not over by the time the pacer waits for it.
const pollAfter = 20 * time.Microsecond

// mustPoll reports whether so many requests have left that answers must be read first. The alarm rings then.
func (p *pacer) mustPoll() bool {
	if p.handed < atOnce {
		return false
	}
	p.handed, p.wake = 0, soon
	p.alarm.set(pollAfter)
	return true
}

// fewAtOnce is how many requests a round hands out for it to have been woken too often: each answer ends the scheduler's
// sleep, so that at an even rate every one of them would bring a round for a single request.
const fewAtOnce = 16

// until has the pacer wake at an instant. It returns a time to sleep, or 0 where the alarm will ring; sent is how many
// requests have left in this round.
func (p *pacer) until(at, now time.Duration, sent int) (nap time.Duration) {
	if at == never || at-now >= p.nap {
		p.wakeBy(at, now)
		return 0
	}
	p.wake = soon
	nap = max(at-now, 1)
	if sent <= fewAtOnce {
		nap = max(nap, p.nap/2)
	}
	return nap
}

// await reports whether to stay awake for an answer at the instant now: the last one came a moment ago. The time in which
// none came is kept, since it is not work. The first answer after that wakes the pacer again.
func (p *pacer) await(now time.Duration) bool {
	if p.answered {
		p.answered, p.looked = false, now
		return true
	}
	p.idleAwake += now - p.looked
	p.awaiting += now - p.looked
	p.looked = now
	if p.awaiting < p.attend {
		return true
	}
	p.dozing = true
	return false
}

// answer notes an answer.
func (p *pacer) answer() {
	p.handed, p.answered, p.awaiting = 0, true, 0
	if p.dozing && p.alarm != nil {
		p.dozing = false
		p.alarm.ring()
	}
}

// takeIdleAwake returns how long the pacer stayed awake without an answer since it was last asked.
func (p *pacer) takeIdleAwake() time.Duration {
	spent := p.idleAwake
	p.idleAwake = 0
	return spent
}

// ring wakes the pacer at once.
func (p *pacer) ring() {
	if p.alarm != nil {
		p.alarm.ring()
	}
}

// close frees the alarm: the goroutine is gone.
func (p *pacer) close() {
	p.alarm.close()
	p.alarm = nil
}
