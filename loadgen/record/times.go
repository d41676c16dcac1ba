package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"fsctl/loadgen/record/histogram"
)

// Times are the exact figures of one histogram in a line of counters.jsonl. A second and tag may have several, as
// latency.hlog has while a run goes on: they are of parts that add up.
type Times struct {
	Count int64 `json:"count"`  // values
	Min   int64 `json:"min_ns"` // lowest value
	Max   int64 `json:"max_ns"` // highest value
	Sum   int64 `json:"sum_ns"` // of all values
}

// timesLines returns a line for each histogram of a second, in order of tag.
func timesLines(second int, histograms map[Tag]Packed) ([]byte, error) {
	var lines bytes.Buffer
	encode := json.NewEncoder(&lines)
	for _, tag := range slices.SortedFunc(maps.Keys(histograms), Tag.Compare) {
		p := histograms[tag]
		f := p.Figures()
		if err := encode.Encode(counterLine{Second: &second, Tag: tag.String(), Times: &Times{p.Count(), f.Min, f.Max, f.Sum}}); err != nil {
			return nil, fmt.Errorf("figures of tag %s: %w", tag, err)
		}
	}
	return lines.Bytes(), nil
}

// exactTimes are the figures that counters.jsonl has of each second and tag.
type exactTimes map[int]map[Tag]timesSum

type timesSum struct {
	count   int64
	figures histogram.Figures
}

// add adds the figures of a line. It fails for figures that no values have.
func (e exactTimes) add(second int, name string, t Times) error {
	tag, err := ParseTag(name)
	if err != nil {
		return err
	}
	if t.Count <= 0 || t.Count > histogram.MaxCount || t.Min < 0 || t.Min > t.Max || t.Sum < t.Max {
		return fmt.Errorf("tag %s: found %+v, wanted values, a minimum of 0 or more, and a maximum and a sum above it", tag, t)
	}
	if e[second] == nil {
		e[second] = map[Tag]timesSum{}
	}
	sum := e[second][tag]
	sum.figures.Merge(sum.count, histogram.Figures{Min: t.Min, Max: t.Max, Sum: t.Sum})
	sum.count += t.Count
	e[second][tag] = sum
	return nil
}

// settle gives each histogram that was read its exact figures, and makes the sums over all seconds. Where the
// histogram holds other values than the figures are of, or a record of an older version has none, those of its buckets
// stay, and the maximum that latency.hlog has.
func (r *Record) settle(exact exactTimes) {
	for number, at := range r.seconds {
		for tag, c := range at.cells {
			if known := exact[number][tag]; known.count == c.Count() {
				c, _ = c.WithFigures(known.figures)
				at.cells[tag] = c
			}
			r.addTotal(tag, c)
		}
	}
}
