package history

import (
	"math"

	"fsctl/loadgen/record"
)

// Good returns the requests of a second that were answered as expected.
func Good(c record.Counters) float64 {
	if c.Failed >= c.Done {
		return 0
	}
	return float64(c.Done - c.Failed)
}

// Best returns the highest mean over bestSeconds consecutive seconds of what count says of a second, and
// the first of those seconds. A run that was shorter is averaged over its own length, of a second at least, and so is a
// level. Where a run begins or ends within a second, only what it covers of that counts as time.
func (s *History) Best(count func(map[string]record.Counters) float64) (perSec float64, from int) {
	begin, end := s.covered()
	width := max(1, min(bestSeconds, end-begin))
	if s.held > 0 {
		begin, end = math.Inf(-1), math.Inf(1)
		width = float64(max(s.held, s.Span()))
	}
	covered := func(from, to int) float64 { return min(end, float64(to)) - max(begin, float64(from)) }
	var sum float64
	start := 0
	for at, second := range s.Seconds {
		sum += count(s.Events[at])
		first := second + 1 - int(math.Ceil(width))
		for first > s.Seconds[0] && covered(first, second+1) < width-tiny {
			first--
		}
		for s.Seconds[start] < first {
			sum -= count(s.Events[start])
			start++
		}
		if mean := sum / max(width, covered(first, second+1)); mean > perSec {
			perSec, from = mean, s.Seconds[start]
		}
	}
	return perSec, from
}

const tiny = 1e-9 // s: a difference of instants that means nothing

// covered returns from where to where the history goes, in seconds from T0: from the first answer of n to the mean gap
// between two behind the last, or whole seconds where the instants are not known.
func (s *History) covered() (begin, end float64) {
	if len(s.Seconds) == 0 {
		return 0, 0
	}
	begin, end = float64(s.Seconds[0]), float64(s.Seconds[len(s.Seconds)-1]+1)
	all := s.All()
	if gaps, ok := all.Ends.Rate(all.Done); ok {
		begin, end = max(begin, all.Ends.First.Seconds()), min(end, all.Ends.Last.Seconds()+1/gaps)
	}
	return begin, end
}

// Most is Best; for a target that was at its limit, seconds in which it was busy throughout count also
// where there are fewer of them.
func (s *History) Most(count func(map[string]record.Counters) float64, atLimit bool) (perSec float64, from int) {
	perSec, from = s.Best(count)
	if atLimit && s.held == 0 {
		if rush, at := s.bestAmong(s.BusyThroughout, count); rush > perSec {
			return rush, at
		}
	}
	return perSec, from
}

// bestAmong is Best over consecutive seconds that are all chosen, also where there are fewer than bestSeconds.
func (s *History) bestAmong(chosen func(second int, events map[string]record.Counters) bool, count func(map[string]record.Counters) float64) (perSec float64, from int) {
	var rates []float64 // of the chosen seconds up to here that follow each other
	for i, second := range s.Seconds {
		if i > 0 && second != s.Seconds[i-1]+1 || !chosen(second, s.Events[i]) {
			rates = nil
		}
		if !chosen(second, s.Events[i]) {
			continue
		}
		rates = append(rates, count(s.Events[i]))
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

// Width returns how many seconds the highest rate is a mean of: those of a level's hold, else three.
func (s *History) Width() int {
	if s.held > 0 {
		return s.held
	}
	return bestSeconds
}
