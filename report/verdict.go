package report

import (
	"fmt"
	"slices"

	"fsctl/loadgen/record"
	"fsctl/report/exitcode"
	"fsctl/report/health"
	"fsctl/scenarios/quantity"
)

// decide sets verdict, exit code and reason from everything else in the report. Of several codes the first of
// [exitcode.Order] wins. A run that the user interrupted is 105 whatever it measured. One
// that died is 105 too, and one that failed is 1, unless 111 or 113 holds or an invariant was seen to be
// broken: what it measured may still prove those, while a threshold over half a run, or a ledger that
// was never read, proves nothing. The verdict on one that died is then Incomplete.
func (r *Report) decide(rec *record.Record) {
	r.ExitCode, r.Reason = r.cause(rec)
	switch {
	case r.Health.Saturated || r.Health.SkewOverBudget:
		r.Verdict = Invalid
	case r.ExitCode == exitcode.Done:
		r.Verdict = Pass
	case r.Ended == Died && r.ExitCode == exitcode.Interrupted:
		r.Verdict = Incomplete
	default:
		r.Verdict = Fail
	}
}

func (r *Report) cause(rec *record.Record) (code int, reason string) {
	lost := r.Health.Agents.Lost
	invariants, thresholds := r.failedInvariants(), r.failedThresholds()
	switch {
	case r.Ended == record.Interrupted && len(r.Levels) > 0:
		_, found := r.searchCause()
		return exitcode.Interrupted, "the search was interrupted: " + found
	case r.Ended == record.Interrupted:
		return exitcode.Interrupted, "the run was interrupted: the report has what it measured until then"
	case r.Health.Saturated && r.Health.Cause == health.FindingFrozen: // which says all of it
		return exitcode.Invalid, r.Health.Message(r.Health.Cause)
	case r.Health.Saturated:
		return exitcode.Invalid, "the generator was saturated: " + r.Health.Message(r.Health.Cause)
	case r.Health.SkewOverBudget:
		return exitcode.Invalid, r.Health.Message(health.FindingSkew)
	case lost > 0:
		return exitcode.AgentLost, r.Health.Message(health.FindingAgentLost)
	case len(invariants.seen) > 0:
		return exitcode.Invariant, "an invariant is broken: " + invariants.first()
	case r.Ended == Died:
		return exitcode.Interrupted, "the run has no end: it died, or still goes on. The report has what it measured so far"
	case r.Ended == record.Failed:
		return exitcode.Failed, "the run stopped on an error: " + endMessage(rec)
	case len(invariants.unknown) > 0:
		return exitcode.Invariant, "an invariant cannot be judged: " + invariants.first()
	case r.Ended == record.Aborted:
		return exitcode.Aborted, "the run was stopped early: " + endMessage(rec)
	case len(r.Levels) > 0:
		if code, reason = r.searchCause(); code != exitcode.Done || r.unearned == "" {
			return code, reason
		}
		return exitcode.Threshold, r.unearned
	case r.unearned != "":
		return exitcode.Threshold, r.unearned
	case len(thresholds.seen) > 0:
		return exitcode.Threshold, "a threshold was crossed: " + thresholds.first()
	case len(thresholds.unknown) > 0:
		return exitcode.Threshold, "a threshold cannot be judged: " + thresholds.first()
	}
	return exitcode.Done, r.heldWhy()
}

func endMessage(rec *record.Record) string {
	if end := rec.Manifest.End; end != nil && end.Message != "" {
		return oneLine(end.Message)
	}
	return "the run does not say why"
}

// failures are what did not hold, and what may not have held, in words.
type failures struct{ seen, unknown []string }

func (f *failures) add(s Status, optional bool, why string) {
	switch {
	case s == Broken:
		f.seen = append(f.seen, why)
	case s == NoData && !optional:
		f.unknown = append(f.unknown, why)
	}
}

// first names the first of several and counts the others.
func (f *failures) first() string {
	all := slices.Concat(f.seen, f.unknown)
	if len(all) == 1 {
		return all[0]
	}
	return fmt.Sprintf("%s (and %s more)", all[0], quantity.Count(len(all)-1))
}

func (r *Report) failedInvariants() *failures {
	f := &failures{}
	for _, i := range r.Invariants {
		if i.empty { // nothing was earned, which is judged as such
			continue
		}
		why := i.Summary
		if i.Status == NoData {
			why = i.Name + ": " + why
		}
		f.add(i.Status, i.Optional, why)
	}
	return f
}

func (r *Report) failedThresholds() *failures {
	f := &failures{}
	for i := range r.Thresholds {
		t := &r.Thresholds[i]
		f.add(t.Status, t.Optional, t.Summary())
	}
	return f
}

// heldWhy says what a passing run held.
func (r *Report) heldWhy() string {
	thresholds, invariants := len(r.Thresholds), len(r.Invariants)
	switch {
	case thresholds+invariants == 0:
		return "nothing was required of the run"
	case invariants == 0:
		return "held " + quantity.Of(thresholds, "threshold")
	case thresholds == 0:
		return "held " + quantity.Of(invariants, "invariant")
	}
	return "held " + quantity.Of(thresholds, "threshold") + " and " + quantity.Of(invariants, "invariant")
}
