package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/roster"
	"fsctl/loadgen/fleet/stream"
	"fsctl/scenarios/quantity"
)

// AgentOptions say who an agent is.
type AgentOptions struct {
	Conn     *nats.Conn    // by bus.Connect
	Slot     int           // that its keys are for; 0 for any that is free
	Slots    []int         // that Move has keys for, in the order to try them where Slot is taken
	Local    Local         // Dir is also for its spool files, which outlive it
	Capacity float64       // its weight against the others, above 0 to 1e6 (roster.MostCapacity)
	Version  string        // of fsctl; a coordinator accepts its own only
	Linger   time.Duration // for how long it keeps offering its measurements once all is sent
	// Process is what the agents of this process share; nil for an agent that is alone in it.
	Process *Process
	Now     func() time.Time // its clock; nil for the machine's
	Log     func(format string, args ...any)
	// Move connects with the keys of one of Slots. The connection that it returns replaces Conn, which it closes. Nil where
	// there are no Slots.
	Move func(ctx context.Context, slot int) (*nats.Conn, error)
}

// agent is one agent in one storm.
type agent struct {
	AgentOptions
	instance string
	run      bus.Run
	slot     int
	tried    int // of Slots
	epoch    uint64
	kick     chan struct{} // send a heartbeat now
	answered time.Time     // when the coordinator last answered
	room     *stream.Reserve
	unclaim  func() // gives back what was claimed of the machine; nil for nothing

	mu     sync.Mutex
	status roster.Heartbeat      // as the next heartbeat reports it
	share  atomic.Pointer[share] // nil until T0 is known
}

// Timings of an agent's messages.
const (
	requestEvery   = 500 * time.Millisecond // for a slot
	answerWithin   = 2 * time.Second        // of the coordinator
	heartbeatEvery = 500 * time.Millisecond
	leaveAfter     = 15 * time.Second // without an answer, before T0 is known
)

// heartbeat reports the agent's state and returns what it is to do; the zero reply where the coordinator does not answer.
func (a *agent) heartbeat(ctx context.Context) (heartbeatReply, error) {
	a.mu.Lock()
	status := a.status
	a.mu.Unlock()
	asking, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	m, err := a.Conn.RequestWithContext(asking, a.run.UpSubject(a.slot), encode(status))
	if err != nil {
		return heartbeatReply{}, ctx.Err()
	}
	var reply heartbeatReply
	a.answered = time.Now()
	if err := decode(m.Data, &reply); err != nil {
		return heartbeatReply{}, err
	}
	if reply.Error != "" {
		return reply, &RefusedError{Reason: reply.Error}
	}
	return reply, nil
}

// change changes what the next heartbeat reports.
func (a *agent) change(f func(*roster.Heartbeat)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.status)
}

// isCalledOff returns why there will be no storm, by the coordinator's last reply and by how long ago that was.
func (a *agent) isCalledOff(reply heartbeatReply) error {
	switch silent := time.Since(a.answered); {
	case reply.Stop != "":
		return &calledOffError{reply.Stop}
	case a.share.Load() == nil && silent > leaveAfter:
		return &calledOffError{fmt.Sprintf("its coordinator has not answered for %s", quantity.Duration(silent))}
	}
	return nil
}

// withHeartbeats sends heartbeats while do runs, which may take longer than an agent may be silent. Where a reply says
// that the agent is not to take part any more, it cancels do's context and returns why.
func (a *agent) withHeartbeats(ctx context.Context, do func(context.Context)) error {
	doing, stop := context.WithCancelCause(ctx)
	var beats sync.WaitGroup
	beats.Go(func() {
		var err error
		for err == nil {
			var reply heartbeatReply
			if reply, err = a.heartbeat(doing); err == nil {
				err = a.isCalledOff(reply)
			}
			if err == nil {
				err = sleep(doing, heartbeatEvery, a.kick)
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

// sendHeartbeats sends heartbeats until ctx is done and passes each reply to handle. Where the agent is refused, it calls
// stop.
func (a *agent) sendHeartbeats(ctx context.Context, handle func(heartbeatReply), stop func()) {
	logged := ""
	for {
		reply, err := a.heartbeat(ctx)
		handle(reply)
		if refused, ok := errors.AsType[*RefusedError](err); ok && refused.Reason != logged {
			logged = refused.Reason
			a.Log("stopped: %s", logged)
			stop()
		}
		if sleep(ctx, heartbeatEvery, a.kick) != nil {
			return
		}
	}
}

// sleep waits for a duration, a wake-up or the end of ctx, whichever comes first; the error is ctx's.
func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
