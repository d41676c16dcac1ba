package record

import (
	"iter"
	"maps"
	"math"
	"slices"

	"fsctl/loadgen/record/histogram"
)

// Record is a run as it can be asked about: read from a directory, filled while the run goes on, or joined
// from several.
//
// For each second and tag it holds the buckets in use, two to three bytes each, and for each tag those of the
// run: half an hour with 40 tags takes a few hundred megabytes at the very most. A Record is not safe for use by
// several goroutines.
type Record struct {
	Manifest Manifest
	Scenario []byte // scenario.yaml, empty where there is none
	Ledger   Ledger
	Samples  []Sample // of failed exchanges, in the order in which they were sent
	Dir      string   // where it was read from; empty for a live or joined record
	Torn     int      // files of which the last second was not whole and was dropped: the run died or is still going on

	// Unverified says that a version of before FormatVersion made the directory, without a seal: what was changed in it since is
	// not seen.
	Unverified bool

	// DueUnknown says that the record knows no due instants, as with vegeta's results: seconds are those
	// when requests were sent, Counters.Due is 0, and there is no response time, only service time.
	DueUnknown bool

	seconds map[int]*second
	totals  map[Tag]*total
	packer  *Packer
	adder   Sum     // of totals
	slices  []Slice // that vegeta's results were read for
}

// total is what a tag holds in all seconds: what is added is kept as it is until there is enough to be worth an addition.
type total struct {
	sum    Packed
	recent []Packed
}

const mostRecent = 64 // cells of a total

// count returns how many values t holds.
func (t *total) count() int64 {
	count := t.sum.Count()
	for _, c := range t.recent {
		count += c.Count()
	}
	return count
}

// second is what a record holds of one second.
type second struct {
	cells     map[Tag]Packed
	steps     map[string]*Counters
	generator *Generator
}

// Window is the seconds from From to To, counted from T0, without To itself.
type Window struct {
	From, To int
}

// Everything is the window of the whole run.
var Everything = Window{From: math.MinInt, To: math.MaxInt}

// Contains reports whether a second is in the window.
func (w Window) Contains(second int) bool { return second >= w.From && second < w.To }

// New returns an empty record of a run.
func New(m Manifest) *Record { return &Record{Manifest: m} }

// Add adds an interval. It keeps nothing of it, so that the caller may go on using the same histograms.
// Values of a histogram that NewHistogram could not hold count as the highest.
func (r *Record) Add(interval Interval) {
	if r.packer == nil {
		r.packer = histogram.NewPacker()
	}
	for tag, packed := range PackAll(r.packer, interval) {
		r.addCell(interval.Second, tag, packed)
	}
	for step, counters := range interval.Steps {
		if counters != nil {
			r.addCounters(interval.Second, step, *counters)
		}
	}
	if interval.Generator != nil {
		r.addGenerator(interval.Second, *interval.Generator)
	}
}

func (r *Record) at(number int) *second {
	if found, ok := r.seconds[number]; ok {
		return found
	}
	if r.seconds == nil {
		r.seconds = map[int]*second{}
	}
	made := &second{cells: map[Tag]Packed{}, steps: map[string]*Counters{}}
	r.seconds[number] = made
	return made
}

// addCell adds a histogram, unless it is empty.
func (r *Record) addCell(number int, tag Tag, c Packed) {
	if c.Count() == 0 {
		return
	}
	at := r.at(number)
	at.cells[tag] = at.cells[tag].Plus(c)
	r.addTotal(tag, c)
}

// addTotal adds a histogram to what its tag holds in all seconds.
func (r *Record) addTotal(tag Tag, c Packed) {
	if r.totals == nil {
		r.totals = map[Tag]*total{}
	}
	whole, ok := r.totals[tag]
	if !ok {
		whole = &total{}
		r.totals[tag] = whole
	}
	if whole.recent = append(whole.recent, c); len(whole.recent) == mostRecent {
		r.adder.Add(whole.sum)
		for _, c := range whole.recent {
			r.adder.Add(c)
		}
		whole.sum, whole.recent = r.adder.Take(), whole.recent[:0]
	}
}

// addCounters adds a step's counters, unless nothing happened.
func (r *Record) addCounters(number int, step string, counters Counters) {
	if counters.isZero() {
		return
	}
	at := r.at(number)
	if at.steps[step] == nil {
		at.steps[step] = &Counters{}
	}
	at.steps[step].Add(counters)
}

func (r *Record) addGenerator(number int, g Generator) {
	at := r.at(number)
	if at.generator == nil {
		at.generator = &Generator{}
	}
	at.generator.Add(g)
}

// Merge adds another record, second by second as counted from each one's T0: another agent of the same run,
// or another run. It is exact: the sum has in every bucket what the records have together, in whichever
// order they are merged. Manifest, Scenario and Dir stay the receiver's, since only the caller knows what the
// sum stands for.
func (r *Record) Merge(other *Record) {
	for number, from := range other.seconds {
		for tag, c := range from.cells {
			r.addCell(number, tag, c)
		}
		for step, counters := range from.steps {
			r.addCounters(number, step, *counters)
		}
		if from.generator != nil {
			r.addGenerator(number, *from.generator)
		}
	}
	r.Ledger.Add(other.Ledger)
	for _, s := range other.Samples {
		r.AddSample(s)
	}
	r.Torn += other.Torn
	r.DueUnknown = r.DueUnknown || other.DueUnknown
	r.Unverified = r.Unverified || other.Unverified
}

// Tags returns every tag that has a histogram, in order of their text.
func (r *Record) Tags() []Tag { return slices.SortedFunc(maps.Keys(r.totals), Tag.Compare) }

// Steps returns the names of all steps that have counters, sorted.
func (r *Record) Steps() []string {
	names := map[string]bool{}
	for _, at := range r.seconds {
		for name := range at.steps {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Seconds returns the first and the last second of which anything is known; ok is false when there is none.
func (r *Record) Seconds() (first, last int, ok bool) {
	first, last = math.MaxInt, math.MinInt
	for number := range r.seconds {
		first, last = min(first, number), max(last, number)
	}
	if first > last {
		return 0, 0, false
	}
	return first, last, true
}

// covers reports that no second is outside the window.
func (r *Record) covers(w Window) bool {
	first, last, ok := r.Seconds()
	return !ok || w.Contains(first) && w.Contains(last)
}

// Packed returns the sum of all histograms of the window's seconds whose tag matches; a nil match stands
// for every tag. It takes no more memory and time than there are buckets in use. Over several metrics the sum
// means nothing: match should pick one.
func (r *Record) Packed(w Window, match func(Tag) bool) Packed {
	const few = 8 // cells: more are added up in less time than they are merged
	var first Packed
	var rest Sum
	cells := 0
	r.eachSum(w, match, func(c Packed) {
		if c.Count() == 0 {
			return
		}
		if cells++; cells <= few {
			first = first.Plus(c)
			return
		}
		rest.Add(c)
	})
	return first.Plus(rest.Take())
}

// eachSum calls do with cells that add up to what a window holds: a total where that is known, else those of each second.
func (r *Record) eachSum(w Window, match func(Tag) bool, do func(Packed)) {
	if !r.covers(w) {
		r.eachCell(w, match, do)
		return
	}
	for tag, total := range r.totals {
		if match == nil || match(tag) {
			do(total.sum)
			for _, c := range total.recent {
				do(c)
			}
		}
	}
}

// Count returns how many values Packed would hold, for less work.
func (r *Record) Count(w Window, match func(Tag) bool) int64 {
	var count int64
	if r.covers(w) {
		for tag, total := range r.totals {
			if match == nil || match(tag) {
				count += total.count()
			}
		}
		return count
	}
	r.eachCell(w, match, func(c Packed) { count += c.Count() })
	return count
}

func (r *Record) eachCell(w Window, match func(Tag) bool, do func(Packed)) {
	for number, at := range r.seconds {
		if !w.Contains(number) {
			continue
		}
		for tag, c := range at.cells {
			if match == nil || match(tag) {
				do(c)
			}
		}
	}
}

// Counters returns the sum of a step's counters over the window's seconds, of all steps for an empty name.
func (r *Record) Counters(w Window, step string) Counters {
	var sum Counters
	for number, at := range r.seconds {
		if !w.Contains(number) {
			continue
		}
		for name, counters := range at.steps {
			if step == "" || step == name {
				sum.Add(*counters)
			}
		}
	}
	return sum
}

// CountersAt returns the counters of every step to which anything happened in a second.
func (r *Record) CountersAt(number int) map[string]Counters {
	steps := map[string]Counters{}
	if at, ok := r.seconds[number]; ok {
		for name, counters := range at.steps {
			steps[name] = counters.clone()
		}
	}
	return steps
}

// Generators yields each second's generator health, in order of time. Seconds without are left out.
func (r *Record) Generators() iter.Seq2[int, Generator] {
	return func(yield func(int, Generator) bool) {
		for _, number := range slices.Sorted(maps.Keys(r.seconds)) {
			if g := r.seconds[number].generator; g != nil && !yield(number, *g) {
				return
			}
		}
	}
}
