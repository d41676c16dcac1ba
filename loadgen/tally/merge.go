package tally

import (
	"strconv"

	"fsctl/loadgen/record"
)

// intervalOf returns the interval of a second, made where there is none.
func intervalOf(second int, intervals map[int]*record.Interval) *record.Interval {
	if intervals[second] == nil {
		intervals[second] = &record.Interval{Second: second, Histograms: map[record.Tag]*record.Histogram{}, Steps: map[string]*record.Counters{}}
	}
	return intervals[second]
}

// EventsOf returns the interval of a second in which something happened.
func EventsOf(second int, intervals map[int]*record.Interval) *record.Interval {
	i := intervalOf(second, intervals)
	if i.Generator == nil {
		i.Generator = &record.Generator{}
	}
	return i
}

// CountersOf returns a step's counters in an interval.
func CountersOf(step string, i *record.Interval) *record.Counters {
	if i.Steps[step] == nil {
		i.Steps[step] = &record.Counters{}
	}
	return i.Steps[step]
}

// Merge adds a tally to the intervals: the events belong to its second, the histograms to the seconds in which
// their requests were due.
func (t *Tally) Merge(intervals map[int]*record.Interval) {
	e := EventsOf(t.Second, intervals)
	for i := range t.Counters {
		if c := &t.Counters[i]; c.Due+c.Sent+c.Done+c.Unsent+c.GivenUp > 0 {
			sum := CountersOf(t.steps[i].Name, e)
			sum.Add(*c)
			t.mergeStatuses(i, sum)
			t.mergeCounted(i, sum)
		}
	}
	t.mergeEndings(e.Generator)
	t.mergeHealth(e.Generator)
	for due, kept := range t.seconds {
		t.mergeOutcomes(intervalOf(due, intervals), kept)
	}
	t.iterations.merge(intervals, t.packer)
}

// mergeHealth adds what is known of the generator itself.
func (t *Tally) mergeHealth(g *record.Generator) {
	own := record.Generator{MaxLatenessSeconds: t.maxLateness.Seconds(), Gaps: t.Gaps, Opened: t.Opening.Number, OpeningSeconds: t.Opening.Sum.Seconds(),
		MaxOpeningSeconds: t.Opening.longest.Seconds(), AllBusySeconds: t.AllBusy.Seconds(), InFlightSeconds: t.InFlight.Seconds(), Answers: t.answered}
	g.Add(own)
}

// mergeStatuses adds a step's answers by status code.
func (t *Tally) mergeStatuses(step int, sum *record.Counters) {
	for status, n := range t.statuses[step] {
		if n > 0 {
			if sum.Statuses == nil {
				sum.Statuses = map[string]uint64{}
			}
			sum.Statuses[strconv.Itoa(status)] += n
		}
	}
}

// mergeCounted adds what a step's answers added to own counters.
func (t *Tally) mergeCounted(step int, sum *record.Counters) {
	for i, n := range t.counted[step] {
		if n > 0 {
			sum.Add(record.Counters{Counted: map[string]float64{t.steps[step].Counters[i]: n}})
		}
	}
}

// mergeEndings adds the users whose journey is over.
func (t *Tally) mergeEndings(g *record.Generator) {
	for i, n := range t.finished {
		if n > 0 {
			g.Iterations += n
			AddJourney(g, t.programs[i].Name, record.Journey{Finished: n})
		}
	}
	g.EvictedCookies += t.Evicted
	for i, n := range t.NotReady {
		if n > 0 {
			AddJourney(g, t.programs[i].Name, record.Journey{NotReady: n})
		}
	}
	for e, n := range t.ended {
		g.Iterations += n
		if e.how.Outcome != "" {
			AddJourney(g, e.of.Name, record.Journey{Ended: map[string]uint64{e.how.Outcome: n}})
		} else {
			AddJourney(g, e.of.Name, record.Journey{Left: map[record.Left]uint64{{Step: e.how.Step, Variable: e.how.Variable, After: e.how.After}: n}})
		}
	}
}

// AddJourney adds users of a journey.
func AddJourney(g *record.Generator, name string, j record.Journey) {
	if g.Journeys == nil {
		g.Journeys = map[string]record.Journey{}
	}
	sum := g.Journeys[name]
	sum.Add(j)
	g.Journeys[name] = sum
}

func (t *Tally) mergeOutcomes(interval *record.Interval, kept [][]*histograms) {
	for i, outcomes := range kept {
		for o, c := range outcomes {
			if c == nil {
				continue
			}
			sum := func(metric string, h *record.Histogram) {
				tag := record.Tag{Metric: metric, Step: t.steps[i].Name, Outcome: t.steps[i].Outcomes[o]}
				if had := interval.Histograms[tag]; had != nil {
					t.packer.Pack(h).AddTo(had) // a tenth of what Merge takes, which looks at each bucket up to the highest
					return
				}
				interval.Histograms[tag] = h
			}
			c.each(sum)
			c.eachSliced(t.timings.slices, sum)
		}
	}
}
