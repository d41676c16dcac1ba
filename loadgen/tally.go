package loadgen

import (
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/pulse"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/arrivals"
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
	iterations  iterations
	maxLateness time.Duration
	gaps        []record.Gap // in which the shard did not run
	answered    record.Span  // signs of life of the target
	opening     openings
	allBusy     time.Duration // while all connections that may be open were busy, times their number
	inFlight    time.Duration // of it, with a request in flight
	spare       []*histograms
	packer      *record.Packer
}

// sample is one answered request.
type sample struct {
	step *journey.Step
	journey.Judgement
	due, sent, done     time.Duration // from T0
	waiting, connecting time.Duration
	handshaking         time.Duration
	program             *journey.Program // of the user; nil for a list of targets
	status              int              // of the answer, 0 without one
	class               string
	bytesOut, bytesIn   uint64
	resent              uint64        // how often it was sent again
	opening             time.Duration // for which it waited for its connection to be opened, where that was not for its own sake
	leaving
	frozen bool // it is not what it would have been, had the generator run
}

// answering is the service time without what opening the connection took.
func (s *sample) answering() time.Duration {
	return max(s.done-s.sent-max(s.connecting, s.opening), 0)
}

// times returns when the request was due, sent and done.
func (s *sample) times() pulse.Request { return pulse.Request{Due: s.due, Sent: s.sent, Done: s.done} }

// openings are connections that were opened.
type openings struct {
	number       uint64
	sum, longest time.Duration // that it took
}

// add counts one; 0 is none.
func (o *openings) add(took time.Duration) {
	if took == 0 {
		return
	}
	o.number++
	o.sum += took
	o.longest = max(o.longest, took)
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
	if t.timings.iteration {
		t.iterations.add(u)
	}
}

// add records a sample. limit is the lateness above which a request counts as late.
func (t *tally) add(s *sample, limit time.Duration) {
	c := t.histogramsOf(arrivals.Second(s.due), s.step, s.Outcome)
	c.add(s)
	for i := range t.timings.slices {
		if t.timings.slices[i].holds(s) {
			t.sliceOf(c, i).add(s)
		}
	}
	lateness := s.sent - s.due
	t.maxLateness = max(t.maxLateness, lateness)
	t.count(s, lateness, limit)
}

// sliceOf returns the histograms of slice i, beside c.
func (t *tally) sliceOf(c *histograms, i int) *histograms {
	if c.sliced == nil {
		c.sliced = make([]*histograms, len(t.timings.slices))
	}
	if c.sliced[i] == nil {
		c.sliced[i] = t.makeHistograms()
	}
	return c.sliced[i]
}

// count counts a sample.
func (t *tally) count(s *sample, lateness, limit time.Duration) {
	n := &t.counters[s.step.Index]
	n.Done++
	n.Sends.Include(s.sent)
	n.Ends.Include(s.done)
	n.ChecksPassed += s.Passed
	n.ChecksFailed += s.Failed
	n.BytesOut += s.bytesOut
	n.BytesIn += s.bytesIn
	n.Resent += s.resent
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
	case s.frozen:
		n.Frozen++
	case s.opening > limit:
		n.Opening++
	case lateness <= limit:
	case s.held == heldByBusy:
		n.Waited++
	case s.held == heldByOpening:
		n.Opening++
	default:
		n.Late++
	}
	if s.class == "" {
		l := &n.InFlight[record.LevelOf(s.leaving.inFlight)]
		l.Requests++
		l.Seconds += s.answering().Seconds()
	}
	t.opening.add(s.connecting)
	if s.class != transport.ClassTimeout && s.class != transport.ClassCanceled && s.class != transport.ClassPorts && s.class != transport.ClassMemory {
		t.answered.Include(s.done)
	}
}

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
	return t.makeHistograms()
}

// clear empties a tally for the next second; its histograms are kept.
func (t *tally) clear() {
	defer t.shrink(len(t.spare))
	for _, kept := range t.seconds {
		for _, outcomes := range kept {
			for _, c := range outcomes {
				if c != nil {
					reset := func(_ string, h *record.Histogram) { h.Reset() }
					c.each(reset)
					c.eachSliced(t.timings.slices, reset)
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
	t.maxLateness, t.gaps, t.opening, t.allBusy, t.inFlight, t.answered = 0, t.gaps[:0], openings{}, 0, 0, record.Span{}
	t.iterations.clear()
}

// shrink lets go of histograms, little by little, where there are more than twice as many spare ones as a second takes: a target that
// fell behind needed many, and may not any more. before is how many were spare when the second's own were still in use.
func (t *tally) shrink(before int) {
	const few = 8
	if excess := len(t.spare) - 2*(len(t.spare)-before) - few; excess > 0 {
		keep := len(t.spare) - excess/4 - 1
		clear(t.spare[keep:])
		t.spare = t.spare[:keep]
	}
}
