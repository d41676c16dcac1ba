package stream

import (
	"errors"
	"fmt"
	"time"

	"fsctl/loadgen/record"
)

// outbox is a log on the agent's side: its spool, and which of its snapshots are still to be published.
type outbox struct {
	key       Key
	spool     *Spool
	second    int      // last one reported in full
	pending   rangeSet // snapshots to publish
	inFlight  int      // snapshots being published
	totals    record.Counters
	hasher    hasher
	ended     bool // nothing more is appended
	recovered bool // left by an earlier process, which did not end it; or something of it could not be written
	nextFinAt time.Time
	sealed    bool
}

// openOutbox opens a log's spool, and reads what an earlier process left in it.
func openOutbox(dir string, key Key) (*outbox, error) {
	spool, err := OpenSpool(dir, key)
	if err != nil {
		return nil, err
	}
	o := &outbox{key: key, spool: spool, second: beforeFirst, hasher: newHasher()}
	decoder := newDecoder()
	for number := range spool.Len() {
		data, err := spool.Read(number)
		if err == nil {
			err = o.replay(decoder, data, number)
		}
		if err != nil {
			return nil, errors.Join(err, spool.Close())
		}
	}
	return o, nil
}

func (o *outbox) replay(decoder *decoder, data []byte, number uint64) error {
	s, err := decoder.snapshot(data)
	if err != nil {
		return fmt.Errorf("spool of %s: entry %d: %w", o.key, number, err)
	}
	if s.Key != o.key || s.Number != number {
		return fmt.Errorf("spool of %s: entry %d: found snapshot %d of %s", o.key, number, s.Number, s.Key)
	}
	o.count(s.Second, s.Intervals, data)
	return nil
}

// append appends a second's measurements to the spool, as one snapshot or as several where one is too large for a
// message. A second is reported in full once the generator's health for it is there.
func (o *outbox) append(intervals []Interval, told []record.Order, samples []record.Sample, limitBytes int) error {
	s := Snapshot{Key: o.key, Number: o.spool.Len(), Second: o.second, Intervals: intervals, Told: told, Samples: fitting(samples, limitBytes)}
	for _, interval := range intervals {
		if interval.Generator != nil && !o.recovered { // else a second before it is missing
			s.Second = max(s.Second, interval.Second)
		}
	}
	parts, err := EncodeParts(s, limitBytes)
	if err != nil {
		return fmt.Errorf("log %s: %w", o.key, err)
	}
	if err := o.spool.Append(parts...); err != nil {
		return err
	}
	o.pending.add(Range{s.Number, s.Number + uint64(len(parts))})
	o.count(s.Second, intervals, parts...)
	return nil
}

// count adds what went into the spool to the totals and the hash that the Fin states.
func (o *outbox) count(second int, intervals []Interval, parts ...[]byte) {
	o.second = second
	o.totals.Add(totalsOf(intervals))
	for _, data := range parts {
		o.hasher.add(digestOf(data))
	}
}

// isIdle reports whether every snapshot that was to be published has been.
func (o *outbox) isIdle() bool { return len(o.pending) == 0 && o.inFlight == 0 }

func (o *outbox) fin() Fin {
	return Fin{Key: o.key, Snapshots: o.spool.Len(), Totals: o.totals, Hash: o.hasher.hash(), Recovered: o.recovered}
}
