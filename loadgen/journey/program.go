package journey

import (
	"fmt"
	"math"
	"slices"
	"time"

	"fsctl/loadgen/transport"
	"fsctl/scenarios/condition"
	"fsctl/scenarios/random"
	"fsctl/scenarios/script"
)

// opcode is what one instruction of a journey's program does.
type opcode uint8

const (
	opStep     opcode = iota // send step
	opThink                  // pause for a draw of law
	opPace                   // pause until a draw of law after the round of loop began, or the journey without one
	opEnter                  // begin loop; skip it where its condition holds already
	opAgain                  // end of a round: leave the loop, or wait for the next round
	opTry                    // begin retry
	opRetry                  // end of a try: go on, or wait for the next try
	opChoose                 // go one of the ways of choice
	opUnless                 // go to where test does not hold
	opJump                   // go to
	opGroup                  // begin group
	opGroupEnd               // end it
	opLeave                  // end the journey
)

// instruction is one action of a journey.
type instruction struct {
	op     opcode
	to     int32
	step   *Step
	law    *random.Distribution
	loop   *loop
	choice *choice
	test   *boundCondition

	around
}

// around is what an instruction is in.
type around struct {
	depth  int    // of nesting, from 0
	round  *loop  // the innermost repeat, nil for none
	retry  *retry // the innermost; that of opTry and opRetry itself
	group  *group // the innermost; that of opGroup and opGroupEnd itself
	tested []int  // registers that the repeats and retries around it test: an answer may lack them
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

// choice is ways with the places where they begin.
type choice struct {
	upTo   []float64 // by way, the sum of the probabilities of those up to it
	begins []int32
}

// pick returns where the way begins that a number, 0 to below 1, stands for. A way of weight 0 is never gone.
func (c *choice) pick(u float64) int32 {
	for i, sum := range c.upTo {
		if u < sum {
			return c.begins[i]
		}
	}
	return c.begins[len(c.begins)-1] // not reached: the last sum is above 1
}

// stream is a random.Stream: a kind of draws.
type stream = random.Stream

// draws are the kinds of what is drawn for a user on its way.
type draws struct{ think, choose, jitter stream }

// Program is a journey, flat.
type Program struct {
	Opening *Step // whose request is due at the arrival itself; nil where a pause or a decision comes first

	Name   string
	Index  int      // of Compiled.Listed, from 0
	Groups []string // names of its groups, by their index

	code      []instruction
	depth     int      // of the deepest part that needs a frame
	variables []string // by register
	steps     []*Step  // of the scenario
	draws     draws
}

func (c *compiler) program(script *script.Script) (*Program, error) {
	p := &Program{Name: script.Name, draws: c.draws, variables: c.requests.Variables, steps: c.listed}
	if err := c.actions(p, script.Do, around{}); err != nil {
		return nil, err
	}
	p.Opening = p.opening()
	return p, nil
}

// opening returns the step that every user of the program sends first, at the instant of its arrival; nil where there is none.
func (p *Program) opening() *Step {
	for _, in := range p.code {
		switch {
		case in.op == opStep && in.step.request.IsAlwaysWhole():
			return in.step
		case in.op == opGroup, in.op == opTry, in.op == opEnter && in.loop.until == nil:
		default:
			return nil
		}
	}
	return nil
}

// OpeningIndex returns the index of the step that Opening is, -1 for none.
func (p *Program) OpeningIndex() int {
	if p.Opening == nil {
		return -1
	}
	return p.Opening.Index
}

// add appends an instruction, and returns where it is.
func (p *Program) add(in instruction) int { p.code = append(p.code, in); return len(p.code) - 1 }

// here returns where the next instruction will be.
func (p *Program) here() int32 { return int32(len(p.code)) }

// actions compiles actions that are in others.
func (c *compiler) actions(p *Program, do []script.Action, in around) error {
	for i := range do {
		if err := c.action(p, &do[i], in); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) action(p *Program, a *script.Action, in around) error {
	switch {
	case a.Think != nil:
		p.add(instruction{op: opThink, law: a.Think, around: in})
	case a.Pacing != nil:
		p.add(instruction{op: opPace, law: a.Pacing, loop: in.round, around: in})
	case a.Leave:
		p.add(instruction{op: opLeave, around: in})
	case a.Repeat != nil:
		return c.repeat(p, a.Repeat, in)
	case a.Retry != nil:
		return c.retry(p, a.Retry, in)
	case a.Group != nil:
		return c.group(p, a.Group, in)
	case a.If != nil:
		return c.branch(p, a.If, in)
	case a.Choose != nil:
		return c.choose(p, a.Choose, in)
	default:
		s := c.steps[a.Step]
		if s == nil {
			return fmt.Errorf("journey %s: no step %q", p.Name, a.Step)
		}
		p.add(instruction{op: opStep, step: s, around: in})
	}
	return nil
}

// deeper returns the depth of a part that needs a frame, and what is around its actions.
func (p *Program) deeper(in around) (depth int, inside around) {
	p.depth = max(p.depth, in.depth+1)
	depth = in.depth
	in.depth++
	return depth, in
}

// flowCondition compiles a condition on variables and on the last answer. The registers are those that it tests.
func (c *compiler) flowCondition(p *Program, where, when string) (*boundCondition, []int, error) {
	if when == "" {
		return nil, nil, nil
	}
	test, err := c.condition(when)
	if err != nil {
		return nil, nil, fmt.Errorf("journey %s: %s: %w", p.Name, where, err)
	}
	if test.test == nil && test.Subject == condition.Body {
		return nil, nil, transport.InputErrorf("extract what you look for into a variable, such as: extract: {state: \"regex:(open|closed)\"}, and test that",
			"journey %s: %s: found %q, wanted the status or a variable: a user does not keep bodies", p.Name, where, when)
	}
	return test, test.registers(), nil
}

func (c *compiler) repeat(p *Program, r *script.Repeat, in around) error {
	depth, inside := p.deeper(in)
	l := &loop{depth: depth, times: uint32(min(r.Times, math.MaxUint32)), every: r.Every, limit: r.For}
	until, tested, err := c.flowCondition(p, "until", r.Until)
	if err != nil {
		return err
	}
	l.until = until
	inside.round, inside.tested = l, slices.Concat(in.tested, tested)
	p.add(instruction{op: opEnter, loop: l, around: in})
	l.begin = p.here()
	if err := c.actions(p, r.Do, inside); err != nil {
		return err
	}
	p.add(instruction{op: opAgain, loop: l, around: in})
	l.end = p.here()
	return nil
}

func (c *compiler) retry(p *Program, r *script.Retry, in around) error {
	depth, inside := p.deeper(in)
	v := &retry{Retry: r, depth: depth, outer: in.retry}
	when, tested, err := c.flowCondition(p, "retry: when", r.When)
	if err != nil {
		return err
	}
	v.when = when
	inside.retry, inside.tested = v, slices.Concat(in.tested, tested)
	own := in
	own.retry = v
	p.add(instruction{op: opTry, around: own})
	v.begin = p.here()
	if err := c.actions(p, r.Do, inside); err != nil {
		return err
	}
	p.add(instruction{op: opRetry, around: own})
	v.end = p.here()
	return nil
}

func (c *compiler) group(p *Program, g *script.Group, in around) error {
	depth, inside := p.deeper(in)
	index := slices.Index(p.Groups, g.Name)
	if index < 0 {
		index = len(p.Groups)
		p.Groups = append(p.Groups, g.Name)
	}
	inside.group = &group{index: index, depth: depth, outer: in.group}
	own := in
	own.group = inside.group
	p.add(instruction{op: opGroup, around: own})
	if err := c.actions(p, g.Do, inside); err != nil {
		return err
	}
	p.add(instruction{op: opGroupEnd, around: own})
	return nil
}

func (c *compiler) branch(p *Program, b *script.Branch, in around) error {
	test, _, err := c.flowCondition(p, "if", b.If)
	if err != nil {
		return err
	}
	unless := p.add(instruction{op: opUnless, test: test, around: in})
	if err := c.actions(p, b.Do, in); err != nil {
		return err
	}
	if len(b.Else) == 0 {
		p.code[unless].to = p.here()
		return nil
	}
	jump := p.add(instruction{op: opJump, around: in})
	p.code[unless].to = p.here()
	if err := c.actions(p, b.Else, in); err != nil {
		return err
	}
	p.code[jump].to = p.here()
	return nil
}

func (c *compiler) choose(p *Program, choices []script.Choice, in around) error {
	v := &choice{}
	var whole, sum float64
	last := 0 // way that can be gone
	for i := range choices {
		if whole += choices[i].Weight; choices[i].Weight > 0 {
			last = i
		}
	}
	p.add(instruction{op: opChoose, choice: v, around: in})
	var ends []int
	for i := range choices {
		sum += choices[i].Weight
		upTo := sum / whole
		if i >= last {
			upTo = math.Inf(1) // whatever the sum rounds to
		}
		v.upTo, v.begins = append(v.upTo, upTo), append(v.begins, p.here())
		if err := c.actions(p, choices[i].Do, in); err != nil {
			return err
		}
		ends = append(ends, p.add(instruction{op: opJump, around: in}))
	}
	for _, jump := range ends {
		p.code[jump].to = p.here()
	}
	return nil
}
