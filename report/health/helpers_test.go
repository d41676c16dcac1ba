package health_test

import (
	"testing"
	"time"

	"fsctl/loadgen/record"
	"fsctl/report"
	"fsctl/report/metric"
	"fsctl/scenarios"
	"fsctl/scenarios/strict"
)

var t0 = time.Date(2026, 11, 11, 12, 0, 0, 0, time.UTC)

func manifest() record.Manifest {
	return record.Manifest{
		Scenario: "test", Cores: 2, Connections: 10, Start: t0.Add(-2 * time.Second), T0: t0,
		End: &record.End{At: t0.Add(10 * time.Second), Reason: record.Completed},
	}
}

// histogram returns one of these values in milliseconds.
func histogram(t testing.TB, millis ...float64) record.Packed {
	t.Helper()
	h := record.NewSparse()
	for _, m := range millis {
		if err := h.RecordValue(int64(m * 1e6)); err != nil {
			t.Fatal(err)
		}
	}
	return record.NewPacker().PackSparse(h)
}

// put adds requests of a step that were due in a second: their response times in milliseconds, half of
// which is service time.
func put(t testing.TB, rec *record.Record, second int, step, outcome string, millis ...float64) {
	t.Helper()
	half := make([]float64, len(millis))
	for i := range millis {
		half[i] = millis[i] / 2
	}
	n := uint64(len(millis))
	c := &record.Counters{Due: n, Sent: n, Done: n}
	if metric.IsFailure(outcome) {
		c.Failed = n
	}
	rec.Add(record.Interval{
		Second: second,
		Packed: map[record.Tag]record.Packed{
			{Metric: record.ResponseTime, Step: step, Outcome: outcome}: histogram(t, millis...),
			{Metric: record.ServiceTime, Step: step, Outcome: outcome}:  histogram(t, half...),
		},
		Steps: map[string]*record.Counters{step: c},
	})
}

// load is so many requests that took so many milliseconds each.
func load(requests uint64, millis float64) record.Load {
	return record.Load{Requests: requests, Seconds: float64(requests) * millis / 1000}
}

func count(rec *record.Record, second int, step string, c record.Counters) {
	rec.Add(record.Interval{Second: second, Steps: map[string]*record.Counters{step: &c}})
}

// require returns a scenario with a threshold.
func require(t testing.TB, metric, expression string) *scenarios.Scenario {
	t.Helper()
	th, err := scenarios.ParseThreshold(metric, expression)
	if err != nil {
		t.Fatal(err)
	}
	return &scenarios.Scenario{Name: "test", Thresholds: strict.Keyed[scenarios.Limit]{{Thresholds: []scenarios.Threshold{th}}}}
}

// codes returns the codes of a report's findings.
func codes(r *report.Report) []string {
	var list []string
	for _, f := range r.Health.Findings {
		list = append(list, f.Code)
	}
	return list
}
