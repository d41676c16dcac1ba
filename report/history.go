package report

import (
	"maps"
	"slices"

	"fsctl/loadgen/record"
)

// history is what happened to each step in each second, in order of time; seconds in which nothing
// happened are left out.
type history struct {
	seconds []int
	events  []map[string]record.Counters
	names   []string // of all steps, sorted
	held    int      // seconds of a level's hold, one rate throughout: its rates are means over all of it; else 0
}

func newHistory(rec *record.Record) *history {
	s := &history{names: rec.Steps()}
	first, last, ok := rec.Seconds()
	for second := first; ok && second <= last; second++ {
		if events := rec.CountersAt(second); len(events) > 0 {
			s.seconds = append(s.seconds, second)
			s.events = append(s.events, events)
		}
	}
	return s
}

// only returns the part of the history in the seconds that are wanted.
func (s *history) only(wanted func(second int) bool) *history {
	part := &history{names: s.names}
	for i, second := range s.seconds {
		if wanted(second) {
			part.seconds = append(part.seconds, second)
			part.events = append(part.events, s.events[i])
		}
	}
	return part
}

// hold returns what happened in the hold of a level.
func (s *history) hold(l *Level) *history {
	part := s.only(l.hold().Contains)
	part.held = l.ToSeconds - l.HoldFromSeconds
	return part
}

// span returns the seconds from the first with an event to the last.
func (s *history) span() int {
	if len(s.seconds) == 0 {
		return 0
	}
	return s.seconds[len(s.seconds)-1] - s.seconds[0] + 1
}

// total returns the sum of a step over the run.
func (s *history) total(step string) record.Counters {
	var sum record.Counters
	for _, events := range s.events {
		sum.Add(events[step])
	}
	return sum
}

// all returns the sum of all steps over the run.
func (s *history) all() record.Counters {
	var sum record.Counters
	for _, events := range s.events {
		sum.Add(allOf(events))
	}
	return sum
}

// allOf sums in order of name, so that sums of fractions come out alike.
func allOf(events map[string]record.Counters) record.Counters {
	var sum record.Counters
	for _, name := range slices.Sorted(maps.Keys(events)) {
		sum.Add(events[name])
	}
	return sum
}

// best returns the highest mean over bestSeconds consecutive seconds of what count says of a second, and
// the first of those seconds. A run that was shorter is averaged over its own length, and so is a level.
func (s *history) best(count func(map[string]record.Counters) float64) (perSec float64, from int) {
	width := min(bestSeconds, s.span())
	if s.held > 0 {
		width = max(s.held, s.span())
	}
	var sum float64
	start := 0
	for end, second := range s.seconds {
		sum += count(s.events[end])
		for s.seconds[start] <= second-width {
			sum -= count(s.events[start])
			start++
		}
		if mean := sum / float64(width); mean > perSec {
			perSec, from = mean, s.seconds[start]
		}
	}
	return perSec, from
}

// most is best; for a target that was at its limit, seconds in which it was busy throughout count also
// where there are fewer of them.
func (s *history) most(count func(map[string]record.Counters) float64, atLimit bool) (perSec float64, from int) {
	perSec, from = s.best(count)
	if atLimit && s.held == 0 {
		if rush, at := s.bestAmong(busyThroughout, count); rush > perSec {
			return rush, at
		}
	}
	return perSec, from
}

// bestAmong is best over consecutive seconds that are all chosen, also where there are fewer than bestSeconds.
func (s *history) bestAmong(chosen func(map[string]record.Counters) bool, count func(map[string]record.Counters) float64) (perSec float64, from int) {
	var rates []float64 // of the chosen seconds up to here that follow each other
	for i, second := range s.seconds {
		if i > 0 && second != s.seconds[i-1]+1 || !chosen(s.events[i]) {
			rates = nil
		}
		if !chosen(s.events[i]) {
			continue
		}
		rates = append(rates, count(s.events[i]))
		rates = rates[max(0, len(rates)-bestSeconds):]
		var sum float64
		for _, r := range rates {
			sum += r
		}
		if mean := sum / float64(len(rates)); mean > perSec {
			perSec, from = mean, second-len(rates)+1
		}
	}
	return perSec, from
}

// bestSeconds is how long a rate must be kept up to count as capacity: one second may be a burst that
// buffers swallowed.
const bestSeconds = 3
