package report

import (
	"testing"

	"fsctl/report/reporttest"
	"fsctl/scenarios"
	"fsctl/scenarios/strict"
)

// The records that tests judge.
var (
	t0        = reporttest.T0
	manifest  = reporttest.Manifest
	put       = reporttest.Put
	load      = reporttest.Load
	count     = reporttest.Count
	histogram = reporttest.Histogram
)

func threshold(t testing.TB, metric, expression, window string) scenarios.Threshold {
	t.Helper()
	th, err := scenarios.ParseThreshold(metric, expression)
	if err != nil {
		t.Fatal(err)
	}
	if window != "" {
		w, err := scenarios.ParseWindow(window)
		if err != nil {
			t.Fatal(err)
		}
		th.Window = &w
	}
	return th
}

// require returns a scenario with these thresholds.
func require(thresholds ...scenarios.Threshold) *scenarios.Scenario {
	return &scenarios.Scenario{Name: "test", Thresholds: strict.Keyed[scenarios.Limit]{{Thresholds: thresholds}}}
}
