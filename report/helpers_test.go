package report

import (
	"testing"

	"fsctl/report/reporttest"
	"fsctl/scenarios"
	"fsctl/scenarios/strict"
	"fsctl/scenarios/threshold"
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

func limitOf(t testing.TB, metric, expression, window string) threshold.Threshold {
	t.Helper()
	th, err := threshold.Parse(metric, expression)
	if err != nil {
		t.Fatal(err)
	}
	if window != "" {
		w, err := threshold.ParseWindow(window)
		if err != nil {
			t.Fatal(err)
		}
		th.Window = &w
	}
	return th
}

// require returns a scenario with these thresholds.
func require(thresholds ...threshold.Threshold) *scenarios.Scenario {
	return &scenarios.Scenario{Name: "test", Thresholds: strict.Keyed[threshold.Limit]{{Thresholds: thresholds}}}
}
