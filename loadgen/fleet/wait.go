package fleet

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fsctl/loadgen/fleet/roster"
	"fsctl/scenarios/quantity"
)

// Gather waits until every slot has an agent that is ready to start, and logs how many there are. A slot whose agent cannot
// take part waits for another one. When the time is over, the error names the slots that have none, and the agents that were
// refused or could not take part, with the reason of each.
func (c *Coordinator) Gather(ctx context.Context, timeout time.Duration) error {
	return c.wait(ctx, barrierWait{barrier: roster.Gathered, within: timeout, logsProgress: true,
		expired: func(missing []string) error {
			agents := quantity.Of(c.Plan.Slots, "agent")
			return &RefusedError{Reason: fmt.Sprintf("%d of %s %s ready after %s: %s%s", c.Plan.Slots-len(missing), agents, quantity.Verb(agents, "is", "are"), quantity.Exact(timeout), strings.Join(missing, "; "), c.refused()),
				Hint: "start the missing ones with fsctl agent, before or after this; --join-timeout gives them longer"}
		}})
}

// refused lists the agents that were refused, each in a line of its own; empty for none.
func (c *Coordinator) refused() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.roster.Refused()
	if len(list) == 0 {
		return ""
	}
	return "\nnot taken:\n" + strings.Join(list, "\n")
}

// Acknowledged waits until every agent knows T0, until half a second before the first arrival at the latest. Then it
// fails, and the error names those that do not know it; it also fails where ctx ends, or an agent cannot take part.
func (c *Coordinator) Acknowledged(ctx context.Context) error {
	left := max(0, c.t0.Add(-c.Plan.Lead-finalCheck).Sub(c.now()))
	return c.wait(ctx, barrierWait{barrier: roster.Acknowledged, within: left,
		expired: func(missing []string) error {
			return fmt.Errorf("not every agent knows T0 in time: %s", strings.Join(missing, "; "))
		}})
}

// stopHeardWithin is how long agents may take to hear that the storm does not begin. They send a heartbeat twice a second.
const stopHeardWithin = 3 * time.Second

// CallOff calls the storm off before it begins, and waits until every live agent has heard of it: to be called while the
// bus is still there.
func (c *Coordinator) CallOff(reason string) {
	c.Stop(reason)
	_ = c.wait(context.Background(), barrierWait{barrier: roster.Stopped, within: stopHeardWithin}) // later, agents find that no coordinator answers
	_ = c.Conn.FlushTimeout(time.Second)
}

// barrierWait says what to wait for, and for how long.
type barrierWait struct {
	barrier      roster.Barrier
	within       time.Duration
	expired      func(missing []string) error // returns the error when the time is over; nil for none
	logsProgress bool
}

// Timings of waiting.
const (
	watchEvery = 250 * time.Millisecond
	logEvery   = time.Second
)

// wait waits until every slot meets a barrier.
func (c *Coordinator) wait(ctx context.Context, w barrierWait) error {
	timer := time.NewTimer(w.within)
	defer timer.Stop()
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	logged, loggedAt := -1, time.Time{}
	for {
		missing, changed, err := c.missing(w.barrier)
		if w.logsProgress && len(missing) != logged && (len(missing) == 0 || time.Since(loggedAt) > logEvery) {
			logged, loggedAt = len(missing), time.Now()
			agents := quantity.Of(c.Plan.Slots, "agent")
			c.Log("%d of %s %s ready", c.Plan.Slots-logged, agents, quantity.Verb(agents, "is", "are"))
		}
		if err != nil || len(missing) == 0 {
			return err
		}
		select {
		case <-changed:
		case <-ticker.C:
			c.update(func(r *roster.Roster) { r.Watch(c.now()) })
		case <-timer.C:
			if w.expired == nil {
				return nil
			}
			return w.expired(missing)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// missing describes the slots that do not meet a barrier. changed is closed when that may be different.
func (c *Coordinator) missing(b roster.Barrier) (missing []string, changed <-chan struct{}, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	missing, err = c.roster.Missing(b)
	return missing, c.changed, err
}
