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
	"fsctl/loadgen/fleet/stream"
	"fsctl/loadgen/record"
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

// RefusedError is a storm that an agent may not take part in, or does not want to, or that cannot begin.
type RefusedError struct {
	Reason string
	Hint   string // what can be done; may be empty
}

func (e *RefusedError) Error() string { return e.Reason }

// UnsealedError says that nobody has confirmed that what was measured is on record.
type UnsealedError struct {
	Dir     string
	Cut     bool // not all of its share was sent
	Stopped bool // by the user
}

func (e *UnsealedError) Error() string {
	what := "all was sent, but"
	if e.Cut {
		what = "stopped before all was sent, and"
	}
	return what + " no coordinator has confirmed that it is on record: the measurements stay in " + e.Dir
}

// calledOffError is a storm that does not begin.
type calledOffError struct{ reason string }

func (e *calledOffError) Error() string { return "the storm was called off: " + e.reason }

// Serve waits for a storm, takes part in it and returns when it is over; for another one where it is called off before it
// begins. The errors are a *RefusedError, an *UnsealedError, ctx's, or what kept the agent from sending.
func Serve(ctx context.Context, o AgentOptions) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &agent{AgentOptions: o, instance: rand.Text(), kick: make(chan struct{}, 1)}
	for {
		if err := a.find(ctx); err != nil {
			return err
		}
		err := a.serve(ctx)
		if _, off := errors.AsType[*calledOffError](err); !off || ctx.Err() != nil {
			return err
		}
		a.Log("%v", err)
		a.part.Store(nil)
		if err := pause(ctx, askWait, nil); err != nil { // the coordinator may need a moment to go
			return err
		}
	}
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
	answered time.Time     // when the coordinator last answered

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
	a.answered = time.Now()
	if err := decode(m.Data, &told); err != nil {
		return orders{}, err
	}
	if told.Error != "" {
		return told, &RefusedError{Reason: told.Error}
	}
	return told, nil
}

// leaveAfter is how long an agent that does not know T0 waits for a coordinator that does not answer.
const leaveAfter = 15 * time.Second

// isOff tells why there will be no storm, by what the coordinator said last.
func (a *agent) isOff(told orders) error {
	switch silent := time.Since(a.answered); {
	case told.Stop != "":
		return &calledOffError{told.Stop}
	case a.part.Load() == nil && silent > leaveAfter:
		return &calledOffError{fmt.Sprintf("its coordinator has not answered for %v", silent.Round(time.Second))}
	}
	return nil
}

func (a *agent) change(f func(*status)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.report)
}

// serve takes part in the storm that was found.
func (a *agent) serve(ctx context.Context) error {
	host, err := os.Hostname() // for people only
	if err != nil || host == "" {
		host = "unknown"
	}
	a.answered = time.Now()
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
		a.takeLeave(ctx, err)
		return err
	}
	if err := a.take(ctx, plan); err != nil {
		a.takeLeave(ctx, err)
		return err
	}
	return nil
}

// takeLeave tells the coordinator that this agent does not take part any more, unless it knows.
func (a *agent) takeLeave(ctx context.Context, err error) {
	_, refused := errors.AsType[*RefusedError](err)
	_, off := errors.AsType[*calledOffError](err)
	if refused || off {
		return
	}
	a.change(func(s *status) {
		switch {
		case s.State == sent || s.State == done:
		case ctx.Err() != nil:
			s.State = gone
		default:
			s.State, s.Problem = failed, err.Error()
		}
	})
	_, _ = a.say(context.WithoutCancel(ctx)) // the coordinator hears it, or notices that nothing comes
}

// join reports until the coordinator has given this agent the slot and the plan.
func (a *agent) join(ctx context.Context) (*Plan, error) {
	for {
		told, err := a.say(ctx)
		if err == nil {
			err = a.isOff(told)
		}
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
	ready, err := a.arm(ctx, plan)
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

// arm compiles the storm and opens its connections.
func (a *agent) arm(ctx context.Context, plan *Plan) (ready *loadgen.Armed, err error) {
	off := a.whileReporting(ctx, func(arming context.Context) { ready, err = a.open(arming, plan) })
	if off == nil {
		return ready, err
	}
	if err == nil {
		ready.Close()
	}
	return nil, off
}

// whileReporting reports while the agent does something that may take longer than it may be silent. Where it hears
// meanwhile that the storm is not for it, it ends do's context and returns why.
func (a *agent) whileReporting(ctx context.Context, do func(context.Context)) error {
	doing, stop := context.WithCancelCause(ctx)
	var beats sync.WaitGroup
	beats.Go(func() {
		var err error
		for err == nil {
			var told orders
			if told, err = a.say(doing); err == nil {
				err = a.isOff(told)
			}
			if err == nil {
				err = pause(doing, beatEvery, a.kick)
			}
		}
		stop(err)
	})
	do(doing)
	stop(nil)
	beats.Wait()
	if cause := context.Cause(doing); ctx.Err() == nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// open compiles the storm and opens its connections.
func (a *agent) open(ctx context.Context, plan *Plan) (*loadgen.Armed, error) {
	storm, err := plan.Storm(a.Local, a.owns)
	if err != nil {
		return nil, err
	}
	needs, err := storm.Needs(ctx)
	if err == nil {
		err = loadgen.Ready(needs)
	}
	if err != nil {
		return nil, err
	}
	a.Log("slot %d: %s, opening %d connections to %s", a.slot, storm.Scenario.Name, storm.Connections, plan.Target)
	return storm.Arm(ctx)
}

// send sends the share and hands over what was measured.
func (a *agent) send(ctx context.Context, storm *loadgen.Armed, t0 time.Time) error {
	sender, err := stream.NewSender(stream.SenderOptions{Conn: a.Conn, Key: stream.Key{Run: string(a.run), Slot: a.slot, Epoch: a.epoch}, Dir: a.Local.Dir,
		Snapshots: a.run.RecordSubject(a.slot), Fins: a.run.FinalSubject(a.slot), Control: a.run.DownSlotSubject(a.slot),
		Problem: func(err error) { a.Log("%v", err) }})
	if err != nil {
		return err
	}
	delivering, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	delivered := make(chan error, 1)
	go func() { delivered <- sender.Run(delivering) }()
	a.change(func(s *status) { s.State, s.Left = sending, sender.Leftovers() })
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
	deck := &deck{sender: sender, sharesMachine: a.SharesMachine}
	end, skew := storm.Send(sendingCtx, t0, deck, nil)
	err = errors.Join(deck.finish(), sender.Finish())
	a.change(func(s *status) { s.State, s.Skew, s.End = sent, skew, end.Reason })
	if end.Reason == record.Completed {
		a.Log("sent all; handing over what was measured")
	} else {
		a.Log("stopped; handing over what was measured")
	}
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
		return errors.Join(err, &UnsealedError{Dir: a.Local.Dir, Cut: end.Reason != record.Completed, Stopped: ctx.Err() != nil})
	}
	return errors.Join(err, failure)
}

// grace is how long an agent that is told to end still offers its stream.
const grace = 5 * time.Second

// beat reports until ctx is done and has heed see to the orders. Where the storm is not its any more, it stops it.
func (a *agent) beat(ctx context.Context, heed func(orders), stop func()) {
	said := ""
	for {
		told, err := a.say(ctx)
		heed(told)
		if refused, ok := errors.AsType[*RefusedError](err); ok && refused.Reason != said {
			said = refused.Reason
			a.Log("stopped: %s", said)
			stop()
		}
		if pause(ctx, beatEvery, a.kick) != nil {
			return
		}
	}
}
