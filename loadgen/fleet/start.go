package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen/fleet/clock"
	"fsctl/loadgen/fleet/roster"
	"fsctl/scenarios/quantity"
)

// Timings before T0.
const (
	clockEvery = 10 * time.Second       // the coordinator's clock is measured
	finalCheck = 500 * time.Millisecond // before the first arrival, all agents must know T0
	unknown    = time.Duration(1 << 62) // time until the first arrival while T0 is not known
	stamp      = "15:04:05.000"
)

// awaitStart reports the agent armed until T0 is set, and returns T0 by its own clock. It measures the coordinator's clock
// meanwhile, the last time shortly before the first arrival. No request to the bus outlasts that.
func (a *agent) awaitStart(ctx context.Context, plan *Plan) (time.Time, error) {
	w := &startWait{agent: a, lead: plan.Lead}
	for {
		isLast := w.left() <= 2*finalCheck
		if err := w.measure(ctx, isLast); err != nil {
			return time.Time{}, err
		}
		if isLast {
			// From here on T0 is an instant of the monotonic clock, which no adjustment changes.
			a.change(func(h *roster.Heartbeat) { h.Bound = w.reading.BoundAt(a.Now()) })
			return time.Now().Add(w.reading.ToOwn(time.Unix(0, a.share.Load().T0)).Sub(a.Now())), nil
		}
		asking, done := context.WithTimeout(ctx, w.left()-2*finalCheck)
		reply, err := a.heartbeat(asking)
		isTooLate := asking.Err() != nil && ctx.Err() == nil
		done()
		if err != nil && !isTooLate {
			return time.Time{}, err
		}
		if err := a.isCalledOff(reply); err != nil {
			return time.Time{}, err
		}
		if reply.Start != nil {
			if err := a.acceptStart(reply.Start); err != nil {
				return time.Time{}, err
			}
			t0 := w.reading.ToOwn(time.Unix(0, reply.Start.T0))
			a.Log("ready: T0 at %s, the run begins at %s", t0.Format(stamp), t0.Add(-plan.Lead).Format(stamp))
			continue // with the acknowledgement
		}
		if err := sleep(ctx, min(heartbeatEvery/2, w.left()-2*finalCheck), a.kick); err != nil {
			return time.Time{}, err
		}
	}
}

// acceptStart takes T0, unless it is for another plan than the one that this agent has.
func (a *agent) acceptStart(s *Start) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.PlanHash != a.status.PlanHash {
		return &RefusedError{Reason: fmt.Sprintf("T0 is for plan %.12s, and this agent has %.12s", s.PlanHash, a.status.PlanHash)}
	}
	if len(s.Assignment.Shares) < a.slot {
		return &RefusedError{Reason: fmt.Sprintf("T0 comes with shares for %s, and this agent has slot %d", quantity.Of(len(s.Assignment.Shares), "slot"), a.slot)}
	}
	a.share.Store(shareOf(*s))
	a.status.State, a.status.Revision = roster.Ready, len(s.Assignment.Revisions)
	return nil
}

// startWait is an agent that waits for T0, with its measurements of the coordinator's clock.
type startWait struct {
	*agent
	lead     time.Duration
	reading  clock.Reading
	measured time.Time
}

// left returns the time until the first arrival is due.
func (w *startWait) left() time.Duration {
	s := w.share.Load()
	if s == nil {
		return unknown
	}
	return w.reading.ToOwn(time.Unix(0, s.T0)).Add(-w.lead).Sub(w.Now())
}

// measure measures the clock where it is time for that. The last time, what is known already is good enough where the bus
// does not answer.
func (w *startWait) measure(ctx context.Context, isLast bool) error {
	if !w.measured.IsZero() && w.Now().Sub(w.measured) < clockEvery && !isLast {
		return nil
	}
	measuring, done := ctx, context.CancelFunc(func() {})
	if isLast {
		measuring, done = context.WithTimeout(ctx, max(w.left()-finalCheck, finalCheck/2))
	}
	defer done()
	found, err := clock.Measure(measuring, w.Conn, w.run, clock.Config{Now: w.Now, Within: finalCheck / 2})
	if err != nil {
		isUnanswered := errors.Is(err, nats.ErrNoResponders) || errors.Is(err, context.DeadlineExceeded)
		if w.measured.IsZero() && !isUnanswered { // isCalledOff limits how long the coordinator may not answer
			return fmt.Errorf("measure the coordinator's clock: %w", err)
		}
		if w.measured.IsZero() {
			w.change(func(h *roster.Heartbeat) {
				h.Problem = fmt.Sprintf("the coordinator's clock cannot be measured: %v", err)
			})
		}
		return ctx.Err()
	}
	w.reading, w.measured = found, w.Now()
	w.change(func(h *roster.Heartbeat) {
		h.Offset, h.Bound, h.Problem = found.Offset, found.Bound, ""
		if h.State == roster.Joining {
			h.State = roster.Armed
		}
	})
	return nil
}
