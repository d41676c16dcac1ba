package search

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"fsctl/loadgen/record"
)

// climbed holds the levels of a ladder, each as the judge says, and returns their rates.
func climbed(t interface{ Fatalf(string, ...any) }, l *ladder, judge func(rate float64) string) []float64 {
	var rates []float64
	for rate := l.next(); rate > 0; rate = l.next() {
		if rates = append(rates, rate); len(rates) > 200 {
			t.Fatalf("the ladder does not end: %v", rates)
		}
		l.held(rate, judge(rate))
	}
	return rates
}

// upTo passes what a target of that capacity holds.
func upTo(capacity float64) func(float64) string {
	return func(rate float64) string {
		if rate <= capacity {
			return record.LevelPass
		}
		return record.LevelFail
	}
}

// Whatever the capacity, the ladder brackets it to the precision, as far as three digits of a rate allow it, and
// is no longer than it says it may be.
func TestLadderFindsAnyCapacity(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		from := digits3(rapid.Float64Range(1, 1000).Draw(rt, "from"))
		start := ladder{from: from, to: digits3(from * rapid.Float64Range(1, 300).Draw(rt, "reach")), floor: from / rapid.Float64Range(1, 50).Draw(rt, "depth"),
			precision: rapid.Float64Range(0.01, 1).Draw(rt, "precision")}
		capacity := rapid.Float64Range(start.floor/2, start.to*2).Draw(rt, "capacity")
		l := start
		rates := climbed(rt, &l, upTo(capacity))
		switch {
		case l.pass > capacity || l.ceiling > 0 && l.ceiling <= capacity:
			rt.Fatalf("found %g to %g, the truth is %g: %v", l.pass, l.ceiling, capacity, rates)
		case capacity >= start.to && l.pass != start.to:
			rt.Fatalf("found %g, wanted all the way to %g: %v", l.pass, start.to, rates)
		case capacity < start.floor && (l.pass != 0 || slices.Min(rates) != min(start.floor, from)):
			rt.Fatalf("found %g, wanted nothing down to %g: %v", l.pass, start.floor, rates)
		case l.pass > 0 && l.ceiling > 0 && l.ceiling/l.pass-1 > max(start.precision, 0.021):
			rt.Fatalf("found %g to %g, wanted %g between them: %v", l.pass, l.ceiling, start.precision, rates)
		}
		users := 0.0
		for _, rate := range rates {
			users += rate
		}
		if levels, most := start.most(); users > most || len(rates) > levels {
			rt.Fatalf("%v are more than %d levels, or more users than %g/s in all", rates, levels, most)
		}
	})
}

func TestLadderSteps(t *testing.T) {
	start := ladder{from: 100, to: 1000, floor: 10, precision: 0.1}
	invalid := func(from float64, capacity float64) func(float64) string {
		return func(rate float64) string {
			if rate >= from {
				return record.LevelInvalid
			}
			return upTo(capacity)(rate)
		}
	}
	hiccup := func(at float64) func(float64) string {
		seen := false
		return func(rate float64) string {
			if rate == at && !seen {
				seen = true
				return record.LevelInvalid
			}
			return upTo(500)(rate)
		}
	}
	for name, c := range map[string]struct {
		judge         func(float64) string
		want          []float64
		pass, ceiling float64
	}{
		"all pass":                          {upTo(2000), []float64{100, 200, 400, 800, 1000}, 1000, 0},
		"bisection":                         {upTo(500), []float64{100, 200, 400, 800, 566, 476, 519}, 476, 519},
		"none pass":                         {upTo(1), []float64{100, 50, 25, 12.5, 10}, 0, 10},
		"only low ones pass":                {upTo(30), []float64{100, 50, 25, 35.4, 29.7, 32.4}, 29.7, 32.4},
		"the generator cannot":              {invalid(400, 2000), []float64{100, 200, 400, 400}, 200, 400},
		"the generator cannot even begin":   {invalid(50, 2000), []float64{100, 100, 50, 50, 25}, 25, 50},
		"it could not bisect either":        {invalid(560, 500), []float64{100, 200, 400, 800, 800}, 400, 800},
		"a moment's trouble of the machine": {hiccup(400), []float64{100, 200, 400, 400, 800, 566, 476, 519}, 476, 519},
	} {
		l := start
		if got := climbed(t, &l, c.judge); !slices.Equal(got, c.want) || l.pass != c.pass || l.ceiling != c.ceiling {
			t.Errorf("%s: %v, found %g to %g, wanted %v, %g to %g", name, got, l.pass, l.ceiling, c.want, c.pass, c.ceiling)
		}
	}
}
