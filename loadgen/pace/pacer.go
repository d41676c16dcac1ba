// Package pace decides when a shard of a storm hands out what is due, and wakes its goroutine then.
package pace

import "time"

// Pacer decides when a shard hands out what is due: it sleeps until then, or stays awake for the next answer. It is used
// under the shard's lock, but for Wait and Pass, which are its goroutine's.
type Pacer struct {
	Pacing
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
	Never = time.Duration(1<<63 - 1) // nothing is due
	soon  = time.Duration(-1 << 63)  // the pacer wakes in a moment, whatever is due
)

// New returns a pacer that is awake. It holds an alarm: Close frees it.
func New(p Pacing) Pacer { return Pacer{Pacing: p, alarm: newAlarm(p.Precise), wake: Never} }

// worthSpinning is the shortest wait that ends in spinning, in spins: it takes a twentieth of a core at most.
const worthSpinning = 20

// WakeBy has the pacer wake at an instant, unless it does so before.
func (p *Pacer) WakeBy(at, now time.Duration) {
	if at >= p.wake || p.alarm == nil {
		return
	}
	p.wake = at
	wait := max(at, p.woke+p.Rest) - now
	if p.early = 0; wait > worthSpinning*p.Spin {
		p.early = p.Spin
	}
	p.alarm.set(wait - p.early)
}

// Begin begins a round, in which the pacer is awake: from now on a wake that is asked for counts.
func (p *Pacer) Begin(now time.Duration) { p.wake, p.woke = Never, now }

// atOnce is how many requests leave before an answer must be read. Answers come by the poller, which the scheduler does
// not ask while anything can run or a timer is due: a pacer that only slept by timers would take ever more connections,
// each colder than the last, while answers wait to be read. The alarm comes by the poller as they do.
const atOnce = 32

// pollAfter is a time that is not over by the time the pacer waits for it.
const pollAfter = 20 * time.Microsecond

// Sent counts a request that leaves in this round.
func (p *Pacer) Sent() { p.handed++ }

// MustPoll reports whether so many requests have left that answers must be read first. The alarm rings then.
func (p *Pacer) MustPoll() bool {
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

// Until has the pacer wake at an instant. It returns a time to sleep, or 0 where the alarm will ring; sent is how many
// requests have left in this round, 0 or more.
func (p *Pacer) Until(at, now time.Duration, sent int) (nap time.Duration) {
	if at == Never || at-now >= p.Nap {
		p.WakeBy(at, now)
		return 0
	}
	p.wake = soon
	nap = max(at-now, 1)
	if sent <= fewAtOnce {
		nap = max(nap, p.Nap/2)
	}
	return nap
}

// Await reports whether to stay awake for an answer at the instant now: the last one came a moment ago. The time in which
// none came is kept, since it is not work. The first answer after that wakes the pacer again.
func (p *Pacer) Await(now time.Duration) bool {
	if p.answered {
		p.answered, p.looked = false, now
		return true
	}
	p.idleAwake += now - p.looked
	p.awaiting += now - p.looked
	p.looked = now
	if p.awaiting < p.Attend {
		return true
	}
	p.dozing = true
	return false
}

// Answer notes an answer.
func (p *Pacer) Answer() {
	p.handed, p.answered, p.awaiting = 0, true, 0
	if p.dozing && p.alarm != nil {
		p.dozing = false
		p.alarm.ring()
	}
}

// TakeIdleAwake returns how long the pacer stayed awake without an answer since it was last asked.
func (p *Pacer) TakeIdleAwake() time.Duration {
	spent := p.idleAwake
	p.idleAwake = 0
	return spent
}

// Wait waits until the pacer is to wake.
func (p *Pacer) Wait() { p.alarm.wait() }

// Pass lets answers that have come be read, without a wait where the alarm can.
func (p *Pacer) Pass() { p.alarm.pass() }

// Waking returns the instant for which the pacer sleeps, and how long before it the alarm rings, so that the rest is spun.
func (p *Pacer) Waking() (at, early time.Duration) { return p.wake, p.early }

// Ring wakes the pacer at once.
func (p *Pacer) Ring() {
	if p.alarm != nil {
		p.alarm.ring()
	}
}

// Close frees the alarm: the goroutine is gone.
func (p *Pacer) Close() {
	p.alarm.close()
	p.alarm = nil
}
