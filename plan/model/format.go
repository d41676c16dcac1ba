package model

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Number writes a number with at most six digits that count and no exponent.
func Number(x float64) string {
	if x == 0 || math.Abs(x) >= 1e15 || math.Abs(x) < 1e-4 {
		return strconv.FormatFloat(x, 'g', 6, 64)
	}
	digits := 5 - int(math.Floor(math.Log10(math.Abs(x))))
	text := strconv.FormatFloat(x, 'f', max(0, digits), 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// Duration writes a time [s].
func Duration(seconds float64) string {
	if seconds >= 1e9 {
		return Number(seconds) + "s"
	}
	d := time.Duration(seconds * 1e9)
	for _, step := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= step {
			return d.Round(step / 100).String()
		}
	}
	return d.String()
}
