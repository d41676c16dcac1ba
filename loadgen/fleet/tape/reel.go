package tape

import (
	"errors"
	"fmt"
	"time"

	"fsctl/loadgen/record"
)

// reel is a tape on its way from an agent's disk to the coordinator.
type reel struct {
	key    Key
	spool  *Spool
	second int      // last one told
	todo   rangeSet // snapshots to publish
	flying int      // snapshots being published
	totals record.Counters
	hasher hasher
	ended  bool // nothing more is appended
	cut    bool // by another process than the one that made it
	finAt  time.Time
	sealed bool
}

// openReel opens a tape's spool, and reads it where an earlier process left something there.
func openReel(dir string, key Key) (*reel, error) {
	spool, err := OpenSpool(dir, key)
	if err != nil {
		return nil, err
	}
	r := &reel{key: key, spool: spool, second: beforeAll, hasher: newHasher()}
	decoder := newDecoder()
	for number := range spool.Len() {
		data, err := spool.Read(number)
		if err == nil {
			err = r.replay(decoder, data, number)
		}
		if err != nil {
			return nil, errors.Join(err, spool.Close())
		}
	}
	return r, nil
}

func (r *reel) replay(decoder *decoder, data []byte, number uint64) error {
	s, err := decoder.snapshot(data)
	if err != nil {
		return fmt.Errorf("spool of %s: entry %d: %w", r.key, number, err)
	}
	if s.Key != r.key || s.Number != number {
		return fmt.Errorf("spool of %s: entry %d: found snapshot %d of %s", r.key, number, s.Number, s.Key)
	}
	r.count(s.Second, s.Intervals, data)
	return nil
}

// append puts a second's measurements into the spool, in as many snapshots as it takes. A second has been told
// whole when there is a generator's health for it.
func (r *reel) append(intervals []Interval, told []record.Order, limitBytes int) error {
	s := Snapshot{Key: r.key, Number: r.spool.Len(), Second: r.second, Intervals: intervals, Told: told}
	for _, interval := range intervals {
		if interval.Generator != nil {
			s.Second = max(s.Second, interval.Second)
		}
	}
	parts, err := EncodeParts(s, limitBytes)
	if err != nil {
		return fmt.Errorf("tape: %w", err)
	}
	if err := r.spool.Append(parts...); err != nil {
		return err
	}
	r.todo.add(Range{s.Number, s.Number + uint64(len(parts))})
	r.count(s.Second, intervals, parts...)
	return nil
}

// count keeps account of what went into the spool.
func (r *reel) count(second int, intervals []Interval, parts ...[]byte) {
	r.second = second
	r.totals.Add(totalsOf(intervals))
	for _, data := range parts {
		r.hasher.add(digestOf(data))
	}
}

func totalsOf(intervals []Interval) (totals record.Counters) {
	for _, interval := range intervals {
		for _, step := range interval.Steps {
			totals.Add(step.Counters)
		}
	}
	return totals
}

// idle reports that everything has been published that was to be.
func (r *reel) idle() bool { return len(r.todo) == 0 && r.flying == 0 }

func (r *reel) fin() Fin {
	return Fin{Key: r.key, Snapshots: r.spool.Len(), Totals: r.totals, Hash: r.hasher.hash(), Cut: r.cut}
}
