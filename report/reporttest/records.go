// Package reporttest makes the records that tests of report's packages judge.
package reporttest

import (
	"testing"
	"time"

	"fsctl/loadgen/record"
	"fsctl/report/metric"
)

// T0 of the records.
var T0 = time.Date(2026, 11, 11, 12, 0, 0, 0, time.UTC)

// Manifest returns that of a run that has ended, ten seconds after T0.
func Manifest() record.Manifest {
	return record.Manifest{
		Scenario: "test", Cores: 2, Connections: 10, Start: T0.Add(-2 * time.Second), T0: T0,
		End: &record.End{At: T0.Add(10 * time.Second), Reason: record.Completed},
	}
}

// Histogram returns one of these values in milliseconds.
func Histogram(t testing.TB, millis ...float64) record.Packed {
	t.Helper()
	h := record.NewSparse()
	for _, m := range millis {
		if err := h.RecordValue(int64(m * 1e6)); err != nil {
			t.Fatal(err)
		}
	}
	return record.NewPacker().PackSparse(h)
}

// Put adds requests of a step that were due in a second: their response times in milliseconds, half of
// which is service time.
func Put(t testing.TB, rec *record.Record, second int, step, outcome string, millis ...float64) {
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
			{Metric: record.ResponseTime, Step: step, Outcome: outcome}: Histogram(t, millis...),
			{Metric: record.ServiceTime, Step: step, Outcome: outcome}:  Histogram(t, half...),
		},
		Steps: map[string]*record.Counters{step: c},
	})
}

// Load is so many requests that took so many milliseconds each.
func Load(requests uint64, millis float64) record.Load {
	return record.Load{Requests: requests, Seconds: float64(requests) * millis / 1000}
}

// Count adds counters of a step in a second.
func Count(rec *record.Record, second int, step string, c record.Counters) {
	rec.Add(record.Interval{Second: second, Steps: map[string]*record.Counters{step: &c}})
}
