package main

import (
	"math"
	"slices"
	"strconv"

	"fsctl/scenarios/quantity"

	"golang.org/x/perf/benchmath"
)

// confidence is the probability with which an interval covers the true median, at least.
const confidence = 0.95

// fewestRounds is how many rounds an interval takes. The true median lies outside the range of n independent
// values with probability 2 x (1/2)^n: 6.3 % for five of them, 3.1 % for six.
const fewestRounds = 6

// estimate is the median of one value a round, and how well the rounds determine it.
//
// The interval runs from one of the values to another, by their order alone (the inversion of the sign test,
// as benchstat has it). It assumes nothing but that rounds are independent of each other.
//
// Source: golang.org/x/perf/benchmath, AssumeNothing.Summary; Conover, Practical Nonparametric Statistics,
// 3rd edition, section 3.2.
type estimate struct {
	rounds    int     // that were measured; without any the numbers are NaN
	median    float64 // unit of the values
	low, high float64 // interval; with fewer than fewestRounds the lowest and the highest value
}

// estimateOf returns the estimate of values.
func estimateOf(values []float64) estimate {
	n := len(values)
	if n == 0 {
		return estimate{0, math.NaN(), math.NaN(), math.NaN()}
	}
	sample := benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds) // sorts them
	s := benchmath.AssumeNothing.Summary(sample, confidence)
	v := sample.Values
	if n < fewestRounds {
		s.Lo, s.Hi = v[0], v[n-1]
	}
	return estimate{n, (v[(n-1)/2] + v[n/2]) / 2, s.Lo, s.Hi} // s.Center is no number where ratios are infinite
}

// enough reports whether low and high are an interval.
func (e estimate) enough() bool { return e.rounds >= fewestRounds }

// What is said of an estimate that is no number.
const (
	notMeasured  = "not measured"
	tooFewRounds = "too few rounds to say"
	noDifference = "~" // the interval holds both answers
)

// reaches says whether a value that is wanted is reached: "met" if the whole interval reaches it, "missed" if no
// part of it does. It judges numbers as they are written.
func (e estimate) reaches(wanted float64, atMost bool) string {
	e = e.asWritten()
	switch {
	case e.rounds == 0:
		return notMeasured
	case !e.enough():
		return tooFewRounds
	case atMost && e.high <= wanted, !atMost && e.low >= wanted:
		return "met"
	case atMost && e.low > wanted, !atMost && e.high < wanted:
		return "missed"
	}
	return noDifference
}

// improves says whether a ratio of two contenders is an improvement. Cost: less is better.
func (e estimate) improves(cost bool) string {
	e = e.asWritten()
	switch {
	case e.rounds == 0:
		return notMeasured
	case !e.enough():
		return tooFewRounds
	case e.low <= 1 && e.high >= 1:
		return noDifference
	case (e.low > 1) != cost:
		return "better"
	}
	return "worse"
}

// asWritten returns the estimate in three significant digits, which is how it is shown.
func (e estimate) asWritten() estimate {
	round := func(f float64) float64 {
		short, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 3, 64), 64) // of our own making
		return short
	}
	return estimate{e.rounds, round(e.median), round(e.low), round(e.high)}
}

// interval writes from where to where the median lies. With too few rounds for that, the lowest and the highest
// value stand in parentheses.
func (e estimate) interval(format func(float64) string) string {
	switch {
	case e.rounds == 0:
		return none
	case !e.enough():
		return "(" + format(e.low) + " .. " + format(e.high) + ")"
	}
	return format(e.low) + " .. " + format(e.high)
}

// center writes the median, or a dash for none.
func (e estimate) center(format func(float64) string) string {
	if e.rounds == 0 {
		return none
	}
	return format(e.median)
}

// none stands where there is no number.
const none = "-"

// times writes a ratio: 1.13 x.
func times(ratio float64) string {
	if math.IsInf(ratio, 1) { // to nothing
		return "∞ x"
	}
	return quantity.Number(ratio) + " x"
}
