package tape

import (
	"maps"
	"slices"

	"fsctl/loadgen/record"
)

// merger adds up the intervals of many tapes, second by second, and hands each second's sum on.
type merger struct {
	write   func(record.Interval) error
	seconds map[int]*mergedSecond
	sum     record.Sum
}

// mergedSecond is what has come of a second since it was last handed on.
type mergedSecond struct {
	series    map[record.Tag]*pile
	steps     map[string]*record.Counters
	generator *record.Generator
}

// pile is histograms to be added up. They wait as they came, until they are as many as one addition is worth.
type pile struct{ parts []record.Packed }

// pileHeight bounds a pile: beyond it, one sum takes less memory than its parts.
const pileHeight = 256

func newMerger(write func(record.Interval) error) *merger {
	return &merger{write: write, seconds: map[int]*mergedSecond{}}
}

// add adds an interval, of which it keeps the histograms.
func (m *merger) add(in *Interval) {
	at := m.seconds[in.Second]
	if at == nil {
		at = &mergedSecond{series: map[record.Tag]*pile{}, steps: map[string]*record.Counters{}}
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
		at.generator.Add(*in.Generator)
	}
}

func (m *merger) addSeries(at *mergedSecond, s *Series) {
	p := at.series[s.Tag]
	if p == nil {
		p = &pile{}
		at.series[s.Tag] = p
	}
	if p.parts = append(p.parts, s.Histogram); len(p.parts) >= pileHeight {
		m.addParts(p)
		p.parts = append(p.parts, m.sum.Take())
	}
}

// addParts adds the parts to the sum and takes them off the pile.
func (m *merger) addParts(p *pile) {
	for _, part := range p.parts {
		m.sum.Add(part)
	}
	clear(p.parts) // so that the messages of which they are pieces can go
	p.parts = p.parts[:0]
}

// flush hands on what has come of the seconds up to and with last.
func (m *merger) flush(last int) error {
	for _, second := range slices.Sorted(maps.Keys(m.seconds)) {
		if second > last {
			return nil
		}
		if err := m.hand(second, m.seconds[second]); err != nil {
			return err
		}
		delete(m.seconds, second)
	}
	return nil
}

func (m *merger) hand(second int, at *mergedSecond) error {
	interval := record.Interval{Second: second, Steps: at.steps, Generator: at.generator,
		Packed: make(map[record.Tag]record.Packed, len(at.series))}
	for tag, pile := range at.series {
		m.addParts(pile)
		interval.Packed[tag] = m.sum.Take()
	}
	return m.write(interval)
}
