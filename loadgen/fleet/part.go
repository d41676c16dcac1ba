package fleet

import (
	"fmt"
	"time"

	"fsctl/loadgen"
	"fsctl/scenarios"
)

// part is what of the storm is an agent's to send.
type part struct {
	start
	owners owners
}

func partOf(s start) *part { return &part{s, s.Assignment.owners()} }

// owns tells whether an arrival is this agent's.
func (a *agent) owns(arrival scenarios.Arrival) bool {
	p := a.part.Load()
	return arrival.Due >= p.From && p.owners.of(arrival) == a.slot
}

// accept takes T0, unless it is for another plan than the one that this agent has.
func (a *agent) accept(s *start) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.PlanHash != a.report.PlanHash {
		return &RefusedError{Reason: fmt.Sprintf("T0 is for plan %.12s, and this agent has %.12s", s.PlanHash, a.report.PlanHash)}
	}
	if len(s.Assignment.Shares) < a.slot {
		return &RefusedError{Reason: fmt.Sprintf("T0 comes with shares for %d slots, and this agent has slot %d", len(s.Assignment.Shares), a.slot)}
	}
	a.part.Store(partOf(*s))
	a.report.State, a.report.Revision = ready, len(s.Assignment.Revisions)
	return nil
}

// ahead is how far the storm may have looked beyond now, and more.
const ahead = 250 * time.Millisecond

// follow sends from now on what new revisions of the assignment say. now counts from T0.
func (a *agent) follow(revisions []Revision, now time.Duration, storm *loadgen.Session) {
	next := a.part.Load().start
	from, isNew := next.Assignment.merge(revisions, now+ahead)
	if !isNew {
		return
	}
	a.part.Store(partOf(next))
	storm.Revise(from)
	a.change(func(s *status) { s.Revision = len(next.Assignment.Revisions) })
}
