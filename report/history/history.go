// Package history says what happened to each step of a run in each second, and what the target made of it.
package history

import (
	"maps"
	"slices"

	"fsctl/loadgen/record"
)

// History is what happened to each step in each second, in order of time; seconds in which nothing
// happened are left out.
type History struct {
	Seconds []int                        // from T0
	Events  []map[string]record.Counters // of each of them, by step
	Names   []string                     // of all steps, sorted

	top  int           // the highest level of requests in flight that was more than chance, or topUnknown
	open map[int]int64 // requests in flight at the end of each second
	held int           // seconds of a level's hold, one rate throughout: its rates are means over all of it; else 0
}

// New returns the history of a run.
func New(rec *record.Record) *History {
	s := &History{Names: rec.Steps(), open: map[int]int64{}}
	inFlight := int64(0)
	first, last, ok := rec.Seconds()
	for second := first; ok && second <= last; second++ {
		if events := rec.CountersAt(second); len(events) > 0 {
			s.Seconds = append(s.Seconds, second)
			s.Events = append(s.Events, events)
			all := Sum(events)
			inFlight += int64(all.Sent) - int64(all.Done)
		}
		s.open[second] = inFlight
	}
	s.top = topOf(s)
	return s
}

// Only returns the part of the history in the seconds that are wanted.
func (s *History) Only(wanted func(second int) bool) *History {
	part := &History{Names: s.Names, top: s.top, open: s.open}
	for i, second := range s.Seconds {
		if wanted(second) {
			part.Seconds = append(part.Seconds, second)
			part.Events = append(part.Events, s.Events[i])
		}
	}
	return part
}

// Hold returns what happened in the hold of a level, whose seconds are in the window.
func (s *History) Hold(w record.Window) *History {
	part := s.Only(w.Contains)
	part.held = w.To - w.From
	return part
}

// Span returns the seconds from the first with an event to the last.
func (s *History) Span() int {
	if len(s.Seconds) == 0 {
		return 0
	}
	return s.Seconds[len(s.Seconds)-1] - s.Seconds[0] + 1
}

// Total returns the sum of a step over the run.
func (s *History) Total(step string) record.Counters {
	var sum record.Counters
	for _, events := range s.Events {
		sum.Add(events[step])
	}
	return sum
}

// All returns the sum of all steps over the run.
func (s *History) All() record.Counters {
	var sum record.Counters
	for _, events := range s.Events {
		sum.Add(Sum(events))
	}
	return sum
}

// Sum adds up the steps of a second, in order of name, so that sums of fractions come out alike.
func Sum(events map[string]record.Counters) record.Counters {
	var sum record.Counters
	for _, name := range slices.Sorted(maps.Keys(events)) {
		sum.Add(events[name])
	}
	return sum
}

// FirstSecond returns the first second, from T0, that is chosen by the sum of its steps, 0 for none.
func (s *History) FirstSecond(chosen func(record.Counters) bool) int {
	for i, second := range s.Seconds {
		if chosen(Sum(s.Events[i])) {
			return second
		}
	}
	return 0
}

// FirstSecondOf returns the first second, from T0, that is chosen by one step, 0 for none.
func (s *History) FirstSecondOf(step string, chosen func(record.Counters) bool) int {
	for i, second := range s.Seconds {
		if chosen(s.Events[i][step]) {
			return second
		}
	}
	return 0
}

// ActiveSeconds returns the seconds from a step's first event to its last. Seconds without events in
// between count: leaving them out would turn one request every ten seconds into one a second.
func (s *History) ActiveSeconds(step string) int {
	first, last, any := 0, 0, false
	for i, second := range s.Seconds {
		if c := s.Events[i][step]; c.Due|c.Sent|c.Done == 0 {
			continue
		}
		if !any {
			first, any = second, true
		}
		last = second
	}
	if !any {
		return 0
	}
	return last - first + 1
}
