package journey

import (
	"time"

	"fsctl/loadgen/transport"
)

// GiveUp ends the journey of a user who waits no longer: Advance returns no next step.
func (u *User) GiveUp() { u.missing = gaveUp }

// Patience returns how long after a request of the step was due its user gives up, and whether there is such a limit.
func (s *Step) Patience() (limit time.Duration, ok bool) { return s.patience, s.patience > 0 }

// Limit shortens the timeout of a request that was due, and is sent, at these instants to the user's patience, which runs from when it
// was due: a user does not know what it waits for. It reports whether the patience ends first.
func (s *Step) Limit(r *transport.Request, due, sent time.Duration) (patient bool) {
	if s.patience == 0 {
		return false
	}
	left := max(due+s.patience-sent, 1)
	if r.Timeout > 0 && r.Timeout <= left {
		return false
	}
	r.Timeout = left
	return true
}
