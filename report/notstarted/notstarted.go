// Package notstarted is the report on a storm that did not begin: there is no run and no verdict, only reasons.
package notstarted

import (
	"fmt"

	"fsctl/report/exitcode"
	"fsctl/scenarios/quantity"
)

// Report says why a storm did not begin. It has no verdict, since nothing was sent.
type Report struct {
	Scenario string   `json:"scenario,omitempty"` // empty for a list of targets
	Target   string   `json:"target,omitempty"`   // without user and password; empty for a list of targets
	ExitCode int      `json:"exit_code"`          // 115
	Reasons  []Reason `json:"reasons"`            // one or more
}

// Reason is something that could not be reached.
type Reason struct {
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what can be done about it
}

// New returns the report on a storm.
func New(scenario, target string, reasons []Reason) *Report {
	return &Report{scenario, target, exitcode.NotStarted, reasons}
}

// Summary says in a sentence what there is to say.
func (r *Report) Summary() string {
	return fmt.Sprintf("not started, for %s: nothing was sent", quantity.Of(len(r.Reasons), "reason"))
}
