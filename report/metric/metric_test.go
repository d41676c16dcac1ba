package metric

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
	"fsctl/scenarios/strict"
	"fsctl/scenarios/threshold"
)

// request is one that ended, as a slow reference keeps it.
type request struct {
	second        int // in which it was due and happened
	step, outcome string
	response      time.Duration
	waiting       time.Duration // to the first byte, 0 without an answer
}

// known is what a scenario says there can be: step c and outcome sold_out need not have happened.
var known = &scenarios.Scenario{Steps: strict.Keyed[scenarios.Step]{
	{Name: "a", Outcome: strict.Keyed[scenarios.Outcome]{{Name: "placed"}, {Name: "sold_out"}}},
	{Name: "b"},
	{Name: "c", Outcome: strict.Keyed[scenarios.Outcome]{{Name: "placed"}}},
}}

func drawRequests(t *rapid.T) []request {
	outcomes := map[string][]string{"a": {"ok", "failed", "error", "placed"}, "b": {"ok", "failed", "error"}}
	var list []request
	for range rapid.IntRange(0, 30).Draw(t, "requests") {
		r := request{second: rapid.IntRange(-3, 3).Draw(t, "second"), step: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "step")}
		r.outcome = rapid.SampledFrom(outcomes[r.step]).Draw(t, "outcome")
		r.response = time.Duration(rapid.IntRange(1000, 5_000_000).Draw(t, "us")) * time.Microsecond
		if r.outcome != record.OutcomeError || rapid.Bool().Draw(t, "broken off") {
			r.waiting = r.response / 2
		}
		list = append(list, r)
	}
	return list
}

// recordOf returns the record of requests; old as versions before this one kept it, with a 0 for each first byte that never came.
func recordOf(list []request, old bool) *record.Record {
	rec, packer := record.New(record.Manifest{}), record.NewPacker()
	for _, r := range list {
		one := func(d time.Duration) record.Packed {
			h := record.NewSparse()
			_ = h.RecordValue(int64(d))
			return packer.PackSparse(h)
		}
		tag := func(metric string) record.Tag { return record.Tag{Metric: metric, Step: r.step, Outcome: r.outcome} }
		c := &record.Counters{Due: 1, Sent: 1, Done: 1, BytesIn: 10}
		i := record.Interval{Second: r.second, Steps: map[string]*record.Counters{r.step: c},
			Packed: map[record.Tag]record.Packed{tag(record.ResponseTime): one(r.response)}}
		if r.waiting > 0 || old {
			i.Packed[tag(record.Waiting)] = one(r.waiting)
		}
		if IsFailure(r.outcome) {
			c.Failed = 1
		}
		rec.Add(i)
	}
	return rec
}

func drawThreshold(t *rapid.T) threshold.Threshold {
	metric := rapid.SampledFrom([]string{"http_reqs", "http_req_failed", "outcome", "response_time", "http_req_waiting", "data_received"}).Draw(t, "metric")
	expression := rapid.SampledFrom(map[string][]string{
		"http_reqs": {"count<3", "rate<3"}, "http_req_failed": {"rate<0.5", "count<3"}, "outcome": {"rate<0.5", "count<3"},
		"response_time": {"max<1s", "min<1s", "avg<1s", "p(90)<1s"}, "http_req_waiting": {"max<1s", "min<1s", "avg<1s", "med<1s"}, "data_received": {"count<30", "rate<3"},
	}[metric]).Draw(t, "expression")
	tags := ""
	tag := func(name, value string) {
		if value != "" {
			tags += "," + name + ":" + value
		}
	}
	tag("step", rapid.SampledFrom([]string{"", "a", "b", "c", "unheard-of"}).Draw(t, "step"))
	if metric != "data_received" {
		names := []string{"", "ok", "failed", "error", "placed", "sold_out", "unheard-of"}
		if metric == "outcome" {
			names = names[1:]
		}
		tag("outcome", rapid.SampledFrom(names).Draw(t, "outcome"))
		tag("expected_response", rapid.SampledFrom([]string{"", "", "true", "false"}).Draw(t, "expected"))
	}
	if tags != "" {
		metric += "{" + tags[1:] + "}"
	}
	limit, err := threshold.Parse(metric, expression)
	if err != nil {
		t.Fatal(err)
	}
	if rapid.Bool().Draw(t, "windowed") {
		from := rapid.IntRange(-5, 5).Draw(t, "from")
		to := from + rapid.IntRange(1, 6).Draw(t, "long")
		limit.Window = &threshold.Window{From: time.Duration(from) * time.Second, To: time.Duration(to) * time.Second}
	}
	return limit
}

// slowly answers a threshold by counting requests one by one; ok says whether there is data.
func slowly(list []request, t *threshold.Threshold) (value float64, ok bool) {
	from, to := math.MinInt, math.MaxInt
	if t.Window != nil {
		from, to = int(time.Duration(t.Window.From)/time.Second), int(time.Duration(t.Window.To)/time.Second)
	}
	seconds, first, last := 0, math.MaxInt, math.MinInt
	for _, r := range list {
		first, last = min(first, r.second), max(last, r.second)
	}
	for s := first; s <= last && len(list) > 0; s++ {
		if s >= from && s < to {
			seconds++
		}
	}
	var all, some, failed, ofStep float64
	var times []float64
	for _, r := range list {
		if r.second < from || r.second >= to || t.Step != "" && r.step != t.Step {
			continue
		}
		ofStep++
		isFailed := r.outcome == "failed" || r.outcome == "error"
		if t.Outcome != "" && r.outcome != t.Outcome || t.Expected != nil && *t.Expected == isFailed {
			continue
		}
		some++
		if isFailed {
			failed++
		}
		if d := map[string]time.Duration{"response_time": r.response, "http_req_waiting": r.waiting}[t.Metric]; d > 0 {
			times = append(times, d.Seconds())
		}
	}
	switch t.Metric {
	case "response_time", "http_req_waiting":
		return ofTimes(times, t), len(times) > 0
	case "data_received":
		some *= 10
	case "http_req_failed":
		all, some = some, failed
	case "outcome":
		all = ofStep
	}
	possible := seconds > 0 && slices.Contains([]string{"", "a", "b", "c"}, t.Step) && mayBe(t)
	switch {
	case some == 0 && !possible:
		return 0, false
	case t.Aggregation == "count":
		return some, true
	case t.Kind == threshold.Counter:
		return some / float64(seconds), true
	}
	return some / all, all > 0
}

// mayBe says whether the scenario has the outcome that is asked for.
func mayBe(t *threshold.Threshold) bool {
	switch t.Outcome {
	case "unheard-of":
		return false
	case "placed":
		return t.Step != "b"
	case "sold_out":
		return t.Step == "" || t.Step == "a"
	}
	return true
}

func ofTimes(times []float64, t *threshold.Threshold) float64 {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	switch t.Aggregation {
	case "max":
		return times[len(times)-1]
	case "min":
		return times[0]
	case "avg":
		var sum float64
		for _, v := range times {
			sum += v
		}
		return sum / float64(len(times))
	}
	q := t.Quantile
	if t.Aggregation == "med" {
		q = 0.5
	}
	return times[max(int(math.Ceil(q*float64(len(times))-1e-9)), 1)-1] // nearest rank: 0.9 of 10 is the 9th, whatever is left of 0.9 x 10
}

// Of any requests, whatever a threshold asks finds what counting them one by one finds: 0 for what did not happen, and no data
// for a time or a share of nothing. That holds for records of older versions too.
func TestValuesAreThoseOfASlowCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list, limit := drawRequests(t), drawThreshold(t)
		want, ok := slowly(list, &limit)
		for _, old := range []bool{false, true} {
			got, missing := Value(recordOf(list, old), known, &limit)
			if ok != (missing == "") || math.Abs(got-want) > 0.002*want {
				t.Fatalf("%s %s in %v, old %t: found %g %q, wanted %g, data %t\n%s", limit.Key(), limit.Text, limit.Window, old, got, missing, want, ok, fmt.Sprint(list))
			}
		}
	})
}

// A count that can still become what it should stops no run, before its window is over.
func TestLiveWaitsForWhatMayStillCome(t *testing.T) {
	for _, c := range []struct {
		metric, text, window string
		crossed              int // first second in which the run is stopped, 99 for never
	}{
		{"http_reqs{outcome:placed}", "count>2", "", 99},
		{"http_reqs{outcome:placed}", "rate>1", "", 99},
		{"http_reqs{step:a}", "count>100", "", 99},
		{"http_reqs{step:a}", "count>100", "T0..T0+3s", 2},
		{"http_reqs{step:a}", "count<3", "", 2},
		{"http_reqs{step:a}", "count==2", "", 2},
		{"http_reqs{step:a}", "rate>1", "", 0},
		{"http_req_failed", "count<1", "", 99},
		{"http_req_failed", "count>9", "", 99},
		{"http_req_failed{step:c}", "rate<0.1", "", 99},
	} {
		limit, err := threshold.Parse(c.metric, c.text)
		if err != nil {
			t.Fatal(err)
		}
		if c.window != "" {
			w, err := threshold.ParseWindow(c.window)
			if err != nil {
				t.Fatal(err)
			}
			limit.Window = &w
		}
		limit.AbortOnFail = true
		sc := *known
		sc.Thresholds = strict.Keyed[threshold.Limit]{{Thresholds: []threshold.Threshold{limit}}}
		live, crossed := NewLive(&sc, record.Manifest{}), 99
		for second := 0; second < 6 && crossed == 99; second++ {
			h := record.NewHistogram()
			_ = h.RecordValue(1e6)
			if live.Add(record.Interval{Second: second, Steps: map[string]*record.Counters{"a": {Due: 1, Sent: 1, Done: 1}},
				Histograms: map[record.Tag]*record.Histogram{{Metric: record.ResponseTime, Step: "a", Outcome: "ok"}: h}}) != nil {
				crossed = second
			}
		}
		if crossed != c.crossed {
			t.Errorf("%s %s %s stops the run in second %d, wanted %d", c.metric, c.text, c.window, crossed, c.crossed)
		}
	}
}
