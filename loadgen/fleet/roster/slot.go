package roster

import (
	"fmt"
	"time"
)

// slot is an agent's place in the fleet.
type slot struct {
	number      int       // from 1
	Heartbeat             // last one of the agent; the zero value while the slot is vacant
	lease       lease     // whether the agent is alive
	lastSeen    time.Time // last heartbeat
	refusal     string    // why the last agent that wanted the slot was refused
	reservation reservation
	isQuitter   bool // the agent was stopped before its share was sent, and has reported that
	stopSent    bool // the agent has been ordered to stop
	away        bool // its share is the other agents'
	processes   []process
}

// lease is whether the agent of a slot is alive. A vacant slot has a live one.
type lease int

const (
	live    lease = iota
	suspect       // silent for suspectAfter
	lost          // silent for lostAfter, or it withdrew or was refused
)

// reservation keeps a slot for an agent that was offered it, until it claims it.
type reservation struct {
	instance string // empty for none
	until    time.Time
}

func (v reservation) admits(instance string, now time.Time) bool {
	return v.instance == "" || v.instance == instance || now.After(v.until)
}

// reservedFor is how long a slot stays reserved for an agent that was offered it.
const reservedFor = 5 * time.Second

// process is one agent process that has or had the slot, for the account of what was not sent.
type process struct {
	epoch         uint64
	isReplacement bool          // it claimed the slot after T0 was set, in place of another
	from          time.Duration // what is due from here on is its to send
	lastSeen      time.Duration // last heartbeat, from T0
}

// BeforeAll is earlier than every arrival.
const BeforeAll = time.Duration(-1 << 62)

func (s *slot) current() *process { return &s.processes[len(s.processes)-1] }

func (s *slot) isVacant() bool { return s.Instance == "" }

// isClaimable reports whether another agent may claim the slot.
func (s *slot) isClaimable() bool {
	return s.isVacant() || s.lease == lost || s.isQuitter || s.State == Failed
}

// isStoppedBeforeStart reports whether the slot's agent has been ordered to stop before it sent anything. It leaves without
// a further heartbeat.
func (s *slot) isStoppedBeforeStart() bool {
	return s.stopSent && (s.State == Joining || s.State == Armed || s.State == Ready)
}

func (s *slot) name() string {
	if s.Host == "" {
		return fmt.Sprint("agent-", s.number)
	}
	return fmt.Sprintf("agent-%d@%s", s.number, s.Host)
}

// onHost says on which machine the slot's agent is, once that is known.
func (s *slot) onHost() string {
	if s.Host == "" {
		return ""
	}
	return ", on " + s.Host
}

// describe says how far the slot's agent is.
func (s *slot) describe() string {
	switch {
	case s.refusal != "":
		return "has no agent: " + s.refusal
	case s.isVacant():
		return "has no agent"
	case s.State == Failed:
		return "has no agent: the one on " + s.Host + " cannot take part"
	case s.lease == lost:
		return "has lost its agent on " + s.Host
	case s.Problem != "":
		return fmt.Sprintf("(%s) is %s: %s", s.Host, s.State, s.trouble())
	}
	return fmt.Sprintf("(%s) is %s", s.Host, s.State)
}
