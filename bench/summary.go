package main

import (
	"math"
	"slices"
)

// summary sums up one metric of one contender over the rounds.
type summary struct {
	count             int
	median, low, high float64 // NaN without values
}

// summarise returns the median, the lowest and the highest of values.
func summarise(values []float64) summary {
	n := len(values)
	if n == 0 {
		return summary{0, math.NaN(), math.NaN(), math.NaN()}
	}
	v := slices.Sorted(slices.Values(values))
	return summary{n, (v[(n-1)/2] + v[n/2]) / 2, v[0], v[n-1]}
}
