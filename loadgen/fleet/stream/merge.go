package stream

import (
	"maps"
	"slices"

	"fsctl/loadgen/record"
)

// merger adds up the intervals of many logs, second by second, and writes each second's sum.
type merger struct {
	write   func(record.Interval) error
	seconds map[int]*mergedSecond
	sum     record.Sum
	counted map[string]*rangeSet // by place: seconds whose figures of the machine are written, counted from beforeFirst
}

// mergedSecond is what has arrived of a second since it was last written.
type mergedSecond struct {
	series    map[record.Tag]*batch
	steps     map[string]*record.Counters
	generator *record.Generator
	places    places
}

// batch is histograms of one series that are still to be added up: a sum takes as long to make for one as for many.
type batch struct{ parts []record.Packed }

// batchSize bounds a batch: beyond it, the sum takes less memory than its parts.
const batchSize = 256

func newMerger(write func(record.Interval) error) *merger {
	return &merger{write: write, seconds: map[int]*mergedSecond{}, counted: map[string]*rangeSet{}}
}

// add adds an interval, whose histograms it keeps.
func (m *merger) add(in *Interval) {
	at := m.seconds[in.Second]
	if at == nil {
		at = &mergedSecond{series: map[record.Tag]*batch{}, steps: map[string]*record.Counters{}, places: places{}}
		m.seconds[in.Second] = at
	}
	for i := range in.Series {
		m.addSeries(at, &in.Series[i])
	}
	for i := range in.Steps {
		step := &in.Steps[i]
		if at.steps[step.Step] == nil {
			at.steps[step.Step] = &record.Counters{}
		}
		at.steps[step.Step].Add(step.Counters)
	}
	if in.Generator != nil {
		if at.generator == nil {
			at.generator = &record.Generator{}
		}
		g := *in.Generator
		if in.Origin.Place != "" {
			g = at.places.add(in.Origin, g)
		}
		at.generator.Add(g)
	}
}

func (m *merger) addSeries(at *mergedSecond, s *Series) {
	p := at.series[s.Tag]
	if p == nil {
		p = &batch{}
		at.series[s.Tag] = p
	}
	if p.parts = append(p.parts, s.Histogram); len(p.parts) >= batchSize {
		m.addParts(p)
		p.parts = append(p.parts, m.sum.Take())
	}
}

// addParts moves the parts of a batch into the sum.
func (m *merger) addParts(p *batch) {
	for _, part := range p.parts {
		m.sum.Add(part)
	}
	clear(p.parts) // they are slices of whole messages, which can be freed then
	p.parts = p.parts[:0]
}

// flush writes the seconds up to and including last.
func (m *merger) flush(last int) error {
	for _, second := range slices.Sorted(maps.Keys(m.seconds)) {
		if second > last {
			return nil
		}
		if err := m.writeSecond(second, m.seconds[second]); err != nil {
			return err
		}
		delete(m.seconds, second)
	}
	return nil
}

func (m *merger) writeSecond(second int, at *mergedSecond) error {
	if len(at.places) > 0 {
		at.generator.Add(at.places.sum(func(place string) bool { return m.count(place, second) }))
	}
	interval := record.Interval{Second: second, Steps: at.steps, Generator: at.generator,
		Packed: make(map[record.Tag]record.Packed, len(at.series))}
	for tag, batch := range at.series {
		m.addParts(batch)
		interval.Packed[tag] = m.sum.Take()
	}
	return m.write(interval)
}

// count notes that a place's figures are written for a second, and reports whether they were before.
func (m *merger) count(place string, second int) (already bool) {
	if m.counted[place] == nil {
		m.counted[place] = &rangeSet{}
	}
	number := uint64(second - beforeFirst)
	if m.counted[place].has(number) {
		return true
	}
	m.counted[place].add(Range{number, number + 1})
	return false
}
