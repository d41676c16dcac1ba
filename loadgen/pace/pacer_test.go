package pace

import (
	"slices"
	"testing"
	"time"
)

// noted is an alarm that notes what it is set to; ringing is 0.
type noted struct{ waits []time.Duration }

func (a *noted) set(d time.Duration) { a.waits = append(a.waits, d) }
func (a *noted) ring()               { a.set(0) }
func (a *noted) wait()               {}
func (a *noted) pass()               {}
func (a *noted) close()              {}

func notedPacer(p Pacing) (*Pacer, *noted) {
	a := new(noted)
	return &Pacer{Pacing: p, alarm: a, wake: Never}, a
}

// TestPacerWakesByTheEarliest sets the alarm only where it must ring earlier, not sooner after a round than it may, and
// early by the time that is spun.
func TestPacerWakesByTheEarliest(t *testing.T) {
	p, a := notedPacer(Pacing{Rest: 100 * time.Microsecond, Spin: 50 * time.Microsecond})
	p.Begin(0)
	for _, at := range []time.Duration{time.Second, 2 * time.Second, 500 * time.Millisecond, 500 * time.Millisecond, 10 * time.Microsecond} {
		p.WakeBy(at, 0)
	}
	if want := []time.Duration{time.Second - p.Spin, 500*time.Millisecond - p.Spin, 100 * time.Microsecond}; !slices.Equal(a.waits, want) || p.wake != 10*time.Microsecond || p.early != 0 {
		t.Errorf("alarms %v, wake at %v, early by %v; wanted %v", a.waits, p.wake, p.early, want)
	}
	p.Begin(time.Millisecond)
	if p.WakeBy(time.Second, time.Millisecond); len(a.waits) != 4 {
		t.Error("a new round does not set the alarm anew")
	}
}

// TestPacerNaps sleeps through short waits, longer where a round hands out little, and has the alarm ring after long ones.
func TestPacerNaps(t *testing.T) {
	for _, c := range []struct {
		at, now time.Duration
		handed  int
		want    time.Duration
	}{
		{300 * time.Microsecond, 0, fewAtOnce + 1, 300 * time.Microsecond},
		{300 * time.Microsecond, 0, fewAtOnce, 500 * time.Microsecond},
		{-time.Second, 0, fewAtOnce + 1, 1},
		{time.Millisecond, 0, 100, 0},
		{Never, -time.Hour, 0, 0},
	} {
		p, a := notedPacer(Pacing{Nap: time.Millisecond})
		nap := p.Until(c.at, c.now, c.handed)
		if rings := len(a.waits) > 0; nap != c.want || rings != (c.want == 0 && c.at < Never) || (p.wake == soon) != (nap > 0) {
			t.Errorf("%v at %v after %d: nap %v, alarms %v, wake at %v", c.at, c.now, c.handed, nap, a.waits, p.wake)
		}
	}
}

// TestPacerPollsAfterARush has answers read after so many requests, unless some were read meanwhile.
func TestPacerPollsAfterARush(t *testing.T) {
	p, a := notedPacer(Pacing{})
	p.handed = atOnce - 1
	if p.MustPoll() {
		t.Error("polls too early")
	}
	p.handed++
	if !p.MustPoll() || p.handed != 0 || p.wake != soon || !slices.Equal(a.waits, []time.Duration{pollAfter}) {
		t.Errorf("after %d requests: %+v, alarms %v", atOnce, p, a.waits)
	}
	p.handed = atOnce
	if p.Answer(); p.MustPoll() {
		t.Error("polls although an answer was read")
	}
}

// TestPacerAwaitsAnswers stays awake for so long without an answer, and then until one comes. That time is no work.
func TestPacerAwaitsAnswers(t *testing.T) {
	p, a := notedPacer(Pacing{Attend: 20})
	p.Answer()
	for _, c := range []struct {
		now  time.Duration
		want bool
	}{{100, true}, {110, true}, {119, true}, {125, false}} {
		if got := p.Await(c.now); got != c.want {
			t.Errorf("at %v it stays awake: %v, wanted %v", c.now, got, c.want)
		}
	}
	if spent := p.TakeIdleAwake(); spent != 25 || p.TakeIdleAwake() != 0 {
		t.Errorf("awake for %v without an answer, wanted 25ns, once", spent)
	}
	if p.Answer(); len(a.waits) != 1 || p.dozing {
		t.Errorf("an answer rings %d times, wanted once", len(a.waits))
	}
	if p.Answer(); len(a.waits) != 1 {
		t.Error("an answer rings a pacer that is awake")
	}
}
