package report

import (
	"fsctl/loadgen/record"
	"fsctl/report/metric"
	"fsctl/scenarios"
)

// Status is the judgement on one threshold or invariant.
type Status = metric.Status

// What a threshold or invariant can be. No data is a failure unless it is optional.
const (
	Held   = metric.Held
	Broken = metric.Broken
	NoData = metric.NoData
)

// ThresholdResult is the judgement on one threshold.
type ThresholdResult = metric.Result

func judgeThresholds(rec *record.Record, sc *scenarios.Scenario) []ThresholdResult {
	results := []ThresholdResult{}
	for _, limit := range sc.Thresholds {
		for i := range limit.Thresholds {
			results = append(results, metric.Judge(rec, sc, &limit.Thresholds[i]))
		}
	}
	return results
}
