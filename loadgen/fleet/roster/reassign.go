package roster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fsctl/scenarios/amount"
)

// revisionLead is how far ahead of now a revision begins at the least, so that every live agent hears of it before.
const revisionLead = 2 * time.Second

// reassign gives the shares of slots that are away to the others, and those of slots that are back to them again, from a
// whole second on. It does nothing where no slot's state has changed, before T0 is set, and with another policy.
func (r *Roster) reassign(now time.Time) {
	if r.o.OnLoss != OnLossReassign || !r.hasStarted() {
		return
	}
	var away []int
	for _, s := range r.slots {
		if s.away {
			away = append(away, s.number)
		}
	}
	before := r.assignment.Revisions
	next := Revision{From: (now.Sub(r.t0) + revisionLead).Truncate(time.Second) + time.Second, Away: away}
	if n := len(before); n > 0 {
		if slices.Equal(before[n-1].Away, away) {
			return
		}
		next.From = max(next.From, before[n-1].From)
	} else if len(away) == 0 {
		return
	}
	r.setAssignment(Assignment{r.assignment.Shares, append(slices.Clip(before), next)})
	r.log("users due from %s on: %s", amount.Instant(next.From), r.whoSends(away))
}

// whoSends says in words which agents send the users.
func (r *Roster) whoSends(away []int) string {
	var numbers []string
	for _, number := range away {
		numbers = append(numbers, fmt.Sprint(number))
	}
	switch len(away) {
	case 0:
		return "every agent sends its own share again"
	case len(r.slots):
		return "no agent is left to send any"
	}
	return fmt.Sprintf("those who are left, %d of %d, send the share of agent %s too", len(r.slots)-len(away), len(r.slots), strings.Join(numbers, ", "))
}
