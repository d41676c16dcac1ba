package fleet

import (
	"fmt"
	"time"

	"fsctl/loadgen"
	"fsctl/loadgen/fleet/roster"
	"fsctl/scenarios"
)

// share is which arrivals of the storm are an agent's to send.
type share struct {
	Start
	owners roster.Owners
}

func shareOf(s Start) *share { return &share{s, s.Assignment.Owners()} }

// owns tells whether an arrival is this agent's.
func (a *agent) owns(arrival scenarios.Arrival) bool {
	s := a.share.Load()
	return arrival.Due >= s.From && s.owners.Of(arrival) == a.slot
}

// acceptStart takes T0, unless it is for another plan than the one that this agent has.
func (a *agent) acceptStart(s *Start) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.PlanHash != a.status.PlanHash {
		return &RefusedError{Reason: fmt.Sprintf("T0 is for plan %.12s, and this agent has %.12s", s.PlanHash, a.status.PlanHash)}
	}
	if len(s.Assignment.Shares) < a.slot {
		return &RefusedError{Reason: fmt.Sprintf("T0 comes with shares for %d slots, and this agent has slot %d", len(s.Assignment.Shares), a.slot)}
	}
	a.share.Store(shareOf(*s))
	a.status.State, a.status.Revision = roster.Ready, len(s.Assignment.Revisions)
	return nil
}

// lookAhead is more than the storm may have looked beyond now: what is due sooner may have been sent already.
const lookAhead = 250 * time.Millisecond

// revise follows new revisions of the assignment. now counts from T0.
func (a *agent) revise(revisions []roster.Revision, now time.Duration, storm *loadgen.Armed) {
	next := a.share.Load().Start
	from, isNew := next.Assignment.Merge(revisions, now+lookAhead)
	if !isNew {
		return
	}
	a.share.Store(shareOf(next))
	storm.Revise(from)
	a.change(func(h *roster.Heartbeat) { h.Revision = len(next.Assignment.Revisions) })
}
