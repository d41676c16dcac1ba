// Package figure writes quantities for people: scaled, with three digits that count.
package figure

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// none stands for what is no number.
const none = "-"

// Rate writes a number per second: 8.0k/s, 694/s.
func Rate(perSec float64) string { return join(scaled(perSec), "/s") }

// Amount writes a number of anything: 60.0M, 12.5k, 42.
func Amount(n float64) string { return scaled(n) }

// Percent writes a ratio: 0.2 is 20 %.
func Percent(ratio float64) string { return join(Number(ratio*100), " %") }

// Seconds writes a time: 850 us, 350 ms, 1.2 s, 5 min 10 s, 3 h 2 min.
func Seconds(seconds float64) string {
	switch a := math.Abs(seconds); {
	case !isNumber(seconds):
		return none
	case a == 0:
		return "0 s"
	case a < 0.9995e-3:
		return Number(seconds*1e6) + " us"
	case a < 0.9995:
		return Number(seconds*1e3) + " ms"
	case a < 119.5:
		return Number(seconds) + " s"
	case a < 2*3600-30:
		return parts(seconds, 60, "min", "s")
	case a < 1e12:
		return parts(seconds/60, 60, "h", "min")
	}
	return Number(seconds/3600) + " h"
}

// parts writes n as wholes of base and what is left.
func parts(n float64, base int64, whole, rest string) string {
	all := int64(math.Round(n))
	if all%base == 0 {
		return fmt.Sprintf("%d %s", all/base, whole)
	}
	return fmt.Sprintf("%d %s %d %s", all/base, whole, max(all%base, -(all%base)), rest)
}

// Count writes a whole number in full: 12,000.
func Count[N ~int | ~int64 | ~uint64](n N) string {
	text := fmt.Sprint(n)
	sign := ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	var groups []string
	for len(text) > 3 {
		groups = append([]string{text[len(text)-3:]}, groups...)
		text = text[:len(text)-3]
	}
	return sign + strings.Join(append([]string{text}, groups...), ",")
}

// Of writes how many there are of a thing: 1 order, 2,000 orders.
func Of[N ~int | ~int64 | ~uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}

// Number writes a number with three digits that count, without an exponent below 1e15.
func Number(f float64) string {
	switch a := math.Abs(f); {
	case !isNumber(f):
		return none
	case a < 1e-9:
		return "0"
	case a >= 1e15:
		return strconv.FormatFloat(f, 'g', 3, 64)
	case a >= 100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 3, 64), 64)
	if err != nil {
		return none
	}
	return strconv.FormatFloat(short, 'f', -1, 64)
}

func scaled(n float64) string {
	for _, unit := range []struct {
		size   float64
		suffix string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		// What would round up to 1000 of the smaller unit is 1 of the larger.
		if math.Abs(n) >= unit.size*0.9995 && math.Abs(n) < unit.size*1e15 {
			text := Number(n / unit.size)
			if len(strings.TrimPrefix(text, "-")) == 1 {
				text += ".0"
			}
			return text + unit.suffix
		}
	}
	return Number(n)
}

func isNumber(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

func join(number, unit string) string {
	if number == none {
		return none
	}
	return cmp.Or(number, none) + unit
}
