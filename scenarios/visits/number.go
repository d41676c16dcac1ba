package visits

import (
	"fsctl/scenarios/amount"
)

// Number is an expected number of what a user does, 0 or more, at the low, the mid and the high points of what it follows from.
type Number [3]float64

// The points of a Number.
const (
	low = iota
	mid
	high
)

var (
	none = Number{}
	one  = Number{1, 1, 1}
)

// Exactly returns the number that is v, from 0, at every point.
func Exactly(v float64) Number { return Number{v, v, v} }

// Mid returns the number at the mid point, from 0.
func (n Number) Mid() float64 { return n[mid] }

// At returns the number at a position between its points, from 0: -1 is the low point, 0 the mid and 1 the high one, with straight
// lines between them. position is from -1 to 1.
func (n Number) At(position float64) float64 {
	if position < 0 {
		return n[mid] - position*(n[low]-n[mid])
	}
	return n[mid] + position*(n[high]-n[mid])
}

// Varies reports whether the points differ.
func (n Number) Varies() bool { return n[low] != n[mid] || n[high] != n[mid] }

// Low returns the number at the low point, from 0: it may be above Mid.
func (n Number) Low() float64 { return n[low] }

// High returns the number at the high point, from 0: it may be below Mid.
func (n Number) High() float64 { return n[high] }

// Plus returns the sum, point by point.
func (n Number) Plus(o Number) Number { return n.each(o, func(a, b float64) float64 { return a + b }) }

// Times returns the product, point by point.
func (n Number) Times(o Number) Number { return n.each(o, func(a, b float64) float64 { return a * b }) }

func (n Number) minus(o Number) Number { return n.each(o, func(a, b float64) float64 { return a - b }) }

// over returns the quotient, 0 where o is.
func (n Number) over(o Number) Number {
	return n.each(o, func(a, b float64) float64 {
		if b == 0 {
			return 0
		}
		return a / b
	})
}

func (n Number) each(o Number, f func(a, b float64) float64) (v Number) {
	for i := range n {
		v[i] = f(n[i], o[i])
	}
	return v
}

// Interval returns the number as a scenario's interval: its points in rising order, each from 0.
func (n Number) Interval() amount.Interval[float64] {
	return amount.Interval[float64]{Low: min(n[low], n[mid], n[high]), Mid: n[mid], High: max(n[low], n[mid], n[high])}
}

// ofInterval returns an interval's points; of none it returns what is assumed.
func ofInterval[T float64 | amount.Ratio](iv *amount.Interval[T], assumed float64) Number {
	if iv == nil {
		return Exactly(assumed)
	}
	return Number{float64(iv.Low), float64(iv.Mid), float64(iv.High)}
}
