package fleet

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"fsctl/loadgen/fleet/roster"
	"fsctl/scenarios/quantity"
)

// Keep has store called with the run's ticket: now, where T0 is set, and whenever there is a new one, before any agent
// hears of it. The error is that of the first call; later ones are logged.
func (c *Coordinator) Keep(store func(Ticket) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store = store
	if c.start == nil {
		return nil
	}
	return store(c.ticket())
}

// Fits fails with a *RefusedError where a ticket is of another storm than this coordinator's. To be called before
// Listen: agents of another plan are refused, and stop.
func (c *Coordinator) Fits(t Ticket) error {
	switch {
	case t.Start == nil || len(t.Start.Assignment.Shares) != c.Plan.Slots:
		return &RefusedError{Reason: fmt.Sprintf("the run to resume has %s, and this is for %d", quantity.Of(t.slots(), "agent"), c.Plan.Slots)}
	case t.Start.PlanHash != c.hash:
		return &RefusedError{Reason: fmt.Sprintf("the run to resume has plan %.12s, and this is plan %.12s: give the same scenario, target and flags", t.Start.PlanHash, c.hash)}
	}
	return nil
}

// Resume takes over a run from a coordinator that has ended, and returns T0 by this machine's clock. It waits for the
// agents to come back, no longer than within; those that do not are lost. The errors are those of Fits, a *RefusedError
// where no agent has come back and the bus has stored nothing, that of an agent which refuses to go on, and ctx's.
func (c *Coordinator) Resume(ctx context.Context, t Ticket, within time.Duration) (time.Time, error) {
	if err := c.Fits(t); err != nil {
		return time.Time{}, err
	}
	now := c.now()
	t0 := now.Add(time.Unix(0, t.Start.T0).Sub(now.Round(0)))
	c.setStart(t.Start, t0, func(r *roster.Roster) { r.TakeOver(now, t0, t.Start.Assignment) })
	err := c.wait(ctx, barrierWait{barrier: roster.Returned, within: within, expired: func(missing []string) error {
		if len(missing) == c.Plan.Slots && !c.hasStored(ctx) {
			return &RefusedError{Reason: fmt.Sprintf("none of %s came back within %s, and the bus has nothing of them", quantity.Of(len(missing), "agent"), quantity.Exact(within))}
		}
		c.Log("%s", strings.Join(missing, "; "))
		return nil
	}})
	c.update(func(r *roster.Roster) { r.EndTakeOver(c.now()) })
	return t0, err
}

// hasStored reports whether the bus still has something that the agents measured.
func (c *Coordinator) hasStored(ctx context.Context) bool {
	js, err := jetstream.New(c.Conn)
	if err != nil {
		return false
	}
	stream, err := js.Stream(ctx, c.Run.Stream())
	return err == nil && stream.CachedInfo().State.Msgs > 0
}
