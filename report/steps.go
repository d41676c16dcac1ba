package report

import (
	"slices"

	"fsctl/loadgen/record"
	"fsctl/report/history"
	"fsctl/report/metric"
	"fsctl/report/sale"
	"fsctl/report/users"
	"fsctl/scenarios"
)

// Step is what was measured of one step over the whole run, or over one level of a search.
type Step struct {
	Name        string             `json:"name"`
	Requests    int64              `json:"requests"`              // that ended, in an answer or an error
	Errors      int64              `json:"errors"`                // outcome failed or error
	AchievedQPS *float64           `json:"achieved_qps"`          // [1/s] at which they were sent, see achieved; null where there is none
	Outcomes    map[string]int64   `json:"outcomes"`              // requests by outcome
	Repeated    int64              `json:"repeated"`              // answers that told a buyer of an order again
	Resent      uint64             `json:"resent"`                // times that a request was sent again: the server closed its connection before an answer
	Statuses    map[string]uint64  `json:"statuses"`              // answers by status code
	Failures    map[string]uint64  `json:"failures"`              // failed requests by reason: refused, timeout, extract, status, check: TEXT
	Abandoned   uint64             `json:"abandoned,omitempty"`   // users who gave up waiting
	GivenUp     uint64             `json:"given_up,omitempty"`    // of them, those whose request was not sent yet
	Counted     map[string]float64 `json:"counted,omitempty"`     // own counters of the scenario by name, any number from 0
	ErrorKinds  map[string]uint64  `json:"error_kinds,omitempty"` // those without a whole answer by class: refused, reset, timeout, ...

	Samples []Sample `json:"samples"` // of what failed, in the order in which they were sent

	ResponseTime *Distribution `json:"response_time_seconds"` // from due; null where due instants are not known
	ServiceTime  *Distribution `json:"service_time_seconds"`  // from sent
}

// Distribution sums up a time, all in seconds. P50 is the time that 50 % of the requests do not exceed,
// P999 that of 99.9 %, by nearest rank, exact to 3 digits and never above Max. Max and Mean are exact.
// Source: Tene, HdrHistogram, hdrhistogram.org; see histogram.Rank.
type Distribution struct {
	P50  float64 `json:"p50"`  // [s]
	P90  float64 `json:"p90"`  // [s]
	P95  float64 `json:"p95"`  // [s]
	P99  float64 `json:"p99"`  // [s]
	P999 float64 `json:"p999"` // [s]
	Max  float64 `json:"max"`  // [s]
	Mean float64 `json:"mean"` // [s]
}

const nanosPerSecond = 1e9

func distributionOf(h record.Packed) *Distribution {
	if h.Count() == 0 {
		return nil
	}
	at := func(q float64) float64 { return float64(h.Quantile(q)) / nanosPerSecond }
	return &Distribution{
		P50: at(0.5), P90: at(0.9), P95: at(0.95), P99: at(0.99), P999: at(0.999),
		Max:  float64(h.Max()) / nanosPerSecond,
		Mean: history.Finite(h.Mean() / nanosPerSecond),
	}
}

// isFailure says whether an outcome is a failed request.
func isFailure(outcome string) bool { return metric.IsFailure(outcome) }

// describeSteps returns the steps in the scenario's order, then those it does not name, sorted. Steps that
// no journey performs and of which nothing is known are left out.
//
// The window is the seconds that requests were due in, and run holds the events of the same.
func describeSteps(rec *record.Record, run *history.History, sc *scenarios.Scenario, w record.Window) []Step {
	outcomes := map[string]map[string]int64{}
	for _, tag := range rec.Tags() {
		if tag.Metric != metric.Counted(rec) {
			continue
		}
		if outcomes[tag.Step] == nil {
			outcomes[tag.Step] = map[string]int64{}
		}
		same := func(t record.Tag) bool { return t == tag }
		if n := rec.Count(w, same); n > 0 {
			outcomes[tag.Step][tag.Outcome] = n
		}
	}
	steps := []Step{}
	for _, name := range stepNames(rec, run, sc) {
		steps = append(steps, describeStep(rec, run, name, outcomes[name], w))
	}
	return steps
}

func stepNames(rec *record.Record, run *history.History, sc *scenarios.Scenario) []string {
	known := append(users.Steps(sc), run.Names...)
	for _, tag := range rec.Tags() {
		if tag.IsOfStep() {
			known = append(known, tag.Step)
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	var names []string
	for i := range sc.Steps {
		if slices.Contains(known, sc.Steps[i].Name) {
			names = append(names, sc.Steps[i].Name)
		}
	}
	for _, name := range known {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func describeStep(rec *record.Record, run *history.History, name string, outcomes map[string]int64, w record.Window) Step {
	step := Step{Name: name, Outcomes: map[string]int64{}}
	for outcome, count := range outcomes {
		step.Outcomes[outcome] = count
		step.Requests += count
		if isFailure(outcome) {
			step.Errors += count
		}
	}
	total := run.Total(name)
	step.ErrorKinds, step.Failures, step.Statuses = total.Errors, failuresOf(&total), map[string]uint64{}
	for code, n := range total.Statuses {
		if n > 0 {
			step.Statuses[code] = n
		}
	}
	step.Resent, step.Abandoned, step.GivenUp, step.Counted = total.Resent, metric.Abandoned(&total), total.GivenUp, total.Counted
	step.AchievedQPS = achieved(&total, run.ActiveSeconds(name))
	step.Samples = samplesOf(rec, name, w)
	times := func(of string) *Distribution {
		return distributionOf(rec.Packed(w, func(t record.Tag) bool { return t.Metric == of && t.Step == name }))
	}
	step.ResponseTime, step.ServiceTime = times(record.ResponseTime), times(record.ServiceTime)
	return step
}

// achieved returns the rate [1/s] at which a step's n requests were sent:
//
//	(n-1) / (last - first)
//
//	first, last  instants at which the first and the last of them were sent
//
// nil under two requests, or where all were sent at one instant. Records of older versions do not have the instants: there
// it is n over the whole seconds from the step's first event to its last, which is too low for a run that begins or ends
// within one.
func achieved(total *record.Counters, activeSeconds int) *float64 {
	rate, ok := total.Sends.Rate(total.Done)
	if !total.Sends.Known && total.Done >= 2 && activeSeconds > 0 {
		rate, ok = float64(total.Done)/float64(activeSeconds), true
	}
	if !ok {
		return nil
	}
	return &rate
}

// countRepeated counts the answers of each step that told a buyer of an order again.
func (r *Report) countRepeated(rec *record.Record, accounts *sale.Accounts, w record.Window) {
	repeated := accounts.Repeated(w, rec.Manifest.T0)
	for i := range r.Steps {
		r.Steps[i].Repeated = repeated[r.Steps[i].Name]
	}
}
