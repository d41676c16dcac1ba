// Package metric judges thresholds: it finds the value of what they are about in a record.
package metric

import (
	"time"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
	"fsctl/scenarios/threshold"
)

const nanosPerSecond = 1e9

// Value returns the value of a threshold's metric in its unit, or why there is none.
//
//	rec  the run
//	sc   its scenario, which says what a step and an outcome can be; nil where there is none
//	t    the threshold
//
// A count of what did not happen in the seconds of the run is 0. It has no value where the step or the outcome is unknown,
// or the window holds no second of the run; nor has a share of no requests, or a time that no request took.
//
// Times are those of the requests that were due in the window. service_time and k6's http_req_duration
// are the same: from the instant a request was sent to its whole answer, without waiting for a free
// connection, which k6 excludes too. What users felt is response_time.
//
// Counts of requests are by due second as well. What only counters know (checks, bytes, achieved_rate,
// dropped_iterations, iterations, abandoned, own counters) is by the second in which it happened, and is not known per outcome.
func Value(rec *record.Record, sc *scenarios.Scenario, t *threshold.Threshold) (value float64, missing string) {
	q := question{rec, sc, t, WindowOf(t)}
	if why := t.Unknown(); why != "" {
		return 0, why
	}
	switch t.Metric {
	case "http_reqs", "http_req_failed", "outcome":
		return q.requests()
	}
	if name, ok := HistogramOf(t.Metric); ok {
		switch name {
		case record.Iteration:
			return q.iterationTimes()
		case record.GroupDuration:
			return q.groupTimes()
		}
		h := q.times(name)
		if h.Count() == 0 {
			return 0, q.noTimes(name)
		}
		return Aggregate(h, t), ""
	}
	return q.counters()
}

// question is what a threshold asks of a record.
type question struct {
	rec *record.Record
	sc  *scenarios.Scenario // may be nil
	t   *threshold.Threshold
	w   record.Window
}

// HistogramOf returns the histogram behind a metric that is a distribution of times.
func HistogramOf(metric string) (name string, ok bool) {
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
	case "http_req_tls_handshaking":
		return record.Handshaking, true
	case "iteration_duration":
		return record.Iteration, true
	case "group_duration":
		return record.GroupDuration, true
	}
	return "", false
}

// WindowOf returns a threshold's window in whole seconds from T0.
func WindowOf(t *threshold.Threshold) record.Window {
	if t.Window == nil {
		return record.Everything
	}
	return record.Window{
		From: int(t.Window.From / time.Second),
		To:   int(t.Window.To / time.Second),
	}
}

// Counted is the metric in which every ended request is counted once.
func Counted(rec *record.Record) string {
	if rec.DueUnknown {
		return record.ServiceTime
	}
	return record.ResponseTime
}

// IsFailure says whether an outcome is a failed request.
func IsFailure(outcome string) bool {
	return outcome == record.OutcomeFailed || outcome == record.OutcomeError
}

// Concerns says whether a threshold is about the requests of a tag.
func Concerns(t *threshold.Threshold, tag record.Tag) bool {
	return (t.Step == "" || t.Step == tag.Step) &&
		(t.Outcome == "" || t.Outcome == tag.Outcome) &&
		(t.Expected == nil || *t.Expected != IsFailure(tag.Outcome))
}

// Aggregate returns one figure of a distribution in seconds.
func Aggregate(h record.Packed, t *threshold.Threshold) float64 {
	switch t.Aggregation {
	case "avg":
		return h.Mean() / nanosPerSecond
	case "min":
		return float64(h.Min()) / nanosPerSecond
	case "max":
		return float64(h.Max()) / nanosPerSecond
	case "med":
		return float64(h.Quantile(0.5)) / nanosPerSecond
	}
	return float64(h.Quantile(t.Quantile)) / nanosPerSecond
}

// times returns the times of the requests that the threshold is about.
//
// Requests without an answer waited for no first byte. Records of older versions hold a 0 for each, which no answer over
// a network can take: these are left out.
func (q question) times(name string) record.Packed {
	sliced := q.slice().Of(name)
	match := func(tag record.Tag) bool { return tag.Metric == sliced && q.concerns(tag) }
	unanswered := func(tag record.Tag) bool { return match(tag) && tag.Outcome == record.OutcomeError }
	if name != record.Waiting && name != record.Connecting || q.rec.Count(q.w, unanswered) == 0 {
		return q.rec.Packed(q.w, match)
	}
	sum := q.rec.Packed(q.w, func(tag record.Tag) bool { return match(tag) && !unanswered(tag) })
	return sum.Plus(q.rec.Packed(q.w, unanswered).AtLeast(record.LowestValue))
}

func (q question) noTimes(name string) string {
	if q.rec.DueUnknown && (name == record.Waiting || name == record.Connecting || name == record.Handshaking) {
		return "vegeta's results have whole requests only: judge service_time"
	}
	if q.rec.DueUnknown && name != record.ServiceTime {
		return "these results do not say when a request was due: judge service_time"
	}
	if missing := q.unknown(); missing != "" {
		return missing
	}
	if name == record.Waiting || name == record.Connecting || name == record.Handshaking {
		return "no such request was answered"
	}
	return "no such request ended"
}
