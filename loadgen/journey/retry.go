package journey

import (
	"fsctl/scenarios/script"
)

// retry is actions that are tried again, with their place in the program.
type retry struct {
	*script.Retry
	begin int32 // first instruction of a try
	end   int32 // first after it
	depth int
	when  *boundCondition // nil for a failed request
	outer *retry          // that it is in; nil for none
}

// wantsAnother reports whether the last answer calls for another try, and one is left.
func (r *retry) wantsAnother(u *User) bool {
	if u.memory.frames[r.depth].count >= uint32(r.Times) {
		return false
	}
	if r.when != nil {
		return r.when.holdsFor(u)
	}
	return u.Last.Step > 0 && (u.Last.Outcome == OutcomeFailed || u.Last.Outcome == OutcomeError)
}

// tryAgain ends a try: the user goes on, or waits and begins the next.
func (u *User) tryAgain(r *retry) {
	if !r.wantsAnother(u) {
		u.at = r.end
		return
	}
	f := &u.memory.frames[r.depth]
	f.count++
	u.Visit = f.visit
	u.pause(u.Due+r.Pause(int(f.count), u.draw(u.program.draws.jitter)), Retrying)
	u.at = r.begin
}

// failTry ends a try whose next step lacks a variable: the user begins another one where the innermost retry that wants one allows
// it. It returns false where none does. A user who has not tried anything yet lacks what no try would bring.
func (u *User) failTry(in *instruction) bool {
	for r := in.retry; r != nil; r = r.outer {
		if u.Visit > u.memory.frames[r.depth].visit && r.wantsAnother(u) {
			u.endGroups(in.group, r.depth+1, false)
			u.tryAgain(r)
			return true
		}
	}
	return false
}

// draw returns the user's next random number of a kind, 0 to 1: a pure function of the seed, the arrival and how many came before.
func (u *User) draw(kind stream) float64 {
	v := kind.Sub(u.Arrival).Float64(uint64(u.draws))
	u.draws++
	return v
}
