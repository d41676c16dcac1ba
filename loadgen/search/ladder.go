package search

import (
	"math"
	"strconv"

	"fsctl/loadgen/record"
)

// stepFactor is the ratio of one rate to the next while a search climbs or goes down.
const stepFactor = 2

// ladder decides which rate a search for capacity holds next. It doubles the rate from the first until a level
// does not pass, or halves it until one does, and then bisects the ratio between the highest that passed and
// the lowest above it that did not, until that ratio is small enough.
//
// A level that is invalid is held once more, for a moment's trouble of the machine is no limit. The second
// time it is the most that the generator can do: nothing between it and the best level is tried then.
type ladder struct {
	from, to, floor float64 // users per second: the first rate, the highest and the lowest
	precision       float64 // largest share by which the lowest that failed may be above the highest that passed

	pass    float64 // highest that passed, 0 for none
	ceiling float64 // lowest that did not, 0 for none
	blind   bool    // because the generator could not send it
	last    float64 // held last
	again   bool    // and wanted once more
}

// next returns the rate to hold next, 0 when there is nothing more to find.
func (l *ladder) next() float64 {
	switch {
	case l.last == 0:
		return l.from
	case l.again:
		return l.last
	case l.ceiling == 0 && l.pass >= l.to:
		return 0
	case l.ceiling == 0:
		return min(l.pass*stepFactor, l.to)
	case l.pass == 0 && l.ceiling <= l.floor:
		return 0
	case l.pass == 0:
		return max(l.ceiling/stepFactor, l.floor)
	case l.blind || l.ceiling/l.pass-1 <= l.precision:
		return 0
	}
	middle := digits3(math.Sqrt(l.pass * l.ceiling))
	if middle <= l.pass || middle >= l.ceiling {
		return 0
	}
	return middle
}

// held notes how a level at the rate went.
func (l *ladder) held(rate float64, verdict string) {
	first := !l.again
	l.last, l.again = rate, false
	switch {
	case verdict == record.LevelPass:
		l.pass = rate
	case verdict == record.LevelInvalid && first:
		l.again = true
	default:
		l.ceiling, l.blind = rate, verdict == record.LevelInvalid
	}
}

// most returns how many levels a search has at the most, and how large the sum of their rates may be: it climbs
// all the way, or goes all the way down, and then halves the logarithm of a ratio of stepFactor until the
// precision is met. Rounded rates may take one more.
func (l ladder) most() (levels int, usersPerSec float64) {
	up, down := l.steps(record.LevelPass), l.steps(record.LevelFail)
	bisections := 1 + int(math.Ceil(max(0, math.Log2(math.Log(stepFactor)/math.Log1p(l.precision)))))
	for _, rate := range up {
		usersPerSec += rate
	}
	return max(len(up), len(down)) + bisections, usersPerSec + float64(bisections)*l.to
}

// steps returns the rates of a search in which every level goes alike.
func (l ladder) steps(verdict string) []float64 {
	var rates []float64
	for rate := l.next(); rate > 0; rate = l.next() {
		rates = append(rates, rate)
		l.held(rate, verdict)
	}
	return rates
}

// digits3 keeps three digits of a rate, for people read them.
func digits3(rate float64) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(rate, 'g', 3, 64), 64) // a number's own text
	return rounded
}
