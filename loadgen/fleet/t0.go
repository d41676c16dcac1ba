package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"fsctl/loadgen/fleet/roster"
	"fsctl/scenarios/quantity"
)

// Notice returns how long before T0 the agents must be ready, for a storm whose first arrival is due lead before T0.
func Notice(lead time.Duration) time.Duration { return lead + startNotice }

// startNotice is how long before the first arrival T0 is set at the latest.
const startNotice = 3 * time.Second

// SetT0 sets T0 for good: another coordinator of the same run gets an error. at is T0 on the wall clock, zero for as
// soon as possible. It returns T0 by this machine's clock. It fails with a *RefusedError where that is too soon or T0
// was set by another, where a capacity is not above 0, and where the bus cannot store it.
func (c *Coordinator) SetT0(ctx context.Context, at time.Time) (time.Time, error) {
	c.mu.Lock()
	shares, err := c.roster.Shares()
	c.mu.Unlock()
	if err != nil {
		return time.Time{}, err
	}
	t0 := c.now().Add(Notice(c.Plan.Lead))
	if !at.IsZero() {
		if at.Before(t0) {
			return time.Time{}, &RefusedError{Reason: fmt.Sprintf("T0 is %s, and the agents were ready too late for it: that is to be %s before", at.Format(time.RFC3339), quantity.Exact(Notice(c.Plan.Lead))),
				Hint: "set storm.t0 to a later time"}
		}
		t0 = t0.Add(at.Sub(t0))
	}
	start := &Start{PlanHash: c.hash, T0: t0.UnixNano(), Assignment: roster.Assignment{Shares: shares}}
	if err := c.claimT0(ctx, start); err != nil {
		return time.Time{}, err
	}
	c.setStart(start, t0, func(r *roster.Roster) { r.Start(t0, start.Assignment) })
	return t0, nil
}

// claimT0 stores T0 in the run's bucket, which only the first coordinator can.
func (c *Coordinator) claimT0(ctx context.Context, start *Start) error {
	js, err := jetstream.New(c.Conn)
	if err != nil {
		return fmt.Errorf("set T0: %w", err)
	}
	kv, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: c.Run.Bucket(), Replicas: max(c.Replicas, 1)})
	if err != nil {
		return fmt.Errorf("set T0: %w", err)
	}
	if _, err := kv.Create(ctx, "t0", encode(start)); errors.Is(err, jetstream.ErrKeyExists) {
		return &RefusedError{Reason: fmt.Sprintf("run %s has its T0 already: another coordinator leads it", c.Run)}
	} else if err != nil {
		return fmt.Errorf("set T0: %w", err)
	}
	return nil
}

func (c *Coordinator) setStart(start *Start, t0 time.Time, begin func(*roster.Roster)) {
	c.update(func(r *roster.Roster) {
		c.start, c.t0 = start, t0
		begin(r)
	})
}
