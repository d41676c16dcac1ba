package journey

import (
	"slices"
	"time"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/cookies"
	"fsctl/scenarios/template"
)

// User is one virtual user: a small struct, never a goroutine, since a million may be waiting.
type User struct {
	compose.User // what its requests are made of

	Due  time.Duration // of the step it is at, from T0; of the journey's end where that is over
	Came time.Duration // when its journey was due to begin, from T0
	Next *User         // for lists of the user's holder

	program *Program
	memory  *memory     // of loops, retries and groups; nil until the first
	jar     cookies.Jar // where the scenario keeps cookies
	took    uint32      // the last answer [us], at most 71 min; 0 for none
	at      int32       // instruction
	draws   uint32      // so far: pauses and choices
	missing int32       // the register without which the user left, plus 1; 0 for none, leftByAction or gaveUp
	status  uint16      // of the last answer, 0 for none
	// Stream is for the user's holder: which of the storm's streams the user came with.
	Stream uint16
	paused Pause
	unfit  template.Form // that the value of the missing register does not have; AsText where it has none
}

// Pause is what a user waits for.
type Pause uint8

// What a user may wait for before a step. Of several the first of this list counts.
const (
	NoPause   Pause = iota
	Thinking        // a think
	Pacing          // a pacing
	Retrying        // the next try
	Repeating       // the next round
)

// Start reuses u for a new arrival, whose user goes through p: only u's memory stays. It returns the first step, whose
// due instant it sets, or nil where there is none to send. arrival is the user's number, from 0; due counts from T0.
func (u *User) Start(arrival uint64, due time.Duration, p *Program) *Step {
	u.Renew(arrival)
	u.jar.Clear()
	*u = User{User: u.User, Stream: u.Stream, memory: u.memory, jar: u.jar}
	return u.begin(due, due, p)
}

// Continue has a user whose journey is over begin another one at an instant from T0, or at now where that is later. It keeps its
// variables and its cookies. It returns what Start does.
func (u *User) Continue(at, now time.Duration, p *Program) *Step {
	u.status, u.Last, u.took, u.missing, u.unfit, u.at = 0, compose.Cause{}, 0, 0, template.AsText, 0
	at = max(at, now)
	return u.begin(at, at, p)
}

func (u *User) begin(came, now time.Duration, p *Program) *Step {
	u.Came, u.program = came, p
	u.clearGroups()
	return u.advance(now)
}

// Program returns what the user does.
func (u *User) Program() *Program { return u.program }

// HasLeft reports whether a user for whom there is no next step has left because a variable was missing, or gave up; see Ending.
func (u *User) HasLeft() bool { return u.missing > 0 || u.missing == gaveUp }

// HasDoneAll reports whether a user for whom there is no next step came to the end of its journey: it neither left because a
// variable was missing, nor by the action leave, nor gave up.
func (u *User) HasDoneAll() bool { return u.missing == 0 }

// Evicted returns how many cookies, from 0, had to leave the user's jar because the targets set more than it holds.
func (u *User) Evicted() int { return u.jar.Evicted() }

// Step returns the step that the user is at.
func (u *User) Step() *Step { return u.program.code[u.at].step }

// Pause returns what the user waits for before its step.
func (u *User) Pause() Pause { return u.paused }

// Advance moves a user whose step is over at the instant now to the next step, whose due instant it sets. It returns
// nil where the journey has ended. A user who lacks a variable that the next step needs, or has a value in it that is not of the form that the step wants, leaves:
// without an order there is no order to ask about.
func (u *User) Advance(now time.Duration) *Step {
	u.clearGroups()
	if u.missing == gaveUp {
		u.Due = now
		u.endGroups(u.program.code[u.at].group, 0, false)
		return nil
	}
	u.at++
	return u.advance(now)
}

// tests reports whether a repeat or a retry around the user's step tests a variable.
func (u *User) tests(register int) bool {
	return slices.Contains(u.program.code[u.at].tested, register)
}

// outcome returns that of the last request by its number over all steps, from 1, or 0 before the first.
func (u *User) outcome() int32 {
	if u.Last.Step == 0 {
		return 0
	}
	return u.program.steps[u.Last.Step-1].outcomeIDs[u.Last.Outcome]
}

// pause lets the user wait until an instant, for a reason.
func (u *User) pause(until time.Duration, why Pause) {
	if until > u.Due && (u.paused == NoPause || why < u.paused) {
		u.paused = why
	}
	u.Due = until
}

func (u *User) advance(now time.Duration) *Step {
	u.Due, u.paused = now, NoPause
	if u.program.depth > 0 {
		if m := u.own(); len(m.frames) < u.program.depth {
			m.frames = append(m.frames[:0], make([]frame, u.program.depth)...)
		}
	}
	for int(u.at) < len(u.program.code) {
		in := &u.program.code[u.at]
		if in.op != opStep {
			u.perform(in)
			continue
		}
		need, lacks := in.step.request.Lacks(&u.User)
		if !lacks {
			u.Visit++
			u.enterGroups(in.group)
			return in.step
		}
		if u.failTry(in) {
			continue
		}
		u.missing = int32(need.Register) + 1
		if len(u.Value(need.Register)) > 0 {
			u.unfit = need.Form
		}
		u.endGroups(in.group, 0, false)
		return nil
	}
	return nil
}

// perform does an instruction that sends nothing.
func (u *User) perform(in *instruction) {
	p := u.program
	u.at++
	switch in.op {
	case opThink:
		u.pause(u.Due+in.law.Quantile(u.draw(p.draws.think)), Thinking)
	case opPace:
		began := u.Came
		if in.loop != nil {
			began = u.memory.frames[in.loop.depth].start
		}
		u.pause(max(u.Due, began+in.law.Quantile(u.draw(p.draws.think))), Pacing)
	case opEnter:
		u.memory.frames[in.loop.depth] = frame{began: u.Due, start: u.Due}
		if u.Last.Step != 0 && in.loop.until.holdsFor(u) { // before the first answer nothing can have ended it
			u.at = in.loop.end
		}
	case opAgain:
		u.again(in.loop)
	case opTry:
		u.memory.frames[in.retry.depth] = frame{visit: u.Visit}
	case opRetry:
		u.tryAgain(in.retry)
	case opChoose:
		u.at = in.choice.pick(u.draw(p.draws.choose))
	case opUnless:
		if !in.test.holdsFor(u) {
			u.at = in.to
		}
	case opJump:
		u.at = in.to
	case opGroup:
		u.memory.frames[in.group.depth] = frame{}
	case opGroupEnd:
		u.endGroups(in.group, in.group.depth, true)
	case opLeave:
		u.missing = leftByAction
		u.endGroups(in.group, 0, false)
		u.at = int32(len(p.code))
	}
}

// What stands in place of a missing register for a user who left for another reason.
const (
	leftByAction = -1 // by the action leave
	gaveUp       = -2 // waiting for an answer
)

// again ends a round: the user leaves the loop, or waits until the next round begins.
func (u *User) again(l *loop) {
	r := &u.memory.frames[l.depth]
	r.count++
	next := max(u.Due, r.start+l.every)
	if l.until.holdsFor(u) || l.times > 0 && r.count >= l.times || l.limit > 0 && next-r.began >= l.limit {
		u.at = l.end
		return
	}
	r.start = next
	u.pause(next, Repeating)
	u.at = l.begin
}
