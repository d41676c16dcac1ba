package model

import (
	"reflect"
	"testing"
)

// No number of cores and no size of the sample's memory changes a digit.
func TestEstimatesDoNotHangOnMemory(t *testing.T) {
	m, err := New(flags(t, "workload.users=[8M, 10M, 13M]", "services.app.demand=[3ms, 5ms, 9ms]", "services.app.latency={quantile: 0.99, limit: 60ms}"), 7)
	if err != nil {
		t.Fatal(err)
	}
	c, err := m.Corners()
	if err != nil {
		t.Fatal(err)
	}
	figures := []Figure{
		{"peak", NoService, func(x *Case) float64 { return x.PeakQPS }},
		{"tps", NoService, func(x *Case) float64 { return x.EventTPS }},
		{"read", NoService, func(x *Case) float64 { return x.Steps[0] }},
		{"rate", NoService, func(x *Case) float64 { return x.Rates[0] }},
		{"cores", 0, func(x *Case) float64 { return x.Sizes[0].Cores }},
		{"instances", AllServices, func(x *Case) float64 { return x.Sizes[0].Instances }},
	}
	whole, keptWhole := m.estimate(figures, c, Options{Trials: 2001, Cores: 1}, sampleBudget, []string{"cores"})
	split, keptSplit := m.estimate(figures, c, Options{Trials: 2001, Cores: 2}, 5*2001, []string{"cores"})
	if !reflect.DeepEqual(whole, split) || !reflect.DeepEqual(keptWhole, keptSplit) {
		t.Errorf("the estimates of five figures at a time %+v differ from those of all at once %+v", split, whole)
	}
	if len(whole) != len(figures) || whole["cores"].P50 == 0 || len(keptWhole["cores"]) != 2001 {
		t.Errorf("%+v, want an estimate of each figure", whole)
	}
}

func TestRankIsTheNearest(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	for p, want := range map[float64]float64{0.5: 50, 0.95: 95, 0.99: 99} {
		if got := Rank(hundred, p); got != want {
			t.Errorf("rank %g of 1..100 is %g, want %g", p, got, want)
		}
	}
	if got := Rank([]float64{7}, 0.99); got != 7 {
		t.Errorf("rank of one value is %g, want it", got)
	}
}
