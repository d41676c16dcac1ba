package stream

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"fsctl/loadgen/record"
)

// Snapshot is what an agent measured since the one before.
type Snapshot struct {
	Key
	Number    uint64     // position in the log, from 0 without gaps
	Second    int        // from T0: this snapshot and those before it report everything up to this second's end
	More      bool       // the next snapshot belongs to this one: Second is not reported in full yet
	Intervals []Interval // by ascending second
	Told      []record.Order
	Samples   []record.Sample // at most record.MostSamples
}

// beforeFirst is the second of a log that has reported none: the earliest that a record takes.
const beforeFirst = -366 * 24 * 3600

// Interval is a record.Interval whose histograms are packed.
type Interval struct {
	Second    int
	Series    []Series       // ordered by metric, step, outcome; none is empty
	Steps     []StepCounters // ordered by step
	Generator *record.Generator
	Origin    Origin // of Generator
}

// Series is one histogram.
type Series struct {
	Tag       record.Tag
	Histogram record.Packed
}

// StepCounters are what happened to one step.
type StepCounters struct {
	Step     string
	Counters record.Counters
}

// Pack returns an interval with its histograms packed. Of in it keeps the counters' error maps only.
func Pack(p *record.Packer, in record.Interval) Interval {
	out := Interval{Second: in.Second}
	for tag, histogram := range record.PackAll(p, in) {
		out.Series = append(out.Series, Series{tag, histogram})
	}
	for step, counters := range in.Steps {
		if counters != nil {
			out.Steps = append(out.Steps, StepCounters{step, *counters})
		}
	}
	if in.Generator != nil {
		generator := *in.Generator
		out.Generator = &generator
	}
	slices.SortFunc(out.Series, func(a, b Series) int { return compareTags(a.Tag, b.Tag) })
	slices.SortFunc(out.Steps, func(a, b StepCounters) int { return strings.Compare(a.Step, b.Step) })
	return out
}

func compareTags(a, b record.Tag) int {
	return cmp.Or(strings.Compare(a.Metric, b.Metric), strings.Compare(a.Step, b.Step), strings.Compare(a.Outcome, b.Outcome))
}

// EncodeParts encodes a snapshot in messages of at most limitBytes each. Where it takes several, each is a
// snapshot of its own with the next number, and together they hold exactly what s does.
//
// It fails where Decode would not accept s, and where a single order, sample or step does not fit.
func EncodeParts(s Snapshot, limitBytes int) ([][]byte, error) {
	data, err := Encode(s)
	if err != nil {
		return nil, err
	}
	if len(data) <= limitBytes {
		return [][]byte{data}, nil
	}
	first, second, ok := s.halves()
	if !ok {
		return nil, fmt.Errorf("snapshot %d of %s: found %d bytes that cannot be split, wanted at most %d; raise the bus's largest message",
			s.Number, s.Key, len(data), limitBytes)
	}
	first.More = true
	parts, err := EncodeParts(first, limitBytes)
	if err != nil {
		return nil, err
	}
	second.Number += uint64(len(parts))
	rest, err := EncodeParts(second, limitBytes)
	return append(parts, rest...), err
}

// halves splits a snapshot, between its largest parts first; false where it has only one.
func (s Snapshot) halves() (a, b Snapshot, ok bool) {
	a, b = s, s
	switch {
	case len(s.Samples) > 0 && len(s.Told)+len(s.Intervals) > 0:
		a.Samples, b.Intervals, b.Told = nil, nil, nil
	case len(s.Samples) > 1:
		a.Samples, b.Samples = split(s.Samples)
	case len(s.Told) > 0 && len(s.Intervals) > 0:
		a.Told, b.Intervals = nil, nil
	case len(s.Told) > 1:
		a.Told, b.Told = split(s.Told)
	case len(s.Intervals) > 1:
		a.Intervals, b.Intervals = split(s.Intervals)
	case len(s.Intervals) == 1:
		x, y, ok := s.Intervals[0].halves()
		a.Intervals, b.Intervals = []Interval{x}, []Interval{y}
		return a, b, ok
	default:
		return a, b, false
	}
	return a, b, true
}

func (i Interval) halves() (a, b Interval, ok bool) {
	a, b = i, i
	switch {
	case len(i.Series) > 0 && (len(i.Steps) > 0 || i.Generator != nil):
		a.Steps, a.Generator, a.Origin, b.Series = nil, nil, Origin{}, nil
	case len(i.Series) > 1:
		a.Series, b.Series = split(i.Series)
	case len(i.Series) == 1:
		lower, upper := i.Series[0].Histogram.Halves()
		a.Series, b.Series = []Series{{i.Series[0].Tag, lower}}, []Series{{i.Series[0].Tag, upper}}
		return a, b, upper.Count() > 0
	case len(i.Steps) > 0 && i.Generator != nil:
		a.Generator, a.Origin, b.Steps = nil, Origin{}, nil
	case len(i.Steps) > 1:
		a.Steps, b.Steps = split(i.Steps)
	default:
		return a, b, false
	}
	return a, b, true
}

func split[T any](all []T) (a, b []T) { return all[:len(all)/2], all[len(all)/2:] }

// totalsOf sums the counters of all steps and seconds.
func totalsOf(intervals []Interval) (totals record.Counters) {
	for _, interval := range intervals {
		for _, step := range interval.Steps {
			totals.Add(step.Counters)
		}
	}
	return totals
}
