// Package dryrun says what an attack would send, and whether the machine that is to send it can.
package dryrun

import (
	"fmt"
	"math"

	"fsctl/report/exitcode"
	"fsctl/scenarios/quantity"
)

// Result is what an attack would send, and whether the machine that is to send it can. Its JSON form follows
// the rules of Report's.
type Result struct {
	Summary        string       `json:"summary"`         // what would be sent, in one line
	Share          string       `json:"share,omitempty"` // how much of the whole storm, and of what the plan is sized for, that is; empty for a list of targets
	Scenario       string       `json:"scenario"`
	Target         string       `json:"target"`
	Engine         string       `json:"engine"`
	Connections    int          `json:"connections"`       // a fixed number, 0 where they grow with the need
	MaxConnections int          `json:"max_connections"`   // open at once at most
	PeakQPS        float64      `json:"peak_qps"`          // requests in the busiest second; 0 where that is not known before
	PeakAtSeconds  float64      `json:"peak_at_seconds"`   // when that second begins, from T0
	Expected       []Step       `json:"expected_requests"` // of all users together, in the order of the scenario's steps; none of a list of targets or a search
	Assumed        []Assumption `json:"assumed"`           // that Expected follows from
	SelfTest       *SelfTest    `json:"self_test"`         // null where there was none
	Checks         []Check      `json:"checks"`
	AgentsNeeded   int          `json:"agents_needed"` // machines like this one that the peak takes; 0 where unknown
	ExitCode       int          `json:"exit_code"`     // of the dry run, as the attack's would be
	Reason         string       `json:"reason"`
}

// Step is how many requests of a step are expected: Low and High are as far from Mid as the scenario's intervals say.
type Step struct {
	Name string  `json:"name"`
	Low  float64 `json:"low"`
	Mid  float64 `json:"mid"`
	High float64 `json:"high"`
}

// Assumption is what expected requests follow from where the scenario leaves it open.
type Assumption struct {
	Field string `json:"field"` // of the scenario
	Text  string `json:"text"`
}

// SelfTest is what a machine was measured to send, at most.
type SelfTest struct {
	MaxQPS               float64 `json:"max_qps"`                 // requests per second, with all usable cores
	CPUSecondsPerRequest float64 `json:"cpu_seconds_per_request"` // [s], of one core
	UsableCores          float64 `json:"usable_cores"`            // that a generator may use up and still be punctual
}

// Check holds what an attack needs against what there is.
type Check struct {
	Name      string  `json:"name"`
	Needed    float64 `json:"needed"`    // in Unit
	Available float64 `json:"available"` // in Unit, 0 where unknown
	Unit      string  `json:"unit"`      // bytes, or empty for a number
	OK        bool    `json:"ok"`
	Because   string  `json:"because"`
}

// Decide adds the check of cores, where the self-test and the peak are known, and sets the exit code, the
// reason and the number of agents from the checks. An attack is refused for lack of anything but cores;
// without those it runs, and its run is invalid.
func (d *Result) Decide() {
	d.checkCores()
	d.ExitCode, d.Reason = exitcode.Done, "this machine can send it, as far as can be known before"
	for _, c := range d.Checks {
		switch {
		case c.OK && c.Name == coresCheck && c.Needed > doubtfulRatio*c.Available:
			d.Reason = fmt.Sprintf("this machine can just send it: the peak of about %s takes %s of the CPU that it may use, and TLS, larger answers or requests one at a time cost more than the self-test",
				quantity.Rate(d.PeakQPS), quantity.Percent(c.Needed/c.Available))
		case c.OK:
		case c.Name == coresCheck:
			d.ExitCode, d.Reason = exitcode.Invalid, fmt.Sprintf("this machine cannot send it: at the peak of about %s it needs %s and may use %s; use %s, each on a machine like this one",
				quantity.Rate(d.PeakQPS), quantity.EstimateOf(c.Needed, "core"), quantity.Estimate(c.Available), quantity.Of(d.AgentsNeeded, "agent"))
		default:
			d.ExitCode, d.Reason = exitcode.Usage, fmt.Sprintf("this machine cannot send it: there is not enough of %s", c.Name)
			return
		}
	}
}

const coresCheck = "cores"

// doubtfulRatio is the share of the usable cores from which it is said that a machine may not do: requests
// that wake an idle connection, one at a time, take up to twice the CPU of the self-test's.
const doubtfulRatio = 0.5

func (d *Result) checkCores() {
	t := d.SelfTest
	if t == nil || t.MaxQPS <= 0 || d.PeakQPS <= 0 {
		return
	}
	c := Check{Name: coresCheck, Needed: d.PeakQPS * t.CPUSecondsPerRequest, Available: t.UsableCores,
		Because: fmt.Sprintf("%s at %s of CPU a request", quantity.Rate(d.PeakQPS), quantity.Seconds(t.CPUSecondsPerRequest))}
	c.OK = d.PeakQPS <= t.MaxQPS
	d.AgentsNeeded = int(math.Ceil(min(d.PeakQPS/t.MaxQPS, 1e6)))
	d.Checks = append([]Check{c}, d.Checks...)
}
