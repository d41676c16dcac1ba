package metric

import (
	"slices"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
	"fsctl/scenarios/threshold"
)

// requests finds what is counted in requests that ended: how many, and which share of them.
func (q question) requests() (value float64, missing string) {
	t, metric := q.t, q.slice().Of(Counted(q.rec))
	count := func(match func(record.Tag) bool) int64 {
		return q.rec.Count(q.w, func(tag record.Tag) bool { return tag.Metric == metric && match(tag) })
	}
	some := count(q.concerns)
	if n, ok := q.answersByStatus(); ok && !q.isKept() {
		some = n
	} else if missing := q.unknown(); some == 0 && missing != "" {
		return 0, missing
	}
	all := some
	switch t.Metric {
	case "http_req_failed":
		some = count(func(tag record.Tag) bool { return q.concerns(tag) && IsFailure(tag.Outcome) })
	case "outcome":
		all = count(func(tag record.Tag) bool { return (t.Step == "" || t.Step == tag.Step) && q.goesBy(tag.Step) })
	}
	if some == 0 {
		if missing := q.nothing(); missing != "" {
			return 0, missing
		}
	}
	switch {
	case t.Aggregation == "count":
		return float64(some), ""
	case t.Kind == threshold.Counter:
		return ratio(float64(some), q.length()), ""
	case all == 0:
		return 0, "no such request ended"
	}
	return ratio(float64(some), float64(all)), ""
}

// nothing says why a count of nothing is no data, or nothing where it is 0.
func (q question) nothing() string {
	switch {
	case q.t.Step != "" && !q.knowsStep(q.t.Step):
		return "no step is called " + q.t.Step
	case q.t.Outcome != "" && !q.knowsOutcome(q.t.Outcome):
		return "no outcome is called " + q.t.Outcome
	case q.seconds() == 0:
		return "nothing happened in the window"
	}
	return ""
}

func (q question) knowsStep(name string) bool {
	return q.sc != nil && q.sc.Step(name) != nil || slices.Contains(q.rec.Steps(), name) ||
		slices.ContainsFunc(q.rec.Tags(), func(t record.Tag) bool { return t.Step == name && t.IsOfStep() })
}

// knowsOutcome says whether a request of the step that is asked for, or of any, can have an outcome.
func (q question) knowsOutcome(name string) bool {
	if name == record.OutcomeOK || IsFailure(name) {
		return true
	}
	if q.sc != nil {
		for i := range q.sc.Steps {
			s := &q.sc.Steps[i]
			if (q.t.Step == "" || q.t.Step == s.Name) && slices.ContainsFunc(s.Outcome, func(o scenarios.Outcome) bool { return o.Name == name }) {
				return true
			}
		}
	}
	return slices.ContainsFunc(q.rec.Tags(), func(tag record.Tag) bool {
		return tag.Outcome == name && tag.IsOfStep() && (q.t.Step == "" || q.t.Step == tag.Step)
	})
}

// counters finds what is only known from counters.
func (q question) counters() (value float64, missing string) {
	t, c := q.t, q.countersOf()
	if q.rec.DueUnknown && (t.Metric == "resent" || t.Metric == "dropped_iterations") {
		return 0, "vegeta's results do not say it"
	}
	switch t.Metric {
	case "resent":
		switch {
		case t.Aggregation == "count" && c.Resent == 0:
			return 0, q.nothing()
		case t.Aggregation == "count":
			return float64(c.Resent), ""
		case c.Done == 0:
			return 0, "no such request ended"
		}
		return ratio(float64(c.Resent), float64(c.Done)), ""
	case "checks":
		all := c.ChecksPassed + c.ChecksFailed
		switch {
		case t.Aggregation == "count" && all == 0:
			return 0, q.nothing()
		case t.Aggregation == "count":
			return float64(c.ChecksPassed), ""
		case all == 0:
			return 0, "no check was made"
		}
		return ratio(float64(c.ChecksPassed), float64(all)), ""
	case "abandoned":
		return q.abandoned(c)
	case "achieved_rate":
		due := c.Due - min(c.GivenUp, c.Due) // a user who has gone wants nothing sent
		if due == 0 {
			return 0, "no request was due"
		}
		return ratio(float64(c.Sent), float64(due)), ""
	}
	amount, missing := q.amount(c)
	if missing == "" {
		missing = q.nothing()
	}
	if missing == "" && t.Aggregation == "rate" {
		amount = ratio(amount, q.length())
	}
	return amount, missing
}

// abandoned finds how many users gave up waiting, or their share of the requests that ended in that or in any other way.
func (q question) abandoned(c record.Counters) (value float64, missing string) {
	gone := Abandoned(&c)
	switch all := c.Done + c.GivenUp; {
	case q.t.Aggregation == "count" && gone == 0:
		return 0, q.nothing()
	case q.t.Aggregation == "count":
		return float64(gone), ""
	case all == 0:
		return 0, "no such request ended"
	default:
		return ratio(float64(gone), float64(all)), ""
	}
}

// Abandoned returns how many users gave up waiting: for an answer, or for a connection before their request was sent.
func Abandoned(c *record.Counters) uint64 { return c.Errors[classAbandoned] + c.GivenUp }

// classAbandoned is transport.ClassAbandoned, as records have it.
const classAbandoned = "abandoned"

// amount returns what a counter metric has counted.
func (q question) amount(c record.Counters) (amount float64, missing string) {
	t := q.t
	if t.Own {
		return c.Counted[t.Metric], ""
	}
	switch t.Metric {
	case "data_sent":
		return float64(c.BytesOut), ""
	case "data_received":
		return float64(c.BytesIn), ""
	case "dropped_iterations":
		// A user has one request due at a time, so each request given up is a journey cut short.
		if amount = float64(c.Unsent); t.Step == "" && t.Window == nil && q.rec.Manifest.End != nil {
			amount += float64(MissingArrivals(q.rec))
		}
		return amount, ""
	case "iterations":
		health, seconds := GeneratorOf(q.rec, q.w)
		switch {
		case t.Journey != "" && health.Journeys[t.Journey].Users == 0:
			return 0, q.unknownJourney()
		case t.Journey != "":
			return float64(iterationsOf(health, t.Journey)), ""
		case seconds == 0:
			return 0, "the generator left no account of its iterations"
		}
		return float64(health.Iterations), ""
	}
	return 0, "this version does not know the metric"
}

// seconds returns how many seconds of the run are in the window: a rate is not thinned by seconds
// before the run began or after it ended.
func (q question) seconds() int {
	first, last, ok := q.rec.Seconds()
	if !ok {
		return 0
	}
	from, to := max(first, q.w.From), min(last+1, q.w.To)
	return max(to-from, 0)
}

// length returns how long the run went on within the window [s], at least a second: from the first request sent to the last
// answer, where the record has these instants in its first and its last second, else whole seconds.
func (q question) length() float64 {
	first, last, ok := q.rec.Seconds()
	if !ok {
		return 0
	}
	from, to := float64(first), float64(last+1)
	all := q.rec.Counters(record.Everything, "")
	if at := all.Sends.First.Seconds(); all.Sends.Known && at < from+1 {
		from = max(from, at)
	}
	if at := all.Ends.Last.Seconds(); all.Ends.Known && at > to-1 {
		to = min(to, at)
	}
	if q.t.Window != nil {
		from, to = max(from, float64(q.w.From)), min(to, float64(q.w.To))
	}
	return max(to-from, min(1, float64(q.seconds())))
}

// GeneratorOf sums the generator's health over a window, and returns in how many of its seconds that is known.
func GeneratorOf(rec *record.Record, w record.Window) (sum record.Generator, seconds int) {
	for second, g := range rec.Generators() {
		if w.Contains(second) {
			sum.Add(g)
			seconds++
		}
	}
	return sum, seconds
}

// MissingArrivals returns how many planned users never came.
func MissingArrivals(rec *record.Record) uint64 {
	planned := rec.Manifest.PlannedArrivals
	health, seconds := GeneratorOf(rec, record.Everything)
	came := health.Arrivals
	if seconds == 0 {
		came = rec.Counters(record.Everything, "").Due
	}
	if came >= planned {
		return 0
	}
	return planned - came
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
