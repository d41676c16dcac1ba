package report

import (
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"

	"fsctl/loadgen/record"
	"fsctl/report/metric"
	"fsctl/report/sale"
	"fsctl/report/users"
	"fsctl/scenarios"
)

// Step is what was measured of one step over the whole run, or over one level of a search.
type Step struct {
	Name        string            `json:"name"`
	Requests    int64             `json:"requests"`              // that ended, in an answer or an error
	Errors      int64             `json:"errors"`                // outcome failed or error
	AchievedQPS float64           `json:"achieved_qps"`          // requests over the seconds from the step's first event to its last
	Outcomes    map[string]int64  `json:"outcomes"`              // requests by outcome
	Repeated    int64             `json:"repeated"`              // answers that told a buyer of an order again
	Statuses    map[string]uint64 `json:"statuses"`              // answers by status code
	Failures    map[string]uint64 `json:"failures"`              // failed requests by reason: refused, timeout, extract, status, check: TEXT
	ErrorKinds  map[string]uint64 `json:"error_kinds,omitempty"` // those without a whole answer by class: refused, reset, timeout, ...

	Samples []Sample `json:"samples"` // of what failed, in the order in which they were sent

	ResponseTime *Distribution `json:"response_time_seconds"` // from due; null where due instants are not known
	ServiceTime  *Distribution `json:"service_time_seconds"`  // from sent
}

// Distribution sums up a time, all in seconds. P50 is the time that 50 % of the requests do not exceed,
// P999 that of 99.9 %. Quantiles are HdrHistogram's, exact to 3 digits.
// Source: Tene, HdrHistogram, hdrhistogram.org.
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

func distributionOf(h *hdrhistogram.PackedHistogram) *Distribution {
	if h.TotalCount() == 0 {
		return nil
	}
	at := func(percent float64) float64 { return float64(h.ValueAtPercentile(percent)) / nanosPerSecond }
	return &Distribution{
		P50: at(50), P90: at(90), P95: at(95), P99: at(99), P999: at(99.9),
		Max:  float64(h.Max()) / nanosPerSecond,
		Mean: finite(h.Mean() / nanosPerSecond),
	}
}

// isFailure says whether an outcome is a failed request.
func isFailure(outcome string) bool { return metric.IsFailure(outcome) }

// describeSteps returns the steps in the scenario's order, then those it does not name, sorted. Steps that
// no journey performs and of which nothing is known are left out.
//
// The window is the seconds that requests were due in, and run holds the events of the same.
func describeSteps(rec *record.Record, run *history, sc *scenarios.Scenario, w record.Window) []Step {
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

func stepNames(rec *record.Record, run *history, sc *scenarios.Scenario) []string {
	known := append(users.Steps(sc), run.names...)
	for _, tag := range rec.Tags() {
		known = append(known, tag.Step)
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

func describeStep(rec *record.Record, run *history, name string, outcomes map[string]int64, w record.Window) Step {
	step := Step{Name: name, Outcomes: map[string]int64{}}
	for outcome, count := range outcomes {
		step.Outcomes[outcome] = count
		step.Requests += count
		if isFailure(outcome) {
			step.Errors += count
		}
	}
	total := run.total(name)
	step.ErrorKinds, step.Failures, step.Statuses = total.Errors, failuresOf(&total), map[string]uint64{}
	for code, n := range total.Statuses {
		if n > 0 {
			step.Statuses[code] = n
		}
	}
	step.AchievedQPS = ratio(float64(total.Done), float64(run.activeSeconds(name)))
	step.Samples = samplesOf(rec, name, w)
	times := func(of string) *Distribution {
		return distributionOf(rec.Packed(w, func(t record.Tag) bool { return t.Metric == of && t.Step == name }).Histogram())
	}
	step.ResponseTime, step.ServiceTime = times(record.ResponseTime), times(record.ServiceTime)
	return step
}

// activeSeconds returns the seconds from a step's first event to its last. Seconds without events in
// between count: leaving them out would turn one request every ten seconds into one a second.
func (s *history) activeSeconds(step string) int {
	first, last, any := 0, 0, false
	for i, second := range s.seconds {
		if c := s.events[i][step]; c.Due|c.Sent|c.Done == 0 {
			continue
		}
		if !any {
			first, any = second, true
		}
		last = second
	}
	if !any {
		return 0
	}
	return last - first + 1
}

// countRepeated counts the answers of each step that told a buyer of an order again.
func (r *Report) countRepeated(rec *record.Record, accounts *sale.Accounts, w record.Window) {
	repeated := accounts.Repeated(w, rec.Manifest.T0)
	for i := range r.Steps {
		r.Steps[i].Repeated = repeated[r.Steps[i].Name]
	}
}
