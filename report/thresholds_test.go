package report

import (
	"math"
	"os"
	"regexp"
	"testing"
	"time"

	"fsctl/loadgen/record"
	"fsctl/report/metric"
	"fsctl/scenarios"
	"fsctl/scenarios/threshold"
)

// sampled is a record in which every metric has a known value.
func sampled(t *testing.T) *record.Record {
	m := manifest()
	m.PlannedArrivals = 12
	rec := record.New(m)
	put(t, rec, 0, "order", "placed", 100, 200, 300, 400)
	put(t, rec, 1, "order", "sold_out", 10, 20)
	put(t, rec, 1, "order", record.OutcomeFailed, 1000)
	put(t, rec, 2, "order", record.OutcomeError, 2000)
	put(t, rec, 3, "browse", record.OutcomeOK, 50, 50)
	rec.Add(record.Interval{
		Second: 3,
		Packed: map[record.Tag]record.Packed{
			{Metric: record.Waiting, Step: "browse", Outcome: "ok"}:    histogram(t, 7),
			{Metric: record.Connecting, Step: "browse", Outcome: "ok"}: histogram(t, 3),
			{Metric: record.Lateness, Step: "browse", Outcome: "ok"}:   histogram(t, 40),

			{Metric: record.Handshaking, Step: "browse", Outcome: "ok"}:           histogram(t, 2),
			{Metric: record.Iteration, Step: "visitor", Outcome: "finished"}:      histogram(t, 500, 700),
			{Metric: record.GroupDuration, Step: "checkout", Outcome: "finished"}: histogram(t, 300),
			{Metric: record.GroupDuration, Step: "cart", Outcome: "ended"}:        histogram(t, 800),
		},
		Steps:     map[string]*record.Counters{"browse": {Due: 5, Unsent: 5, ChecksPassed: 3, ChecksFailed: 1, BytesOut: 1000, BytesIn: 4000, Resent: 1, Errors: map[string]uint64{"abandoned": 1}}},
		Generator: &record.Generator{Arrivals: 10, Iterations: 8},
	})
	return rec
}

func TestEveryMetricAndAggregation(t *testing.T) {
	rec := sampled(t)
	judged := map[string]bool{}
	for _, c := range []struct {
		metric, expression, window string
		want                       float64
	}{
		{"response_time", "min<1s", "", 0.010},
		{"response_time", "max<1s", "", 2},
		{"response_time{step:order}", "avg<1s", "", 4.030 / 8},
		{"response_time{step:order,outcome:placed}", "med<1s", "", 0.2},
		{"response_time{step:order,outcome:placed}", "p(75)<1s", "", 0.3},
		{"response_time{step:order,outcome:placed}", "p(100)<1s", "", 0.4},
		{"response_time{expected_response:true}", "max<1s", "", 0.4},
		{"response_time{expected_response:false}", "min<1s", "", 1},
		{"response_time", "max<1s", "T0..T0+1s", 0.4},
		{"response_time", "max<1s", "T0+1s..T0+2s", 1},
		{"service_time{step:browse}", "avg<1s", "", 0.025},
		{"http_req_duration{name:browse}", "avg<1s", "", 0.025},
		{"http_req_waiting", "max<1s", "", 0.007},
		{"http_req_connecting", "max<1s", "", 0.003},
		{"lateness", "max<1s", "", 0.040},
		{"http_reqs", "count>1", "", 10},
		{"http_reqs", "rate>1", "", 2.5},
		{"http_reqs{step:order}", "rate>1", "T0..T0+2s", 3.5},
		{"http_reqs", "rate>1", "T0-60s..T0+1s", 4}, // seconds before the run do not thin it
		{"http_req_failed", "rate<1", "", 0.2},
		{"http_req_failed", "count<1", "", 2},
		{"http_req_failed{step:browse}", "rate<1", "", 0},
		{"http_req_failed{step:order}", "rate<1", "T0+1s..T0+3s", 0.5},
		{"outcome{step:order,outcome:placed}", "rate>0", "", 0.5},
		{"outcome{step:order,outcome:sold_out}", "count>0", "", 2},
		{"outcome{outcome:placed}", "rate>0", "", 0.4},
		{"checks", "rate>0", "", 0.75},
		{"checks", "count>0", "", 3},
		{"iterations", "count>0", "", 8},
		{"iterations", "rate>0", "", 2},
		{"dropped_iterations", "count<1", "", 7}, // 5 given up, 2 who never came
		{"dropped_iterations{step:browse}", "count<1", "", 5},
		{"data_sent", "count>0", "", 1000},
		{"data_received", "rate>0", "", 1000},
		{"http_req_tls_handshaking", "max<1s", "", 0.002},
		{"iteration_duration", "max<1s", "", 0.7},
		{"iteration_duration", "avg<1s", "", 0.6},
		{"group_duration{group:checkout}", "p(95)<1s", "", 0.3},
		{"group_duration", "max<1s", "", 0.8},
		{"abandoned", "count<1", "", 1},
		{"abandoned{step:browse}", "rate<1", "", 0.5},
		{"abandoned{step:order}", "count<1", "", 0},
		{"resent", "count<1", "", 1},
		{"resent{step:browse}", "rate<1", "", 0.5},
		{"achieved_rate", "value>0", "", 10.0 / 15},
		{"achieved_rate", "value>0", "T0..T0+1s", 1},
	} {
		th := limitOf(t, c.metric, c.expression, c.window)
		judged[th.Metric] = true
		result := metric.Judge(rec, nil, &th)
		if result.Value == nil {
			t.Errorf("%s %s %s: no data (%s), wanted %g", c.metric, c.expression, c.window, result.Note, c.want)
			continue
		}
		if math.Abs(*result.Value-c.want) > 0.001*c.want {
			t.Errorf("%s %s %s: %g, wanted %g", c.metric, c.expression, c.window, *result.Value, c.want)
		}
		if held := result.Status == Held; held != th.Holds(*result.Value) {
			t.Errorf("%s %s: status %s of value %g", c.metric, c.expression, result.Status, *result.Value)
		}
		if result.Window != c.window && result.Window != "T0-1m0s..T0+1s" {
			t.Errorf("window %q came out as %q", c.window, result.Window)
		}
	}
	holdsAllMetrics(t, judged)
}

// holdsAllMetrics wants every metric that a threshold may judge among those tested, and in a row of docs/verdict.md.
func holdsAllMetrics(t *testing.T, tested map[string]bool) {
	t.Helper()
	page, err := os.ReadFile("../docs/verdict.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, metric := range threshold.Metrics() {
		if !tested[metric] {
			t.Errorf("a threshold may judge %s, and its value is in no test", metric)
		}
		if !regexp.MustCompile("(?m)^\\|.*`" + metric + "[`{]").Match(page) {
			t.Errorf("docs/verdict.md has no row for %s", metric)
		}
	}
}

func TestNoDataIsNeverAPass(t *testing.T) {
	rec := sampled(t)
	rec.Manifest.PlannedArrivals = 0
	count(rec, 3, "browse", record.Counters{Sent: 5}) // else a third was never sent
	for _, c := range []struct{ metric, expression, window string }{
		{"response_time{step:pay}", "p(99)<1s", ""},
		{"response_time", "p(99)<1s", "T0+50s..T0+60s"},
		{"http_req_failed{step:pay}", "rate<1", ""},
		{"http_reqs{step:pay}", "count<1", ""},
		{"outcome{step:pay,outcome:placed}", "rate<1", ""},
		{"checks{step:order}", "rate<=1", ""},
		{"achieved_rate", "value<=1", "T0+50s..T0+60s"},
		{"iterations{step:order}", "count>=0", ""},
		{"iterations", "count>=0", "T0+50s..T0+60s"},
		{"data_sent", "count<1", "T0+50s..T0+60s"},
		{"data_sent{outcome:placed}", "count>=0", ""},
		{"dropped_iterations", "count<1", "T0+50s..T0+60s"},
	} {
		th := limitOf(t, c.metric, c.expression, c.window)
		r := Judge(rec, require(th), nil)
		if got := r.Thresholds[0]; got.Status != NoData || got.Value != nil || got.Note == "" || r.ExitCode != 99 {
			t.Errorf("%s %s: %+v, exit code %d, wanted no data and 99", c.metric, c.window, got, r.ExitCode)
		}
		th.Optional = true
		if r := Judge(rec, require(th), nil); r.ExitCode != 0 || r.Verdict != Pass {
			t.Errorf("%s %s, optional: exit code %d (%s), wanted 0", c.metric, c.window, r.ExitCode, r.Reason)
		}
	}
}

func TestResultsWithoutDueInstantsHaveNoResponseTime(t *testing.T) {
	rec := record.New(manifest())
	rec.DueUnknown = true
	rec.Add(record.Interval{
		Packed: map[record.Tag]record.Packed{{Metric: record.ServiceTime, Step: "request", Outcome: "ok"}: histogram(t, 5, 7)},
		Steps:  map[string]*record.Counters{"request": {Sent: 2, Done: 2}},
	})
	r := Judge(rec, require(
		limitOf(t, "response_time", "p(99)<1s", ""),
		limitOf(t, "http_req_duration", "p(99)<1s", ""),
		limitOf(t, "http_reqs", "count==2", ""),
	), nil)
	if got := []Status{r.Thresholds[0].Status, r.Thresholds[1].Status, r.Thresholds[2].Status}; got[0] != NoData || got[1] != Held || got[2] != Held {
		t.Errorf("statuses %v, wanted no-data, pass, pass", got)
	}
	step := r.Steps[0]
	if !r.ServiceTimeOnly || step.ResponseTime != nil || step.ServiceTime == nil || step.Requests != 2 || len(r.Notes) == 0 {
		t.Errorf("%+v of %+v, wanted service time only and a note", step, r)
	}
	if r.Health.PlannedRequests != 2 || r.Health.UnsentRequests != 0 {
		t.Errorf("health %+v, wanted 2 planned, none unsent", r.Health)
	}
}

func TestLiveStopsOnlyWhatItMust(t *testing.T) {
	abort := limitOf(t, "http_req_failed", "rate<0.5", "")
	abort.AbortOnFail, abort.AbortDelay = true, 3*time.Second
	watched := limitOf(t, "response_time", "max<1ms", "")
	l := metric.NewLive(require(watched, abort), manifest())
	second := func(n int, outcome string) *metric.Crossed {
		return l.Add(record.Interval{
			Second: n,
			Packed: map[record.Tag]record.Packed{{Metric: record.ResponseTime, Step: "order", Outcome: outcome}: histogram(t, 100)},
			Steps:  map[string]*record.Counters{"order": {Due: 1, Sent: 1, Done: 1}},
		})
	}
	if got := l.Add(record.Interval{Second: -20, Generator: &record.Generator{}}); got != nil {
		t.Errorf("crossed before anyone came: %+v", got)
	}
	for _, n := range []int{-5, -4} {
		if got := second(n, record.OutcomeError); got != nil {
			t.Errorf("second %d: crossed %+v before its delay", n, got)
		}
	}
	got := second(-3, record.OutcomeError)
	if got == nil || got.Metric != "http_req_failed" || *got.Value != 1 || got.Second != -3 {
		t.Fatalf("three seconds of errors: %+v, wanted http_req_failed crossed at 1", got)
	}
	for n := range 4 {
		got = second(n, record.OutcomeOK)
	}
	if got != nil {
		t.Errorf("3 of 7 failed, yet %+v", got)
	}
}

func TestLiveWithoutAScenarioNeverStops(t *testing.T) {
	if got := metric.NewLive(nil, manifest()).Add(record.Interval{Steps: map[string]*record.Counters{"a": {Due: 1}}}); got != nil {
		t.Errorf("crossed %+v", got)
	}
	calm := metric.NewLive(&scenarios.Scenario{}, manifest())
	if got := calm.Add(record.Interval{}); got != nil {
		t.Errorf("crossed %+v", got)
	}
}

func TestValuesAreRoundedUnlessThatHidesTheJudgement(t *testing.T) {
	for _, c := range []struct {
		metric, text string
		value        float64
		want         string
	}{
		{"response_time", "p(99)<300ms", 0.2104, "210 ms"},
		{"response_time", "p(99)<300ms", 0.3004, "300.4 ms"},
		{"response_time", "p(99)<=300ms", 0.30000001, "300.00001 ms"},
		{"http_req_failed", "rate<0.1%", 0.00000819, "< 0.01 %"},
		{"http_req_failed", "rate<0.001%", 0.00000819, "0.000819 %"},
		{"achieved_rate", "value>99.9%", 0.99996, "> 99.99 %"},
		{"achieved_rate", "value>=99.999%", 0.99996, "99.996 %"},
		{"achieved_rate", "value>0.99999", 0.99996, "0.99996"},
		{"http_reqs", "rate>1k/s", 1112, "1.11k/s"},
		{"http_reqs", "rate>1k/s", 999.9, "999.9/s"},
		{"http_reqs", "count>=1000", 1234567, "1,234,567"},
	} {
		limit, err := threshold.Parse(c.metric, c.text)
		if err != nil {
			t.Fatal(err)
		}
		r := ThresholdResult{Metric: limit.Key(), Threshold: c.text, Value: &c.value, Kind: limit.Kind, Aggregation: limit.Aggregation}
		if got := r.ValueText(); got != c.want {
			t.Errorf("%s %s: %g is written %q, wanted %q", c.metric, c.text, c.value, got, c.want)
		}
	}
}
