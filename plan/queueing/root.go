package queueing

import "math"

const rootIterations = 200

// findRoot returns x in [lo, hi] with f(x) = 0 to a relative width of 1e-13. f must be continuous
// with opposite signs at the ends; callers choose a bracket for which that is a theorem.
//
// It is Ridders' method: it never leaves the bracket, and doubles the correct digits each round on
// smooth functions. Source: Ridders, IEEE Transactions on Circuits and Systems 26(11), 1979.
func findRoot(f func(float64) float64, lo, hi float64) float64 {
	fLo, fHi := f(lo), f(hi)
	if fLo == 0 || lo == hi {
		return lo
	}
	if fHi == 0 {
		return hi
	}
	if math.Signbit(fLo) == math.Signbit(fHi) { // rounding at an end that is itself the root
		if math.Abs(fLo) < math.Abs(fHi) {
			return lo
		}
		return hi
	}
	for range rootIterations {
		mid := lo + (hi-lo)/2
		fMid := f(mid)
		if fMid == 0 || hi-lo <= 1e-13*math.Abs(mid) {
			return mid
		}
		// Scaling by fMid keeps the square from overflowing or vanishing.
		x := mid + (mid-lo)*math.Copysign(1, fLo)*math.Copysign(1, fMid)/math.Sqrt(1-(fLo/fMid)*(fHi/fMid))
		if !(x > lo && x < hi) { // infinite values leave plain bisection
			x = mid
		}
		fx := f(x)
		if fx == 0 {
			return x
		}
		lo, hi, fLo, fHi = shrink(bracket{lo, hi, fLo, fHi}, mid, fMid, x, fx)
	}
	return lo + (hi-lo)/2
}

type bracket struct{ lo, hi, fLo, fHi float64 }

// shrink keeps the narrowest of the intervals between lo, mid, x and hi whose ends differ in sign.
func shrink(b bracket, mid, fMid, x, fx float64) (lo, hi, fLo, fHi float64) {
	for _, p := range [2][2]float64{{mid, fMid}, {x, fx}} {
		switch {
		case p[0] <= b.lo || p[0] >= b.hi:
		case math.Signbit(p[1]) == math.Signbit(b.fLo):
			b.lo, b.fLo = p[0], p[1]
		default:
			b.hi, b.fHi = p[0], p[1]
		}
	}
	return b.lo, b.hi, b.fLo, b.fHi
}
