package model

import (
	"math"
	"slices"
	"testing"

	"fsctl/scenarios/amount"
)

func TestIntervalsAreReadAsQuantiles(t *testing.T) {
	for _, c := range []struct {
		name string
		iv   amount.Interval[float64]
		d    dimension
	}{
		{"skewed", amount.Interval[float64]{Low: 1, Mid: 2, High: 10}, multiplier},
		{"from nothing", amount.Interval[float64]{Low: 0, Mid: 2, High: 3}, multiplier},
		{"mostly nothing", amount.Interval[float64]{Low: 0, Mid: 0, High: 3}, multiplier},
		{"one side certain", amount.Interval[float64]{Low: 2, Mid: 2, High: 3}, multiplier},
		{"share", amount.Interval[float64]{Low: .5, Mid: .9, High: .99}, share},
	} {
		q, err := newInput(c.name, 1, c.iv, 1, c.d)
		if err != nil {
			t.Fatal(err)
		}
		draws := make([]float64, 100_000)
		for i := range draws {
			if draws[i] = q.draw(uint64(i)); draws[i] < q.min || draws[i] > q.max {
				t.Fatalf("%s: drew %g, want %g to %g", c.name, draws[i], q.min, q.max)
			}
		}
		slices.Sort(draws)
		for i, want := range []float64{c.iv.Low, c.iv.Mid, c.iv.High} {
			if got := Rank(draws, []float64{.1, .5, .9}[i]); math.Abs(got-want) > 0.03*max(want, 0.5) {
				t.Errorf("%s: quantile %d is %g, want %g", c.name, i, got, want)
			}
		}
	}
}
