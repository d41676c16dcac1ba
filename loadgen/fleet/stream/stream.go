// Package stream delivers what agents measure to the coordinator exactly once, across failures of agents, bus and
// coordinator.
//
// The measurements of one agent process in one slot of a run are its log: snapshots numbered from 0, about one a
// second. Sender appends each snapshot to a Spool on the agent's disk and publishes it to the run's JetStream stream.
// Receiver reads that stream into a Collector, which merges all logs into one record, drops repeats and knows which
// snapshots are missing; Receiver asks for these again (Resend). A log ends with a Fin, which states how many snapshots
// it has and their hash. The spool file is kept until a Seal confirms that the record is on the coordinator's disk.
package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Key identifies a log: what one agent process measured in one slot of a run.
type Key struct {
	Run   string // letters, digits, - and _, at most 64
	Slot  int    // 1 to MaxSlot
	Epoch uint64 // a process that takes over a slot has a higher one
}

// String returns the key as errors and file names show it.
func (k Key) String() string { return fmt.Sprintf("%s-%d-%d", k.Run, k.Slot, k.Epoch) }

// MaxSlot is the highest slot of a run.
const MaxSlot = 1 << 20

func (k Key) check() error {
	const longestRun = 64
	if k.Run == "" || len(k.Run) > longestRun {
		return fmt.Errorf("run %q: found %d characters, wanted 1 to %d", shorten(k.Run), len(k.Run), longestRun)
	}
	for _, r := range k.Run {
		if !isKeyRune(r) {
			return fmt.Errorf("run %q: found %q, wanted letters, digits, - and _", k.Run, r)
		}
	}
	if k.Slot < 1 || k.Slot > MaxSlot {
		return fmt.Errorf("run %s: found slot %d, wanted 1 to %d", k.Run, k.Slot, MaxSlot)
	}
	return nil
}

func isKeyRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// shorten keeps text from elsewhere from filling a log file.
func shorten(text string) string {
	const most = 64
	return text[:min(len(text), most)]
}

// sleep waits for a duration, a change, or the end of ctx, whichever comes first.
func sleep(ctx context.Context, wait time.Duration, changed <-chan struct{}) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-ctx.Done():
	}
}

// errorFilter remembers which errors have been reported since the last success, so that each is reported once.
type errorFilter struct{ reported map[string]bool }

// isNew reports whether an error has not been reported since the last reset, and remembers it.
func (f *errorFilter) isNew(err error) bool {
	if f.reported[err.Error()] {
		return false
	}
	if f.reported == nil {
		f.reported = map[string]bool{}
	}
	f.reported[err.Error()] = true
	return true
}

// reset forgets all errors: to be called after a success.
func (f *errorFilter) reset() { clear(f.reported) }

// explain adds to the bus's most frequent errors what they mean here.
func explain(err error) error {
	switch {
	case errors.Is(err, nats.ErrReconnectBufExceeded):
		return fmt.Errorf("the bus is away: %w", err)
	case errors.Is(err, jetstream.ErrNoStreamResponse):
		return fmt.Errorf("the bus stores nothing for this run, the coordinator has to make its stream: %w", err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the bus does not answer: %w", err)
	}
	return err
}
