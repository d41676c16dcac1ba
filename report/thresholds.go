package report

import (
	"math"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// ThresholdResult is the judgement on one threshold.
type ThresholdResult struct {
	Metric    string   `json:"metric"`    // with its tags: response_time{step:order}
	Threshold string   `json:"threshold"` // as written: p(99)<300ms
	Window    string   `json:"window"`    // T0..T0+10s, empty for the whole run
	Value     *float64 `json:"value"`     // in Unit; null without data
	Unit      string   `json:"unit"`      // s for a time, 1/s for a rate, empty for a share or a count
	Status    Status   `json:"status"`
	Optional  bool     `json:"optional,omitempty"` // without data it is skipped
	Note      string   `json:"note,omitempty"`     // why there is no data

	Kind        scenarios.MetricKind `json:"kind"`
	Aggregation string               `json:"aggregation"`
}

// Summary says in one line what was wanted and what was found.
func (t *ThresholdResult) Summary() string {
	where := ""
	if t.Window != "" {
		where = " in " + t.Window
	}
	if t.Value == nil {
		return t.Metric + " " + t.Threshold + where + ": no data, " + t.Note
	}
	return t.Metric + where + " was " + t.ValueText() + ", wanted " + t.Threshold
}

// ValueText returns the value with its unit, rounded for a reader: 210 ms, 8.15k/s; a count is in full. A
// share is in percent where its threshold is. Where rounding would hide that a limit was crossed or kept,
// the value is not rounded.
func (t *ThresholdResult) ValueText() string {
	if t.Value == nil {
		return "no data"
	}
	v := *t.Value
	short, parse, exact := quantity.Number(v), quantity.ParseNumber, quantity.Precise(v)
	switch {
	case t.Kind == scenarios.Trend:
		short, parse, exact = quantity.Seconds(v), parseSeconds, quantity.Exact(time.Duration(math.Round(v*nanosPerSecond)))
	case t.Kind == scenarios.Counter && t.Aggregation == "rate":
		short, parse, exact = quantity.Rate(v), quantity.ParseRate, exact+"/s"
	case t.Aggregation == "count":
		return quantity.Count(int64(v))
	case strings.Contains(t.Threshold, "%"):
		short, parse, exact = quantity.Percent(v), quantity.ParseRatio, quantity.Precise(v*100)+" %"
	}
	if t.agrees(short, parse) {
		return short
	}
	return exact
}

// agrees reports whether a rounded value is on the same side of the threshold as the value itself: 300.4 ms
// rounded to 300 ms would look as if it kept a limit of 300 ms.
func (t *ThresholdResult) agrees(short string, parse func(string) (float64, error)) bool {
	limit, err := scenarios.ParseThreshold(t.Metric, t.Threshold)
	if err != nil {
		return true
	}
	bound := short[:1]
	shown, err := parse(strings.TrimLeft(short, "<> "))
	held := limit.Holds(*t.Value)
	switch { // of a bound, all that is below or above it must be on that side
	case err != nil || limit.Holds(shown) != held || shown == limit.Value && shown != *t.Value:
		return false
	case bound == "<":
		return limit.Holds(0) == held
	case bound == ">":
		return limit.Holds(1) == held
	}
	return true
}

func parseSeconds(text string) (float64, error) {
	d, err := quantity.ParseDuration(text)
	return d.Seconds(), err
}

func judgeThresholds(rec *record.Record, sc *scenarios.Scenario) []ThresholdResult {
	results := []ThresholdResult{}
	for _, limit := range sc.Thresholds {
		for i := range limit.Thresholds {
			results = append(results, judgeThreshold(rec, &limit.Thresholds[i]))
		}
	}
	return results
}

func judgeThreshold(rec *record.Record, t *scenarios.Threshold) ThresholdResult {
	result := ThresholdResult{
		Metric: t.Key(), Threshold: t.Text, Unit: t.Unit(), Status: NoData, Optional: t.Optional,
		Kind: t.Kind, Aggregation: t.Aggregation,
	}
	if t.Window != nil {
		result.Window = t.Window.String()
	}
	value, missing := evaluate(rec, t)
	if missing != "" {
		result.Note = missing
		return result
	}
	value = finite(value)
	result.Value, result.Status = &value, Broken
	if t.Holds(value) {
		result.Status = Held
	}
	return result
}

// evaluate returns the value of a threshold's metric in its unit, or why there is none.
//
// Times are those of the requests that were due in the window. service_time and k6's http_req_duration
// are the same: from the instant a request was sent to its whole answer, without waiting for a free
// connection, which k6 excludes too. What users felt is response_time.
//
// Counts of requests are by due second as well. What only counters know (checks, bytes, achieved_rate,
// dropped_iterations, iterations) is by the second in which it happened, and is not known per outcome.
func evaluate(rec *record.Record, t *scenarios.Threshold) (value float64, missing string) {
	w := windowOf(t)
	switch t.Metric {
	case "http_reqs", "http_req_failed", "outcome":
		return requests(rec, t, w)
	}
	if metric, ok := histogramOf(t.Metric); ok {
		h := rec.Packed(w, func(tag record.Tag) bool { return tag.Metric == metric && concerns(t, tag) }).Histogram()
		if h.TotalCount() == 0 {
			return 0, noTimes(rec, metric)
		}
		return aggregate(h, t), ""
	}
	if t.Outcome != "" || t.Expected != nil {
		return 0, t.Metric + " is not known per outcome"
	}
	return counters(rec, t, w)
}

// histogramOf returns the histogram behind a metric that is a distribution of times.
func histogramOf(metric string) (name string, ok bool) {
	switch metric {
	case "response_time":
		return record.ResponseTime, true
	case "service_time", "http_req_duration":
		return record.ServiceTime, true
	case "lateness":
		return record.Lateness, true
	case "http_req_waiting":
		return record.Waiting, true
	case "http_req_connecting":
		return record.Connecting, true
	}
	return "", false
}

func noTimes(rec *record.Record, metric string) string {
	if rec.DueUnknown && metric != record.ServiceTime {
		return "these results do not say when a request was due: judge service_time"
	}
	return "no such request ended"
}

// windowOf returns a threshold's window in whole seconds from T0.
func windowOf(t *scenarios.Threshold) record.Window {
	if t.Window == nil {
		return record.Everything
	}
	return record.Window{
		From: int(time.Duration(t.Window.From) / time.Second),
		To:   int(time.Duration(t.Window.To) / time.Second),
	}
}

// concerns says whether a threshold is about the requests of a tag.
func concerns(t *scenarios.Threshold, tag record.Tag) bool {
	return (t.Step == "" || t.Step == tag.Step) &&
		(t.Outcome == "" || t.Outcome == tag.Outcome) &&
		(t.Expected == nil || *t.Expected != isFailure(tag.Outcome))
}

// aggregate returns one figure of a distribution in seconds.
func aggregate(h *hdrhistogram.PackedHistogram, t *scenarios.Threshold) float64 {
	switch t.Aggregation {
	case "avg":
		return h.Mean() / nanosPerSecond
	case "min":
		return float64(h.Min()) / nanosPerSecond
	case "max":
		return float64(h.Max()) / nanosPerSecond
	case "med":
		return float64(h.ValueAtPercentile(50)) / nanosPerSecond
	}
	return float64(h.ValueAtPercentile(t.Quantile*100)) / nanosPerSecond
}

// requests evaluates what is counted in requests that ended: how many, and which share of them.
func requests(rec *record.Record, t *scenarios.Threshold, w record.Window) (value float64, missing string) {
	metric := countedMetric(rec)
	count := func(match func(record.Tag) bool) int64 {
		return rec.Count(w, func(tag record.Tag) bool { return tag.Metric == metric && match(tag) })
	}
	some := count(func(tag record.Tag) bool { return concerns(t, tag) })
	all := some
	switch t.Metric {
	case "http_req_failed":
		some = count(func(tag record.Tag) bool { return concerns(t, tag) && isFailure(tag.Outcome) })
	case "outcome":
		all = count(func(tag record.Tag) bool { return t.Step == "" || t.Step == tag.Step })
	}
	switch {
	case all == 0:
		return 0, "no such request ended"
	case t.Aggregation == "count":
		return float64(some), ""
	case t.Kind == scenarios.Share:
		return ratio(some, all), ""
	}
	return ratio(float64(some), float64(secondsOf(rec, w))), ""
}

// counters evaluates what is only known from counters.
func counters(rec *record.Record, t *scenarios.Threshold, w record.Window) (value float64, missing string) {
	c := rec.Counters(w, t.Step)
	switch t.Metric {
	case "checks":
		all := c.ChecksPassed + c.ChecksFailed
		if all == 0 {
			return 0, "no check was made"
		}
		if t.Aggregation == "count" {
			return float64(c.ChecksPassed), ""
		}
		return ratio(c.ChecksPassed, all), ""
	case "achieved_rate":
		if c.Due == 0 {
			return 0, "no request was due"
		}
		return ratio(c.Sent, c.Due), ""
	}
	amount, missing := amountOf(rec, t, w, c)
	seconds := secondsOf(rec, w)
	if missing == "" && seconds == 0 {
		missing = "nothing happened in the window"
	}
	if missing == "" && t.Aggregation == "rate" {
		amount = ratio(amount, float64(seconds))
	}
	return amount, missing
}

// amountOf returns what a counter metric has counted.
func amountOf(rec *record.Record, t *scenarios.Threshold, w record.Window, c record.Counters) (amount float64, missing string) {
	switch t.Metric {
	case "data_sent":
		return float64(c.BytesOut), ""
	case "data_received":
		return float64(c.BytesIn), ""
	case "dropped_iterations":
		// A user has one request due at a time, so each request given up is a journey cut short.
		if amount = float64(c.Unsent); t.Step == "" && t.Window == nil && rec.Manifest.End != nil {
			amount += float64(missingArrivals(rec))
		}
		return amount, ""
	case "iterations":
		health := generatorOf(rec, w)
		switch {
		case t.Step != "":
			return 0, "iterations are not known per step"
		case health.seconds == 0:
			return 0, "the generator left no account of its iterations"
		}
		return float64(health.Iterations), ""
	}
	return 0, "this version does not know the metric"
}

// secondsOf returns how many seconds of the run are in a window: a rate is not thinned by seconds
// before the run began or after it ended.
func secondsOf(rec *record.Record, w record.Window) int {
	first, last, ok := rec.Seconds()
	if !ok {
		return 0
	}
	from, to := max(first, w.From), min(last+1, w.To)
	return max(to-from, 0)
}

// generators sums the generator's health over a window.
type generators struct {
	record.Generator
	seconds int
}

func generatorOf(rec *record.Record, w record.Window) generators {
	var sum generators
	for second, g := range rec.Generators() {
		if w.Contains(second) {
			sum.Generator.Add(g)
			sum.seconds++
		}
	}
	return sum
}

// missingArrivals returns how many planned users never came.
func missingArrivals(rec *record.Record) uint64 {
	planned := rec.Manifest.PlannedArrivals
	health := generatorOf(rec, record.Everything)
	came := health.Arrivals
	if health.seconds == 0 {
		came = rec.Counters(record.Everything, "").Due
	}
	if came >= planned {
		return 0
	}
	return planned - came
}
