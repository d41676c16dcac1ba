package fleet

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Gather waits until every slot has an agent that is ready to start, and says who is there. Where the time is over, the
// error names the slots that are not; an agent that cannot take part ends it at once.
func (c *Coordinator) Gather(ctx context.Context, timeout time.Duration) error {
	return c.until(ctx, wish{within: timeout, strict: true, announce: true,
		met: func(s *slot) bool { return !s.lost && (s.State == armed || s.State == ready) },
		late: func(missing []string) error {
			return &RefusedError{Reason: fmt.Sprintf("%d of %d agents are ready after %v: %s", len(c.slots)-len(missing), len(c.slots), timeout, strings.Join(missing, "; ")),
				Hint: "start the missing ones with fsctl agent, before or after this; --join-timeout gives them longer"}
		}})
}

// wish is what all slots are to be like.
type wish struct {
	met      func(*slot) bool
	within   time.Duration
	late     func(missing []string) error // returns what comes of it when the time is over; nil for nothing
	strict   bool                         // an agent that has failed ends the waiting
	announce bool                         // the log is told how many are there
}

// sayEvery is how often the log is told of agents that come.
const sayEvery = time.Second

// until waits until every slot is as wished.
func (c *Coordinator) until(ctx context.Context, w wish) error {
	timer := time.NewTimer(w.within)
	defer timer.Stop()
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	told, said := -1, time.Time{}
	for {
		missing, changed, broken := c.missingFor(w)
		if w.announce && len(missing) != told && (len(missing) == 0 || time.Since(said) > sayEvery) {
			told, said = len(missing), time.Now()
			c.Log("%d of %d agents are ready", len(c.slots)-told, len(c.slots))
		}
		if broken != nil || len(missing) == 0 {
			return broken
		}
		select {
		case <-changed:
		case now := <-ticker.C:
			c.watch(now)
		case <-timer.C:
			if w.late == nil {
				return nil
			}
			return w.late(missing)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// missingFor names the slots that are not as wished. changed is closed as soon as it is worth looking again.
func (c *Coordinator) missingFor(w wish) (missing []string, changed <-chan struct{}, broken error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, s := range c.slots {
		switch {
		case w.strict && s.State == failed && !s.lost:
			broken = errors.Join(broken, fmt.Errorf("agent %d (%s): %s", i+1, s.Host, s.Problem))
		case !w.met(s):
			missing = append(missing, fmt.Sprintf("slot %d %s", i+1, s.whatIsMissing()))
		}
	}
	return missing, c.changed, broken
}

// Acknowledged waits until every agent knows T0, half a second before the first arrival at the latest.
func (c *Coordinator) Acknowledged(ctx context.Context) error {
	left := max(0, c.t0.Add(-c.Plan.Lead-headStart).Sub(c.now()))
	return c.until(ctx, wish{within: left, strict: true,
		met: func(s *slot) bool { return !s.lost && (s.State == ready || s.State == sending || s.State == sent) },
		late: func(missing []string) error {
			return fmt.Errorf("not everybody knows T0 in time: %s", strings.Join(missing, "; "))
		}})
}
