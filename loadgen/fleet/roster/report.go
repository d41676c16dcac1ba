package roster

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"fsctl/scenarios/quantity"
)

// Offer answers an agent that asks for a slot; wanted is the one that its keys are for, 0 for any. The slot that is
// offered stays reserved for it for some seconds. refused says why there is none. ok is false where the storm is over.
func (r *Roster) Offer(now time.Time, instance string, wanted int) (number int, refused string, ok bool) {
	if r.stop != "" || r.sealed {
		return 0, "", false
	}
	if wanted > len(r.slots) {
		return 0, fmt.Sprintf("keys are for slot %d, and the storm has %d", wanted, len(r.slots)), true
	}
	for _, s := range r.slots {
		if wanted > 0 && wanted != s.number {
			continue
		}
		if s.Instance == instance || s.isClaimable() && s.reservation.admits(instance, now) {
			s.reservation = reservation{instance, now.Add(reservedFor)}
			return s.number, "", true
		}
	}
	if wanted > 0 {
		return 0, fmt.Sprintf("slot %d has an agent already%s", wanted, r.slots[wanted-1].onHost()), true
	}
	return 0, "the storm has all its agents", true
}

// Report takes an agent's heartbeat and returns what the agent is to do. The first heartbeat of an agent claims the slot.
func (r *Roster) Report(now time.Time, number int, h Heartbeat) Reply {
	if number < 1 || number > len(r.slots) {
		return Reply{Refused: "the storm has no such slot"}
	}
	s := r.slots[number-1]
	if why := r.refuses(s, h); why != "" {
		r.refuse(s, h, why)
		return Reply{Refused: why}
	}
	if h.State == Withdrawn {
		r.withdraw(now, s)
		return Reply{}
	}
	if h.Instance != s.Instance {
		r.claim(now, s, h)
	}
	r.renew(now, s, h)
	reply := Reply{Epoch: s.current().epoch, NeedsPlan: h.PlanHash == "", Stop: r.stop}
	isBehind := h.Revision < len(r.assignment.Revisions)
	switch {
	case !r.hasStarted():
	case h.State == Armed || h.State == Ready && isBehind:
		reply.Begin = &Begin{r.assignment, s.current().from}
	case isBehind:
		reply.Revisions = r.assignment.Revisions
	}
	return reply
}

// refuses says why an agent may not take part, empty where it may.
func (r *Roster) refuses(s *slot, h Heartbeat) string {
	isNew := h.Instance != s.Instance
	switch {
	case !isPrintable(h.Instance) || !isPrintable(h.Host) || !isPrintable(h.Version):
		return "found a name that is empty, too long or not text"
	case h.Version != r.o.Version:
		return fmt.Sprintf("this is fsctl %s, and the coordinator's is %s: use the same version everywhere", h.Version, r.o.Version)
	case h.PlanHash != "" && h.PlanHash != r.o.PlanHash:
		return fmt.Sprintf("the agent has plan %.12s, and the storm is of plan %.12s", h.PlanHash, r.o.PlanHash)
	case isNew && (!s.isClaimable() || h.State == Withdrawn):
		return "another agent has the slot"
	case isNew && h.Epoch == 0 && r.stop != "":
		return "the storm is over"
	case h.State == Armed && r.o.MaxSkew > 0 && h.Bound > r.o.MaxSkew:
		return fmt.Sprintf("its clock is known to %s only, and %s is allowed (--max-skew)", quantity.Duration(h.Bound), quantity.Exact(r.o.MaxSkew))
	case !(h.Capacity > 0) || h.Capacity > MostCapacity:
		return fmt.Sprintf("found capacity %v, wanted above 0, up to %s", h.Capacity, quantity.Given(MostCapacity))
	}
	return ""
}

// MostCapacity is the highest capacity of an agent, a weight above 0 without a unit.
const MostCapacity = 1e6

// isPrintable reports whether text that comes from an agent can be shown.
func isPrintable(text string) bool {
	const longest = 255
	return text != "" && len(text) <= longest && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// refuse records why an agent was not accepted. One that has the slot loses it.
func (r *Roster) refuse(s *slot, h Heartbeat, why string) {
	isHolder := h.Instance != "" && s.Instance == h.Instance && s.lease != lost
	if s.reservation.instance == h.Instance {
		s.reservation = reservation{}
	}
	if isHolder || s.isClaimable() {
		from := ""
		if isPrintable(h.Host) {
			from = " (" + h.Host + ")"
		}
		r.noteRefused("agent %d%s: %s", s.number, from, why)
	}
	if isHolder || s.isClaimable() && s.refusal != why {
		r.log("an agent for slot %d was not taken: %s", s.number, why)
	}
	if isHolder || s.isClaimable() {
		s.refusal = why
	}
	if isHolder {
		r.lose(s)
	}
}

// StopSent records that the answer to an agent's heartbeat, which orders it to stop, has been sent.
func (r *Roster) StopSent(number int) {
	if number >= 1 && number <= len(r.slots) && !r.slots[number-1].stopSent {
		r.slots[number-1].stopSent = true
		r.changes.Woken = true
	}
}
