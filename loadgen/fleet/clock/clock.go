// Package clock measures how far the coordinator's clock is from an agent's own, with a proven bound of the error.
//
// A probe leaves at t1 by the own clock, reaches the coordinator at t2 by its clock, leaves there at t3 and is
// back at t4. It cannot arrive before it left, so the offset (coordinator minus own) lies in
//
//	[t3 - t4, t2 - t1]
//
// however different the delays there and back are. The offset lies in the intersection of many such intervals:
// its middle is the estimate, and half its width a bound that needs no assumption about the network. It does
// need one about the clocks: that they drift apart by DriftRatio at most.
//
// Times are counted on the monotonic clock of each side, from one reading of the wall clock. So setting a wall
// clock meanwhile has no effect. A clock without a monotonic part that steps by more than the probes take gives
// intervals that do not intersect; then the round starts over.
package clock

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// DriftRatio is how fast two clocks move apart at most [s/s]: each is wrong by 50 parts in a million or less, as
// quartz is.
const DriftRatio = 100e-6

const (
	defaultProbes  = 64
	defaultTimeout = time.Second

	fewestProbes = 8 // a round that Config.Within ends has so many
	mostFailures = 5 // a round with more unanswered probes is given up
	mostRounds   = 3 // so often may a clock step
	mostApart    = 365 * 24 * time.Hour
)

// Probe asks the coordinator once for its time: when it received the question, and when it sent the answer.
type Probe func(ctx context.Context) (received, sent time.Time, err error)

// Config says how to measure. The zero value means the defaults.
type Config struct {
	// Now is the own clock. Nil means time.Now.
	Now func() time.Time
	// Probes is how many make a round. 0 means 64.
	Probes int
	// Within ends a round before it has all its probes, once it has 8. 0 means that none is cut short.
	Within time.Duration
	// Timeout is how long one probe may take. 0 means one second. One without an answer is passed over, and
	// with more than 5 of them there is no reading.
	Timeout time.Duration
}

// Reading is how far the clocks are apart at one instant.
type Reading struct {
	Own    time.Time     // the instant by the own clock; with its monotonic part, where it has one
	Offset time.Duration // coordinator's clock minus own clock, at that instant
	Bound  time.Duration // the true offset is not farther than this from Offset, at that instant
	Probes int           // that were answered
}

// BoundAt returns how far the true offset is from Offset at most, 0 or more, at another instant of the own clock.
// It grows by DriftRatio.
func (r Reading) BoundAt(own time.Time) time.Duration {
	return r.Bound + drift(own.Sub(r.Own).Abs())
}

// ToOwn converts an instant of the coordinator's clock, such as T0, to the own clock. The result carries the
// own monotonic clock, so that waiting for it is not disturbed by a wall clock that is set. It is wrong by
// BoundAt(ToOwn(t)) at most.
func (r Reading) ToOwn(coordinator time.Time) time.Time {
	return r.Own.Add(coordinator.Round(0).Sub(r.Own.Round(0)) - r.Offset)
}

// ToCoordinator converts an instant of the own clock to the coordinator's.
func (r Reading) ToCoordinator(own time.Time) time.Time {
	return r.Own.Add(own.Sub(r.Own) + r.Offset).Round(0)
}

// Steady returns a clock that no setting of the wall clock moves: the wall clock as it is now, counted on by
// the monotonic clock. A coordinator uses one for all that it says about time.
func Steady() func() time.Time {
	began := time.Now()
	return func() time.Time { return began.Add(time.Since(began)) }
}

// errStepped is a round in which a clock was set.
var errStepped = errors.New("a clock stepped")

// Estimate measures the offset by probes, one after the other. The errors are the last probe's where too
// many failed, the context's where it ended, or say that a clock stepped again and again, or that the clocks
// are more than a year apart.
func Estimate(ctx context.Context, probe Probe, c Config) (Reading, error) {
	c = c.withDefaults()
	for range mostRounds {
		r, err := c.measure(ctx, probe)
		if !errors.Is(err, errStepped) {
			return r, err
		}
	}
	return Reading{}, fmt.Errorf("clock: found probes that contradict each other in each of %d rounds, wanted clocks that run on: %w; have both machines follow one time server",
		mostRounds, errStepped)
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Probes <= 0 {
		c.Probes = defaultProbes
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	return c
}

// round is what some probes prove together.
type round struct {
	common           interval
	at               time.Duration // since the round began, by the own clock: the instant that common is about
	answered, failed int
}

// measure makes one round of probes.
func (c Config) measure(ctx context.Context, probe Probe) (Reading, error) {
	base := c.Now()
	var r round
	for r.answered < c.Probes && !c.isOver(r) {
		one, end, err := c.ask(ctx, probe, base)
		if err == nil {
			err = r.add(one, end)
		} else if errors.Is(err, errAsk) {
			err = r.miss(ctx, err)
		}
		if err != nil {
			return Reading{}, err
		}
	}
	return Reading{Own: base.Add(r.at), Offset: r.common.middle(), Bound: r.common.halfWidth(), Probes: r.answered}, nil
}

func (c Config) isOver(r round) bool {
	return c.Within > 0 && r.at >= c.Within && r.answered >= fewestProbes
}

// add takes in what a probe proves about its end.
func (r *round) add(one interval, end time.Duration) (err error) {
	if r.answered > 0 {
		one, err = r.common.later(end - r.at).meet(one)
	}
	r.common, r.at = one, end
	r.answered++
	return err
}

// miss passes over a probe without an answer, unless there are too many.
func (r *round) miss(ctx context.Context, err error) error {
	if r.failed++; r.failed > mostFailures || ctx.Err() != nil {
		return fmt.Errorf("clock: found %d of %d probes unanswered: %w", r.failed, r.failed+r.answered, err)
	}
	return nil
}

// errAsk is a probe that was not answered.
var errAsk = errors.New("no answer")

// ask returns the interval in which one probe proves the offset to be at its end, and that end since base.
func (c Config) ask(ctx context.Context, probe Probe, base time.Time) (interval, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	began := c.Now()
	received, sent, err := probe(ctx)
	ended := c.Now()
	if err != nil {
		return interval{}, 0, fmt.Errorf("%w: %w", errAsk, err)
	}
	// Sub counts on the monotonic clock between own readings, and on the wall clock from base to the
	// coordinator's, which have no monotonic part that means anything here.
	t1, t4 := began.Sub(base), ended.Sub(base)
	t2, t3 := received.Round(0).Sub(base), sent.Round(0).Sub(base)
	if max(t2.Abs(), t3.Abs()) > mostApart {
		return interval{}, 0, fmt.Errorf("clock: found %s on the coordinator's and %s on the own, wanted less than a year between them: set the clock that is wrong",
			received.UTC().Format(time.RFC3339), began.UTC().Format(time.RFC3339))
	}
	one := interval{low: t3 - t4, high: t2 - t1}
	if one.low > one.high {
		return interval{}, 0, errStepped
	}
	return one.later(t4 - t1), t4, nil
}
