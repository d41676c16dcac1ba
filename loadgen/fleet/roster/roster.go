// Package roster decides which agent of a fleet sends which arrivals.
//
// A storm is divided into slots, and each slot is held by one agent at a time. A Roster is the coordinator's state
// machine of all slots:
//
//	vacant --claim--> live <--heartbeat-- suspect
//	                   |                     ^
//	                   +-- silent for 2 s ---+-- silent for 4 s --> lost --claim or heartbeat--> live
//
// It is pure: it does no I/O, reads no clock, and every method that depends on time takes the instant. What has to be
// done because of a call is collected, and Drain returns it. It is not safe for concurrent use: the coordinator holds
// one lock around it.
package roster

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"fsctl/loadgen/record"
)

// What happens to the share of an agent that is lost.
const (
	OnLossAccount  = "account"  // it is not sent, and the record says so
	OnLossReassign = "reassign" // the other agents send it, from a second that is still ahead
	OnLossAbort    = "abort"    // the run ends
)

// LossPolicies are the values of Options.OnLoss.
var LossPolicies = []string{OnLossAccount, OnLossReassign, OnLossAbort}

// MostCapacity is the highest capacity of an agent.
const MostCapacity = 1e6

// Options say what agents are accepted, and what happens when one is lost.
type Options struct {
	Slots     int
	Version   string        // of fsctl; agents of another are refused
	PlanHash  string        // agents that have another plan are refused
	MaxSkew   time.Duration // an agent whose clock offset has a larger error is refused; 0 accepts any
	OnLoss    string        // one of LossPolicies
	LastEpoch uint64        // the epochs that this roster gives are higher
}

// Roster is the state of all slots of one storm.
type Roster struct {
	o       Options
	slots   []*slot
	epoch   uint64 // highest one given
	link    link
	changes Changes

	t0         time.Time // zero until it is set
	assignment Assignment
	owners     Owners        // of assignment
	tookOver   time.Duration // when this coordinator took over from another one, from T0; 0 where it did not

	stop   string // why every agent is to end now; empty while they are not
	sealed bool   // the record is closed: no agent is needed any more
}

// New returns a roster of vacant slots.
func New(o Options) *Roster {
	r := &Roster{o: o, epoch: o.LastEpoch}
	for i := range o.Slots {
		r.slots = append(r.slots, &slot{number: i + 1})
	}
	return r
}

// Changes is what the coordinator has to do because of calls of the roster's methods.
type Changes struct {
	Log     []string     // lines for the user
	Slots   []SlotChange // in the order in which they happened
	Revised bool         // the assignment is another: store it before any agent hears of it
	Call    bool         // have all agents send a heartbeat now, for what they are told in the answer
	Woken   bool         // a Barrier may be met now that was not before
}

// SlotChange says that the agent of a slot was lost, or is back.
type SlotChange struct {
	Slot int
	Lost bool
}

// Drain returns the changes since the last call.
func (r *Roster) Drain() Changes {
	c := r.changes
	r.changes = Changes{}
	return c
}

func (r *Roster) log(format string, args ...any) {
	r.changes.Log = append(r.changes.Log, fmt.Sprintf(format, args...))
}

// Start sets T0 and the first assignment.
func (r *Roster) Start(t0 time.Time, a Assignment) {
	r.t0 = t0
	r.setAssignment(a)
	r.changes.Woken = true
}

func (r *Roster) setAssignment(a Assignment) {
	r.assignment, r.owners = a, a.Owners()
	r.changes.Revised, r.changes.Call = true, true
}

func (r *Roster) hasStarted() bool { return !r.t0.IsZero() }

// TakeOver sets T0 and the assignment as another coordinator left them. For the time after which an agent is lost, each
// slot stays reserved for the agent that had it: that one sends a heartbeat without asking for a slot, and without the
// reservation one that waits for a slot could claim it first.
func (r *Roster) TakeOver(now, t0 time.Time, a Assignment) {
	for _, s := range r.slots {
		s.reservation = reservation{"the agent that had it", now.Add(lostAfter)}
	}
	if n := len(a.Revisions); n > 0 {
		for _, number := range a.Revisions[n-1].Away {
			if number >= 1 && number <= len(r.slots) {
				r.slots[number-1].away = true
			}
		}
	}
	r.Start(t0, a)
}

// EndTakeOver ends the wait for the agents of the coordinator before: those that have not come back count as lost.
func (r *Roster) EndTakeOver(now time.Time) {
	r.tookOver = now.Sub(r.t0)
	for _, s := range r.slots {
		s.away = s.away || s.isVacant()
	}
	r.reassign(now)
}

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
		return fmt.Sprintf("its clock is known to %v only, and %v is allowed (--max-skew)", h.Bound.Round(time.Microsecond), r.o.MaxSkew)
	case !(h.Capacity > 0) || h.Capacity > MostCapacity:
		return fmt.Sprintf("found capacity %v, wanted above 0, up to %v", h.Capacity, float64(MostCapacity))
	}
	return ""
}

// isPrintable tells whether text that comes from an agent can be shown.
func isPrintable(text string) bool {
	const longest = 255
	return text != "" && len(text) <= longest && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// refuse records why an agent was not accepted. One that has the slot loses it.
func (r *Roster) refuse(s *slot, h Heartbeat, why string) {
	isHolder := h.Instance != "" && s.Instance == h.Instance && s.lease != lost
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

// StopSent records that the answer to an agent's heartbeat, which tells it to stop, has been sent.
func (r *Roster) StopSent(number int) {
	if number >= 1 && number <= len(r.slots) && !r.slots[number-1].stopSent {
		r.slots[number-1].stopSent = true
		r.changes.Woken = true
	}
}

// Stop has every agent end now. The first reason holds.
func (r *Roster) Stop(reason string) {
	if r.stop == "" {
		r.stop = reason
	}
	r.changes.Woken, r.changes.Call = true, true
}

// IsStopping tells whether Stop has been called.
func (r *Roster) IsStopping() bool { return r.stop != "" }

// Seal says that the record is closed: slots are offered no more.
func (r *Roster) Seal() { r.sealed = true }

// Shares divides the arrivals in proportion to the agents' capacities.
func (r *Roster) Shares() (Shares, error) {
	weights := make([]float64, len(r.slots))
	for i, s := range r.slots {
		weights[i] = s.Capacity
	}
	return NewShares(weights)
}

// Assignment returns the present assignment. It is never changed in place.
func (r *Roster) Assignment() Assignment { return r.assignment }

// Owners returns the owners of the present assignment. They are never changed in place.
func (r *Roster) Owners() Owners { return r.owners }

// Agents returns what the record says of the agents before the storm.
func (r *Roster) Agents() []record.Agent {
	var agents []record.Agent
	for _, s := range r.slots {
		a := record.Agent{Name: s.name(), OffsetSeconds: -s.Offset.Seconds(), BoundSeconds: s.Bound.Seconds(),
			T0SkewSeconds: s.Skew.Seconds(), Lost: s.lease == lost}
		if r.hasStarted() {
			a.ShareRatio = r.assignment.Shares.Ratio(s.number)
		}
		agents = append(agents, a)
	}
	return agents
}

// Cores returns how many cores the agents may use. The cores of a machine with several agents count once.
func (r *Roster) Cores() int {
	hosts := map[string]int{}
	sum := 0
	for _, s := range r.slots {
		sum += max(0, s.Cores-hosts[s.Host])
		hosts[s.Host] = max(hosts[s.Host], s.Cores)
	}
	return sum
}
