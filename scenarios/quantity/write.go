// Package quantity gives every number one text form for people.
//
// A measured or calculated figure has three significant digits and no trailing zeros, so that it reads
// the same in a table as in a sentence. What was counted is written in full. A thing that is counted
// has thousands separators (2,000,000 users); a rate and a size have a suffix (8.45k/s, 52 MB).
//
//	kind      examples                                       too small to matter
//	Rate      694/s, 8.45k/s, 284M/s                         < 0.001/s
//	RateOf    1.2k users/s                                   as Rate
//	Count     12,000 (a whole number, in full)               -
//	Estimate  79,700, 67.2                                   < 0.01
//	Percent   0.05 %, 20 %, 99.97 %                          < 0.01 %, and > 99.99 % short of 100 %
//	Seconds   850 us, 350 ms, 1.2 s, 26 min 23 s, 3 h 2 min  < 1 ns
//	Exact     1 h 30 s, 1.234567 s (a time that was set)     -
//	Bytes     850 B, 52 MB                                   < 1 B
//	Money     0.04, 12,300                                   < 0.01
//	Factor    2.5 x                                          < 0.001 x
//	Number    0.123, 1,230, 1.23e-07                         never: a parameter's size always matters
//	Given     12,345, 0.04567 (a limit or an input)          never
//
// 0 is written 0. What is no number, or is infinite, is written "-", which means that nothing applies
// here. From 1e15 on a number has an exponent. The Parse functions read what the writers print.
package quantity

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// None stands for a figure that does not apply.
const None = "-"

// form is how one kind of quantity is written.
type form struct {
	zero      string
	least     float64 // what is smaller is only said to be so
	leastText string
	write     func(size float64) string // of a size that is least or more
}

var (
	rate     = form{"0/s", 0.001, "0.001/s", func(a float64) string { return scaled(a, "", "k", "M", "G", "T") + "/s" }}
	estimate = form{"0", 0.01, "0.01", digits}
	percent  = form{"0 %", 0.01, "0.01 %", percentage}
	seconds  = form{"0 s", 1e-9, "1 ns", clock}
	bytes    = form{"0 B", 1, "1 B", func(a float64) string { return scaled(a, " ", " k", " M", " G", " T") + "B" }}
	factor   = form{"0 x", 0.001, "0.001 x", func(a float64) string { return digits(a) + " x" }}
	number   = form{"0", 0, "", digits}
	precise  = form{"0", 0, "", func(a float64) string { return decimal(rounded(a, 8)) }}
)

// Rate writes a number per second [1/s]: 8.45k/s.
func Rate(perSec float64) string { return rate.of(perSec) }

// RateOf writes how many of a thing there are per second: 1.2k users/s. noun is in the singular.
func RateOf(perSec float64, noun string) string {
	amount, isNumber := strings.CutSuffix(Rate(perSec), "/s")
	if !isNumber {
		return None
	}
	return amount + " " + Noun(amount == "1", noun) + "/s"
}

// Estimate writes how many there are of a thing where that was calculated, not counted. n need not be
// whole, and may be below 0.
func Estimate(n float64) string { return estimate.of(n) }

// Percent writes a ratio as a percentage: 0.2 is 20 %. A ratio short of 1 is not rounded to 100 %: from
// 99.95 % on it has two decimals.
func Percent(ratio float64) string { return percent.of(ratio * 100) }

// Duration writes a time with three significant digits, in the unit that fits: 850 us, 1.2 s, 3 h 2 min.
func Duration(d time.Duration) string { return seconds.of(d.Seconds()) }

// Seconds writes a time of s seconds. From two minutes on it is whole seconds, from two hours on whole
// minutes, from a hundred hours on hours.
func Seconds(s float64) string { return seconds.of(s) }

// Exact writes a time that was set, which is not rounded: 1 h 30 s, 1.234567 s.
func Exact(d time.Duration) string {
	text := strings.NewReplacer("ns", " ns ", "µs", " us ", "ms", " ms ", "h", " h ", "m", " min ", "s", " s ").Replace(d.String())
	words := strings.Fields(text)
	kept := words[:0]
	for i := 0; i < len(words); i += 2 {
		if words[i] != "0" || len(words) == 2 {
			kept = append(kept, words[i], words[i+1])
		}
	}
	return strings.Join(kept, " ")
}

// Bytes writes a size of n bytes in memory, on a disk or on a wire; 1 kB is 1,000 bytes.
func Bytes(n float64) string { return bytes.of(n) }

// Money writes an amount in the currency of the prices that it was calculated from.
func Money(amount float64) string { return estimate.of(amount) }

// Factor writes how many times as much something is, f times: 2.5 x.
func Factor(f float64) string { return factor.of(f) }

// Number writes a number without a unit, such as a parameter of a formula. f may be any number.
func Number(f float64) string { return number.of(f) }

// Given writes a number that was given: a whole one in full, others with up to eight significant digits. f
// may be any number; its unit is not written.
func Given(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < exponentFrom {
		return Count(int64(f))
	}
	return Precise(f)
}

// Against writes a figure and the limit that it is held against, got and limit in the same unit, which is
// not written. The limit was given; the figure is rounded to three digits unless it would look like the
// limit then.
func Against(got, limit float64) (figure, held string) {
	if Number(got) == Number(limit) {
		return Given(got), Given(limit)
	}
	return Number(got), Given(limit)
}

// Precise writes a number with up to eight significant digits and without separators, for a reader who
// calculates with it. f may be any number; its unit is not written.
func Precise(f float64) string { return precise.of(f) }

// Whole is a type that counts.
type Whole interface {
	~int | ~int32 | ~int64 | ~uint32 | ~uint64
}

// Count writes a whole number in full.
func Count[N Whole](n N) string {
	if n < 0 {
		// The negative of the least int64 is itself, which is its size as an unsigned number.
		return "-" + separated(strconv.FormatUint(uint64(-int64(n)), 10))
	}
	return separated(strconv.FormatUint(uint64(n), 10))
}

// Of writes how many there are of a thing: 1 order, 2,000 orders. noun is in the singular.
func Of[N Whole](n N, noun string) string {
	return Count(n) + " " + Noun(n == 1, noun)
}

// FirstOf returns at most n texts, from 0, and how many there are more: a, b, and 3 orders more. noun is in the singular.
func FirstOf(texts []string, n int, noun string) []string {
	if len(texts) <= n {
		return texts
	}
	return append(slices.Clone(texts[:n]), "and "+Of(len(texts)-n, noun)+" more")
}

// EstimateOf writes about how many there are of a thing: 1 core, 79,700 cores. n is any number, whole or
// not; noun is in the singular.
func EstimateOf(n float64, noun string) string {
	text := Estimate(n)
	return text + " " + Noun(text == "1", noun)
}

// Noun writes a noun as it is where one is true, else its plural: query, queries. It knows the regular plurals (-s, -es, -ies)
// and no others.
func Noun(one bool, noun string) string {
	switch {
	case one:
		return noun
	case strings.HasSuffix(noun, "y") && !strings.ContainsAny(noun[max(0, len(noun)-2):len(noun)-1], "aeiou"):
		return noun[:len(noun)-1] + "ies"
	case strings.HasSuffix(noun, "s"), strings.HasSuffix(noun, "x"), strings.HasSuffix(noun, "ch"), strings.HasSuffix(noun, "sh"):
		return noun + "es"
	}
	return noun + "s"
}

// Verb chooses the form of a verb that goes with a number, or a number with its noun, that was written:
// 1 pod is, 2 pods are.
func Verb(written, one, many string) string {
	if written == "1" || strings.HasPrefix(written, "1 ") {
		return one
	}
	return many
}

// of writes a number's size with its sign in front.
func (f form) of(n float64) string {
	size := math.Abs(n)
	sign, below := "", "< "
	if n < 0 {
		sign, below = "-", "> -"
	}
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return None
	case n == 0:
		return f.zero
	case rounded(size, 3) < f.least:
		return below + f.leastText
	}
	text := f.write(size)
	if rest, above := strings.CutPrefix(text, "> "); above && n < 0 {
		return "< -" + rest
	}
	return sign + text
}

// percentage writes what is a hundred times a ratio. Above 99.99 and short of 100 it is only said to be so.
func percentage(a float64) string {
	if a < 101 {
		a = math.Round(a*1e10) / 1e10 // a ratio of 1 that was added up may be short of it in its last digits
	}
	switch {
	case a < 99.95 || a >= 100:
		return digits(a) + " %"
	case a > 99.99:
		return "> 99.99 %"
	}
	return strconv.FormatFloat(a, 'f', 2, 64) + " %"
}

// clock writes a positive number of seconds.
func clock(a float64) string {
	switch short := rounded(a, 3); { // the unit is that of what is written
	case short < 1e-6:
		return digits(math.Round(short*1e9)) + " ns" // which is as exact as a time.Duration
	case short < 1e-3:
		return digits(short*1e6) + " us"
	case short < 1:
		return digits(short*1e3) + " ms"
	case short < 119.5:
		return digits(short) + " s"
	case math.Round(a) < 2*3600:
		return parts(a, "min", "s")
	case math.Round(a/60) < 100*60:
		return parts(a/60, "h", "min")
	}
	return digits(a/3600) + " h"
}

// parts writes n as sixties and what is left.
func parts(n float64, whole, rest string) string {
	all := int64(math.Round(n))
	text := strconv.FormatInt(all/60, 10) + " " + whole
	if all%60 > 0 {
		text += " " + strconv.FormatInt(all%60, 10) + " " + rest
	}
	return text
}

// exponentFrom is the size from which a number is written with an exponent.
const exponentFrom = 1e15

// digits writes a positive number with three significant digits and thousands separators.
func digits(a float64) string {
	return separated(decimal(rounded(a, 3)))
}

// decimal writes a positive number, with an exponent where it would be long.
func decimal(a float64) string {
	if a < 1e-6 || a >= exponentFrom {
		return strconv.FormatFloat(a, 'g', -1, 64)
	}
	return strconv.FormatFloat(a, 'f', -1, 64)
}

// scaled writes a positive number in the largest unit of which it is at least one, the units being a
// thousand times apart.
func scaled(a float64, units ...string) string {
	a = rounded(a, 3)
	if a >= exponentFrom {
		return digits(a) + units[0]
	}
	size, unit := 1.0, 0
	for unit+1 < len(units) && a >= size*1000 {
		size *= 1000
		unit++
	}
	return digits(a/size) + units[unit]
}

// rounded returns the number with so many significant digits.
func rounded(a float64, significant int) float64 {
	short, err := strconv.ParseFloat(strconv.FormatFloat(a, 'e', significant-1, 64), 64)
	if err != nil { // it is rounded up to more than there is
		return 1.79e308
	}
	return short
}

// separated puts a comma between every three digits before the point.
func separated(number string) string {
	whole := number
	if point := strings.IndexAny(number, ".e"); point >= 0 {
		whole = number[:point]
	}
	var b strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String() + number[len(whole):]
}
