package report

import (
	"fmt"
	"time"

	"fsctl/loadgen/record"
	"fsctl/report/health"
	"fsctl/report/history"
	"fsctl/report/metric"
	"fsctl/report/users"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/threshold"
)

// Level is the judgement on one rate that was held in a search for capacity. Its figures are those of the
// requests that were due in its hold, [HoldFromSeconds, ToSeconds), unless they say otherwise.
type Level struct {
	RatePerSec      float64 `json:"rate_per_sec"` // users who were asked for
	FromSeconds     int     `json:"from_seconds"` // from T0, as all three
	HoldFromSeconds int     `json:"hold_from_seconds"`
	ToSeconds       int     `json:"to_seconds"`

	Users    *UserRate `json:"users"`     // who came in the hold; null where nothing counted them
	CutShort bool      `json:"cut_short"` // lost before its time was over
	Drained  bool      `json:"drained"`   // every user had finished before the next level

	Verdict      Verdict       `json:"verdict"` // invalid where the generator was at fault
	Why          string        `json:"why"`     // of a level that did not pass
	Requests     int64         `json:"requests"`
	ErrorRatio   float64       `json:"error_ratio"`           // of them, outcome failed or error
	AchievedQPS  float64       `json:"achieved_qps"`          // requests answered as expected in the seconds of the hold, per second
	Concurrency  float64       `json:"concurrency"`           // requests in flight, by Little's law: answers per second x mean service time
	ResponseTime *Distribution `json:"response_time_seconds"` // of all steps; null without requests
	ServiceTime  *Distribution `json:"service_time_seconds"`

	Journeys   []users.Journey   `json:"journeys"` // of all users who came while it lasted
	Thresholds []ThresholdResult `json:"thresholds"`
	Findings   []health.Finding  `json:"findings"`

	health health.Health
}

// LevelThresholds returns the thresholds that a level can be judged by, and says what becomes of the others.
//
// A threshold on a part of the storm is held against the whole of each level's hold, for a level is one rate
// from its begin to its end. What asks for an amount, such as http_reqs, is left out: each rate has its own.
func LevelThresholds(sc *scenarios.Scenario) (apply []threshold.Threshold, notes []string) {
	for _, limit := range sc.Thresholds {
		for _, t := range limit.Thresholds {
			name := t.Key() + " " + t.Text
			if asksForAmount(&t) {
				notes = append(notes, name+" is not held against levels: it asks for an amount, and each rate has its own")
				continue
			}
			if t.Window != nil {
				notes = append(notes, fmt.Sprintf("%s in %s is held against the whole of each level", name, t.Window))
				t.Window = nil
			}
			apply = append(apply, t)
		}
	}
	return apply, notes
}

// asksForAmount says whether more requests change what a threshold finds. Requests that are dropped or fail
// are an amount too, but one of which a level may be allowed only so many.
func asksForAmount(t *threshold.Threshold) bool {
	switch {
	case t.Metric == "dropped_iterations":
		return false
	case t.Kind == threshold.Counter:
		return true
	}
	return t.Aggregation == "count" && t.Operator != "<" && t.Operator != "<="
}

// within returns a threshold held against a level. What was dropped is only known when the level has ended.
func within(t threshold.Threshold, l *record.Level) *threshold.Threshold {
	to := l.ToSeconds
	if t.Metric == "dropped_iterations" {
		to = max(to, l.EndSeconds)
	}
	t.Window = &threshold.Window{From: instantOf(l.HoldFromSeconds), To: instantOf(to)}
	return &t
}

func instantOf(second int) time.Duration { return time.Duration(second) * time.Second }

// judgeLevel judges a level as a run of its own, by what was due in its hold. Only the quiet moments that its
// service times are compared with are those of the whole run up to its end: a level at the target's limit has
// none.
func judgeLevel(rec *record.Record, run *history.History, sc *scenarios.Scenario, l record.Level) Level {
	part := run.Only(l.Hold().Contains)
	before := run.Only(func(second int) bool { return second < l.EndSeconds })
	v := Level{
		RatePerSec: l.RatePerSec, FromSeconds: l.FromSeconds, HoldFromSeconds: l.HoldFromSeconds, ToSeconds: l.ToSeconds,
		CutShort: l.CutShort, Drained: l.Drained, Thresholds: []ThresholdResult{},
	}
	thresholds, _ := LevelThresholds(sc)
	for _, t := range thresholds {
		v.Thresholds = append(v.Thresholds, metric.Judge(rec, sc, within(t, &l)))
	}
	level := *rec // what was planned of the run, and how it ended, says nothing of a level
	level.Manifest.PlannedArrivals, level.Manifest.End = 0, nil
	span := record.Window{From: l.HoldFromSeconds, To: max(l.EndSeconds, l.ToSeconds)}
	v.health = health.Judge(&level, part, sc, history.PressureOn(before, part), health.Stalls(rec), span)
	v.Findings = v.health.Findings
	v.Journeys = users.Of(rec, record.Window{From: l.FromSeconds, To: max(l.EndSeconds, l.ToSeconds)}, sc)
	v.Users = usersIn(rec, l.Hold())
	v.measure(rec, part)
	v.decide(rec, sc, part, &l)
	return v
}

// hold returns the seconds that are judged.
func (v *Level) hold() record.Window {
	return record.Window{From: v.HoldFromSeconds, To: v.ToSeconds}
}

// measure fills in the figures.
func (v *Level) measure(rec *record.Record, part *history.History) {
	hold := v.hold()
	times := func(metric string) *Distribution {
		return distributionOf(rec.Packed(hold, func(t record.Tag) bool { return t.Metric == metric }))
	}
	v.ResponseTime, v.ServiceTime = times(record.ResponseTime), times(record.ServiceTime)
	v.Requests = rec.Count(hold, func(t record.Tag) bool { return t.Metric == record.ResponseTime })
	failed := rec.Count(hold, func(t record.Tag) bool { return t.Metric == record.ResponseTime && isFailure(t.Outcome) })
	v.ErrorRatio = history.Ratio(failed, v.Requests)
	all, seconds := part.All(), float64(max(hold.To-hold.From, 1))
	v.AchievedQPS = history.Good(all) / seconds
	if v.ServiceTime != nil {
		v.Concurrency = float64(all.Done) / seconds * v.ServiceTime.Mean
	}
}

// decide gives the verdict: first whether the generator can be trusted, then the thresholds, then whether
// what they did not see was answered at all.
func (v *Level) decide(rec *record.Record, sc *scenarios.Scenario, part *history.History, l *record.Level) {
	v.Verdict, v.Why = Fail, v.crossed()
	all := part.All()
	switch {
	case v.health.Saturated:
		v.Verdict, v.Why = Invalid, v.health.Message(v.health.Cause)
	case v.Why != "":
	case v.CutShort:
		v.Why = oneLine(l.Why)
	case all.Done > 0 && all.Failed >= all.Done && wantedFailures(v.Thresholds, part) == "":
		v.Why = "every request failed: " + causesOf(&all)
	case !v.Drained && v.givenUpRatio(rec) > health.LateShare(sc):
		v.Why = quantity.Percent(v.givenUpRatio(rec)) + " of the requests that were due were not answered before the level was given up"
	default:
		v.Verdict = Pass
	}
}

// crossed names the first threshold that was crossed, else the first without data, else nothing.
func (v *Level) crossed() string {
	var f failures
	for _, t := range v.Thresholds {
		t.Window = "" // every one is the level's
		f.add(t.Status, t.Optional, t.Summary())
	}
	for _, list := range [][]string{f.seen, f.unknown} {
		if len(list) > 0 {
			return list[0]
		}
	}
	return ""
}

// givenUpRatio returns the share of the requests due in the hold that never ended.
func (v *Level) givenUpRatio(rec *record.Record) float64 {
	due := int64(rec.Counters(v.hold(), "").Due)
	return history.Ratio(max(due-v.Requests, 0), due)
}

// Summary says in one line how the level went.
func (v *Level) Summary() string {
	rate := usersPerSec(v.RatePerSec)
	switch {
	case v.Verdict == Fail:
		return rate + " failed: " + v.Why
	case v.Verdict == Invalid:
		return rate + " says nothing about the target: " + v.Why
	case v.ResponseTime == nil:
		return rate + " passed"
	}
	passed := fmt.Sprintf("%s passed: %s, response time %s (p50), %s (p99)", rate,
		quantity.RateOf(v.AchievedQPS, "request"), quantity.Seconds(v.ResponseTime.P50), quantity.Seconds(v.ResponseTime.P99))
	if !v.Drained {
		passed += "; it " + undrained
	}
	return passed
}

// undrained is said of a level that passed although it left users over.
const undrained = "had not drained within storm.drain, and the users still active were given up"
