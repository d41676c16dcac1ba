// Package report judges a run by its record.
package report

import (
	"cmp"
	"time"

	"fsctl/loadgen/record"
	"fsctl/plan"
	"fsctl/report/health"
	"fsctl/report/history"
	"fsctl/report/sale"
	"fsctl/report/users"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// Report is the verdict on one run. Its JSON form is a contract: a ratio is 0 to 1, a seconds field
// seconds, a qps field requests per second; counts are from 0.
type Report struct {
	Run      string  `json:"run"` // the run directory, empty for a live record
	Scenario string  `json:"scenario"`
	Verdict  Verdict `json:"verdict"`
	ExitCode int     `json:"exit_code"` // of package exitcode
	Reason   string  `json:"reason"`    // the verdict's cause in one line

	Ended           string    `json:"ended"` // completed, interrupted, aborted, failed or died
	T0              time.Time `json:"t0"`
	DurationSeconds float64   `json:"duration_seconds"`
	ServiceTimeOnly bool      `json:"service_time_only"` // the record knows no due instants, so there is no response time
	Unverified      bool      `json:"unverified"`        // an older version made the record, without a seal: what was changed in it since is not seen

	Health          health.Health     `json:"health"`
	Agents          []Agent           `json:"agents,omitempty"` // of a storm from many
	Thresholds      []ThresholdResult `json:"thresholds"`
	Invariants      []InvariantResult `json:"invariants"`
	Steps           []Step            `json:"steps"`
	Journeys        []users.Journey   `json:"journeys"`         // how every user ended
	Groups          []Group           `json:"groups,omitempty"` // of journeys, and how long users took for each
	Levels          []Level           `json:"levels,omitempty"` // of a search for capacity, in the order in which they were held
	Capacity        Capacity          `json:"capacity"`
	Findings        []TargetFinding   `json:"findings"` // about the target and the sale, causes first; the generator's are Health's
	Recommendations []Recommendation  `json:"recommendations"`
	Notes           []string          `json:"notes"` // what a reader must know to read the figures right

	unearned string // why the run proves nothing, in one line; empty where it does
	stalls   []health.Stall
	unfit    string // why no size follows from it
}

// Verdict is the judgement on a run.
type Verdict string

// The verdicts. A run is Invalid when its generator was at fault: nothing may be concluded from it. It is Incomplete when it died
// before its end, and what it measured proves nothing else.
const (
	Pass    Verdict = "pass"
	Fail    Verdict = "fail"
	Invalid Verdict = "invalid"

	Incomplete Verdict = "incomplete"
)

// Died is the end of a run that wrote none.
const Died = "died"

// Judge judges a run by its record. The record's own manifest says how it was run.
//
//	rec  the run; not nil
//	sc   the scenario as it ran, already scaled by Manifest.ScaleRatio; nil where there is none, as with
//	     a file of vegeta results, and then nothing is required
//	p    the plan of the sale; nil leaves out recommendations of replicas
//
// Judge is pure: the same arguments give the same report.
func Judge(rec *record.Record, sc *scenarios.Scenario, p *plan.Plan) *Report {
	if sc == nil {
		sc = &scenarios.Scenario{Name: rec.Manifest.Scenario}
	}
	run, accounts := history.New(rec), sale.Read(rec, sc)
	r := &Report{
		Run:             rec.Dir,
		Scenario:        cmp.Or(sc.Name, rec.Manifest.Scenario),
		Ended:           Died,
		T0:              rec.Manifest.T0,
		ServiceTimeOnly: rec.DueUnknown,
		Unverified:      rec.Unverified,
		Notes:           []string{},
		DurationSeconds: float64(run.Span()),
		Invariants:      judgeInvariants(accounts, sc.Invariants),
		Agents:          agentsOf(rec.Manifest),
	}
	if end := rec.Manifest.End; end != nil {
		r.Ended = end.Reason
		if took := end.At.Sub(rec.Manifest.Start).Seconds(); took > 0 && !rec.Manifest.Start.IsZero() {
			r.DurationSeconds = took
		}
	}
	if len(rec.Manifest.Levels) > 0 {
		r.judgeSearch(rec, run, accounts, sc, p)
	} else {
		r.judgeStorm(rec, run, accounts, sc, p)
	}
	if p == nil && len(sc.Services) > 0 && !sc.Workload.IsGiven() {
		r.unfit = "the scenario has no workload to plan for"
	}
	r.Notes = append(r.Notes, notes(rec, r)...)
	r.decide(rec)
	return r
}

// judgeStorm judges the run as one storm.
func (r *Report) judgeStorm(rec *record.Record, run *history.History, accounts *sale.Accounts, sc *scenarios.Scenario, p *plan.Plan) {
	r.Thresholds = judgeThresholds(rec, sc)
	r.Steps = describeSteps(rec, run, sc, record.Everything)
	r.countRepeated(rec, accounts, record.Everything)
	r.Journeys = users.Of(rec, record.Everything, sc)
	r.Groups = describeGroups(rec, record.Everything)
	pressure := history.ComparePressure(run)
	r.stalls = health.Stalls(rec)
	r.Health = health.Judge(rec, run, sc, pressure, r.stalls, record.Everything)
	r.Capacity = measureCapacity(run, pressure, health.LateShare(sc), r.Health.Saturated)
	earned := r.judgeEarnings(rec, run, accounts, sc)
	r.judgeTarget(rec, run, accounts, earned)
	r.unfit = cmp.Or(earned.unfit(), unfitBy(run, r.Capacity))
	r.Recommendations = recommend(rec, run, r, sc, p)
}

// notes says what the figures do not.
func notes(rec *record.Record, r *Report) []string {
	list := []string{}
	if rec.DueUnknown {
		list = append(list, "service time only: these results do not say when a request was due, so the wait for a free connection is unknown")
	}
	if rec.Torn > 0 {
		list = append(list, "the run did not end: what "+quantity.Of(rec.Torn, "file")+" had after the last whole second was dropped")
	}
	if rec.Unverified {
		list = append(list, "unverified: an older version of fsctl made this record, without checksums, so that it cannot be said whether it was changed since")
	}
	if rec.Ledger.Error != "" && len(r.Invariants) > 0 {
		list = append(list, "the shop's ledger could not be read: "+oneLine(rec.Ledger.Error))
	}
	if scale := rec.Manifest.ScaleRatio; scale > 0 && scale != 1 {
		list = append(list, "the storm ran at "+quantity.Percent(scale)+" of the scenario")
	}
	if r.unfit != "" && r.Verdict != Invalid {
		list = append(list, "no number of instances is recommended: "+r.unfit)
	}
	evicted := uint64(0)
	for _, g := range rec.Generators() {
		evicted += g.EvictedCookies
	}
	if evicted > 0 {
		list = append(list, "the targets set more cookies than a user keeps: of all users together "+quantity.Of(evicted, "cookie")+" had to make room for others")
	}
	if rec.Manifest.PracticeShop {
		list = append(list, "the target was fsctl's built-in practice shop: what it holds says nothing about yours")
	}
	return list
}
