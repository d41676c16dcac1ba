package history

import "math"

// Finite returns f, and 0 for what JSON cannot hold.
func Finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// Ratio returns a/b, 0 where there is no b.
func Ratio[N int | int64 | uint64 | float64](a, b N) float64 {
	if b == 0 {
		return 0
	}
	return Finite(float64(a) / float64(b))
}
