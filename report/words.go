package report

import (
	"math"
	"strings"
)

// finite returns f, and 0 for what JSON cannot hold.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// ratio returns a/b, 0 where there is no b.
func ratio[N int | int64 | uint64 | float64](a, b N) float64 {
	if b == 0 {
		return 0
	}
	return finite(float64(a) / float64(b))
}

// oneLine joins the lines of a message.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// were returns the verb that goes with a number of things.
func were(n uint64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// are returns the verb that goes with a number of things.
func are(n uint64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
