package metric

import (
	"math"
	"strings"
	"time"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/threshold"
)

// Status is the judgement on one threshold or invariant.
type Status string

// What a threshold or invariant can be. No data is a failure unless it is optional.
const (
	Held   Status = "pass"
	Broken Status = "fail"
	NoData Status = "no-data"
)

// Result is the judgement on one threshold.
type Result struct {
	Metric    string   `json:"metric"`    // with its tags: response_time{step:order}
	Threshold string   `json:"threshold"` // as written: p(99)<300ms
	Window    string   `json:"window"`    // T0..T0+10s, empty for the whole run
	Value     *float64 `json:"value"`     // in Unit; null without data
	Unit      string   `json:"unit"`      // s for a time, 1/s for a rate, empty for a share or a count
	Status    Status   `json:"status"`
	Optional  bool     `json:"optional,omitempty"` // without data it is skipped
	Note      string   `json:"note,omitempty"`     // why there is no data

	Kind        threshold.Kind `json:"kind"`
	Aggregation string         `json:"aggregation"`
}

// Summary says in one line what was wanted and what was found.
func (t *Result) Summary() string {
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
func (t *Result) ValueText() string {
	if t.Value == nil {
		return "no data"
	}
	v := *t.Value
	short, parse, exact := quantity.Number(v), quantity.ParseNumber, quantity.Precise(v)
	switch {
	case t.Kind == threshold.Trend:
		short, parse, exact = quantity.Seconds(v), parseSeconds, quantity.Exact(time.Duration(math.Round(v*nanosPerSecond)))
	case t.Kind == threshold.Counter && t.Aggregation == "rate":
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
func (t *Result) agrees(short string, parse func(string) (float64, error)) bool {
	limit, err := t.Limit()
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

// Limit returns the threshold that the result is of. It fails as threshold.Parse does where another version judged it.
func (t *Result) Limit() (threshold.Threshold, error) {
	name, _, _ := strings.Cut(t.Metric, "{")
	return threshold.Parse(t.Metric, t.Threshold, name) // which is an own counter where it is no metric of every scenario
}

func parseSeconds(text string) (float64, error) {
	d, err := quantity.ParseDuration(text)
	return d.Seconds(), err
}

// Judge judges a threshold by a record. The scenario, which may be nil, says what steps and outcomes can be; see [Value].
func Judge(rec *record.Record, sc *scenarios.Scenario, t *threshold.Threshold) Result {
	result := Result{
		Metric: t.Key(), Threshold: t.Text, Unit: t.Unit(), Status: NoData, Optional: t.Optional,
		Kind: t.Kind, Aggregation: t.Aggregation,
	}
	if t.Window != nil {
		result.Window = t.Window.String()
	}
	value, missing := Value(rec, sc, t)
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

// finite returns f, and 0 for what JSON cannot hold.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}
