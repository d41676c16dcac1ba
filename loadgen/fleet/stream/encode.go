package stream

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"fsctl/loadgen/record"
)

// Encode returns a snapshot as a message: some hundred bytes, and one or two for every bucket of a histogram
// in use. Equal snapshots are equal bytes. It fails where Decode would not accept s: what cannot be
// read must not get into a log.
func Encode(s Snapshot) ([]byte, error) {
	data := encode(s)
	if _, err := Decode(data); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return data, nil
}

func encode(s Snapshot) []byte {
	names := namesOf(s)
	return appendMessage(nil, kindSnapshot, func(dst []byte) []byte {
		dst = appendKey(dst, s.Key)
		dst = binary.AppendUvarint(dst, s.Number)
		dst = binary.AppendVarint(dst, int64(s.Second))
		dst = appendBool(dst, s.More)
		dst = names.append(dst)
		dst = binary.AppendUvarint(dst, uint64(len(s.Intervals)))
		for i := range s.Intervals {
			dst = appendInterval(dst, &s.Intervals[i], names)
		}
		dst = binary.AppendUvarint(dst, uint64(len(s.Told)))
		for i := range s.Told {
			dst = appendOrder(dst, &s.Told[i])
		}
		dst = binary.AppendUvarint(dst, uint64(len(s.Samples)))
		for i := range s.Samples {
			dst = appendSample(dst, &s.Samples[i])
		}
		return dst
	})
}

func appendBool(dst []byte, value bool) []byte {
	if value {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// nameTable gives each name of metric, step and outcome in a snapshot its number, in their order: tags
// repeat a few names a hundred times.
type nameTable map[string]uint64

func namesOf(s Snapshot) nameTable {
	t := nameTable{}
	for _, interval := range s.Intervals {
		for _, series := range interval.Series {
			t[series.Tag.Metric], t[series.Tag.Step], t[series.Tag.Outcome] = 0, 0, 0
		}
		for _, step := range interval.Steps {
			t[step.Step] = 0
		}
	}
	for number, name := range slices.Sorted(maps.Keys(t)) {
		t[name] = uint64(number)
	}
	return t
}

func (t nameTable) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(t)))
	for _, name := range slices.Sorted(maps.Keys(t)) {
		dst = appendString(dst, name)
	}
	return dst
}

func appendInterval(dst []byte, i *Interval, names nameTable) []byte {
	dst = binary.AppendVarint(dst, int64(i.Second))
	dst = appendBool(dst, i.Generator != nil)
	if i.Generator != nil {
		dst = i.Origin.append(appendGenerator(dst, *i.Generator))
	}
	dst = binary.AppendUvarint(dst, uint64(len(i.Steps)))
	for _, step := range i.Steps {
		dst = binary.AppendUvarint(dst, names[step.Step])
		dst = appendCounters(dst, step.Counters)
	}
	dst = binary.AppendUvarint(dst, uint64(len(i.Series)))
	for _, series := range i.Series {
		dst = binary.AppendUvarint(dst, names[series.Tag.Metric])
		dst = binary.AppendUvarint(dst, names[series.Tag.Step])
		dst = binary.AppendUvarint(dst, names[series.Tag.Outcome])
		dst = binary.AppendUvarint(dst, uint64(series.Histogram.SizeBytes()))
		dst = series.Histogram.AppendTo(dst)
	}
	return dst
}

func appendOrder(dst []byte, o *record.Order) []byte {
	dst = appendString(dst, o.ID)
	dst = appendString(dst, o.User)
	dst = appendString(dst, o.SKU)
	dst = binary.AppendVarint(dst, int64(o.Quantity))
	dst = appendString(dst, o.Step)
	return appendTime(dst, o.At)
}

// appendTime appends an instant with its offset from UTC in minutes, which is all that a ledger's line says.
func appendTime(dst []byte, at time.Time) []byte {
	dst = appendBool(dst, !at.IsZero())
	if at.IsZero() {
		return dst
	}
	_, offset := at.Zone()
	dst = binary.AppendVarint(dst, at.Unix())
	dst = binary.AppendUvarint(dst, uint64(at.Nanosecond()))
	return binary.AppendVarint(dst, int64(offset/60))
}
