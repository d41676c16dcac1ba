package report_test

import (
	"fmt"
	"time"

	"fsctl/loadgen/record"
	"fsctl/report"
	"fsctl/scenarios"
	"fsctl/scenarios/strict"
	"fsctl/scenarios/threshold"
)

// A record of 99 quick orders and a slow one is judged by a threshold on their 99th percentile and one on the slowest.
func ExampleJudge() {
	t0 := time.Date(2026, time.November, 11, 0, 0, 0, 0, time.UTC)
	rec := record.New(record.Manifest{
		Scenario: "sale", Connections: 10, Cores: 2, Start: t0, T0: t0,
		End: &record.End{At: t0.Add(time.Second), Reason: record.Completed},
	})
	times := record.NewHistogram()
	for range 99 {
		_ = times.RecordValue((200 * time.Millisecond).Nanoseconds()) // within the histogram's range
	}
	_ = times.RecordValue((2 * time.Second).Nanoseconds())
	rec.Add(record.Interval{
		Second:     0,
		Steps:      map[string]*record.Counters{"order": {Due: 100, Sent: 100, Done: 100}},
		Histograms: map[record.Tag]*record.Histogram{{Metric: record.ResponseTime, Step: "order", Outcome: "placed"}: times},
	})

	limit := threshold.Limit{Name: "response_time{step:order}"}
	for _, expression := range []string{"p(99)<300ms", "max<1s"} {
		threshold, err := threshold.Parse(limit.Name, expression)
		if err != nil {
			fmt.Println(err)
			return
		}
		limit.Thresholds = append(limit.Thresholds, threshold)
	}
	sale := &scenarios.Scenario{Name: "sale", Thresholds: strict.Keyed[threshold.Limit]{limit}}

	r := report.Judge(rec, sale, nil)
	for _, t := range r.Thresholds {
		fmt.Println(t.Status, t.Metric, t.Threshold)
	}
	fmt.Println(r.Verdict, r.ExitCode, r.Reason)
	// Output:
	// pass response_time{step:order} p(99)<300ms
	// fail response_time{step:order} max<1s
	// fail 99 a threshold was crossed: response_time{step:order} was 2 s, wanted max<1s
}
