package roster

import (
	"slices"
	"strings"
	"time"

	"fsctl/loadgen/record"
)

// How long the coordinator waits at the end of a run.
const (
	returnWithin    = 5 * time.Second  // for a lost agent to come back, once all others have delivered
	deliverWithin   = 30 * time.Second // for anything of what is missing, after the last answer may have arrived
	deliverAtLatest = 30 * time.Minute // for all of it, after the last answer may have arrived
)

// Events are what may end a run early.
type Events struct {
	ReceiveError string // the measurements can no longer be received or written; empty where they can
	ObserveError string // a measurement could not be written, or the observer failed; empty where not
	Crossed      string // the threshold that ends the run, as it was crossed; empty where none was
	Interrupted  bool   // the user stopped the run
}

// Situation is what a coordinator knows when it decides whether its run has ended.
type Situation struct {
	Events // since the decision before

	// What was known before.
	Earlier    record.End // the end that was decided on before; zero while the run goes as planned
	IsStopping bool       // the agents have been ordered to stop

	// Where the agents are.
	OnLoss      string   // one of LossPolicies
	IsAnyAway   bool     // an agent is lost, or was stopped before it had sent its share
	Undelivered []string // live agents that have not delivered all of their measurements
	Lost        int      // lost agents, and stopped ones whose share another agent may still send
	IsAnySent   bool     // an agent has sent its share to its end: then the storm is over for all

	// How much time has passed.
	SinceEnd       time.Duration // since the last answer may have arrived; negative before
	SinceSnapshot  time.Duration // since any measurement arrived
	SinceDelivered time.Duration // since all live agents have delivered all; 0 where one has not
}

// Decision is what a coordinator does in a situation.
type Decision struct {
	End    record.End // why the run ends or will end, Reason always set; At is not
	Stop   bool       // order the agents to stop now, because of End
	IsOver bool       // the record is to be closed now
}

// Decide decides how and when a run ends. There are these ways:
//
//	reason       message                        when the record is closed
//	completed                                   every agent has delivered
//	completed                                   live agents have delivered, lost ones have not come back (their shares are
//	                                            accounted for)
//	completed    not everything was handed over some agents are silent, or take too long
//	interrupted  stopped by the user            after the agents have been ordered to stop, as for completed
//	aborted      the threshold                  the same
//	aborted      an agent was lost              the same, with OnLossAbort
//	failed       the observer's error           the same
//	failed       the receiver's error           at once: nothing more can be written
//
// A cause that comes later replaces an earlier one, except that the loss of an agent does not. A coordinator that takes
// over a run after its end decides in the same way, with SinceEnd beginning at the take-over.
func Decide(s Situation) Decision {
	if s.ReceiveError != "" {
		return Decision{End: record.End{Reason: record.Failed, Message: s.ReceiveError}, IsOver: true}
	}
	d := Decision{End: s.cause()}
	if d.Stop = d.End.Reason != record.Completed && !s.IsStopping; d.Stop {
		s.SinceEnd = min(s.SinceEnd, 0) // requests in flight may still be answered
	}
	isLate := s.SinceEnd > deliverWithin && s.SinceSnapshot > deliverWithin || s.SinceEnd > deliverAtLatest
	isDelivered := len(s.Undelivered) == 0
	isGivenUp := min(s.SinceSnapshot, s.SinceDelivered) > returnWithin && (s.SinceEnd > 0 || s.IsAnySent)
	switch {
	case isDelivered && (s.Lost == 0 || isGivenUp):
		d.IsOver = true
	case isLate:
		d.IsOver = true
		if d.End.Message == "" && !isDelivered {
			d.End.Message = "not everything was handed over: " + strings.Join(s.Undelivered, ", ")
		}
	}
	return d
}

// cause returns why the run ends, by what has happened so far.
func (s *Situation) cause() record.End {
	switch {
	case s.Crossed != "":
		return record.End{Reason: record.Aborted, Message: s.Crossed}
	case s.ObserveError != "":
		return record.End{Reason: record.Failed, Message: s.ObserveError}
	case s.Interrupted:
		return record.End{Reason: record.Interrupted, Message: "stopped by the user"}
	case s.Earlier.Reason != "" && s.Earlier.Reason != record.Completed:
		return s.Earlier
	case s.IsAnyAway && s.OnLoss == OnLossAbort:
		return record.End{Reason: record.Aborted, Message: "an agent was lost"}
	}
	return record.End{Reason: record.Completed}
}

// Ending follows a run to its end: it turns instants into the durations that Decide goes by.
type Ending struct {
	endsAt      time.Time     // when the last answer may have arrived
	grace       time.Duration // how long requests in flight may still be answered once agents are ordered to stop
	end         record.End
	snapshots   uint64    // received by the step before
	snapshotAt  time.Time // when that number changed
	deliveredAt time.Time // since when all live agents have delivered; zero where one has not
}

// NewEnding follows a run whose last answer may arrive at endsAt. now is when that begins: later than endsAt where another
// coordinator led the run to its end, and the measurements that the bus has kept are still to be read. grace is how long
// requests in flight may still be answered once the agents are ordered to stop.
func NewEnding(now, endsAt time.Time, grace time.Duration) *Ending {
	if now.After(endsAt) {
		endsAt = now
	}
	return &Ending{endsAt: endsAt, grace: grace}
}

// Step decides what to do now, and stops the roster's agents where that is decided. To be called several times a second.
//
//	events     what has happened since the step before
//	logs       what has been received of each agent process; their Arrivals are not used
//	snapshots  how many have been received in all, from 0
func (e *Ending) Step(now time.Time, r *Roster, events Events, logs []Log, snapshots uint64) Decision {
	s := Situation{Events: events}
	s.Undelivered, s.Lost = r.undelivered(logs)
	s.IsAnyAway, s.IsAnySent = r.isAnyMissing(), r.isAnySent()
	s.OnLoss, s.IsStopping, s.Earlier = r.o.OnLoss, r.IsStopping(), e.end
	switch isDelivered := len(s.Undelivered) == 0; {
	case !isDelivered:
		e.deliveredAt = time.Time{}
	case e.deliveredAt.IsZero():
		e.deliveredAt = now
	}
	if !e.deliveredAt.IsZero() {
		s.SinceDelivered = now.Sub(e.deliveredAt)
	}
	if e.snapshotAt.IsZero() || snapshots != e.snapshots {
		e.snapshots, e.snapshotAt = snapshots, now
	}
	s.SinceSnapshot, s.SinceEnd = now.Sub(e.snapshotAt), now.Sub(e.endsAt)
	d := Decide(s)
	e.end = d.End
	if d.Stop {
		r.Stop(d.End.Message)
		e.endsAt = now.Add(e.grace)
	}
	return d
}

// undelivered names the live agents that have not delivered all of their measurements, and counts the lost agents with
// something left to deliver or to send.
func (r *Roster) undelivered(logs []Log) (names []string, lostAgents int) {
	for _, s := range r.slots {
		switch {
		case s.isComplete(logs) && (s.lease == lost || s.hasDelivered(logs)):
			if s.isQuitter && r.stop == "" {
				lostAgents++ // another agent may still claim the slot and send the rest of its share
			}
		case s.isStoppedBeforeStart():
		case s.lease == lost || s.isVacant():
			lostAgents++
		default:
			names = append(names, s.name())
		}
	}
	return names, lostAgents
}

// hasDelivered reports whether a live agent has ended its sending, and has delivered what earlier processes left in its spool.
func (s *slot) hasDelivered(logs []Log) bool {
	if s.State != Sent && s.State != Done {
		return false
	}
	left := len(s.Leftovers)
	for _, l := range logs {
		if l.Slot == s.number && l.Complete && slices.Contains(s.Leftovers, l.Epoch) {
			left--
		}
	}
	return left == 0
}

// isAnyMissing reports whether a slot has no agent, or one that is lost or was stopped before it had sent its share.
func (r *Roster) isAnyMissing() bool {
	return slices.ContainsFunc(r.slots, func(s *slot) bool { return s.lease == lost || s.isQuitter || s.isVacant() })
}

// isAnySent reports whether an agent has sent its share to its end.
func (r *Roster) isAnySent() bool {
	return slices.ContainsFunc(r.slots, func(s *slot) bool { return (s.State == Sent || s.State == Done) && s.End == record.Completed })
}
