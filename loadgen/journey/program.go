package journey

import (
	"fmt"
	"math"
	"slices"
	"time"

	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/condition"
	"fsctl/scenarios/random"
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
	step *Step
	law  *random.Distribution
	loop *loop

	tested []int // registers that the repeats around a step test: an answer may lack them
}

// loop is a repeat with its place in the program.
type loop struct {
	begin, end int32 // first instruction of the body, first after the loop
	depth      int   // of nesting, from 0
	times      uint32
	every      time.Duration
	limit      time.Duration
	until      *boundCondition
}

// Program is a journey, flat.
type Program struct {
	Opening *Step // whose request is due at the arrival itself; nil where a pause comes first

	Name  string
	Index int // of Compiled.Listed, from 0

	code      []instruction
	depth     int      // of the deepest loop
	variables []string // by register
	thinks    random.Stream
}

func (c *compiler) program(script *scenarios.Script) (*Program, error) {
	p := &Program{Name: script.Name, thinks: c.thinks, variables: c.variables}
	if err := c.actions(p, script.Do, 0, nil); err != nil {
		return nil, err
	}
	for _, in := range p.code {
		if in.op == opStep && len(in.step.needs) == 0 {
			p.Opening = in.step
		}
		if in.op == opStep || in.op == opThink {
			break
		}
	}
	return p, nil
}

// OpeningIndex returns the index of the step that Opening is, -1 for none.
func (p *Program) OpeningIndex() int {
	if p.Opening == nil {
		return -1
	}
	return p.Opening.Index
}

// actions compiles actions that are in so many repeats, which test these registers.
func (c *compiler) actions(p *Program, do []scenarios.Action, depth int, tested []int) error {
	for _, a := range do {
		switch {
		case a.Think != nil:
			p.code = append(p.code, instruction{op: opThink, law: a.Think})
		case a.Repeat != nil:
			if err := c.repeat(p, a.Repeat, depth, tested); err != nil {
				return err
			}
		default:
			s := c.steps[a.Step]
			if s == nil {
				return fmt.Errorf("journey %s: no step %q", p.Name, a.Step)
			}
			p.code = append(p.code, instruction{op: opStep, step: s, tested: tested})
		}
	}
	return nil
}

func (c *compiler) repeat(p *Program, r *scenarios.Repeat, depth int, tested []int) error {
	l := &loop{depth: depth, times: uint32(min(r.Times, math.MaxUint32)), every: r.Every, limit: r.For}
	if r.Until != "" {
		until, err := c.condition(r.Until)
		if err != nil {
			return err
		}
		if until.Subject == condition.Body {
			return transport.InputErrorf("extract what you look for into a variable, such as: extract: {state: \"regex:(open|closed)\"}, and test that",
				"journey %s: until: found %q, wanted the status or a variable: a user does not keep bodies", p.Name, r.Until)
		}
		l.until = until
		if until.value != nil && until.value.source == fromAnswer {
			tested = append(slices.Clone(tested), until.value.register)
		}
	}
	p.depth = max(p.depth, depth+1)
	p.code = append(p.code, instruction{op: opEnter, loop: l})
	l.begin = int32(len(p.code))
	if err := c.actions(p, r.Do, depth+1, tested); err != nil {
		return err
	}
	p.code = append(p.code, instruction{op: opAgain, loop: l})
	l.end = int32(len(p.code))
	return nil
}
