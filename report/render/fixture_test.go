package render

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"fsctl/loadgen/record"
	"fsctl/plan"
	"fsctl/report"
	"fsctl/scenarios"
	"fsctl/scenarios/strict"
	"fsctl/scenarios/threshold"
)

var t0 = time.Date(2026, 11, 11, 12, 0, 0, 0, time.UTC)

// times returns a histogram of n values that rise from least to most.
func timesFrom(n int, least, most time.Duration) record.Packed {
	h := record.NewSparse()
	for i := range n {
		if err := h.RecordValue(int64(least) + int64(most-least)*int64(i)/int64(n)); err != nil {
			panic(err) // all are within the range
		}
	}
	return record.NewPacker().PackSparse(h)
}

// stormy returns the record of a run of a shop that queues and oversells.
func stormy() *record.Record {
	rec := record.New(record.Manifest{
		Scenario: "live-drop", ScaleRatio: 0.01, Connections: 64, Cores: 2, PlannedArrivals: 11100,
		Start: t0.Add(-10 * time.Second), T0: t0,
		Agents: []record.Agent{{Name: "local", Finished: true, ShareRatio: 1}},
		End:    &record.End{At: t0.Add(51 * time.Second), Reason: record.Completed},
	})
	rec.Dir = "runs/20261111T120000Z-live-drop"
	add := func(second int, step, outcome string, n int, least, most time.Duration, c record.Counters) {
		c.Due, c.Sent, c.Done = uint64(n), uint64(n), uint64(n)
		if status := map[string]string{"ok": "200", "placed": "202", "sold_out": "409"}[outcome]; status != "" {
			c.Statuses = map[string]uint64{status: c.Done}
		}
		rec.Add(record.Interval{
			Second: second,
			Packed: map[record.Tag]record.Packed{
				{Metric: record.ResponseTime, Step: step, Outcome: outcome}: timesFrom(n, least, most),
				{Metric: record.ServiceTime, Step: step, Outcome: outcome}:  timesFrom(n, least, most/2),
			},
			Steps:     map[string]*record.Counters{step: &c},
			Generator: &record.Generator{CPUSeconds: 0.2, Arrivals: uint64(n), Iterations: uint64(n), MaxLatenessSeconds: 0.312, Journeys: ended(outcome, uint64(n))},
		})
	}
	for second := -5; second < 0; second++ {
		add(second, "browse", "ok", 400, time.Millisecond, 8*time.Millisecond, record.Counters{Quiet: record.Load{Requests: 400, Seconds: 1.6}})
	}
	for second := range 5 {
		add(second, "order", "placed", 200, 4*time.Millisecond, 700*time.Millisecond, record.Counters{Waited: 150, Quiet: record.Load{Requests: 10, Seconds: 0.05}, Full: record.Load{Requests: 190, Seconds: 6}})
		add(second, "order", "sold_out", 1605, 4*time.Millisecond, 900*time.Millisecond, record.Counters{})
		add(second, "order", "error", 15, 4*time.Millisecond, 900*time.Millisecond, record.Counters{Failed: 15, Errors: map[string]uint64{"reset": 9, "timeout": 6}})
	}
	rec.Ledger.Read = true
	rec.Ledger.Stock = map[string]int{"sku-1": 1000}
	for i := range 1013 {
		o := record.Order{ID: fmt.Sprintf("o-%04d", i), User: fmt.Sprintf("user-%04d", i), SKU: "sku-1", Quantity: 1}
		rec.Ledger.Sold.Add(o)
		rec.Ledger.Told = append(rec.Ledger.Told, o)
	}
	return rec
}

// ended returns the users whose only request had an outcome.
func ended(outcome string, n uint64) map[string]record.Journey {
	j, name := record.Journey{Users: n}, "buyer"
	switch outcome {
	case "ok":
		j.Finished, name = n, "visitor"
	case "placed":
		j.Finished = n - 1 // one is cut
	case "sold_out":
		j.Ended = map[string]uint64{outcome: n}
	default:
		j.Left = map[record.Left]uint64{{Step: "pay", Variable: "order_id", After: outcome}: n}
	}
	return map[string]record.Journey{name: j}
}

func stormyScenario(t testing.TB) *scenarios.Scenario {
	t.Helper()
	sc := &scenarios.Scenario{
		Name:  "live-drop",
		Steps: strict.Keyed[scenarios.Step]{{Name: "browse"}, {Name: "order", Transaction: true}},
		Services: []scenarios.Service{
			{Name: "shop", Kind: "service", Calls: map[string]float64{"browse": 1, "order": 1}, Utilization: 0.7, Running: 1},
		},
		Sale: &scenarios.Sale{Items: 1, Stock: 1000, PerUser: 1, SKU: "sku-${n}"},
		Invariants: []scenarios.Invariant{
			{Name: scenarios.NoOversell}, {Name: scenarios.OneOrderPerUser}, {Name: scenarios.NoLostOrder},
		},
	}
	for _, l := range []struct {
		metric, text, window string
		optional             bool
	}{
		{"response_time{step:order}", "p(99)<300ms", "", false},
		{"response_time{step:order}", "p(99.9)<1s", "T0..T0+10s", false},
		{"http_req_failed{step:order}", "rate<0.1%", "", false},
		{"achieved_rate", "value>0.98", "", false},
		{"http_req_waiting{step:order}", "avg<100ms", "", true},
		{"outcome{step:order,outcome:placed}", "count>=1000", "", false},
		{"http_reqs", "rate>1k/s", "", false},
	} {
		parsed, err := threshold.Parse(l.metric, l.text)
		if err != nil {
			t.Fatal(err)
		}
		parsed.Optional = l.optional
		if l.window != "" {
			w, err := threshold.ParseWindow(l.window)
			if err != nil {
				t.Fatal(err)
			}
			parsed.Window = &w
		}
		sc.Thresholds = append(sc.Thresholds, threshold.Limit{Name: l.metric, Thresholds: []threshold.Threshold{parsed}})
	}
	return sc
}

func stormyReport(t testing.TB) *report.Report {
	return report.Judge(stormyOnce(), stormyScenario(t), samplePlan())
}

// stormyOnce is stormy for who only reads it.
var stormyOnce = sync.OnceValue(stormy)

func estimate(mid float64) plan.Estimate {
	return plan.Estimate{Low: mid * .8, Mid: mid, High: mid * 1.2, P50: mid * 1.01, P95: mid * 1.6, P99: mid * 2.1}
}

func samplePlan() *plan.Plan {
	return &plan.Plan{
		Scenario: "live-drop", Seed: 1, Trials: 10000,
		Demand: plan.Demand{
			ActiveUsers: 2e6, RequestsPerDay: 60e6, DayMeanQPS: 694.44, BusyMeanQPS: 2666.67,
			PeakQPS: estimate(6666.67), PeakTPS: estimate(333.33), EventQPS: estimate(29866.7), EventTPS: estimate(12000),
			Steps: []plan.StepDemand{
				{Name: "browse", BusyMeanQPS: 1866.67, PeakQPS: estimate(4666.67)},
				{Name: "item", BusyMeanQPS: 666.67, PeakQPS: estimate(13333.3)},
				{Name: "order", Transaction: true, BusyMeanQPS: 133.33, PeakQPS: estimate(12000)},
			},
		},
		Services: []plan.Service{
			{Name: "gateway", Kind: "service", PeakQPS: estimate(29866.7), CPUCores: estimate(11.95), Instances: estimate(5), UtilizationRatio: .66, WaitProbability: .04, ResponseSeconds: plan.Response{P50: .0003, P99: .0018}, Bottleneck: "cpu"},
			{Name: "shop", Kind: "service", PeakQPS: estimate(29866.7), CPUCores: estimate(89.6), Instances: estimate(34), Running: 1, UtilizationRatio: .65, WaitProbability: .002, ResponseSeconds: plan.Response{P50: .0021, P99: .0138}, Bottleneck: "latency"},
			{Name: "stock-cache", Kind: "cache", Unsized: true, PeakQPS: estimate(29866.7), Instances: estimate(1), UtilizationRatio: .3, Bottleneck: "node-rate"},
			{Name: "orders-db", Kind: "database", Unsized: true, PeakQPS: estimate(29973), Instances: estimate(5), UtilizationRatio: .7, Bottleneck: "hot-row"},
		},
		Totals: plan.Totals{CPUCores: estimate(101.55), BusyCores: estimate(66.125), Instances: estimate(45)},
		Warnings: []plan.Warning{
			{Code: "busy-window-rounded", Message: "The busy window is 5 h, while the busiest 20 % of a day are 4.8 h: with those the busy mean would be 2778/s and not 2667/s."},
			{Code: "hot-row", Message: "orders-db writes one row 12000 times a second, its limit is 8000/s: more nodes do not help, so split the row or queue the orders."},
		},
		Excuses: []plan.Excuse{{Candidate: "shop with 24 instances", Bottleneck: "latency", Got: 0.061, Limit: 0.05}},
	}
}
