// Package roster decides which agent of a fleet sends which arrivals.
//
// A storm is divided into slots, and each slot is held by one agent at a time. A Roster is the coordinator's state
// machine of all slots:
//
//	vacant --claim--> live --silent for 2 s--> suspect --silent for 4 s--> lost
//	                    ^                         |                         |
//	                    +-------heartbeat---------+---heartbeat or claim----+
//
// It is pure: it does no I/O, reads no clock, and every method that depends on time takes the instant. What has to be
// done because of a call is collected, and Drain returns it. It is not safe for concurrent use: the coordinator holds
// one lock around it.
package roster

import (
	"fmt"
	"time"

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

// Options say what agents are accepted, and what happens when one is lost.
type Options struct {
	Slots     int           // of the storm, at least 1
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

	refused []string // agents that could not or may not take part, and why, each once

	stop   string // why every agent is to end now; empty while they are not
	sealed bool   // the record is closed: no agent is needed any more
}

// link is what is known of the coordinator's own reachability. An agent's silence while the coordinator's link to the bus
// was down, or while the coordinator itself did not run, does not mean that the agent is lost.
type link struct {
	down       bool
	since      time.Time // since when it has been up, or down
	lastWatch  time.Time
	awakeSince time.Time // since when Watch has been called without a pause
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
	Call    bool         // have all agents send a heartbeat now, for what the answer orders them to do
	Woken   bool         // a Barrier may be met now that was not before
}

// SlotChange says that the agent of a slot was lost, or is back.
type SlotChange struct {
	Slot int // from 1
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

// Stop has every agent end now. The first reason holds.
func (r *Roster) Stop(reason string) {
	if r.stop == "" {
		r.stop = reason
	}
	r.changes.Woken, r.changes.Call = true, true
}

// IsStopping reports whether Stop has been called.
func (r *Roster) IsStopping() bool { return r.stop != "" }

// Seal says that the record is closed: slots are offered no more.
func (r *Roster) Seal() { r.sealed = true }

// Shares divides the arrivals in proportion to the agents' capacities. It fails where a slot has none, as NewShares
// does.
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
			T0SkewSeconds: s.Skew.Seconds(), Reached: s.Reached, Lost: s.lease == lost}
		if r.hasStarted() {
			a.ShareRatio = r.assignment.Shares.Ratio(s.number)
		}
		agents = append(agents, a)
	}
	return agents
}
