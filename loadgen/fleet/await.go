package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen/fleet/clock"
)

// await reports the agent armed until T0 is set, and returns T0 by its own clock. The clock is measured again while
// it waits, the last time shortly before the first arrival is due. Nothing that is asked of the bus lasts beyond that.
func (a *agent) await(ctx context.Context, plan *Plan) (time.Time, error) {
	w := &watcher{agent: a, lead: plan.Lead}
	for {
		last := w.isLast()
		if err := w.measure(ctx, last); err != nil {
			return time.Time{}, err
		}
		if last {
			// From here on T0 is an instant of the monotonic clock, which nobody sets.
			a.change(func(s *status) { s.Bound = w.reading.BoundAt(a.Now()) })
			return time.Now().Add(w.reading.ToOwn(time.Unix(0, a.part.Load().T0)).Sub(a.Now())), nil
		}
		saying, done := w.until(ctx, 2*headStart)
		told, err := a.say(saying)
		isTooLate := saying.Err() != nil && ctx.Err() == nil
		done()
		if err != nil && !isTooLate {
			return time.Time{}, err
		}
		if err := a.isOff(told); err != nil {
			return time.Time{}, err
		}
		if told.Start != nil {
			if err := a.accept(told.Start); err != nil {
				return time.Time{}, err
			}
			t0 := w.reading.ToOwn(time.Unix(0, told.Start.T0))
			a.Log("ready: T0 at %s, the run begins at %s", t0.Format(stamp), t0.Add(-plan.Lead).Format(stamp))
			continue // with the acknowledgement
		}
		if err := pause(ctx, min(beatEvery/2, w.left()-2*headStart), a.kick); err != nil {
			return time.Time{}, err
		}
	}
}

const stamp = "15:04:05.000"

// watcher knows the coordinator's clock while an agent waits for T0.
type watcher struct {
	*agent
	lead     time.Duration
	reading  clock.Reading
	measured time.Time
}

// left returns the time until the first arrival is due, long where T0 is not known.
func (w *watcher) left() time.Duration {
	p := w.part.Load()
	if p == nil {
		return -always
	}
	return w.reading.ToOwn(time.Unix(0, p.T0)).Add(-w.lead).Sub(w.Now())
}

// isLast tells that it is time to get ready for the first arrival.
func (w *watcher) isLast() bool { return w.left() <= 2*headStart }

// until returns a context that ends so long before the first arrival is due.
func (w *watcher) until(ctx context.Context, before time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, w.left()-before)
}

// measure measures the clock where that is due. At last, what is known already is good enough where the bus is away.
func (w *watcher) measure(ctx context.Context, last bool) error {
	if !w.measured.IsZero() && w.Now().Sub(w.measured) < clockEvery && !last {
		return nil
	}
	measuring, done := ctx, context.CancelFunc(func() {})
	if last {
		measuring, done = context.WithTimeout(ctx, max(w.left()-headStart, headStart/2))
	}
	defer done()
	found, err := clock.Measure(measuring, w.Conn, w.run, clock.Config{Now: w.Now, Within: headStart / 2})
	if err != nil {
		isAlone := errors.Is(err, nats.ErrNoResponders) || errors.Is(err, context.DeadlineExceeded)
		if w.measured.IsZero() && !isAlone { // nobody answers: isOff knows for how long
			return fmt.Errorf("measure the coordinator's clock: %w", err)
		}
		return ctx.Err()
	}
	w.reading, w.measured = found, w.Now()
	w.change(func(s *status) {
		s.Offset, s.Bound = found.Offset, found.Bound
		if s.State == joining {
			s.State = armed
		}
	})
	return nil
}
