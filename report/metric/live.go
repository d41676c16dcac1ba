package metric

import (
	"time"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
	"fsctl/scenarios/threshold"
)

// Live watches a run that is going on for a threshold that must stop it. It is not safe for use by
// several goroutines.
type Live struct {
	rec        *record.Record
	sc         *scenarios.Scenario // may be nil
	thresholds []threshold.Threshold
	first      int // second of the first arrival
	arrived    bool
}

// Crossed is a threshold that a running storm has crossed.
type Crossed struct {
	Result
	Second int // from T0, the second after which it was found
}

// NewLive returns a watch over the scenario's thresholds with abortOnFail; the scenario may be nil.
func NewLive(sc *scenarios.Scenario, m record.Manifest) *Live {
	l := &Live{rec: record.New(m), sc: sc}
	if sc == nil {
		return l
	}
	for _, limit := range sc.Thresholds {
		for _, t := range limit.Thresholds {
			if t.AbortOnFail {
				l.thresholds = append(l.thresholds, t)
			}
		}
	}
	return l
}

// Add takes a second of the run and returns the first threshold that its figures so far cross, or nil.
//
// A threshold is left alone until its AbortDelay has passed since the first arrival, while it has no data, and while a count
// can still reach what it asks for: what has not happened yet cannot stop a run.
func (l *Live) Add(interval record.Interval) *Crossed {
	if len(l.thresholds) == 0 {
		return nil
	}
	l.rec.Add(interval)
	if hasArrivals(interval) && (!l.arrived || interval.Second < l.first) {
		l.first, l.arrived = interval.Second, true
	}
	if !l.arrived {
		return nil
	}
	elapsed := time.Duration(interval.Second+1-l.first) * time.Second
	for i := range l.thresholds {
		t := &l.thresholds[i]
		if elapsed < t.AbortDelay {
			continue
		}
		if result := Judge(l.rec, l.sc, t); result.Status == Broken && !mayGrow(t, *result.Value, interval.Second) {
			return &Crossed{Result: result, Second: interval.Second}
		}
	}
	return nil
}

// mayGrow says whether what a threshold counts, value up to a second, is less than it asks for and can still become that.
func mayGrow(t *threshold.Threshold, value float64, second int) bool {
	if t.Aggregation != "count" && (t.Kind != threshold.Counter || value > 0) {
		return false
	}
	over := t.Window != nil && second+1 >= WindowOf(t).To
	return !over && (value < t.Value || t.Operator == ">" && value == t.Value || t.Operator == "!=")
}

func hasArrivals(interval record.Interval) bool {
	if g := interval.Generator; g != nil && g.Arrivals > 0 {
		return true
	}
	for _, c := range interval.Steps {
		if c != nil && c.Due > 0 {
			return true
		}
	}
	return false
}
