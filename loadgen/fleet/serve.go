package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen"
	"fsctl/loadgen/fleet/roster"
	"fsctl/loadgen/host"
	"fsctl/scenarios/arrivals"
	"fsctl/scenarios/quantity"
)

// Serve waits for a storm, takes part in it and returns when it is over. Where a storm is called off before it begins, it
// waits for another one. The errors are a *RefusedError, an *UnsealedError, ctx's, or what kept the agent from sending.
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
		a.share.Store(nil)
		if err := sleep(ctx, answerWithin, nil); err != nil { // the coordinator may need a moment to end
			return err
		}
	}
}

// serve takes part in the storm that was found.
func (a *agent) serve(ctx context.Context) error {
	host, err := os.Hostname() // shown to people only
	if err != nil || host == "" {
		host = "unknown"
	}
	a.answered = time.Now()
	a.status = roster.Heartbeat{Instance: a.instance, State: roster.Joining, Version: a.Version, Host: host, Cores: runtime.GOMAXPROCS(0), Capacity: a.Capacity}
	call, err := a.Conn.Subscribe(a.run.DownSubject(), func(*nats.Msg) {
		select {
		case a.kick <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return fmt.Errorf("listen to the coordinator: %w", err)
	}
	defer func() { _ = call.Unsubscribe() }() // fails where the connection is gone, and the subscription with it
	if err := a.takePart(ctx); err != nil {
		a.reportFailure(ctx, err)
		return err
	}
	return nil
}

// takePart gets the plan, arms, waits for T0, sends, and delivers the measurements.
func (a *agent) takePart(ctx context.Context) error {
	plan, err := a.join(ctx)
	if err != nil {
		return err
	}
	storm, err := a.arm(ctx, plan)
	if err != nil {
		return err
	}
	defer storm.Close()
	t0, err := a.awaitStart(ctx, plan)
	if err != nil {
		return err
	}
	return a.send(ctx, storm, t0)
}

// join sends heartbeats until the coordinator has given this agent the slot and the plan.
func (a *agent) join(ctx context.Context) (*Plan, error) {
	for {
		told, err := a.heartbeat(ctx)
		if err == nil {
			err = a.isCalledOff(told)
		}
		if err != nil {
			return nil, err
		}
		if len(told.Plan) > 0 {
			plan, err := DecodePlan(told.Plan)
			a.epoch = told.Epoch
			a.change(func(h *roster.Heartbeat) { h.Epoch, h.PlanHash = told.Epoch, hashOf(told.Plan) })
			return plan, err
		}
		if err := sleep(ctx, requestEvery, a.kick); err != nil {
			return nil, err
		}
	}
}

// arm compiles the storm and opens its connections.
func (a *agent) arm(ctx context.Context, plan *Plan) (session *loadgen.Session, err error) {
	off := a.withHeartbeats(ctx, func(arming context.Context) { session, err = a.open(arming, plan) })
	if off == nil {
		return session, err
	}
	if err == nil {
		session.Close()
	}
	return nil, off
}

func (a *agent) open(ctx context.Context, plan *Plan) (*loadgen.Session, error) {
	storm, err := plan.Storm(a.Local, a.owns)
	if err != nil {
		return nil, err
	}
	needs, err := storm.Needs(ctx)
	if err == nil {
		err = host.Ready(needs)
	}
	if err != nil {
		return nil, err
	}
	a.Log("slot %d: %s, opening %s to %s", a.slot, storm.Scenario.Name, quantity.Of(storm.Connections, "connection"), plan.Target)
	session, err := storm.Open(ctx)
	if err != nil {
		return nil, err
	}
	if err := session.Connect(ctx); err != nil {
		session.Close()
		return nil, err
	}
	return session, nil
}

// owns reports whether an arrival is this agent's.
func (a *agent) owns(arrival arrivals.Arrival) bool {
	s := a.share.Load()
	return arrival.Due >= s.From && s.owners.Of(arrival) == a.slot
}

// reportFailure reports to the coordinator that this agent does not take part any more, unless the coordinator said so itself.
func (a *agent) reportFailure(ctx context.Context, err error) {
	_, refused := errors.AsType[*RefusedError](err)
	_, off := errors.AsType[*calledOffError](err)
	if refused || off {
		return
	}
	a.change(func(h *roster.Heartbeat) {
		switch {
		case h.State == roster.Sent || h.State == roster.Done:
		case ctx.Err() != nil:
			h.State = roster.Withdrawn
		default:
			h.State, h.Problem = roster.Failed, err.Error()
		}
	})
	_, _ = a.heartbeat(context.WithoutCancel(ctx)) // where it does not arrive, the coordinator notices the silence
}
