package plan

import "testing"

func TestTotalCoresIsTheTrialsDistribution(t *testing.T) {
	t.Parallel()
	sc := load(t, "taobao-double11")
	p := newPlan(t, sc, Options{Trials: 500, Seed: 7})
	list, err := TotalCores(sc, p, 100)
	if err != nil || len(list) != 100 {
		t.Fatalf("%d quantiles, error %v", len(list), err)
	}
	if list[49].Value > p.Totals.CPUCores.P50 || list[50].Value < p.Totals.CPUCores.P50 {
		t.Errorf("the median %g is not between %g and %g", p.Totals.CPUCores.P50, list[49].Value, list[50].Value)
	}
	if list[94].Value > p.Totals.CPUCores.P95 || list[95].Value < p.Totals.CPUCores.P95 {
		t.Errorf("p95 %g is not between %g and %g", p.Totals.CPUCores.P95, list[94].Value, list[95].Value)
	}
	if _, err := TotalCores(sc, p, 0); err == nil {
		t.Error("no points were accepted")
	}
}
