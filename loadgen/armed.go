package loadgen

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"fsctl/loadgen/host"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
)

// Armed is a storm that only waits for its T0: the target has been looked up, and the connections are open.
type Armed struct {
	storm  *Storm
	engine transport.Engine
	conns  []transport.Conn
	run    atomic.Pointer[run] // that sends it, once there is one
}

// connectAtOnce is how many connections Arm opens side by side.
const connectAtOnce = 256

// Arm looks the target up and opens the storm's connections, as far as the target takes them: those that fail are
// tried again when they are needed, and tell then. It is for one of many agents; Run does all of it.
func (s *Storm) Arm(ctx context.Context) (*Armed, error) {
	engine, err := s.newEngine(ctx)
	if err != nil {
		return nil, err
	}
	a := &Armed{storm: s, engine: engine}
	for range s.Connections {
		a.conns = append(a.conns, engine.Conn())
	}
	if s.timings.connecting { // else the requests themselves must show what it takes
		return a, nil
	}
	next := make(chan transport.Conn)
	var opening sync.WaitGroup
	for range min(connectAtOnce, len(a.conns)) {
		opening.Go(func() {
			for c := range next {
				_ = c.Connect(ctx)
			}
		})
	}
	for _, c := range a.conns {
		next <- c
	}
	close(next)
	opening.Wait()
	if err := ctx.Err(); err != nil {
		a.Close()
		return nil, fmt.Errorf("open connections: %w", err)
	}
	return a, nil
}

// Send sends the storm and hands what it measures to out, second by second. It returns when the storm is over and
// drained, or soon after ctx is done, and how late the first request due at or after T0 left.
func (a *Armed) Send(ctx context.Context, t0 time.Time, out Recorder, observe Observer) (end record.End, skew time.Duration) {
	r := &run{out: out, t0: t0, observe: observe, event: second(time.Since(t0)), meter: host.NewMeter(), conns: a.conns}
	r.hard, r.giveUp = context.WithCancel(context.WithoutCancel(ctx))
	a.run.Store(r)
	end = r.send(ctx, a.storm)
	r.giveUp()
	end.At = time.Now()
	return end, r.skew
}

// Close closes the connections.
func (a *Armed) Close() { a.engine.Close() }

// Revise says that Owns has changed its mind about users due from an instant on, which must be ahead by more than it takes
// to hear of it. Those who were to come here and are another's from now on are not sent, and those who became this
// process's are; a storm that has sent its last user stays over.
func (a *Armed) Revise(from time.Duration) {
	if r := a.run.Load(); r != nil {
		r.revise(from)
	}
}

// revise has the shards follow. Before there are any, they will begin with what Owns says then.
func (r *run) revise(from time.Duration) {
	r.starting.Lock()
	defer r.starting.Unlock()
	for _, s := range r.shards {
		s.revise(from)
	}
}

// Walk returns a cursor over the storm's arrivals, whoever owns them.
func (s *Storm) Walk() *scenarios.Cursor { return s.schedule.Walk() }
