package journey

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
)

// Step is a scenario's step, compiled: how to write its request and how to read its answer.
type Step struct {
	Index    int // in the scenario
	Name     string
	Outcomes []string // by number: ok, failed, error, then the scenario's
	Counters []string // own counters that an answer may add to, sorted

	request  *compose.Request
	patience time.Duration // of the user, from when the request is due; 0 for no end
	wantBody bool
	wantHead []string // names of header fields
	cookies  bool     // the user's are sent and kept

	extracts     []extract
	checks       []*boundCondition
	checkReasons []string // why a request failed, by check
	outcomes     []outcome
	confirms     int               // outcome that confirms an order, -1 for none
	placed       int               // the same where the orders are kept for the ledger
	sku          *compose.Variable // what it is of
	orderID      *compose.Variable // its number
	userID       *compose.Variable

	outcomeIDs []int32   // by number, that of the outcome over all steps, from 1
	paths      []extract // that expressions read, by slot
	fields     []string  // of headers that expressions read, by slot
	counters   []counter
}

// Outcomes that every step has, by number.
const (
	OutcomeOK = iota
	OutcomeFailed
	OutcomeError
	firstNamed
)

type outcome struct {
	number int
	when   *boundCondition
}

func (c *compiler) step(index int, s *scenarios.Step) (*Step, error) {
	v := &Step{Index: index, Name: s.Name, Outcomes: []string{record.OutcomeOK, record.OutcomeFailed, record.OutcomeError}, patience: s.Patience,
		cookies: c.scenario.Defaults.Cookies != scenarios.CookiesOff, confirms: -1, placed: -1, sku: c.requests.SKU()}
	var err error
	if v.request, err = c.requests.Step(s); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(s.Extract)) {
		parsed, err := scenarios.ParseExtract(s.Extract[name].From)
		if err != nil {
			return nil, fmt.Errorf("step %s: extract %s: %w", s.Name, name, err)
		}
		e := newExtract(parsed, c.requests.Register(name))
		e.variable, e.optional = name, s.Extract[name].Optional
		switch e.From {
		case "json", "regex":
			v.wantBody = true
		case "header":
			v.wantHead = append(v.wantHead, e.Name)
		case "cookie":
			v.wantHead = append(v.wantHead, "Set-Cookie")
		}
		v.extracts = append(v.extracts, e)
	}
	if err := c.judgements(v, s); err != nil {
		return nil, err
	}
	slices.Sort(v.wantHead)
	v.wantHead = slices.Compact(v.wantHead)
	return v, nil
}

// judgements compiles the checks and outcomes of a step.
func (c *compiler) judgements(v *Step, s *scenarios.Step) error {
	for _, when := range s.Check {
		check, err := c.conditionIn(when, &scope{compiler: c, step: v})
		if err != nil {
			return fmt.Errorf("step %s: check: %w", s.Name, err)
		}
		v.checks, v.checkReasons = append(v.checks, check), append(v.checkReasons, ReasonCheck+when)
		v.wantBody = v.wantBody || check.readsBody()
	}
	for _, o := range s.Outcome {
		when, err := c.conditionIn(o.When, &scope{compiler: c, step: v})
		if err != nil {
			return fmt.Errorf("step %s: outcome %s: %w", s.Name, o.Name, err)
		}
		v.wantBody = v.wantBody || when.readsBody()
		v.outcomes = append(v.outcomes, outcome{len(v.Outcomes), when})
		l := c.scenario.Ledger
		if s.Transaction && (l == nil && o.Name == scenarios.DefaultLedgerOutcome || l != nil && o.Name == l.Outcome) {
			v.confirms = len(v.Outcomes)
		}
		if l != nil && v.confirms == len(v.Outcomes) {
			if v.orderID, err = c.requests.Variable(l.OrderID); err != nil {
				return err
			}
			if v.userID, err = c.requests.Variable("user.id"); err != nil {
				return err
			}
			v.placed = len(v.Outcomes)
		}
		v.Outcomes = append(v.Outcomes, o.Name)
	}
	for _, name := range v.Outcomes {
		v.outcomeIDs = append(v.outcomeIDs, c.outcomes[name])
	}
	if err := c.counters(v, s); err != nil {
		return fmt.Errorf("step %s: count: %w", s.Name, err)
	}
	return nil
}

// WantsBody reports whether a check, an outcome or an extraction reads the body of the step's answers.
func (s *Step) WantsBody() bool { return s.wantBody }

// Render writes the request for a user; r's and m's buffers are reused.
func (s *Step) Render(r *transport.Request, u *User, m *compose.Scratch) {
	r.WantBody, r.WantHeader, r.Jar = s.wantBody, s.wantHead, nil
	if s.cookies {
		r.Jar = &u.jar
	}
	s.request.Render(r, &u.User, m)
}

// AppendShownURL appends the URL that Render has just written for a user by the memory of m, without what was extracted, came
// from the environment, is what a function made of that, or is a secret by its name or place.
func (s *Step) AppendShownURL(b []byte, u *User, m *compose.Scratch) []byte {
	return s.request.AppendShownURL(b, &u.User, m)
}

// Judgement is what became of a request.
type Judgement struct {
	Outcome        int    // an index of Step.Outcomes, from 0
	Passed, Failed uint64 // checks
	Reason         string // of a failed request: an error's class, or one of the step's Reasons; empty for any other
	Lacks          string // the variable that the answer should have had, with ReasonExtract
	Placed         bool   // the answer confirmed an order, if perhaps without its number
	nameless       bool   // the order's number was not in it
}

// Reasons why an answer is a failure. That of a failed check is ReasonCheck with the check's text.
const (
	ReasonExtract = "extract" // a variable was not in it
	ReasonStatus  = "status"  // 400 or above, without a check that would allow it
	ReasonCheck   = "check: "
)

// Judge reads an answer by the memory of values: it extracts the user's variables, then returns the outcome and the checks.
func (s *Step) Judge(u *User, a *transport.Answer, values *ValueReader) Judgement {
	u.status, u.took = uint16(a.Status), uint32(min(max(a.Took, 0).Microseconds(), math.MaxUint32))
	values.view.begin(s, values)
	if a.Class == transport.ClassAbandoned {
		u.GiveUp()
	}
	values.keep(u, s.extracts)
	var j Judgement
	if a.Err != nil {
		j = Judgement{Outcome: OutcomeError, Failed: uint64(len(s.checks)), Reason: a.Class}
		for i := range s.extracts {
			u.Set(s.extracts[i].register, nil)
		}
	} else {
		j = s.judgeAnswer(u, a, values)
	}
	u.Last = compose.Cause{Step: uint16(s.Index) + 1, Outcome: uint16(j.Outcome)}
	for i := range s.extracts {
		if r := s.extracts[i].register; len(u.Value(r)) == 0 {
			u.Unset(r, u.Last)
		}
	}
	s.count(u, a, values)
	return j
}

func (s *Step) judgeAnswer(u *User, a *transport.Answer, values *ValueReader) (j Judgement) {
	lacks := ""
	for i := range s.extracts {
		e := &s.extracts[i]
		if e.from(a, u, values) {
			continue
		}
		j.nameless = j.nameless || s.placed >= 0 && s.orderID.Register() == e.register
		if lacks == "" && !e.optional && !u.tests(e.register) {
			lacks = e.variable
		}
	}
	for i, c := range s.checks {
		if c.holds(u, a, values) {
			j.Passed++
			continue
		}
		if j.Failed++; j.Reason == "" {
			j.Reason = s.checkReasons[i]
		}
	}
	j.Outcome = s.outcomeOf(u, a, values, j.Failed > 0)
	j.Placed = j.Outcome == s.placed
	switch {
	case lacks != "" && a.Status/100 == 2 && (j.Outcome == OutcomeOK || j.Outcome == s.confirms):
		j.Outcome, j.Reason, j.Lacks = OutcomeFailed, ReasonExtract, lacks
	case j.Outcome == OutcomeFailed && j.Reason == "":
		j.Reason = ReasonStatus
	}
	return j
}

func (s *Step) outcomeOf(u *User, a *transport.Answer, values *ValueReader, failed bool) int {
	if failed {
		return OutcomeFailed
	}
	for _, o := range s.outcomes {
		if o.when.holds(u, a, values) {
			return o.number
		}
	}
	if len(s.checks) == 0 && a.Status >= 400 {
		return OutcomeFailed
	}
	return OutcomeOK
}

// Order returns the order that a buyer was told of by an answer that placed one. An order without a number is one too.
func (s *Step) Order(u *User, j Judgement) record.Order {
	var id []byte
	if !j.nameless {
		id, _ = s.orderID.Append(nil, &u.User)
	}
	user, _ := s.userID.Append(nil, &u.User)
	sku, _ := s.sku.Append(nil, &u.User)
	return record.Order{ID: string(id), User: string(user), SKU: string(sku), Quantity: 1, Step: s.Name}
}
