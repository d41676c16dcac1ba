package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen"
	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/clock"
	"fsctl/loadgen/fleet/tape"
)

// Timings of an agent.
const (
	askEvery   = 500 * time.Millisecond // for a storm to join
	askWait    = 2 * time.Second        // for an answer
	beatEvery  = 500 * time.Millisecond
	clockEvery = 10 * time.Second // while it waits
	headStart  = 500 * time.Millisecond
)

// AgentOptions say who an agent is.
type AgentOptions struct {
	Conn     *nats.Conn    // by bus.Connect
	Slot     int           // that its keys are for; 0 for any that is free
	Slots    []int         // that Move has keys for, in the order to try them where Slot is taken
	Local    Local         // Dir is for its tapes too, which outlive it
	Capacity float64       // its part of the load, against that of the others
	Version  string        // of fsctl; a coordinator takes its own only
	Linger   time.Duration // for how long it keeps offering its tape once all is sent
	// SharesMachine says that other agents run on this machine too, so that their work is no stranger's.
	SharesMachine bool
	Now           func() time.Time // its clock; nil for the machine's
	Log           func(format string, args ...any)
	// Move connects with the keys of one of Slots. The connection that it returns takes the place of Conn, which it
	// closes. Nil where there are no Slots.
	Move func(ctx context.Context, slot int) (*nats.Conn, error)
}

// RefusedError is a storm that an agent may not take part in, or does not want to.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return e.Reason }

// UnsealedError says that all was sent, but nobody has confirmed that it is on record.
type UnsealedError struct{ Dir string }

func (e *UnsealedError) Error() string {
	return "all was sent, but no coordinator has confirmed that it is on record: the measurements stay in " + e.Dir
}

// Serve waits for a storm, takes part in it and returns when it is over. The errors are a *RefusedError, an
// *UnsealedError, ctx's, or what kept the agent from sending.
func Serve(ctx context.Context, o AgentOptions) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &agent{AgentOptions: o, instance: rand.Text(), kick: make(chan struct{}, 1)}
	if err := a.find(ctx); err != nil {
		return err
	}
	return a.serve(ctx)
}

// agent is one slot's part in one storm.
type agent struct {
	AgentOptions
	instance string
	run      bus.Run
	slot     int
	tried    int // of Slots
	epoch    uint64
	kick     chan struct{} // report now

	mu     sync.Mutex
	report status
	part   atomic.Pointer[part] // nil until T0 is known
}

// pause waits, not for longer than ctx or until woken.
func pause(ctx context.Context, d time.Duration, woken <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-woken:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// say reports the agent's state and returns what it is to do. Where nobody answers, there are no orders.
func (a *agent) say(ctx context.Context) (orders, error) {
	a.mu.Lock()
	report := a.report
	a.mu.Unlock()
	asking, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	m, err := a.Conn.RequestWithContext(asking, a.run.UpSubject(a.slot), encode(report))
	if err != nil {
		return orders{}, ctx.Err()
	}
	var told orders
	if err := decode(m.Data, &told); err != nil {
		return orders{}, err
	}
	if told.Error != "" {
		return told, &RefusedError{told.Error}
	}
	return told, nil
}

func (a *agent) change(f func(*status)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.report)
}

// serve takes part in the storm that was found.
func (a *agent) serve(ctx context.Context) error {
	host, _ := os.Hostname() // for people only
	a.report = status{Instance: a.instance, State: joining, Version: a.Version, Host: host, Cores: runtime.GOMAXPROCS(0), Capacity: a.Capacity}
	wake, err := a.Conn.Subscribe(a.run.DownSubject(), func(*nats.Msg) {
		select {
		case a.kick <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return fmt.Errorf("listen to the coordinator: %w", err)
	}
	defer func() { _ = wake.Unsubscribe() }() // fails where the connection is gone, and the subscription with it
	plan, err := a.join(ctx)
	if err != nil {
		return err
	}
	if err := a.take(ctx, plan); err != nil {
		if _, refused := errors.AsType[*RefusedError](err); !refused && ctx.Err() == nil {
			a.change(func(s *status) { s.State, s.Problem = failed, err.Error() })
			_, _ = a.say(ctx) // the coordinator hears it, or notices that nothing comes
		}
		return err
	}
	return nil
}

// join reports until the coordinator has given this agent the slot and the plan.
func (a *agent) join(ctx context.Context) (*Plan, error) {
	for {
		told, err := a.say(ctx)
		if err != nil {
			return nil, err
		}
		if len(told.Plan) > 0 {
			plan, err := DecodePlan(told.Plan)
			a.epoch = told.Epoch
			a.change(func(s *status) { s.Epoch, s.PlanHash = told.Epoch, hashOf(told.Plan) })
			return plan, err
		}
		if err := pause(ctx, askEvery, a.kick); err != nil {
			return nil, err
		}
	}
}

// take arms, waits for T0, sends, and hands its measurements over.
func (a *agent) take(ctx context.Context, plan *Plan) error {
	storm, err := plan.Storm(a.Local, a.owns)
	if err != nil {
		return err
	}
	needs, err := storm.Needs(ctx)
	if err == nil {
		err = loadgen.Ready(needs)
	}
	if err != nil {
		return err
	}
	a.Log("slot %d: %s, opening %d connections to %s", a.slot, storm.Scenario.Name, storm.Connections, plan.Target)
	ready, err := storm.Arm(ctx)
	if err != nil {
		return err
	}
	defer ready.Close()
	t0, err := a.await(ctx, plan)
	if err != nil {
		return err
	}
	return a.send(ctx, ready, t0)
}

// await reports the agent armed until T0 is set, and returns T0 by its own clock. The clock is measured again while
// it waits, the last time shortly before the first arrival is due.
func (a *agent) await(ctx context.Context, plan *Plan) (time.Time, error) {
	var reading clock.Reading
	measured := time.Time{}
	for {
		first := time.Time{} // instant of the first arrival, once it is known
		if p := a.part.Load(); p != nil {
			first = reading.ToOwn(time.Unix(0, p.T0)).Add(-plan.Lead)
		}
		last := !first.IsZero() && first.Sub(a.Now()) < 2*headStart
		if measured.IsZero() || a.Now().Sub(measured) >= clockEvery || last {
			found, err := clock.Measure(ctx, a.Conn, a.run, clock.Config{Now: a.Now, Within: headStart / 2})
			switch {
			case err == nil:
				reading, measured = found, a.Now()
				a.change(func(s *status) {
					s.Offset, s.Bound = reading.Offset, reading.Bound
					if s.State == joining {
						s.State = armed
					}
				})
			case measured.IsZero():
				return time.Time{}, fmt.Errorf("measure the coordinator's clock: %w", err)
			}
		}
		if last {
			// From here on T0 is an instant of the monotonic clock, which nobody sets.
			return time.Now().Add(reading.ToOwn(time.Unix(0, a.part.Load().T0)).Sub(a.Now())), nil
		}
		told, err := a.say(ctx)
		if err != nil {
			return time.Time{}, err
		}
		if told.Stop != "" {
			return time.Time{}, &RefusedError{"stopped before T0: " + told.Stop}
		}
		if told.Start != nil {
			if err := a.accept(told.Start); err != nil {
				return time.Time{}, err
			}
			continue // with the acknowledgement
		}
		if err := pause(ctx, beatEvery/2, a.kick); err != nil {
			return time.Time{}, err
		}
	}
}

// send sends the share and hands over what was measured.
func (a *agent) send(ctx context.Context, storm *loadgen.Armed, t0 time.Time) error {
	sender, err := tape.NewSender(tape.SenderOptions{Conn: a.Conn, Key: tape.Key{Run: string(a.run), Slot: a.slot, Epoch: a.epoch}, Dir: a.Local.Dir,
		Snapshots: a.run.RecordSubject(a.slot), Fins: a.run.FinalSubject(a.slot), Control: a.run.DownSlotSubject(a.slot),
		Problem: func(err error) { a.Log("%v", err) }})
	if err != nil {
		return err
	}
	delivering, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	delivered := make(chan error, 1)
	go func() { delivered <- sender.Run(delivering) }()
	a.change(func(s *status) { s.State, s.Left = sending, sender.Left() })
	sendingCtx, stop := context.WithCancel(ctx)
	defer stop()
	var beats sync.WaitGroup
	beats.Go(func() {
		a.beat(delivering, func(told orders) {
			if told.Stop != "" {
				stop()
			}
			a.follow(told.Revisions, time.Since(t0), storm)
		}, stop)
	})
	a.Log("sending from %s", t0.Format("15:04:05.000"))
	deck := &deck{sender: sender, sharesMachine: a.SharesMachine}
	end, skew := storm.Send(sendingCtx, t0, deck, nil)
	err = errors.Join(deck.finish(), sender.Finish())
	a.change(func(s *status) { s.State, s.Skew, s.End = sent, skew, end.Reason })
	a.Log("sent all; handing over what was measured")
	timer := time.AfterFunc(a.Linger, giveUp)
	stopLinger := context.AfterFunc(ctx, func() { timer.Reset(min(a.Linger, grace)) })
	failure := <-delivered
	timer.Stop()
	stopLinger()
	giveUp()
	beats.Wait()
	if failure == nil {
		a.change(func(s *status) { s.State = done })
		_, _ = a.say(ctx) // for the coordinator to go as well
	}
	err = errors.Join(err, sender.Close())
	if failure != nil && delivering.Err() != nil {
		return errors.Join(err, &UnsealedError{a.Local.Dir})
	}
	return errors.Join(err, failure)
}

// grace is how long an agent that is told to end still offers its tape.
const grace = 5 * time.Second

// beat reports until ctx is done and has heed see to the orders. Where the storm is not its any more, it stops it.
func (a *agent) beat(ctx context.Context, heed func(orders), stop func()) {
	for {
		told, err := a.say(ctx)
		heed(told)
		if refused, ok := errors.AsType[*RefusedError](err); ok {
			a.Log("stopped: %s", refused.Reason)
			stop()
		}
		if pause(ctx, beatEvery, a.kick) != nil {
			return
		}
	}
}
