package histogram

import (
	"math"
	"math/bits"
)

// Figures are what is known exactly of the values of a histogram, where its buckets are exact to three digits. Of an empty
// one all are 0.
type Figures struct {
	Min int64 // lowest value [ns]
	Max int64 // highest value [ns]
	Sum int64 // of all values [ns]; a sum above 2^63-1 ns, 292 years, stays there
}

// Merge adds the figures of more values to those of count values.
func (f *Figures) Merge(count int64, more Figures) {
	if count == 0 {
		*f = more
		return
	}
	f.Min, f.Max, f.Sum = min(f.Min, more.Min), max(f.Max, more.Max), plus(f.Sum, more.Sum)
}

// one is Merge for one value, the count-th: every request passes here some times.
func (f *Figures) one(count, value int64) {
	if count == 1 {
		*f = Figures{value, value, value}
		return
	}
	f.Min, f.Max, f.Sum = min(f.Min, value), max(f.Max, value), plus(f.Sum, value)
}

// plus adds two numbers that are not below 0.
func plus(a, b int64) int64 {
	if sum := a + b; sum >= 0 {
		return sum
	}
	return math.MaxInt64
}

// times multiplies two numbers that are not below 0.
func times(a, b int64) int64 {
	if high, low := bits.Mul64(uint64(a), uint64(b)); high == 0 && low <= math.MaxInt64 {
		return int64(low)
	}
	return math.MaxInt64
}

// Figures returns the exact figures of p. Where p was read from a log that has none, they are those of its buckets:
// the lowest value of the lowest, the highest of the highest, and each value in the middle of its own.
func (p Packed) Figures() Figures { return p.figures }

// Min returns the lowest value [ns].
func (p Packed) Min() int64 { return p.figures.Min }

// Max returns the highest value [ns].
func (p Packed) Max() int64 { return p.figures.Max }

// Mean returns the mean of all values [ns], 0 without any.
func (p Packed) Mean() float64 {
	if p.count == 0 {
		return 0
	}
	return float64(p.figures.Sum) / float64(p.count)
}

// StdDev returns the standard deviation of all values [ns], each taken to be in the middle of its bucket, from their mean.
func (p Packed) StdDev() float64 {
	if p.count == 0 {
		return 0
	}
	var squares float64
	mean := p.Mean()
	for slot, count := range p.all() {
		off := float64(middleOf(slot)) - mean
		squares += off * off * float64(count)
	}
	return math.Sqrt(squares / float64(p.count))
}

// Rank returns which of n values in ascending order, 1 to n, is the q-quantile by nearest rank:
//
//	rank = ceil(q n)
//
//	q  quantile, 0 to 1; below 0 is 0 and above 1 is 1
//	n  number of values, above 0
//
// A product that is off an integer by no more than the rounding of q and of itself is that integer: 0.07 x 100 is 7.
// Source: HdrHistogram's Java reference (AbstractHistogram.getValueAtPercentile); Hyndman and Fan, The American
// Statistician 50(4), 1996, definition 1.
func Rank(q float64, n int64) int64 {
	const rounding = 0x1p-50
	exact := q * float64(n)
	if !(exact > 0) {
		return 1
	}
	return min(max(int64(math.Ceil(exact-exact*rounding)), 1), n)
}

// Quantile returns the value [ns] that the share q of all values (0 to 1) does not exceed, by nearest rank: the highest
// value of the bucket that holds the value of Rank(q, Count()), and never more than Max. 0 is Min, 1 is Max, and without
// values it is 0. Every percentile that fsctl shows or judges comes from here.
func (p Packed) Quantile(q float64) int64 {
	rank := Rank(q, p.count)
	if !(q > 0) {
		return p.figures.Min
	}
	if rank >= p.count {
		return p.figures.Max
	}
	var seen int64
	for slot, count := range p.all() {
		if seen += count; seen >= rank {
			return min(valueOf(slot+1)-1, p.figures.Max)
		}
	}
	return p.figures.Max
}

// AtLeast returns p without the buckets of which every value is below a limit [ns]. If there are any, the minimum and the
// sum of what is left are those of its buckets.
func (p Packed) AtLeast(limit int64) Packed {
	var b builder
	for slot, count := range p.all() {
		if valueOf(slot+1) > limit {
			b.add(slot, count)
		}
	}
	left := b.estimated()
	switch {
	case left.count == p.count:
		return p
	case left.count > 0:
		left.figures.Max = p.figures.Max
	}
	return left
}

// WithFigures returns p with exact figures; false where they cannot be those of its values, as for all of an empty one.
func (p Packed) WithFigures(f Figures) (Packed, bool) {
	if p.count == 0 || !p.can(f) {
		return p, false
	}
	p.figures = f
	return p, true
}

// WithMax returns p with an exact maximum; false where it cannot be that of its values.
func (p Packed) WithMax(maxNanos int64) (Packed, bool) {
	f := p.figures
	f.Max = maxNanos
	f.Min, f.Sum = min(f.Min, maxNanos), min(f.Sum, times(maxNanos, p.count))
	return p.WithFigures(f)
}

// can reports whether f can be the figures of p's values.
func (p Packed) can(f Figures) bool {
	first := cursor{rest: p.buckets}
	first.next()
	return f.Min >= 0 && f.Min <= f.Max && slotOf(f.Min) == first.slot && slotOf(f.Max) == p.last &&
		f.Sum >= times(f.Min, p.count) && f.Sum <= times(f.Max, p.count)
}

// estimated returns figures by the buckets alone.
func (p Packed) estimated() Figures {
	var f Figures
	first := true
	for slot, count := range p.all() {
		if first {
			f.Min, first = valueOf(slot), false
		}
		f.Sum = plus(f.Sum, times(middleOf(slot), count))
	}
	if !first {
		f.Max = valueOf(p.last+1) - 1
	}
	return f
}

// middleOf returns the value [ns] in the middle of a bucket.
func middleOf(slot int) int64 {
	low := valueOf(slot)
	return low + (valueOf(slot+1)-low)/2
}
