package stream

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/loadgen/record"
)

// fakeBus takes what senders publish, and is away at times.
type fakeBus struct {
	mu       sync.Mutex
	away     error         // what publishing fails with
	delay    time.Duration // of every answer
	all      []published   // that were taken
	fins     []Fin
	inFlight int
	mostOnce int // messages on their way at once
	failures int
}

func (b *fakeBus) publish(slot int) func(context.Context, string, []byte) error {
	return func(ctx context.Context, subject string, data []byte) error {
		b.mu.Lock()
		b.inFlight++
		b.mostOnce = max(b.mostOnce, b.inFlight)
		delay := b.delay
		b.mu.Unlock()
		sleep(ctx, delay, nil)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.inFlight--
		if b.away != nil {
			b.failures++
			return b.away
		}
		if ctx.Err() != nil {
			b.failures++
			return ctx.Err()
		}
		if fin, err := DecodeFin(data); err == nil {
			b.fins = append(b.fins, fin)
		}
		b.all = append(b.all, published{slot, data})
		return nil
	}
}

func (b *fakeBus) set(away error, delay time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away, b.delay = away, delay
}

// take returns what was published since it was called last.
func (b *fakeBus) take() (all []published, fins []Fin) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all, fins = b.all, b.fins
	b.all, b.fins = nil, nil
	return all, fins
}

// problems collects what a hook receives.
type problems struct {
	mu  sync.Mutex
	all []error
}

func (p *problems) add(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, err)
}

func (p *problems) take() []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.all
	p.all = nil
	return all
}

// agent is a sender at work.
type agent struct {
	*Sender
	t        *testing.T
	problems problems
	stop     context.CancelFunc
	over     chan error
}

func startAgent(t *testing.T, bus *fakeBus, dir string, epoch uint64) *agent {
	t.Helper()
	a := &agent{t: t, over: make(chan error, 1)}
	s, err := newSender(SenderOptions{Key: Key{testRun, 1, epoch}, Dir: dir, MaxMessageBytes: 1000, InFlight: 3, Problem: a.problems.add}, bus.publish(1))
	if err != nil {
		t.Fatal(err)
	}
	a.Sender = s
	ctx, cancel := context.WithCancel(t.Context())
	a.stop = cancel
	go func() { a.over <- a.run(ctx) }()
	return a
}

// die ends the process without a word; its spool stays.
func (a *agent) die() {
	a.t.Helper()
	a.stop()
	if err := <-a.over; !errors.Is(err, context.Canceled) {
		a.t.Fatalf("stopped with error %v", err)
	}
	if err := a.Close(); err != nil {
		a.t.Fatal(err)
	}
}

// send gives what is measured in the seconds from from to to, one a second.
func (a *agent) send(from, to int) {
	a.t.Helper()
	for second := from; second < to; second++ {
		m := measure(1, a.o.Key.Epoch, second).whole()
		if err := a.Send(m.intervals, m.told); err != nil {
			a.t.Fatal(err)
		}
		time.Sleep(time.Second)
	}
}

func (a *agent) finish() {
	a.t.Helper()
	if err := a.Finish(); err != nil {
		a.t.Fatal(err)
	}
}

// sealAll seals what fins report, and checks that the sender is done with it.
func (a *agent) sealAll(fins ...Fin) {
	a.t.Helper()
	for _, fin := range fins {
		a.control(Seal{fin.Key, fin.Hash}.Encode())
	}
	if err := <-a.over; err != nil {
		a.t.Fatal(err)
	}
	a.stop()
	if keys, err := Spools(a.o.Dir); err != nil || len(keys) > 0 {
		a.t.Errorf("spools %v (%v) are left after the seal", keys, err)
	}
	if err := a.Close(); err != nil {
		a.t.Error(err)
	}
}

func TestNothingIsLostWhileTheBusIsAway(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]struct {
		away  error
		delay time.Duration
	}{
		"no responders": {errors.New("no response from stream"), 0},
		"silence":       {nil, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bus := &fakeBus{delay: time.Millisecond}
				a := startAgent(t, bus, t.TempDir(), 1)
				a.send(0, 3)
				bus.set(trouble.away, trouble.delay)
				a.send(3, 20)
				if told := a.problems.take(); len(told) != 1 {
					t.Errorf("told of one trouble %d times: %v", len(told), told)
				}
				bus.set(nil, time.Millisecond)
				a.send(20, 30)
				a.finish()
				time.Sleep(10 * time.Second)
				all, fins := bus.take()
				checkMeasured(t, all, map[logID]int{{1, 1}: 30})
				if len(fins) < 8 || len(fins) > 12 {
					t.Errorf("the end was reported %d times in 10 s, wanted about ten", len(fins))
				}
				a.sealAll(fins[0])
				bus.mu.Lock()
				defer bus.mu.Unlock()
				if bus.mostOnce > 3 || bus.failures == 0 {
					t.Errorf("%d messages on their way at once, wanted at most 3; %d failed, wanted some", bus.mostOnce, bus.failures)
				}
			})
		})
	}
}

func TestWhatIsNeededIsSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		a := startAgent(t, bus, t.TempDir(), 1)
		a.send(0, 5)
		first, _ := bus.take()
		for _, ignored := range [][]byte{[]byte("other control"), Resend{Key: Key{testRun, 1, 9}, Ranges: []Range{{0, 1}}}.Encode()} {
			a.control(ignored)
		}
		a.control(Resend{Key: a.o.Key, Ranges: []Range{{1, 3}, {4, 1 << 40}}}.Encode())
		synctest.Wait()
		again, _ := bus.take()
		numbers := map[uint64]bool{}
		for _, m := range again {
			s, err := Decode(m.data)
			if err != nil {
				t.Fatal(err)
			}
			numbers[s.Number] = true
			if !slices.ContainsFunc(first, func(earlier published) bool { return string(earlier.data) == string(m.data) }) {
				t.Errorf("snapshot %d is not what it was", s.Number)
			}
		}
		for number := range uint64(len(first)) {
			if numbers[number] != (number == 1 || number == 2 || number >= 4) {
				t.Errorf("snapshot %d was sent again: %v", number, numbers[number])
			}
		}
		if problems := a.problems.take(); len(problems) > 0 {
			t.Errorf("problems %v", problems)
		}
		a.finish()
		synctest.Wait()
		_, fins := bus.take()
		a.sealAll(fins...)
	})
}

// A process that takes over a slot also brings home what the one before could not.
func TestSuccessorSendsWhatWasLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bus, dir := &fakeBus{away: errors.New("away")}, t.TempDir()
		dead := startAgent(t, bus, dir, 1)
		dead.send(0, 6)
		dead.die()
		bus.set(nil, 0)
		a := startAgent(t, bus, dir, 2)
		a.send(0, 4)
		a.finish()
		synctest.Wait()
		all, fins := bus.take()
		c := collectInto(t, record.New(testManifest()), 1)
		for _, m := range all {
			accept(t, c, m.slot, m.data)
		}
		progress := c.Progress()
		if len(progress) != 2 || progress[0].Fin == nil || !progress[0].Fin.Recovered || progress[1].Fin == nil || progress[1].Fin.Recovered {
			t.Fatalf("logs %+v, wanted one that was cut and one that was not", progress)
		}
		a.control(Resend{Key: progress[0].Key, Ranges: progress[0].Missing}.Encode())
		synctest.Wait()
		asked, _ := bus.take()
		checkMeasured(t, slices.Concat(all, asked), map[logID]int{{1, 1}: 6, {1, 2}: 4})
		a.sealAll(fins...)
	})
}

// The same process may come back to its own log, and goes on with it.
func TestLogGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bus, dir := &fakeBus{}, t.TempDir()
		first := startAgent(t, bus, dir, 1)
		first.send(0, 3)
		first.die()
		bus.take() // gone with the broker's disk
		a := startAgent(t, bus, dir, 1)
		a.send(3, 5)
		a.finish()
		synctest.Wait()
		all, fins := bus.take()
		checkMeasured(t, all, map[logID]int{{1, 1}: 5})
		a.sealAll(fins...)
	})
}

func TestWrongSealDeletesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		a := startAgent(t, bus, t.TempDir(), 1)
		a.send(0, 2)
		right := Seal{a.o.Key, a.own.hasher.hash()}
		for name, seal := range map[string][]byte{
			"before the end":  right.Encode(),
			"of another hash": Seal{a.o.Key, Hash{1}}.Encode(),
			"damaged":         right.Encode()[:20],
			"no control":      Fin{Key: a.o.Key}.Encode(),
		} {
			a.control(seal)
			if told := a.problems.take(); len(told) != 1 {
				t.Errorf("a seal %s: told of %v, wanted one problem", name, told)
			}
		}
		a.control(Seal{Key{testRun, 1, 77}, Hash{}}.Encode()) // of a log that is gone
		if told := a.problems.take(); len(told) != 0 {
			t.Errorf("the second of two seals is a problem: %v", told)
		}
		a.finish()
		if err := a.Send(nil, nil); err == nil || !strings.Contains(err.Error(), "after its end") {
			t.Errorf("a second after the end: error %v", err)
		}
		synctest.Wait()
		_, fins := bus.take()
		a.sealAll(fins...)
	})
}

// What is not on the disk must not look as if it were sent.
func TestSpoolThatFailsIsSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		a := startAgent(t, bus, t.TempDir(), 1)
		m := measure(1, 1, 0)
		if err := a.own.spool.Close(); err != nil {
			t.Fatal(err)
		}
		if err := a.Send(m.intervals, m.told); err == nil {
			t.Error("sent a second to a spool that cannot be written")
		}
		synctest.Wait()
		if all, _ := bus.take(); len(all) > 0 {
			t.Errorf("%d messages were published of a second that was not spooled", len(all))
		}
		a.die()
	})
}
