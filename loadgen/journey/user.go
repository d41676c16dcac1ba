package journey

import (
	"slices"
	"time"
)

// User is one virtual user: a small struct, never a goroutine, since a million may be waiting.
type User struct {
	Arrival uint64        // which one of the storm's
	Due     time.Duration // of the step it is at, from T0; of the journey's end where that is over
	Came    time.Duration // when it was due to come, from T0
	Next    *User         // for lists of the user's holder

	program *Program
	at      int32 // instruction
	draws   uint32
	status  int32    // of the last answer, 0 for none
	rounds  []round  // by depth of loop
	values  [][]byte // extracted variables by register; nil until the first
	unset   []cause  // by register, why it has no value
	missing int32    // the register without which the user left, plus 1; 0 for none
}

// cause is the request whose answer left a variable unset; the zero value stands for none.
type cause struct {
	step    *Step
	outcome int
}

// round is where a user is in a loop.
type round struct {
	count uint32
	began time.Duration // of the loop
	start time.Duration // of the round
}

// Start reuses u for a new arrival, whose user goes through p: only u's memory stays. It returns the first step, whose
// due instant it sets, or nil where there is none to send. arrival is the user's number, from 0; due counts from T0.
func (u *User) Start(arrival uint64, due time.Duration, p *Program) *Step {
	for i := range u.values {
		u.values[i] = u.values[i][:0]
	}
	clear(u.unset)
	*u = User{Arrival: arrival, Came: due, program: p, rounds: u.rounds, values: u.values, unset: u.unset}
	return u.advance(due)
}

// Program returns what the user does.
func (u *User) Program() *Program { return u.program }

// HasLeft reports whether a user for whom there is no next step has left because a variable was missing; see Ending.
func (u *User) HasLeft() bool { return u.missing != 0 }

// Step returns the step that the user is at.
func (u *User) Step() *Step { return u.program.code[u.at].step }

// Advance moves a user whose step is over at the instant now to the next step, whose due instant it sets. It returns
// nil where the journey has ended. A user who lacks a variable that the next step needs leaves: without an order there
// is no order to ask about.
func (u *User) Advance(now time.Duration) *Step {
	u.at++
	return u.advance(now)
}

// forget leaves a variable without a value.
func (u *User) forget(register int) { u.values[register] = u.values[register][:0] }

// tests reports whether a repeat around the user's step tests a variable.
func (u *User) tests(register int) bool {
	return slices.Contains(u.program.code[u.at].tested, register)
}

func (u *User) advance(now time.Duration) *Step {
	u.Due = now
	for int(u.at) < len(u.program.code) {
		in := &u.program.code[u.at]
		switch in.op {
		case opStep:
			if register := in.step.lacks(u); register >= 0 {
				u.missing = int32(register) + 1
				return nil
			}
			return in.step
		case opThink:
			draw := u.program.thinks.Sub(u.Arrival).Float64(uint64(u.draws))
			u.draws++
			u.Due += in.law.Quantile(draw)
			u.at++
		case opEnter:
			if len(u.rounds) < u.program.depth {
				u.rounds = make([]round, u.program.depth)
			}
			u.rounds[in.loop.depth] = round{began: u.Due, start: u.Due}
			u.at++
			if in.loop.until.holdsFor(u) {
				u.at = in.loop.end
			}
		case opAgain:
			u.again(in.loop)
		}
	}
	return nil
}

// again ends a round: the user leaves the loop, or waits until the next round begins.
func (u *User) again(l *loop) {
	r := &u.rounds[l.depth]
	r.count++
	next := max(u.Due, r.start+l.every)
	switch {
	case l.until.holdsFor(u), l.times > 0 && r.count >= l.times, l.limit > 0 && next-r.began >= l.limit:
		u.at = l.end
	default:
		r.start, u.Due = next, next
		u.at = l.begin
	}
}
