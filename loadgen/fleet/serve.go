package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen"
	"fsctl/loadgen/fleet/roster"
	"fsctl/loadgen/fleet/stream"
	"fsctl/loadgen/host"
	"fsctl/loadgen/preflight"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/arrivals"
)

// Serve waits for a storm, takes part in it and returns when it is over. Where a storm is called off before it begins, it
// waits for another one. The errors are a *RefusedError, an *UnsealedError, ctx's, or what kept the agent from sending.
func Serve(ctx context.Context, o AgentOptions) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Process == nil {
		o.Process = NewProcess(host.Identify())
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
	name, err := os.Hostname() // shown to people only
	if err != nil || name == "" {
		name = "unknown"
	}
	a.answered = time.Now()
	a.status = roster.Heartbeat{Instance: a.instance, State: roster.Joining, Version: a.Version, Host: name, Capacity: a.Capacity,
		Machine: a.Process.machine(), Cores: a.Process.id.Cores}
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
	defer a.free()
	storm, err := a.arm(ctx, plan)
	if err != nil {
		return err
	}
	defer storm.Close()
	t0, err := a.awaitStart(ctx, plan)
	if err != nil {
		return err
	}
	return a.send(ctx, storm, t0, t0.Add(-plan.Lead))
}

// join sends heartbeats until the coordinator has given this agent the slot and the plan.
func (a *agent) join(ctx context.Context) (*Plan, error) {
	key := newEnvelopeKey()
	a.change(func(h *roster.Heartbeat) { h.Key = key.public() })
	for {
		told, err := a.heartbeat(ctx)
		if err == nil {
			err = a.isCalledOff(told)
		}
		if err != nil {
			return nil, err
		}
		if len(told.Plan) > 0 {
			data, environment, err := key.open(told.Plan)
			if err != nil {
				return nil, err
			}
			plan, err := DecodePlan(data)
			if err == nil {
				plan.Environment = environment
			}
			a.epoch = told.Epoch
			a.change(func(h *roster.Heartbeat) { h.Epoch, h.PlanHash, h.Key = told.Epoch, hashOf(data), nil })
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

// open makes sure of everything that the share takes, before the agent is armed: room for its measurements, what its
// connections take of this machine, and a target that accepts one.
func (a *agent) open(ctx context.Context, plan *Plan) (*loadgen.Session, error) {
	if err := a.reserve(ctx, leastRoom); err != nil {
		return nil, err
	}
	local := a.Local
	local.Slot = a.slot
	local.Problem = func(err error) { a.Log("%v", err) }
	storm, err := plan.Storm(local, a.owns)
	if err != nil {
		return nil, err
	}
	storm.Meter = a.Process.meter(a.run)
	if err := a.reserve(ctx, storm.LeastRecordBytes()); err != nil {
		return nil, err
	}
	needs, err := storm.Needs(ctx)
	if err == nil {
		a.unclaim, err = a.Process.claims.Claim(needs)
	}
	if err == nil && !plan.NoPreflight {
		_, err = (&preflight.Checks{Targets: storm.Targets()}).Run(ctx)
	}
	if err != nil {
		return nil, err
	}
	a.Log("slot %d: %s to %s over %s", a.slot, storm.Scenario.Name, storm.TargetsText(), storm.ConnectionsText())
	a.sayReached(ctx, storm)
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

// sayReached says what this agent's connections go to, here and to the coordinator.
func (a *agent) sayReached(ctx context.Context, storm *loadgen.Storm) {
	if _, variable, _ := transport.EnvProxy(storm.Target, os.Getenv); variable != "" && storm.Route.Proxy == nil {
		a.Log("the proxy in %s is not used: attack --proxy names one for all agents", variable)
	}
	var reached []string
	for _, to := range storm.Reached(ctx) {
		if !to.IsPlain() {
			a.Log("%s", to)
			reached = append(reached, to.String())
		}
	}
	if len(reached) > 0 {
		a.change(func(h *roster.Heartbeat) { h.Reached = strings.Join(reached, "; ") })
	}
}

// leastRoom is what any storm takes of the spool, in bytes.
const leastRoom = 16 << 10

// reserve makes room in the spool.
func (a *agent) reserve(ctx context.Context, bytes int64) (err error) {
	if a.room == nil {
		a.room, err = stream.NewReserve(ctx, a.Local.Dir, bytes)
	} else {
		err = a.room.Grow(ctx, bytes)
	}
	if err == nil {
		_, err = stream.Spools(a.Local.Dir) // which are to be found when it sends
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	return preflight.NotStarted(fmt.Errorf("spool %w", err), "make room, or name another directory with --spool")
}

// free gives back what open has made sure of.
func (a *agent) free() {
	a.room.Close()
	a.room = nil
	if a.unclaim != nil {
		a.unclaim()
		a.unclaim = nil
	}
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
			h.State = roster.Failed
			h.Problem, h.Hint = explain(err)
		}
	})
	_, _ = a.heartbeat(context.WithoutCancel(ctx)) // where it does not arrive, the coordinator notices the silence
}
