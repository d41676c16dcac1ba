package health_test

import (
	"testing"

	"fsctl/report"
	"fsctl/report/reporttest"
	"fsctl/scenarios"
	"fsctl/scenarios/strict"
	"fsctl/scenarios/threshold"
)

// The records that tests judge.
var (
	manifest  = reporttest.Manifest
	put       = reporttest.Put
	load      = reporttest.Load
	count     = reporttest.Count
	histogram = reporttest.Histogram
)

// require returns a scenario with a threshold.
func require(t testing.TB, metric, expression string) *scenarios.Scenario {
	t.Helper()
	th, err := threshold.Parse(metric, expression)
	if err != nil {
		t.Fatal(err)
	}
	return &scenarios.Scenario{Name: "test", Thresholds: strict.Keyed[threshold.Limit]{{Thresholds: []threshold.Threshold{th}}}}
}

// codes returns the codes of a report's findings.
func codes(r *report.Report) []string {
	var list []string
	for _, f := range r.Health.Findings {
		list = append(list, f.Code)
	}
	return list
}
