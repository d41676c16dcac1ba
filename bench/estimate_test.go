package main

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestEstimate(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   estimate
	}{
		{[]float64{7}, estimate{1, 7, 7, 7}},
		{[]float64{9, 1, 4}, estimate{3, 4, 1, 9}},
		{[]float64{9, 1, 4, 5}, estimate{4, 4.5, 1, 9}},
		{[]float64{5, 4, 3, 2, 1}, estimate{5, 3, 1, 5}},
		{[]float64{6, 5, 4, 3, 2, 1}, estimate{6, 3.5, 1, 6}},
		{[]float64{9, 8, 7, 6, 5, 4, 3, 2, 1}, estimate{9, 5, 2, 8}}, // one outlier on either side does no harm
		{[]float64{2, 2, 2, 2, 2, 2}, estimate{6, 2, 2, 2}},
		{[]float64{1, 2, 2, 2, 2, 2, 2, 2, 3}, estimate{9, 2, 2, 2}},
	} {
		given := slices.Clone(test.values)
		if got := estimateOf(test.values); got != test.want {
			t.Errorf("%v: found %+v, wanted %+v", test.values, got, test.want)
		}
		if !slices.Equal(test.values, given) {
			t.Errorf("found %v in another order: %v", given, test.values)
		}
		if enough := len(given) >= 6; test.want.enough() != enough {
			t.Errorf("%d rounds: enough is %v, wanted %v", len(given), !enough, enough)
		}
	}
	if got := estimateOf(nil); got.rounds != 0 || got.median == got.median || got.interval(times) != "-" || got.center(times) != "-" {
		t.Errorf("nothing: found %+v, wanted no number", got)
	}
}

// From as many rounds as are asked for on, the interval covers the true median as often as it says.
func TestIntervalCoversTheMedian(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const trials = 4000
	for rounds := fewestRounds; rounds <= 12; rounds++ {
		covered := 0
		for range trials {
			values := make([]float64, rounds)
			for i := range values {
				values[i] = random.ExpFloat64() // skewed as times are; its median is ln 2
			}
			if e := estimateOf(values); e.low <= 0.6931 && 0.6932 <= e.high {
				covered++
			}
		}
		if share := float64(covered) / trials; share < confidence-0.015 { // four standard deviations
			t.Errorf("%d rounds: found the median in %.3f of the intervals, wanted %v", rounds, share, confidence)
		}
	}
}

func TestVerdicts(t *testing.T) {
	for _, test := range []struct {
		e               estimate
		atLeast, atMost string // 1
		more, less      string // is better
	}{
		{estimate{9, 1.1, 1.05, 1.2}, "met", "missed", "better", "worse"},
		{estimate{9, 0.9, 0.8, 0.95}, "missed", "met", "worse", "better"},
		{estimate{9, 0.99, 0.97, 1.02}, "~", "~", "~", "~"},
		{estimate{9, 1.1, 1, 1.2}, "met", "~", "~", "~"},
		{estimate{9, 0.9, 0.8, 1}, "~", "met", "~", "~"},
		{estimate{6, 1, 1, 1}, "met", "met", "~", "~"},
		{estimate{6, 1.0004, 0.9996, 1.0004}, "met", "met", "~", "~"}, // as written: 1
		{estimate{5, 2, 2, 2}, tooFewRounds, tooFewRounds, tooFewRounds, tooFewRounds},
		{estimate{1, 2, 2, 2}, tooFewRounds, tooFewRounds, tooFewRounds, tooFewRounds},
		{estimateOf(nil), notMeasured, notMeasured, notMeasured, notMeasured},
	} {
		for _, v := range []struct{ what, got, want string }{
			{"at least 1", test.e.reaches(1, false), test.atLeast},
			{"at most 1", test.e.reaches(1, true), test.atMost},
			{"more is better", test.e.improves(false), test.more},
			{"less is better", test.e.improves(true), test.less},
		} {
			if v.got != v.want {
				t.Errorf("%+v, %s: found %q, wanted %q", test.e, v.what, v.got, v.want)
			}
		}
	}
}

func TestIntervalIsWritten(t *testing.T) {
	for want, values := range map[string][]float64{
		"0.971 x .. 1.02 x":   {0.97123, 0.98, 0.99, 1, 1.01, 1.02},
		"(0.971 x .. 1.02 x)": {0.97123, 0.98, 1.02},
		"(2 x .. 2 x)":        {2},
	} {
		if got := estimateOf(values).interval(times); got != want {
			t.Errorf("%v: found %q, wanted %q", values, got, want)
		}
	}
}
