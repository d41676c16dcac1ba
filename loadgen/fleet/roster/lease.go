package roster

import (
	"time"

	"fsctl/loadgen/record"
	"fsctl/scenarios/quantity"
)

// How long an agent may be silent. It sends a heartbeat twice a second.
const (
	suspectAfter = 2 * time.Second
	lostAfter    = 4 * time.Second
)

// replacementDelay is how long after it is armed an agent that came after T0 begins to send.
const replacementDelay = 2 * time.Second

// SetLink says whether the coordinator's own link to the bus is up.
func (r *Roster) SetLink(now time.Time, up bool) { r.link.down, r.link.since = !up, now }

// claim gives a slot to an agent: to the first one, to one that replaces an agent that is lost, was stopped or failed, or
// to one that another coordinator has accepted already.
func (r *Roster) claim(now time.Time, s *slot, h Heartbeat) {
	p := process{epoch: h.Epoch, from: BeforeAll}
	if h.Epoch == 0 {
		r.epoch++
		p.epoch = r.epoch
		if p.isReplacement = r.hasStarted(); p.isReplacement {
			p.from = now.Sub(r.t0) + replacementDelay // renew sets it again when the agent is armed; until then it sends nothing
		}
	}
	s.processes = append(s.processes, p)
	if !s.isVacant() {
		r.log("agent %d: %s takes the place of %s", s.number, h.Host, s.Host)
	}
	s.Heartbeat, s.refusal, s.isQuitter = Heartbeat{Instance: h.Instance}, "", false
}

// renew renews the lease of a slot's agent by its heartbeat.
func (r *Roster) renew(now time.Time, s *slot, h Heartbeat) {
	if r.hasStarted() {
		p := s.current()
		p.lastSeen = now.Sub(r.t0)
		isArmedNow := h.State == Armed && s.State != Armed && p.isReplacement
		if isArmedNow {
			p.from = p.lastSeen + replacementDelay
		}
		if s.away && (isArmedNow || h.State == Ready || h.State == Sending) {
			s.away = false
			r.reassign(now)
		}
	}
	isFirst := s.State == ""
	isFailing := h.State == Failed && s.State != Failed
	if s.State != h.State {
		r.changes.Woken = true
	}
	s.Heartbeat, s.lastSeen, s.reservation = h, now, reservation{}
	if h.State == Sent && h.End != "" && h.End != record.Completed && r.stop == "" && !s.isQuitter {
		s.isQuitter, s.away = true, true
		why := ""
		if h.Problem != "" {
			why = ": " + s.trouble()
		}
		r.log("agent %d (%s) was stopped before it had sent its share%s", s.number, s.Host, why)
		r.reassign(now)
	}
	if isFailing && !r.hasStarted() {
		r.noteFailed(s)
	}
	if s.lease == lost {
		r.changes.Slots = append(r.changes.Slots, SlotChange{s.number, false})
	}
	if s.lease != live && !isFirst {
		r.log("agent %d (%s) is back", s.number, s.Host)
	}
	s.lease = live
}

// Watch finds agents that have been silent for too long. It is to be called several times a second: a longer pause means
// that the coordinator did not run.
func (r *Roster) Watch(now time.Time) {
	if now.Sub(r.link.lastWatch) > suspectAfter/2 {
		r.link.awakeSince = now
	}
	r.link.lastWatch = now
	if r.link.down {
		return
	}
	since := r.link.since
	if r.link.awakeSince.After(since) {
		since = r.link.awakeSince
	}
	for _, s := range r.slots {
		hasFailed := s.State == Failed && !r.hasStarted() // it has said so, and left
		if s.isVacant() || s.lease == lost || s.isStoppedBeforeStart() || hasFailed {
			continue
		}
		silent := min(now.Sub(s.lastSeen), now.Sub(since))
		switch {
		case silent >= lostAfter:
			if !s.isQuitter {
				r.log("agent %d (%s) is lost: nothing heard for %s%s", s.number, s.Host, quantity.Duration(now.Sub(s.lastSeen)), r.consequence())
			}
			r.lose(s)
		case silent >= suspectAfter && s.lease == live && !s.isQuitter:
			s.lease = suspect
			r.log("agent %d (%s) is silent", s.number, s.Host)
		}
	}
	r.reassign(now)
}

// lose records that a slot's agent is lost.
func (r *Roster) lose(s *slot) {
	s.lease, s.away = lost, r.hasStarted()
	r.changes.Slots = append(r.changes.Slots, SlotChange{s.number, true})
	r.changes.Woken = true
}

// withdraw frees the slot of an agent that was stopped before T0.
func (r *Roster) withdraw(now time.Time, s *slot) {
	if s.lease == lost {
		return
	}
	r.log("agent %d (%s) has left%s", s.number, s.Host, r.consequence())
	r.lose(s)
	r.reassign(now)
}

// consequence says what becomes of a lost agent's users, where that is not said elsewhere.
func (r *Roster) consequence() string {
	if !r.hasStarted() || r.o.OnLoss != OnLossAccount {
		return ""
	}
	return "; its users are not sent unless another agent takes its slot"
}
