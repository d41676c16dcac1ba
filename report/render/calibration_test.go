package render

import (
	"bytes"
	"strings"
	"testing"

	"fsctl/plan"
)

func calibratedPlan() *plan.Plan {
	e := func(v float64) plan.Estimate { return plan.Estimate{Low: v, Mid: v, High: v, P50: v, P95: v, P99: v} }
	return &plan.Plan{Scenario: "drop",
		Services: []plan.Service{{Name: "shop", Kind: "service", CPUCores: e(40), Instances: e(10)}},
		Totals:   plan.Totals{CPUCores: e(40), Instances: e(10)},
		Uncalibrated: &plan.Uncalibrated{Services: []plan.UncalibratedService{{Name: "shop", CPUCores: e(20), Instances: e(5)}},
			Totals: plan.Totals{CPUCores: e(20), Instances: e(5)}},
		Calibration: []plan.Change{
			{Field: "services.shop.demand", Unit: "s", Old: &plan.Range{Low: 0.003, Mid: 0.005, High: 0.008}, New: plan.Range{Low: 0.009, Mid: 0.01, High: 0.011},
				Origin: plan.Origin{Run: "rush-1", Method: "utilization | law", N: 1200}, Applied: true},
			{Field: "services.shop.usl.beta", Unit: "ratio", New: plan.Range{Low: 0.0001, Mid: 0.0002, High: 0.0003}, Origin: plan.Origin{Run: "rush-1", Method: "fit", N: 8}, Applied: true},
			{Field: "steps.order.share", Unit: "ratio", Old: &plan.Range{Mid: 0.05}, New: plan.Range{Mid: 0.4}, Origin: plan.Origin{Run: "rush-1", Method: "counted", N: 9}},
		}}
}

func TestMeasuredStandsBesideAssumed(t *testing.T) {
	var text, md bytes.Buffer
	if err := Plan(&text, calibratedPlan(), Style{}); err != nil {
		t.Fatal(err)
	}
	if err := PlanMarkdown(&md, calibratedPlan()); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{"services.shop.demand 5 ms 10 ms 9 ms to 11 ms utilization | law 1,200 rush-1", "services.shop.usl.beta - 0.0002 0.0001 to 0.0003 fit 8",
		"steps.order.share (not used) 0.05 0.4", "shop 20 40 5 10"} {
		if !strings.Contains(strings.Join(strings.Fields(text.String()), " "), row) {
			t.Errorf("no row %q in\n%s", row, text.String())
		}
	}
	for _, row := range []string{`| services.shop.demand | 5 ms | 10 ms | 9 ms to 11 ms | utilization \| law | 1,200 | rush-1 |`, `| shop | 20 | 40 | 5 | 10 |`} {
		if !strings.Contains(md.String(), row) {
			t.Errorf("no row %q in\n%s", row, md.String())
		}
	}
	bare := calibratedPlan()
	bare.Calibration, bare.Uncalibrated = nil, nil
	text.Reset()
	if err := Plan(&text, bare, Style{}); err != nil || strings.Contains(text.String(), "measured") {
		t.Errorf("%v, and measured values of none in\n%s", err, text.String())
	}
}
