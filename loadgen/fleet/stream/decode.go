package stream

import (
	"fmt"
	"time"

	"fsctl/loadgen/record"
)

// Decode returns the snapshot that a message holds. It fails for a message that is damaged, or that a record
// cannot take: it wants sound names, seconds within a year of T0, finite numbers, histograms with values.
// Whatever the bytes, it takes memory of a small multiple of theirs. The snapshot keeps data, which must not
// be changed.
func Decode(data []byte) (Snapshot, error) {
	return newDecoder().snapshot(data)
}

// decoder reads snapshots one after the other, and makes each name only once.
type decoder struct {
	known map[string]string
	names []string // of the message under way, by number
}

func newDecoder() *decoder { return &decoder{known: map[string]string{}} }

func (d *decoder) snapshot(data []byte) (Snapshot, error) {
	r, err := openKind(data, kindSnapshot)
	if err != nil {
		return Snapshot{}, err
	}
	s := Snapshot{Key: r.key(), Number: r.uvarint(), Second: r.second(), More: r.bool()}
	d.readNames(r)
	for range r.count(fewestIntervalBytes) {
		interval := d.interval(r)
		if n := len(s.Intervals); n > 0 && interval.Second <= s.Intervals[n-1].Second {
			r.fail("found second %d after %d, wanted them in order", interval.Second, s.Intervals[n-1].Second)
		}
		if r.err != nil {
			break
		}
		s.Intervals = append(s.Intervals, interval)
	}
	for range r.count(fewestOrderBytes) {
		if s.Told = append(s.Told, r.order()); r.err != nil {
			break
		}
	}
	s.Samples = r.samples()
	if err := r.close(); err != nil {
		return Snapshot{}, fmt.Errorf("snapshot %d of %s: %w", s.Number, s.Key, err)
	}
	return s, nil
}

func (r *reader) bool() bool { return r.index(2, "flag") == 1 }

// second reads a second from T0.
func (r *reader) second() int {
	second := int(r.varint())
	if err := record.CheckSecond(second); err != nil && r.err == nil {
		r.err = err
	}
	return second
}

// readNames reads the name table. Tags make all combinations of names, so that their number is checked too.
func (d *decoder) readNames(r *reader) {
	d.names = d.names[:0]
	for range r.count(2) {
		text := r.bytes()
		name, known := d.known[string(text)]
		if !known {
			name = d.learn(r, text)
		}
		if n := len(d.names); n > 0 && name <= d.names[n-1] {
			r.fail("found name %q after %q, wanted them in order", name, d.names[n-1])
		}
		if r.err != nil {
			return
		}
		d.names = append(d.names, name)
	}
}

func (d *decoder) learn(r *reader, text []byte) string {
	if len(text) > longestName {
		r.fail("found a name of %d bytes, wanted at most %d", len(text), longestName)
		return ""
	}
	name := string(text)
	if err := record.CheckName(name); err != nil {
		r.fail("%w", err)
		return ""
	}
	if len(d.known) >= 3*record.MaxTags {
		r.fail("found name %q after %d others, wanted fewer", name, len(d.known))
		return ""
	}
	d.known[name] = name
	return name
}

func (d *decoder) name(r *reader) string {
	index := r.index(len(d.names), "name")
	if r.err != nil {
		return ""
	}
	return d.names[index]
}

const (
	fewestIntervalBytes = 4
	fewestSeriesBytes   = 5
	fewestStepBytes     = 1 + fewestCountersBytes
	fewestOrderBytes    = 5
)

func (d *decoder) interval(r *reader) Interval {
	i := Interval{Second: r.second()}
	if r.bool() {
		i.Generator, i.Origin = r.generator(), r.origin()
	}
	steps := r.count(fewestStepBytes)
	if steps > 0 {
		i.Steps = make([]StepCounters, 0, steps)
	}
	for range steps {
		step := StepCounters{d.name(r), r.counters()}
		if n := len(i.Steps); n > 0 && step.Step <= i.Steps[n-1].Step {
			r.fail("second %d: found step %q after %q, wanted them in order", i.Second, step.Step, i.Steps[n-1].Step)
		}
		if r.err != nil {
			return i
		}
		i.Steps = append(i.Steps, step)
	}
	d.series(r, &i)
	return i
}

func (d *decoder) series(r *reader, i *Interval) {
	count := r.count(fewestSeriesBytes)
	if count > record.MaxTags {
		r.fail("second %d: found %d histograms, wanted at most %d", i.Second, count, record.MaxTags)
	}
	if count == 0 || r.err != nil {
		return
	}
	i.Series = make([]Series, 0, count)
	for range count {
		tag := record.Tag{Metric: d.name(r), Step: d.name(r), Outcome: d.name(r)}
		if n := len(i.Series); n > 0 && compareTags(i.Series[n-1].Tag, tag) >= 0 {
			r.fail("second %d: found %s after %s, wanted them in order", i.Second, tag, i.Series[n-1].Tag)
		}
		histogram, err := record.ParsePacked(r.bytes())
		switch {
		case err != nil:
			r.fail("second %d: %s: %w", i.Second, tag, err)
		case histogram.Count() == 0:
			r.fail("second %d: %s: found an empty histogram, wanted values", i.Second, tag)
		}
		if r.err != nil {
			return
		}
		i.Series = append(i.Series, Series{tag, histogram})
	}
}

func (r *reader) order() record.Order {
	return record.Order{ID: r.string(), User: r.string(), SKU: r.string(), Quantity: int(r.varint()), Step: r.string(), At: r.time()}
}

// time reads an instant that JSON can write.
func (r *reader) time() time.Time {
	if !r.bool() {
		return time.Time{}
	}
	seconds, nanos, minutes := r.varint(), r.index(int(time.Second), "part of a second"), r.varint()
	const dayMinutes = 24 * 60
	if minutes <= -dayMinutes || minutes >= dayMinutes {
		r.fail("found an offset of %d minutes from UTC, wanted less than a day", minutes)
		return time.Time{}
	}
	zone := time.UTC
	if minutes != 0 {
		zone = time.FixedZone("", int(minutes)*60)
	}
	at := time.Unix(seconds, int64(nanos)).In(zone)
	if year := at.Year(); year < 1 || year > 9999 || at.IsZero() {
		r.fail("found year %d, wanted 1 to 9999", year)
	}
	return at
}
