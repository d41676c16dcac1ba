package roster

import (
	"errors"
	"fmt"
)

// Barrier is a condition that every slot has to meet before the coordinator goes on.
type Barrier int

// The barriers of a run, in their order.
const (
	Returned     Barrier = iota // after a take-over: an agent has the slot
	Gathered                    // the slot's agent is armed
	Acknowledged                // it knows T0
	Stopped                     // it has been ordered to stop, or is not there
	Released                    // its log is sealed, or it is lost
)

func (b Barrier) isMetBy(s *slot) bool {
	switch b {
	case Returned:
		return !s.isVacant()
	case Gathered:
		return s.lease != lost && (s.State == Armed || s.State == Ready)
	case Acknowledged:
		return s.lease != lost && (s.State == Ready || s.State == Sending || s.State == Sent)
	case Stopped:
		return s.isVacant() || s.lease == lost || s.stopSent || s.State == Failed
	}
	return s.lease == lost || s.State == Done
}

// Missing describes the slots that do not meet a barrier yet. Once T0 is set no other agent can be ready for it: for
// Acknowledged it fails where agents cannot take part, and the error names each with its problem.
func (r *Roster) Missing(b Barrier) (missing []string, err error) {
	for _, s := range r.slots {
		switch {
		case b == Acknowledged && s.State == Failed && s.lease != lost:
			err = errors.Join(err, fmt.Errorf("agent %d (%s): %s", s.number, s.Host, s.trouble()))
		case !b.isMetBy(s):
			missing = append(missing, fmt.Sprintf("slot %d %s", s.number, s.describe()))
		}
	}
	return missing, err
}
