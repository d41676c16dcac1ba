// Package tally counts what happens to requests, second by second, on its way to the record.
package tally

import (
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/pulse"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/arrivals"
)

// Tally collects what a shard measures in one second.
type Tally struct {
	Second      int
	steps       []*journey.Step
	programs    []*journey.Program
	timings     Timings // which optional metrics are kept
	seconds     map[int][][]*histograms
	Counters    []record.Counters // by step
	statuses    [][]uint64        // by step and status code
	counted     [][]float64       // by step and own counter
	finished    []uint64          // journeys, by program
	Evicted     uint64            // cookies that had to leave the jars of users whose journey is over
	NotReady    []uint64          // users who began one after another late, by program
	ended       map[ending]uint64 // journeys that were not finished
	iterations  iterations
	maxLateness time.Duration
	Gaps        []record.Gap // in which the shard did not run
	answered    record.Span  // signs of life of the target
	Opening     Openings
	AllBusy     time.Duration // while all connections that may be open were busy, times their number
	InFlight    time.Duration // of it, with a request in flight
	spare       []*histograms
	packer      *record.Packer
}

// Request is one answered request.
type Request struct {
	Step *journey.Step
	journey.Judgement
	Due, Sent, Done     time.Duration // from T0
	Waiting, Connecting time.Duration
	Handshaking         time.Duration
	Program             *journey.Program // of the user; nil for a list of targets
	Status              int              // of the answer, 0 without one
	Counts              []float64        // without a unit, added to own counters, by Step.Counters
	Class               string
	BytesOut, BytesIn   uint64        // in bytes
	Resent              uint64        // how often it was sent again
	Opening             time.Duration // for which it waited for its connection to be opened, where that was not for its own sake
	Leaving
	Frozen bool // it is not what it would have been, had the generator run
}

// Leaving is what a shard knows of a request as it leaves.
type Leaving struct {
	Held     Holdup
	InFlight int           // requests, itself included, as far as one shard knows of all
	AllBusy  time.Duration // of the shard, up to then
}

// Holdup is what kept a request that leaves late.
type Holdup uint8

const (
	HeldByGenerator Holdup = iota // a connection could have been had
	HeldByBusy                    // all connections that may be open were busy
	HeldByOpening                 // the same, and some of them were still being opened
)

// Answering is the service time without what opening the connection took.
func (s *Request) Answering() time.Duration {
	return max(s.Done-s.Sent-max(s.Connecting, s.Opening), 0)
}

// Times returns when the request was due, sent and done.
func (s *Request) Times() pulse.Request { return pulse.Request{Due: s.Due, Sent: s.Sent, Done: s.Done} }

// Openings are connections that were opened.
type Openings struct {
	Number       uint64        // of them
	Sum, longest time.Duration // that it took
}

// Add counts one; 0 is none.
func (o *Openings) Add(took time.Duration) {
	if took == 0 {
		return
	}
	o.Number++
	o.Sum += took
	o.longest = max(o.longest, took)
}

// New returns an empty tally of steps and journeys, with the optional metrics that are kept.
func New(c *journey.Compiled, t Timings) *Tally {
	steps := c.Steps
	v := &Tally{steps: steps, timings: t, seconds: map[int][][]*histograms{}, Counters: make([]record.Counters, len(steps)),
		statuses: make([][]uint64, len(steps)), programs: c.Listed, finished: make([]uint64, len(c.Listed)), NotReady: make([]uint64, len(c.Listed)), ended: map[ending]uint64{}, packer: record.NewPacker()}
	for i := range v.statuses {
		v.statuses[i] = make([]uint64, mostStatus+1)
		v.counted = append(v.counted, make([]float64, len(steps[i].Counters)))
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

// End counts a user whose journey is over.
func (t *Tally) End(u *journey.User) {
	if p := u.Program(); u.HasLeft() {
		t.ended[ending{p, u.Ending()}]++
	} else {
		t.finished[p.Index]++
	}
	if t.timings.iteration {
		t.iterations.add(u)
	}
}

// AddGroups records the groups of its journey that a user has just ended.
func (t *Tally) AddGroups(u *journey.User) {
	for g := range u.Groups() {
		t.iterations.addGroup(u, g)
	}
}

// Add records a request. limit is the lateness above which a request counts as late.
func (t *Tally) Add(s *Request, limit time.Duration) {
	c := t.histogramsOf(arrivals.Second(s.Due), s.Step, s.Outcome)
	c.add(s)
	for i := range t.timings.slices {
		if t.timings.slices[i].holds(s) {
			t.sliceOf(c, i).add(s)
		}
	}
	lateness := s.Sent - s.Due
	t.maxLateness = max(t.maxLateness, lateness)
	t.count(s, lateness, limit)
}

// sliceOf returns the histograms of slice i, beside c.
func (t *Tally) sliceOf(c *histograms, i int) *histograms {
	if c.sliced == nil {
		c.sliced = make([]*histograms, len(t.timings.slices))
	}
	if c.sliced[i] == nil {
		c.sliced[i] = t.makeHistograms()
	}
	return c.sliced[i]
}

// count counts a request.
func (t *Tally) count(s *Request, lateness, limit time.Duration) {
	n := &t.Counters[s.Step.Index]
	n.Done++
	n.Sends.Include(s.Sent)
	n.Ends.Include(s.Done)
	n.ChecksPassed += s.Passed
	n.ChecksFailed += s.Failed
	n.BytesOut += s.BytesOut
	n.BytesIn += s.BytesIn
	n.Resent += s.Resent
	if s.Outcome == journey.OutcomeFailed || s.Outcome == journey.OutcomeError {
		n.Failed++
	}
	if s.Class != "" {
		if n.Errors == nil {
			n.Errors = map[string]uint64{}
		}
		n.Errors[s.Class]++
	}
	for i, added := range s.Counts {
		t.counted[s.Step.Index][i] += added
	}
	if s.Status > 0 {
		t.statuses[s.Step.Index][min(s.Status, mostStatus)]++
	}
	if s.Reason != "" && s.Class == "" {
		if n.Failures == nil {
			n.Failures = map[string]uint64{}
		}
		n.Failures[s.Reason]++
	}
	switch {
	case s.Frozen:
		n.Frozen++
	case s.Opening > limit:
		n.Opening++
	case lateness <= limit:
	case s.Held == HeldByBusy:
		n.Waited++
	case s.Held == HeldByOpening:
		n.Opening++
	default:
		n.Late++
	}
	if s.Class == "" {
		l := &n.InFlight[record.LevelOf(s.Leaving.InFlight)]
		l.Requests++
		l.Seconds += s.Answering().Seconds()
	}
	t.Opening.Add(s.Connecting)
	if s.Class != transport.ClassTimeout && s.Class != transport.ClassCanceled && s.Class != transport.ClassPorts && s.Class != transport.ClassMemory {
		t.answered.Include(s.Done)
	}
}

func (t *Tally) histogramsOf(second int, s *journey.Step, outcome int) *histograms {
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

func (t *Tally) newHistograms() *histograms {
	if n := len(t.spare); n > 0 {
		c := t.spare[n-1]
		t.spare = t.spare[:n-1]
		return c
	}
	return t.makeHistograms()
}

// Clear empties a tally for the next second; its histograms are kept.
func (t *Tally) Clear() {
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
	clear(t.Counters)
	for i, statuses := range t.statuses {
		clear(statuses)
		clear(t.counted[i])
	}
	clear(t.finished)
	clear(t.NotReady)
	clear(t.ended)
	t.Evicted = 0
	t.maxLateness, t.Gaps, t.Opening, t.AllBusy, t.InFlight, t.answered = 0, t.Gaps[:0], Openings{}, 0, 0, record.Span{}
	t.iterations.clear()
}

// shrink lets go of histograms, little by little, where there are more than twice as many spare ones as a second takes: a target that
// fell behind needed many, and may not any more. before is how many were spare when the second's own were still in use.
func (t *Tally) shrink(before int) {
	const few = 8
	if excess := len(t.spare) - 2*(len(t.spare)-before) - few; excess > 0 {
		keep := len(t.spare) - excess/4 - 1
		clear(t.spare[keep:])
		t.spare = t.spare[:keep]
	}
}
