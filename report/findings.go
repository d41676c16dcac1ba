package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"fsctl/loadgen/record"
	"fsctl/report/health"
	"fsctl/report/history"
	"fsctl/report/sale"
	"fsctl/report/users"
	"fsctl/scenarios/quantity"
)

// TargetFinding is a finding about the target or the sale, with the second, from T0, in which it began.
type TargetFinding struct {
	health.Finding
	OnsetSeconds float64 `json:"onset_seconds"`
}

// Codes of findings about the target and the sale, causes first. The first three fail the run, the fourth where no threshold speaks of
// its failures; see earned.go.
const (
	FindingAllFailed       = "every-request-failed" // or none was answered
	FindingNothingPlaced   = "nothing-placed"       // no order, though the sale had stock
	FindingNothingCompared = "nothing-compared"     // an invariant had two empty accounts before it
	FindingStepFailed      = "step-failed"          // every request of one step
	FindingRequestsFailed  = "requests-failed"      // more than mostUnfitRatio of all
	FindingUsersLeft       = "users-left"           // because a variable was missing
	FindingNotReset        = "not-reset"            // users of this run had orders before T0
	FindingPhantoms        = "phantom-orders"       // the shop has new orders that no buyer was told of
	FindingResent          = "resent"               // more than mostResentRatio of all requests were sent again
)

// FailsRun says whether a finding alone fails a run.
func (f *TargetFinding) FailsRun() bool {
	return f.Code == FindingAllFailed || f.Code == FindingNothingPlaced || f.Code == FindingNothingCompared
}

// mostUsersLeft is how many findings tell of users who left.
const mostUsersLeft = 5

func (r *Report) found(code string, onset int, format string, args ...any) {
	r.Findings = append(r.Findings, TargetFinding{health.Finding{Code: code, Message: fmt.Sprintf(format, args...)}, float64(onset)})
}

// judgeTarget finds what the target and the sale did wrong, causes first.
func (r *Report) judgeTarget(rec *record.Record, run *history.History, accounts *sale.Accounts, earned *earnings) {
	r.Findings = []TargetFinding{}
	if text := accounts.NotReset(); text != "" {
		r.found(FindingNotReset, 0, "%s", text)
	}
	earned.tell(r)
	total := run.All()
	if earned.allFailed == "" {
		r.findFailures(run, total)
	}
	r.findResent(run, total)
	r.findUsersLeft(rec)
	if text := accounts.Phantoms(); text != "" {
		r.found(FindingPhantoms, 0, "%s", text)
	}
	for _, f := range r.stalls {
		r.Findings = append(r.Findings, TargetFinding{f.Finding(), f.From})
	}
	for _, f := range r.Health.Findings {
		if f.Code == health.FindingTargetLimited {
			r.found(f.Code, r.Health.LimitedFrom(), "%s", f.Message)
		}
	}
}

// findFailures tells of steps that failed as a whole, then of the share of all requests that failed.
func (r *Report) findFailures(run *history.History, total record.Counters) {
	for _, name := range run.Names {
		c := run.Total(name)
		if c.Done == 0 || c.Failed < c.Done {
			continue
		}
		onset := run.FirstSecondOf(name, func(c record.Counters) bool { return c.Failed > 0 })
		r.found(FindingStepFailed, onset, "every request of %s failed: %s", name, causesOf(&c))
	}
	if share := history.Ratio(total.Failed, total.Done); share > mostUnfitRatio {
		onset := run.FirstSecond(func(c record.Counters) bool { return c.Failed > 0 })
		r.found(FindingRequestsFailed, onset, "%s of the requests failed: %s", quantity.Percent(min(share, 1)), causesOf(&total))
	}
}

// mostResentRatio is the share of requests that may be sent again without a finding: a server that reloads, or closes idle
// connections, closes each of them once.
const mostResentRatio = 0.01

// findResent tells of a target that closes many connections on which a request is under way.
func (r *Report) findResent(run *history.History, total record.Counters) {
	if share := history.Ratio(total.Resent, total.Done); share > mostResentRatio {
		onset := run.FirstSecond(func(c record.Counters) bool { return c.Resent > 0 })
		r.found(FindingResent, onset, "%s of the requests were sent again (%s of %s): the target closed their connections before it answered",
			quantity.Percent(share), quantity.Count(total.Resent), quantity.Count(total.Done))
	}
}

// findUsersLeft tells of users who left before a step because a variable was missing.
func (r *Report) findUsersLeft(rec *record.Record) {
	told := 0
	var more uint64
	for _, j := range r.Journeys {
		for _, l := range j.Left {
			if told == mostUsersLeft {
				more += l.Users
				continue
			}
			told++
			text := l.String()
			if len(r.Journeys) > 1 {
				text = "of " + j.Name + ", " + text
			}
			r.found(FindingUsersLeft, leftFirst(rec, j.Name, l), "users left: %s", text)
		}
	}
	if more > 0 {
		last := &r.Findings[len(r.Findings)-1]
		last.Message += fmt.Sprintf(" (and %s more elsewhere)", quantity.Count(more))
	}
}

// leftFirst returns the first second in which users left a journey in one way.
func leftFirst(rec *record.Record, journey string, how users.Left) int {
	for second, g := range rec.Generators() {
		if g.Journeys[journey].Left[record.Left{Step: how.Step, Variable: how.Variable, After: how.After}] > 0 {
			return second
		}
	}
	return 0
}

// failuresOf returns a step's failed requests by reason: an error's class, or what was wrong with the answer.
func failuresOf(c *record.Counters) map[string]uint64 {
	all := map[string]uint64{}
	for class, n := range c.Errors {
		if strings.HasPrefix(class, "status_") { // as vegeta's results are read
			class = reasonStatus
		}
		all[class] += n
	}
	for reason, n := range c.Failures {
		all[reason] += n
	}
	maps.DeleteFunc(all, func(_ string, n uint64) bool { return n == 0 })
	return all
}

// reasonStatus is the reason of an answer of 400 or above that no check allows, as loadgen names it.
const reasonStatus = "status"

// mostCauses is how many causes a sentence names.
const mostCauses = 4

// causesOf says why the requests failed, the most frequent reason first: 200 of 200: status 404.
func causesOf(c *record.Counters) string {
	reasons := failuresOf(c)
	var refused uint64 // by an answer of 400 or above
	for code, n := range c.Statuses {
		if isRefusal(code) {
			refused += n
		}
	}
	if n := reasons[reasonStatus]; n > 0 && n == refused {
		delete(reasons, reasonStatus)
		for code, n := range c.Statuses {
			if isRefusal(code) {
				reasons["status "+code] = n
			}
		}
	}
	names := byCount(reasons)
	if len(names) == 0 {
		return quantity.Count(c.Failed) + " of " + quantity.Count(c.Done) + ", no reason is recorded"
	}
	var parts []string
	judged := false // by more than their status
	for _, name := range names {
		judged = judged || strings.HasPrefix(name, "check: ") || name == "extract"
		parts = append(parts, fmt.Sprintf("%s of %s: %s", quantity.Count(reasons[name]), quantity.Count(c.Done), strings.Replace(name, "check: ", "check ", 1)))
	}
	text := strings.Join(quantity.FirstOf(parts, mostCauses, "reason"), ", ")
	if judged && len(c.Statuses) > 0 {
		text += " (answers by status " + countsText(c.Statuses) + ")"
	}
	return oneLine(text)
}

// isRefusal says whether a status code is 400 or above.
func isRefusal(code string) bool {
	n, err := strconv.Atoi(code)
	return err == nil && n >= 400
}

// countsText lists what is counted by name: 404: 200, 500: 3.
func countsText[N int64 | uint64](counts map[string]N) string {
	var parts []string
	for _, name := range byCount(counts) {
		parts = append(parts, name+": "+quantity.Count(counts[name]))
	}
	return strings.Join(quantity.FirstOf(parts, mostCauses, "other"), ", ")
}

// byCount returns names, the most frequent first.
func byCount[N int64 | uint64](counts map[string]N) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}
