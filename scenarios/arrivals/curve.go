// Package arrivals says when each user of a storm is due, as a pure function of the storm's curve and a seed.
package arrivals

import (
	"math"
	"time"

	"fsctl/scenarios/random"
)

// Curve is a rate of arrivals lambda(t), t from T0, with its area and the area's inverse:
//
//	Rate(t)   lambda(t) [1/s]
//	Area(t)   Lambda(t), the arrivals expected up to t: the integral of lambda
//	At(n)     the t at which Lambda(t) = n, 0 <= n <= Area(end)
//	Span()    lambda is 0 outside
//
// Area and At are so by definition of an inhomogeneous Poisson process.
// One type for all: plan reads its peak, simulate integrates it, loadgen paces from At, report finds when a request was due.
type Curve interface {
	// Rate returns lambda(t) [1/s], 0 or more.
	Rate(t time.Duration) float64
	// Area returns Lambda(t), arrivals from 0 to the total.
	Area(t time.Duration) float64
	// At returns when arrival n is due, n from 0 to the total; the first instant where it is at several.
	At(n float64) time.Duration
	// Span returns the first instant of the curve and the one at which it is over, both from T0.
	Span() (from, to time.Duration)
}

// Line is a rate that changes in a straight line between From and To; a hold where both rates are equal.
type Line struct {
	From, To         time.Duration // since T0
	FromRate, ToRate float64       // [1/s], 0 or more
}

// Rate returns lambda(t) [1/s], 0 outside From to To.
func (l Line) Rate(t time.Duration) float64 {
	if t < l.From || t >= l.To {
		return 0
	}
	return l.FromRate + l.slope()*(t-l.From).Seconds()
}

// slope is the change of the rate per second.
func (l Line) slope() float64 {
	if l.ToRate == l.FromRate || l.To <= l.From {
		return 0
	}
	return (l.ToRate - l.FromRate) / (l.To - l.From).Seconds()
}

// Area returns the arrivals up to t: r0 x + a x^2/2, x the time since From [s], r0 FromRate [1/s], a the slope [1/s^2].
// It is the integral of Rate.
func (l Line) Area(t time.Duration) float64 {
	x := min(max(t-l.From, 0), l.To-l.From).Seconds()
	return x * (l.FromRate + l.slope()*x/2)
}

// At returns when arrival n is due, n from 0 to Area(To). It solves r0 x + a x^2/2 = n, the symbols as in Area, in the
// form that does not cancel: x = 2n / (r0 + sqrt(r0^2 + 2 a n)), derived from the quadratic formula.
func (l Line) At(n float64) time.Duration {
	r0 := l.FromRate
	root := 2 * r0
	if slope := l.slope(); slope != 0 {
		root = r0 + math.Sqrt(max(0, r0*r0+2*slope*n))
	}
	if n <= 0 || root == 0 {
		return l.From
	}
	const longest = 1 << 60 // more would overflow
	return l.From + min(l.To-l.From, time.Duration(min(2*n/root*float64(time.Second), longest)))
}

// Span returns From and To.
func (l Line) Span() (from, to time.Duration) { return l.From, l.To }

// Crowd is a population whose members each act once, a reaction time after the instant Start:
// the rate is the population times the reaction's density.
type Crowd struct {
	Start    time.Duration        // since T0
	Users    float64              // 0 or more
	Reaction *random.Distribution // nil for at once
}

// grain is the time over which the rate of a crowd is taken: people who act at one instant have no density.
const grain = time.Millisecond

// Rate returns the mean rate [1/s] of the millisecond that begins at t.
func (c Crowd) Rate(t time.Duration) float64 {
	return (c.Area(t+grain-1) - c.Area(t-1)) / grain.Seconds()
}

// Area returns the users who acted at t or before, 0 to Users: by definition Users times the reaction's CDF.
func (c Crowd) Area(t time.Duration) float64 { return c.Users * c.Reaction.CDF(t-c.Start) }

// At returns when a share n/Users of the crowd has acted: the quantile of the reaction. n is from 0 to Users.
func (c Crowd) At(n float64) time.Duration {
	if c.Users <= 0 {
		return c.Start
	}
	return c.Start + c.Reaction.Quantile(min(max(n/c.Users, 0), 1))
}

// Span returns the instants of the first and last reaction.
func (c Crowd) Span() (from, to time.Duration) { return c.At(0), c.At(c.Users) + 1 }

// Sum is several curves at once.
type Sum []Curve

// Rate returns the sum of the rates [1/s].
func (s Sum) Rate(t time.Duration) float64 {
	var r float64
	for _, c := range s {
		r += c.Rate(t)
	}
	return r
}

// Area returns the sum of the areas, arrivals from 0 to the total of all curves.
func (s Sum) Area(t time.Duration) float64 {
	var a float64
	for _, c := range s {
		a += c.Area(t)
	}
	return a
}

// At returns the earliest instant, to the nanosecond, by which the area has reached n, 0 to the total.
func (s Sum) At(n float64) time.Duration {
	low, high := s.Span()
	for low < high {
		if mid := low + (high-low)/2; s.Area(mid) < n {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// Span returns the earliest begin and the latest end; 0 and 0 of no curve.
func (s Sum) Span() (from, to time.Duration) {
	for i, c := range s {
		f, t := c.Span()
		if i == 0 {
			from, to = f, t
		}
		from, to = min(from, f), max(to, t)
	}
	return from, to
}

// Until is a curve that ends early: what would be due after End is left out.
type Until struct {
	Curve
	End time.Duration // since T0
}

// Rate returns the curve's rate [1/s], 0 after End.
func (u Until) Rate(t time.Duration) float64 {
	if t > u.End {
		return 0
	}
	return u.Curve.Rate(t)
}

// Area returns the arrivals up to t, or up to End where that is earlier.
func (u Until) Area(t time.Duration) float64 { return u.Curve.Area(min(t, u.End)) }

// Span returns the curve's first instant and the one at which it is over, at most one nanosecond after End.
func (u Until) Span() (from, to time.Duration) {
	from, to = u.Curve.Span()
	return min(from, u.End), min(to, u.End+1)
}

// Peak returns the largest mean rate over any window of the length given, above 0, and when it begins.
// Windows begin on a grid of a tenth of their length. Besides, they begin, or end, at each 64th of
// every part's arrivals: a part may be far shorter than the grid. What is found is at most a few
// percent below the true peak.
func Peak(c Curve, window time.Duration) (ratePerSec float64, at time.Duration) {
	starts := partStarts(c, window)
	from, to := c.Span()
	parts := 1
	if sum, ok := c.(Sum); ok {
		parts = max(1, len(sum))
	}
	step := max(window/10, (to-from)/max(1, 1_000_000/time.Duration(parts)), 1)
	for t := from; t < to; t += step {
		starts = append(starts, t)
	}
	most, at := mostFrom(c, window, starts)
	return most / window.Seconds(), at
}

// MostWithin returns the most arrivals in any window of the length given, above 0. Windows begin, or end, at each 64th of every
// part's arrivals: that misses a peak where parts overlap, and takes no longer for a short window than for a long one.
func MostWithin(c Curve, window time.Duration) (count float64) {
	count, _ = mostFrom(c, window, partStarts(c, window))
	return count
}

// partStarts returns where windows begin, or end, at each 64th of every part's arrivals.
func partStarts(c Curve, window time.Duration) (starts []time.Duration) {
	parts, ok := c.(Sum)
	if !ok {
		parts = Sum{c}
	}
	for _, part := range parts {
		from, to := part.Span()
		starts = append(starts, from, to-window)
		for k := 1.0; k < 64; k++ {
			t := part.At(part.Area(to) * k / 64)
			starts = append(starts, t, t+1-window)
		}
	}
	return starts
}

// mostFrom returns the most arrivals in windows that begin at these instants, and the first of those that has them.
func mostFrom(c Curve, window time.Duration, starts []time.Duration) (count float64, at time.Duration) {
	tried := make(map[time.Duration]bool, len(starts))
	for _, t := range starts {
		if tried[t] { // parts that are alike
			continue
		}
		tried[t] = true
		// The window holds its beginning: a crowd may act at that very instant.
		if n := c.Area(t+window-1) - c.Area(t-1); n > count {
			count, at = n, t
		}
	}
	return count, at
}

// Pacer paces a vegeta attack by a curve: it has the two methods of vegeta.Pacer.
type Pacer struct{ Curve Curve }

// Pace returns how long to wait, 0 or more, until the next hit is due, and whether the curve is at its end. elapsed is
// the time since the curve's begin, hits how many have been sent.
func (p Pacer) Pace(elapsed time.Duration, hits uint64) (wait time.Duration, stop bool) {
	from, to := p.Curve.Span()
	if float64(hits) >= math.Round(p.Curve.Area(to)) {
		return 0, true
	}
	return max(0, p.Due(hits)-from-elapsed), false
}

// Due returns when hit number n, counted from 0, should leave, since T0: half-way through its unit of area.
func (p Pacer) Due(n uint64) time.Duration { return p.Curve.At(float64(n) + 0.5) }

// Rate returns the rate [1/s] at a time since the curve's begin, in hits per second.
func (p Pacer) Rate(elapsed time.Duration) float64 {
	from, _ := p.Curve.Span()
	return p.Curve.Rate(from + elapsed)
}
