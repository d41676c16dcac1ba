package report

import (
	"cmp"
	"fmt"
	"slices"

	"fsctl/loadgen/record"
	"fsctl/plan"
	"fsctl/report/exitcode"
	"fsctl/report/health"
	"fsctl/report/history"
	"fsctl/report/sale"
	"fsctl/report/users"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// judgeSearch judges a search for capacity. Levels above the capacity fail on purpose, so that nothing is judged
// over the whole run but the sale's invariants: thresholds and steps are those of the level that says most, the
// highest that passed, else the lowest that failed.
func (r *Report) judgeSearch(rec *record.Record, run *history.History, accounts *sale.Accounts, sc *scenarios.Scenario, p *plan.Plan) {
	for _, l := range rec.Manifest.Levels {
		r.Levels = append(r.Levels, judgeLevel(rec, run, sc, l))
	}
	seen := r.valid(run)
	pressure := history.ComparePressure(seen)
	r.Health = r.searchHealth(health.Judge(rec, run, sc, pressure, nil, record.Everything))
	level := r.decisive()
	part := run.Hold(level.hold())
	r.Thresholds = level.Thresholds
	performed := users.Steps(sc)
	r.Steps = slices.DeleteFunc(describeSteps(rec, part, sc, level.hold()), func(s Step) bool {
		return s.Requests == 0 && !slices.Contains(performed, s.Name)
	})
	r.countRepeated(rec, accounts, level.hold())
	r.Journeys = users.Of(rec, record.Everything, sc)
	r.Capacity = r.searched(measureCapacity(part, pressure, health.LateShare(sc), r.Health.Saturated))
	r.Notes = r.searchNotes(sc, level)
	earned := r.judgeEarnings(rec, run, accounts, sc)
	r.judgeTarget(rec, run, accounts, earned)
	r.unfit = cmp.Or(earned.unfit(), unfitBy(part, r.Capacity))
	r.Recommendations = recommend(rec, part, r, sc, p)
	if limit := r.blocked(); limit != nil && !r.Health.Saturated {
		r.Recommendations = append(mendGenerator(rec, run.Hold(limit.hold()), &limit.health), r.Recommendations...)
	}
}

// valid returns what happened while the generator was not at fault: all but the levels that are invalid, each
// up to the next.
func (r *Report) valid(run *history.History) *history.History {
	return run.Only(func(second int) bool {
		next := slices.IndexFunc(r.Levels, func(l Level) bool { return l.FromSeconds > second })
		if next < 0 {
			next = len(r.Levels)
		}
		return next == 0 || r.Levels[next-1].Verdict != Invalid
	})
}

// capacity returns the highest level that passed, nil for none.
func (r *Report) capacity() *Level {
	return r.pick(func(l *Level) bool { return l.Verdict == Pass }, func(l, than *Level) bool { return l.RatePerSec > than.RatePerSec })
}

// above returns the lowest level of a verdict above the capacity, nil for none.
func (r *Report) above(verdict Verdict) *Level {
	var from float64
	if best := r.capacity(); best != nil {
		from = best.RatePerSec
	}
	return r.pick(func(l *Level) bool { return l.Verdict == verdict && l.RatePerSec > from }, func(l, than *Level) bool { return l.RatePerSec < than.RatePerSec })
}

// blocked returns the level that the generator could not send and that ended the search, nil for none: one that
// passed or failed later, at the same rate or another, was a better try.
func (r *Report) blocked() *Level {
	if last := &r.Levels[len(r.Levels)-1]; last.Verdict == Invalid {
		return last
	}
	return nil
}

// pick returns the first of the chosen levels that comes before all others.
func (r *Report) pick(chosen func(*Level) bool, before func(l, than *Level) bool) *Level {
	var best *Level
	for i := range r.Levels {
		if l := &r.Levels[i]; chosen(l) && (best == nil || before(l, best)) {
			best = l
		}
	}
	return best
}

// decisive returns the level that says most of the target.
func (r *Report) decisive() *Level {
	for _, l := range []*Level{r.capacity(), r.above(Fail)} {
		if l != nil {
			return l
		}
	}
	return &r.Levels[len(r.Levels)-1]
}

// searchHealth turns the health of the whole run into that of a search. Its figures stay; the generator was
// saturated only if no level at all says anything of the target, and findings are those of the levels that say
// nothing.
func (r *Report) searchHealth(h health.Health) health.Health {
	h.Saturated, h.Cause, h.ConnectionsNeeded = false, "", 0
	h.Findings = slices.DeleteFunc(h.Findings, func(f health.Finding) bool { return f.Code != health.FindingAgentLost && f.Code != health.FindingSkew })
	said := map[string]bool{}
	for i := range r.Levels {
		l := &r.Levels[i]
		if l.Verdict != Invalid {
			continue
		}
		h.ConnectionsNeeded = max(h.ConnectionsNeeded, l.health.ConnectionsNeeded)
		if code := l.health.Cause; !said[code] {
			said[code] = true
			h.Findings = append(h.Findings, health.Finding{Code: code, Message: fmt.Sprintf("at %s: %s", usersPerSec(l.RatePerSec), l.Why)})
		}
	}
	if r.capacity() == nil && r.above(Fail) == nil {
		h.Saturated, h.Cause = true, r.Levels[0].health.Cause
	}
	return h
}

// searched returns what the search found, by what was measured in the hold of the decisive level.
func (r *Report) searched(measured Capacity) Capacity {
	if fails := r.above(Fail); fails != nil {
		measured.FailsRatePerSec, measured.FailsAskedPerSec, measured.FailsUsers = fails.measured(), fails.RatePerSec, fails.Users
	}
	if best := r.capacity(); best != nil {
		measured.RatePerSec, measured.AskedPerSec, measured.Users = best.measured(), best.RatePerSec, best.Users
	}
	measured.LowerBound = measured.FailsRatePerSec == 0
	return measured
}

// searchCause says what the search found, as exit code and in one line.
func (r *Report) searchCause() (code int, reason string) {
	best, fails, blocked := r.capacity(), r.above(Fail), r.blocked()
	if best == nil && fails == nil {
		return exitcode.Invalid, "no level says anything about the target"
	}
	if best == nil {
		return exitcode.Threshold, fmt.Sprintf("the target does not hold even %s: %s", fails.claim(), fails.Why)
	}
	holds := fmt.Sprintf("%s (%s)", best.claim(), quantity.RateOf(best.AchievedQPS, "request"))
	switch {
	case fails != nil:
		reason = fmt.Sprintf("the target holds %s; at %s: %s", holds, fails.claim(), fails.Why)
	default:
		reason = "the target holds at least " + holds
	}
	if blocked != nil && blocked.RatePerSec > best.RatePerSec {
		reason += fmt.Sprintf("; this generator could not send %s: %s", usersPerSec(blocked.RatePerSec), blocked.Why)
	} else if fails == nil && r.Ended == record.Completed {
		reason += ", and no higher rate was asked for"
	}
	return exitcode.Done, reason
}

func usersPerSec(rate float64) string { return quantity.RateOf(rate, "user") }

// searchNotes says what a reader must know of the levels.
func (r *Report) searchNotes(sc *scenarios.Scenario, level *Level) []string {
	at := usersPerSec(level.RatePerSec)
	list := []string{fmt.Sprintf("the thresholds and steps shown are those of the level at %s, from %s to %s",
		at, quantity.Instant(instantOf(level.HoldFromSeconds)), quantity.Instant(instantOf(level.ToSeconds)))}
	_, left := LevelThresholds(sc)
	list = append(list, left...)
	for i := range r.Levels {
		if l := &r.Levels[i]; !l.Drained && l.Verdict == Pass {
			list = append(list, fmt.Sprintf("the level at %s %s", usersPerSec(l.RatePerSec), undrained))
		}
	}
	if name := soldOut(sc, r.Steps); name != "" {
		list = append(list, fmt.Sprintf("no %s at %s was %s: if the stock was gone, this is what the target holds when it only refuses orders; more stock shows what it holds when it sells", name, at, sc.Ledger.Outcome))
	}
	return list
}

// soldOut returns the step whose buyers got no order at all, empty for none.
func soldOut(sc *scenarios.Scenario, steps []Step) string {
	if sc.Ledger == nil || sc.Sale == nil {
		return ""
	}
	for _, s := range steps {
		if step := sc.Step(s.Name); step != nil && step.Transaction && s.Requests > 0 && s.Outcomes[sc.Ledger.Outcome] == 0 {
			return s.Name
		}
	}
	return ""
}
