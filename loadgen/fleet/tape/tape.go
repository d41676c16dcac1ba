// Package tape carries what agents measure to the coordinator, each second once, whatever dies in between.
//
// An agent's measurements are a tape: snapshots numbered from 0, about one a second. Sender appends each to a
// Spool on the agent's disk and publishes it to the run's stream; Receiver reads the stream into a Collector,
// which merges all tapes into one record, drops repeats and knows what is missing; the Receiver asks for that.
// A tape ends with a Fin that says how much it holds, and stays on the agent's disk until the Seal, which says
// that the record is safe.
package tape

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Key names a tape: what one agent process measured in one slot of a run.
type Key struct {
	Run   string // letters, digits, - and _, at most 64
	Slot  int    // 1 to MaxSlot
	Epoch uint64 // a process that takes over a slot has a higher one
}

// String returns the key as errors and file names have it.
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

// shorten keeps hostile text from filling a log.
func shorten(text string) string {
	const most = 64
	return text[:min(len(text), most)]
}

// troubles remembers what has been told of since all was well.
type troubles struct{ told map[string]bool }

// isNews reports that an error is none of those told of.
func (t *troubles) isNews(err error) bool {
	if t.told[err.Error()] {
		return false
	}
	if t.told == nil {
		t.told = map[string]bool{}
	}
	t.told[err.Error()] = true
	return true
}

// over forgets: all is well again.
func (t *troubles) over() { clear(t.told) }

// explain says in words of this package what the bus means by its most frequent errors.
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
