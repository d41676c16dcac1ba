package loadgen

import (
	"fmt"
	"math"
	"time"

	"fsctl/loadgen/transport"
	"fsctl/scenarios"
)

// opcode is what one instruction of a journey's program does.
type opcode uint8

const (
	opStep  opcode = iota // send step
	opThink               // pause for a draw of law
	opEnter               // begin loop; skip it where its condition holds already
	opAgain               // end of a round: leave the loop, or wait for the next round
)

// instruction is one action of a journey.
type instruction struct {
	op   opcode
	step *step
	law  *scenarios.Distribution
	loop *loop
}

// loop is a repeat with its place in the program.
type loop struct {
	begin, end int32 // first instruction of the body, first after the loop
	depth      int   // of nesting, from 0
	times      uint32
	every      time.Duration
	limit      time.Duration
	until      *condition
}

// program is a journey, flat.
type program struct {
	name    string
	code    []instruction
	depth   int   // of the deepest loop
	opening *step // whose request is due at the arrival itself; nil where a pause comes first
}

// round is where a user is in a loop.
type round struct {
	count uint32
	began time.Duration // of the loop
	start time.Duration // of the round
}

// user is one virtual user: a small struct, never a goroutine, since a million may be waiting.
type user struct {
	arrival uint64
	due     time.Duration // of the step it is at, from T0
	program *program
	at      int32 // instruction
	draws   uint32
	status  int32    // of the last answer, 0 for none
	rounds  []round  // by depth of loop
	values  [][]byte // extracted variables by slot; nil until the first
	next    *user    // in a slot of the wheel, or among those whose memory is free
}

// become makes a user who has gone into another; only the memory stays.
func (u *user) become(arrival uint64, p *program) {
	for i := range u.values {
		u.values[i] = u.values[i][:0]
	}
	*u = user{arrival: arrival, program: p, rounds: u.rounds, values: u.values}
}

// compiler turns a scenario's words into programs, steps and slots.
type compiler struct {
	scenario *scenarios.Scenario
	feeders  []*feeder
	slots    map[string]int // of extracted variables
	steps    map[string]*step
}

func (c *compiler) program(script *scenarios.Script) (*program, error) {
	p := &program{name: script.Name}
	if err := c.actions(p, script.Do, 0); err != nil {
		return nil, err
	}
	for _, in := range p.code {
		if in.op == opStep && len(in.step.needs) == 0 {
			p.opening = in.step
		}
		if in.op == opStep || in.op == opThink {
			break
		}
	}
	return p, nil
}

func (c *compiler) actions(p *program, do []scenarios.Action, depth int) error {
	for _, a := range do {
		switch {
		case a.Think != nil:
			p.code = append(p.code, instruction{op: opThink, law: a.Think})
		case a.Repeat != nil:
			if err := c.repeat(p, a.Repeat, depth); err != nil {
				return err
			}
		default:
			s := c.steps[a.Step]
			if s == nil {
				return fmt.Errorf("journey %s: no step %q", p.name, a.Step)
			}
			p.code = append(p.code, instruction{op: opStep, step: s})
		}
	}
	return nil
}

func (c *compiler) repeat(p *program, r *scenarios.Repeat, depth int) error {
	l := &loop{depth: depth, times: uint32(min(r.Times, math.MaxUint32)), every: r.Every, limit: r.For}
	if r.Until != "" {
		until, err := c.condition(r.Until)
		if err != nil {
			return err
		}
		if until.Subject == scenarios.BodySubject {
			return transport.InputErrorf("extract what you look for into a variable, such as: extract: {state: \"regex:(open|closed)\"}, and test that",
				"journey %s: until: found %q, wanted the status or a variable: a user does not keep bodies", p.name, r.Until)
		}
		l.until = until
	}
	p.depth = max(p.depth, depth+1)
	p.code = append(p.code, instruction{op: opEnter, loop: l})
	l.begin = int32(len(p.code))
	if err := c.actions(p, r.Do, depth+1); err != nil {
		return err
	}
	p.code = append(p.code, instruction{op: opAgain, loop: l})
	l.end = int32(len(p.code))
	return nil
}

// advance moves a user from the instant now to the next step, whose due instant it sets.
// It returns nil where the journey has ended. A user who lacks a variable that the next step
// needs leaves: somebody who got no order has no order to ask about.
func (u *user) advance(now time.Duration, thinks scenarios.Stream) *step {
	u.due = now
	for int(u.at) < len(u.program.code) {
		in := &u.program.code[u.at]
		switch in.op {
		case opStep:
			if !in.step.canSend(u) {
				return nil
			}
			return in.step
		case opThink:
			draw := thinks.Sub(u.arrival).Float64(uint64(u.draws))
			u.draws++
			u.due += in.law.Quantile(draw)
			u.at++
		case opEnter:
			if len(u.rounds) < u.program.depth {
				u.rounds = make([]round, u.program.depth)
			}
			u.rounds[in.loop.depth] = round{began: u.due, start: u.due}
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
func (u *user) again(l *loop) {
	r := &u.rounds[l.depth]
	r.count++
	next := max(u.due, r.start+l.every)
	switch {
	case l.until.holdsFor(u), l.times > 0 && r.count >= l.times, l.limit > 0 && next-r.began >= l.limit:
		u.at = l.end
	default:
		r.start, u.due = next, next
		u.at = l.begin
	}
}
