package report

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"fsctl/loadgen/record"
	"fsctl/loadgen/record/orders"
	"fsctl/report/metric"
	"fsctl/scenarios"
	"fsctl/scenarios/strict"
	"fsctl/scenarios/threshold"
)

func TestJSONFormIsTheContract(t *testing.T) {
	text, err := json.Marshal(runWith(t, faults{}))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	at := func(path ...any) any {
		var v any = got
		for _, p := range path {
			switch p := p.(type) {
			case string:
				m, ok := v.(map[string]any)
				if !ok || m[p] == nil {
					t.Errorf("%v is missing", path)
					return nil
				}
				v = m[p]
			case int:
				list, ok := v.([]any)
				if !ok || len(list) <= p {
					t.Errorf("%v is missing", path)
					return nil
				}
				v = list[p]
			}
		}
		return v
	}
	for _, key := range []string{"run", "scenario", "verdict", "exit_code", "recommendations"} {
		at(key)
	}
	for _, key := range []string{"saturated", "planned_requests", "sent_requests", "unsent_requests", "late_share_ratio", "max_lateness_seconds", "findings"} {
		at("health", key)
	}
	for _, path := range [][]any{
		{"health", "t0_skew_seconds", "max"}, {"health", "t0_skew_seconds", "uncertainty"},
		{"health", "agents", "expected"}, {"health", "agents", "finished"}, {"health", "agents", "lost"},
		{"thresholds", 0, "metric"}, {"thresholds", 0, "threshold"}, {"thresholds", 0, "window"}, {"thresholds", 0, "value"},
		{"thresholds", 0, "unit"}, {"thresholds", 0, "status"},
		{"invariants", 0, "name"}, {"invariants", 0, "status"}, {"invariants", 0, "expected"}, {"invariants", 0, "observed"}, {"invariants", 0, "evidence"},
		{"steps", 0, "name"}, {"steps", 0, "requests"}, {"steps", 0, "errors"}, {"steps", 0, "achieved_qps"}, {"steps", 0, "outcomes", "placed"},
	} {
		at(path...)
	}
	for _, key := range []string{"p50", "p90", "p95", "p99", "p999", "max", "mean"} {
		at("steps", 0, "response_time_seconds", key)
		at("steps", 0, "service_time_seconds", key)
	}
}

func TestStepsAreInTheScenariosOrder(t *testing.T) {
	rec := record.New(manifest())
	put(t, rec, 0, "zoo", "ok", 1)
	put(t, rec, 0, "browse", "ok", 1)
	put(t, rec, 0, "order", "placed", 10, 20)
	put(t, rec, 4, "order", record.OutcomeError, 30)
	count(rec, 4, "order", record.Counters{Errors: map[string]uint64{"reset": 1}})
	sc := &scenarios.Scenario{Steps: strict.Keyed[scenarios.Step]{{Name: "order"}, {Name: "never"}, {Name: "browse"}}}
	steps := Judge(rec, sc, nil).Steps
	if len(steps) != 3 || steps[0].Name != "order" || steps[1].Name != "browse" || steps[2].Name != "zoo" {
		t.Fatalf("steps %+v, wanted order, browse, zoo", steps)
	}
	o := steps[0]
	if o.Requests != 3 || o.Errors != 1 || o.AchievedQPS == nil || *o.AchievedQPS != 0.6 || o.Outcomes["placed"] != 2 || o.ErrorKinds["reset"] != 1 {
		t.Errorf("%+v, wanted 3 requests over 5 s, 1 error, 2 placed", o)
	}
	if got := o.ResponseTime.Max; math.Abs(got-0.030) > 3e-5 {
		t.Errorf("longest response time %g, wanted 30 ms", got)
	}
	if got := o.ServiceTime.P50; math.Abs(got-0.010) > 1e-5 {
		t.Errorf("median service time %g, wanted 10 ms", got)
	}
}

func TestEmptyRecord(t *testing.T) {
	r := Judge(record.New(record.Manifest{}), nil, nil)
	if r.Ended != Died || r.ExitCode != 105 || r.Steps == nil || r.Thresholds == nil || r.Invariants == nil || r.Notes == nil || r.Recommendations == nil {
		t.Errorf("%+v, wanted a run that died and no null lists", r)
	}
}

// FuzzJudge judges records that are as odd as can be: the verdict follows from what the report shows, every threshold is judged, the
// report reads back as it was written, and is the same when it is made again.
func FuzzJudge(f *testing.F) {
	f.Add(int64(0), uint64(0), uint64(0), uint64(0), 0.0, 0.0, int32(0), uint8(0))
	f.Add(int64(5e6), uint64(10), uint64(7), uint64(9), 0.5, 2.0, int32(-3), uint8(3))
	f.Add(int64(-1), uint64(math.MaxUint64), uint64(1), uint64(math.MaxUint64), math.NaN(), math.Inf(1), int32(90000), uint8(255))
	thresholds := []threshold.Threshold{
		limitOf(f, "response_time{step:order}", "p(99)<1s", ""),
		limitOf(f, "achieved_rate", "value>0.9", "T0-5s..T0+5s"),
		limitOf(f, "http_reqs", "rate>1", ""),
		limitOf(f, "dropped_iterations", "rate<1", ""),
		limitOf(f, "outcome{outcome:placed}", "rate>0", "T0..T0+1s"),
	}
	f.Fuzz(func(t *testing.T, nanos int64, a, b, c uint64, x, y float64, second int32, bits uint8) {
		m := manifest()
		m.PlannedArrivals, m.Cores, m.Connections = c, int(second)%100, int(bits)
		if bits&1 != 0 {
			m.End = nil
		} else {
			m.End.Reason = []string{record.Completed, record.Interrupted, record.Aborted, record.Failed}[bits>>5&3]
		}
		if bits&2 != 0 {
			m.Agents = []record.Agent{{T0SkewSeconds: x, BoundSeconds: y}, {Lost: bits&4 != 0}}
		}
		rec := record.New(m)
		rec.DueUnknown = bits&8 != 0
		sparse := record.NewSparse()
		_ = sparse.RecordValue(nanos) // refused where it is out of range: then the histogram is empty
		h := record.NewPacker().PackSparse(sparse)
		at := int(second) % 100000
		for i, step := range []string{"order", ""} {
			rec.Add(record.Interval{
				Second: at * i,
				Packed: map[record.Tag]record.Packed{{Metric: record.ResponseTime, Step: step, Outcome: "placed"}: h},
				Steps: map[string]*record.Counters{step: {
					Due: a, Sent: b, Done: c, Failed: a, Late: b, Waited: c, Unsent: a,
					Quiet: record.Load{Requests: b, Seconds: x}, Full: record.Load{Requests: c, Seconds: y},
				}},
				Generator: &record.Generator{CPUSeconds: x, MaxLatenessSeconds: y, Arrivals: a},
			})
		}
		rec.Ledger = record.Ledger{Read: bits&16 != 0, Sold: orders.ListOf([]record.Order{{ID: "1", Quantity: int(second)}, {}}...), Told: []record.Order{{}, {ID: "2", User: "u"}}, Stock: map[string]int{"": int(second)}}
		sc, p := shops()
		sc.Thresholds = require(thresholds...).Thresholds
		sc.Sale = &scenarios.Sale{Items: int(bits), Stock: int(second), PerUser: int(bits) & 3, SKU: "sku-${n}"}
		sc.Invariants = []scenarios.Invariant{{Name: scenarios.NoOversell}, {Name: scenarios.OneOrderPerUser}, {Name: scenarios.NoLostOrder}}
		p.Services[0].PeakQPS.P95, p.Services[1].Instances.P95 = x, y
		for _, scenario := range []*scenarios.Scenario{sc, nil} {
			r := Judge(rec, scenario, p)
			checkReport(t, r, scenario)
			if again := Judge(rec, scenario, p); !reflect.DeepEqual(again, r) {
				t.Fatalf("judged again\n%+v, wanted\n%+v", again, r)
			}
		}
		metric.NewLive(sc, m).Add(record.Interval{Second: at, Packed: map[record.Tag]record.Packed{{Metric: "x"}: h}, Steps: map[string]*record.Counters{"": {Due: a}}})
	})
}

func TestDurationIsWallTimeWhereTheRunSaysIt(t *testing.T) {
	m := manifest()
	rec := record.New(m)
	put(t, rec, -2, "order", "ok", 1)
	put(t, rec, 2, "order", "ok", 1)
	if got := Judge(rec, nil, nil).DurationSeconds; got != 12 {
		t.Errorf("%g s from start to end, wanted 12", got)
	}
	rec.Manifest.End = nil
	if got := Judge(rec, nil, nil).DurationSeconds; got != 5 {
		t.Errorf("a run that died lasted %g s, wanted the 5 s that it recorded", got)
	}
}
