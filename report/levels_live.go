package report

import (
	"time"

	"fsctl/loadgen/record"
	"fsctl/report/history"
	"fsctl/report/metric"
	"fsctl/scenarios"
	"fsctl/scenarios/threshold"
)

// LevelWatch judges the levels of a search while it goes on. It is not safe for use by several goroutines.
type LevelWatch struct {
	rec        *record.Record
	sc         *scenarios.Scenario
	thresholds []threshold.Threshold
}

// NewLevelWatch returns a watch over the levels of a run of the scenario.
func NewLevelWatch(sc *scenarios.Scenario, m record.Manifest) *LevelWatch {
	thresholds, _ := LevelThresholds(sc)
	return &LevelWatch{rec: record.New(m), sc: sc, thresholds: thresholds}
}

// Add takes a second of the run.
func (w *LevelWatch) Add(interval record.Interval) { w.rec.Add(interval) }

// Judge judges a level that is over.
func (w *LevelWatch) Judge(l record.Level) Level {
	return judgeLevel(w.rec, history.New(w.rec), w.sc, l)
}

// Lost says which threshold makes a level fail before its time is over, or nothing: one that is crossed with
// abortOnFail, or that must be crossed in the end even if all that is still to come went as well as can be.
// The level has been seen up to l.EndSeconds.
func (w *LevelWatch) Lost(l record.Level) string {
	seen := l
	seen.ToSeconds = min(l.ToSeconds, l.EndSeconds)
	if seen.ToSeconds <= seen.HoldFromSeconds {
		return ""
	}
	part := float64(seen.ToSeconds-seen.HoldFromSeconds) / float64(l.ToSeconds-l.HoldFromSeconds)
	since := time.Duration(seen.EndSeconds-seen.FromSeconds) * time.Second
	for i := range w.thresholds {
		t := within(w.thresholds[i], &seen)
		if !(t.AbortOnFail && since >= t.AbortDelay) && !w.hopeless(t, part) {
			continue
		}
		if result := metric.Judge(w.rec, w.sc, t); result.Status == Broken {
			result.Window = ""
			return result.Summary()
		}
	}
	return ""
}

// hopeless says whether a threshold will be crossed whatever is still to come, once a part of the hold (0 to
// 1) is over. All in all the hold brings as many requests as were due so far over that part. Were the rest
// answered at once, and well:
//
//	p(q) of all n would be p(1 - (1-q) n/k) of the k that ended so far
//	a mean of all would be that of the k times k/n, and so would a share of failures
func (w *LevelWatch) hopeless(t *threshold.Threshold, part float64) bool {
	if t.Outcome != "" || t.Expected != nil { // how many of those will come is unknown
		return false
	}
	window := metric.WindowOf(t)
	all := float64(w.rec.Counters(window, t.Step).Due) / part
	name, timed := metric.HistogramOf(t.Metric)
	if !timed {
		name = record.ResponseTime
	}
	match := func(tag record.Tag) bool { return tag.Metric == name && metric.Concerns(t, tag) }
	ended := float64(w.rec.Count(window, match))
	below := t.Operator == "<" || t.Operator == "<="
	switch {
	case ended == 0 || all <= 0 || !below:
		return false
	case t.Metric == "http_req_failed":
		failed := w.rec.Count(window, func(tag record.Tag) bool { return match(tag) && isFailure(tag.Outcome) })
		if t.Aggregation == "count" {
			return !t.Holds(float64(failed))
		}
		return !t.Holds(float64(failed) / max(all, ended))
	case !timed:
		return false
	}
	return !t.Holds(best(w.rec, t, window, match, max(all, ended)/ended))
}

// best returns what a threshold on a time would find if the requests were so many times those that ended, and
// all the others took no time.
func best(rec *record.Record, t *threshold.Threshold, w record.Window, match func(record.Tag) bool, times float64) float64 {
	quantile := t.Quantile
	switch t.Aggregation {
	case "min":
		return 0
	case "avg":
		return metric.Aggregate(rec.Packed(w, match), t) / times
	case "max":
		quantile = 1
	case "med":
		quantile = 0.5
	}
	left := 1 - (1-quantile)*times
	if left <= 0 {
		return 0
	}
	part := *t
	part.Aggregation, part.Quantile = "p", left
	return metric.Aggregate(rec.Packed(w, match), &part)
}
