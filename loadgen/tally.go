package loadgen

import (
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/record"
)

// tally collects what a shard measures in one second.
type tally struct {
	second      int
	steps       []*journey.Step
	programs    []*journey.Program
	timings     timings // which optional metrics are kept
	seconds     map[int][][]*histograms
	counters    []record.Counters // by step
	statuses    [][]uint64        // by step and status code
	finished    []uint64          // journeys, by program
	ended       map[ending]uint64 // journeys that were not finished
	maxLateness time.Duration
	spare       []*histograms
	packer      *record.Packer
}

// timings says which optional metrics a record holds.
type timings struct{ waiting, connecting bool }

// histograms are those of one step's outcome in one due second.
type histograms struct {
	response, service, lateness *hdrhistogram.Histogram
	waiting, connecting         *hdrhistogram.Histogram // nil unless asked for
}

// sample is one answered request.
type sample struct {
	step *journey.Step
	journey.Judgement
	due, sent, done     time.Duration // from T0
	waiting, connecting time.Duration
	status              int // of the answer, 0 without one
	class               string
	bytesOut, bytesIn   uint64
	waited, quiet, full bool
}

func newTally(c *journey.Compiled, t timings) *tally {
	steps := c.Steps
	v := &tally{steps: steps, timings: t, seconds: map[int][][]*histograms{}, counters: make([]record.Counters, len(steps)),
		statuses: make([][]uint64, len(steps)), programs: c.Listed, finished: make([]uint64, len(c.Listed)), ended: map[ending]uint64{}, packer: record.NewPacker()}
	for i := range v.statuses {
		v.statuses[i] = make([]uint64, mostStatus+1)
	}
	return v
}

// mostStatus is the highest status code that an engine takes for one.
const mostStatus = 999

// ending is how users of a journey ended who have not finished it.
type ending struct {
	of  *journey.Program
	how journey.Ending
}

// end counts a user whose journey is over.
func (t *tally) end(u *journey.User) {
	if p := u.Program(); u.HasLeft() {
		t.ended[ending{p, u.Ending()}]++
	} else {
		t.finished[p.Index]++
	}
}

// second returns the second, counted from T0, that holds an instant.
func second(t time.Duration) int {
	s := int(t / time.Second)
	if t < 0 && t%time.Second != 0 {
		s--
	}
	return s
}

// add records a sample. limit is the lateness above which a request counts as late.
func (t *tally) add(s *sample, limit time.Duration) {
	c := t.histogramsOf(second(s.due), s.step, s.Outcome)
	lateness := s.sent - s.due
	record := func(h *hdrhistogram.Histogram, d time.Duration) {
		if h != nil {
			_ = h.RecordValue(min(max(int64(d), 0), highest)) // within the range, so never an error
		}
	}
	record(c.response, s.done-s.due)
	record(c.service, s.done-s.sent)
	record(c.lateness, lateness)
	if s.class == "" || s.waiting > 0 { // without an answer there was no first byte
		record(c.waiting, s.waiting)
	}
	if s.class == "" || s.connecting > 0 { // nor a handshake where no connection was made
		record(c.connecting, s.connecting)
	}
	t.maxLateness = max(t.maxLateness, lateness)

	n := &t.counters[s.step.Index]
	n.Done++
	n.ChecksPassed += s.Passed
	n.ChecksFailed += s.Failed
	n.BytesOut += s.bytesOut
	n.BytesIn += s.bytesIn
	if s.Outcome == journey.OutcomeFailed || s.Outcome == journey.OutcomeError {
		n.Failed++
	}
	if s.class != "" {
		if n.Errors == nil {
			n.Errors = map[string]uint64{}
		}
		n.Errors[s.class]++
	}
	if s.status > 0 {
		t.statuses[s.step.Index][min(s.status, mostStatus)]++
	}
	if s.Reason != "" && s.class == "" {
		if n.Failures == nil {
			n.Failures = map[string]uint64{}
		}
		n.Failures[s.Reason]++
	}
	switch {
	case lateness <= limit:
	case s.waited:
		n.Waited++
	default:
		n.Late++
	}
	if s.quiet && s.class == "" {
		n.Quiet.Requests++
		n.Quiet.Seconds += (s.done - s.sent).Seconds()
	}
	if s.full && s.class == "" {
		n.Full.Requests++
		n.Full.Seconds += (s.done - s.sent).Seconds()
	}
}

const highest = record.HighestValue

func (t *tally) histogramsOf(second int, s *journey.Step, outcome int) *histograms {
	kept := t.seconds[second]
	if kept == nil {
		kept = make([][]*histograms, len(t.steps))
		for i, s := range t.steps {
			kept[i] = make([]*histograms, len(s.Outcomes))
		}
		t.seconds[second] = kept
	}
	c := kept[s.Index][outcome]
	if c == nil {
		c = t.newHistograms()
		kept[s.Index][outcome] = c
	}
	return c
}

func (t *tally) newHistograms() *histograms {
	if n := len(t.spare); n > 0 {
		c := t.spare[n-1]
		t.spare = t.spare[:n-1]
		return c
	}
	c := &histograms{response: record.NewHistogram(), service: record.NewHistogram(), lateness: record.NewHistogram()}
	if t.timings.waiting {
		c.waiting = record.NewHistogram()
	}
	if t.timings.connecting {
		c.connecting = record.NewHistogram()
	}
	return c
}

// each calls f with every histogram that is kept.
func (c *histograms) each(f func(metric string, h *hdrhistogram.Histogram)) {
	f(record.ResponseTime, c.response)
	f(record.ServiceTime, c.service)
	f(record.Lateness, c.lateness)
	if c.waiting != nil {
		f(record.Waiting, c.waiting)
	}
	if c.connecting != nil {
		f(record.Connecting, c.connecting)
	}
}

// intervalOf returns the interval of a second, made where there is none.
func intervalOf(second int, intervals map[int]*record.Interval) *record.Interval {
	if intervals[second] == nil {
		intervals[second] = &record.Interval{Second: second, Histograms: map[record.Tag]*hdrhistogram.Histogram{}, Steps: map[string]*record.Counters{}}
	}
	return intervals[second]
}

// eventsOf returns the interval of a second in which something happened.
func eventsOf(second int, intervals map[int]*record.Interval) *record.Interval {
	i := intervalOf(second, intervals)
	if i.Generator == nil {
		i.Generator = &record.Generator{}
	}
	return i
}

// countersOf returns a step's counters in an interval.
func countersOf(step string, i *record.Interval) *record.Counters {
	if i.Steps[step] == nil {
		i.Steps[step] = &record.Counters{}
	}
	return i.Steps[step]
}

// merge adds a tally to the intervals: the events belong to its second, the histograms to the seconds in which
// their requests were due.
func (t *tally) merge(intervals map[int]*record.Interval) {
	e := eventsOf(t.second, intervals)
	for i := range t.counters {
		if c := &t.counters[i]; c.Due+c.Sent+c.Done+c.Unsent > 0 {
			sum := countersOf(t.steps[i].Name, e)
			sum.Add(*c)
			t.mergeStatuses(i, sum)
		}
	}
	t.mergeEndings(e.Generator)
	e.Generator.MaxLatenessSeconds = max(e.Generator.MaxLatenessSeconds, t.maxLateness.Seconds())
	for due, kept := range t.seconds {
		t.mergeOutcomes(intervalOf(due, intervals), kept)
	}
}

// mergeStatuses adds a step's answers by status code.
func (t *tally) mergeStatuses(step int, sum *record.Counters) {
	for status, n := range t.statuses[step] {
		if n > 0 {
			if sum.Statuses == nil {
				sum.Statuses = map[string]uint64{}
			}
			sum.Statuses[strconv.Itoa(status)] += n
		}
	}
}

// mergeEndings adds the users whose journey is over.
func (t *tally) mergeEndings(g *record.Generator) {
	for i, n := range t.finished {
		if n > 0 {
			g.Iterations += n
			addJourney(g, t.programs[i].Name, record.Journey{Finished: n})
		}
	}
	for e, n := range t.ended {
		g.Iterations += n
		if e.how.Outcome != "" {
			addJourney(g, e.of.Name, record.Journey{Ended: map[string]uint64{e.how.Outcome: n}})
		} else {
			addJourney(g, e.of.Name, record.Journey{Left: map[record.Left]uint64{{Step: e.how.Step, Variable: e.how.Variable, After: e.how.After}: n}})
		}
	}
}

// addJourney adds users of a journey.
func addJourney(g *record.Generator, name string, j record.Journey) {
	if g.Journeys == nil {
		g.Journeys = map[string]record.Journey{}
	}
	sum := g.Journeys[name]
	sum.Add(j)
	g.Journeys[name] = sum
}

func (t *tally) mergeOutcomes(interval *record.Interval, kept [][]*histograms) {
	for i, outcomes := range kept {
		for o, c := range outcomes {
			if c == nil {
				continue
			}
			c.each(func(metric string, h *hdrhistogram.Histogram) {
				tag := record.Tag{Metric: metric, Step: t.steps[i].Name, Outcome: t.steps[i].Outcomes[o]}
				if sum := interval.Histograms[tag]; sum != nil {
					t.packer.Pack(h).AddTo(sum) // a tenth of what Merge takes, which looks at each bucket up to the highest
					return
				}
				interval.Histograms[tag] = h
			})
		}
	}
}

// clear empties a tally for the next second; its histograms are kept.
func (t *tally) clear() {
	for _, kept := range t.seconds {
		for _, outcomes := range kept {
			for _, c := range outcomes {
				if c != nil {
					c.each(func(_ string, h *hdrhistogram.Histogram) { h.Reset() })
					t.spare = append(t.spare, c)
				}
			}
		}
	}
	clear(t.seconds)
	clear(t.counters)
	for _, statuses := range t.statuses {
		clear(statuses)
	}
	clear(t.finished)
	clear(t.ended)
	t.maxLateness = 0
}
