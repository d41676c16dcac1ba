// Package exitcode lists the codes that a process of fsctl ends with.
package exitcode

// The codes. 99, 104, 105 and 108 are those of k6.
const (
	Done        = 0
	Failed      = 1
	Threshold   = 99
	Usage       = 104
	Interrupted = 105
	Aborted     = 108
	Invalid     = 111
	Invariant   = 112
	AgentLost   = 113
	Infeasible  = 114
	NotStarted  = 115
)

// Code is an exit code as it is explained to people.
type Code struct {
	Code    int    // of the process, 0 to 125
	Name    string // one word, for tables
	Meaning string
}

// All returns every code, in rising order.
func All() []Code {
	return []Code{
		{Done, "done", "done; for a verdict, pass"},
		{Failed, "failed", "failed: I/O, network, anything unexpected"},
		{Threshold, "threshold", "a threshold was crossed, or the run proves nothing: every request of it or of a step failed, no order was placed though there was stock, or the invariants had nothing to compare"},
		{Usage, "usage", "wrong usage, or an invalid scenario or configuration"},
		{Interrupted, "interrupted", "interrupted or incomplete: what was measured so far is saved and reported"},
		{Aborted, "aborted", "stopped early by an abortOnFail threshold"},
		{Invalid, "invalid", "the run is invalid: the generator was saturated or did not run, or T0 skew was over budget; nothing may be concluded from it"},
		{Invariant, "invariant", "an invariant is broken: oversold, duplicated or lost orders"},
		{AgentLost, "agent-lost", "an agent was lost or stopped, and a part of its share was not sent"},
		{Infeasible, "infeasible", "the plan is infeasible: no sizing meets the limits given"},
		{NotStarted, "not-started", "not started: the target, the ledger or an output could not be reached before the storm, or agents were not ready for it; nothing was sent"},
	}
}

// Order says which code a verdict has where several hold.
const Order = "When more than one holds, 111 wins over 113, 112, 108 and 99, in that order. " +
	"A threshold or invariant without data fails (99 or 112) unless it says optional: true; an invariant whose two accounts are both empty fails with 99."
