package report

import (
	"testing"

	"fsctl/loadgen/record"
	"fsctl/report/history"
)

// A rush of two seconds shows what the target can do, though three seconds hold less of it.
func TestCapacityOfAShortRush(t *testing.T) {
	second := func(done, full uint64) map[string]record.Counters {
		return map[string]record.Counters{"order": {Sent: done, Done: done,
			Full:  record.Load{Requests: full, Seconds: 0.35 * float64(full)},
			Quiet: record.Load{Requests: done - full, Seconds: 0.03 * float64(done-full)}}}
	}
	rec := record.New(record.Manifest{})
	for i, events := range []map[string]record.Counters{second(50, 0), second(249, 240), second(251, 251), second(160, 60), second(50, 0)} {
		count(rec, i-1, "order", events["order"])
	}
	run := history.New(rec)
	c := measureCapacity(run, history.ComparePressure(run), 0.02, false)
	if c.QPS != 250 || c.AtSeconds != 0 || c.LowerBound {
		t.Errorf("found %+v, wanted 250/s from second 0", c)
	}
	// A saturated generator shows nothing of the target: the plain best three seconds stand.
	if c := measureCapacity(run, history.ComparePressure(run), 0.02, true); c.QPS != 220 || !c.LowerBound {
		t.Errorf("found %+v, wanted 220/s as a lower bound", c)
	}
}
