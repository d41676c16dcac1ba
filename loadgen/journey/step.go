package journey

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/condition"
)

// Step is a scenario's step, compiled: how to write its request and how to read its answer.
type Step struct {
	Index    int // in the scenario
	Name     string
	Outcomes []string // by number: ok, failed, error, then the scenario's

	method    string
	url, body text
	shownURL  text // without secrets
	headers   []header
	timeout   time.Duration
	redirects int
	wantBody  bool
	wantHead  []string // names of header fields
	registers int      // extracted variables of the scenario
	needs     []int    // registers that the request takes values from

	extracts     []extract
	checks       []*boundCondition
	checkReasons []string // why a request failed, by check
	outcomes     []outcome
	confirms     int // outcome that confirms an order, -1 for none
	placed       int // the same where the orders are kept for the ledger
	items        *items
	orderID      *variable // its number
	userID       *variable
	secrets      []*variable // fields of feeders that are secrets by their names
	secretTexts  []string    // values of the environment, and literal ones that may be secrets
}

// Outcomes that every step has, by number.
const (
	OutcomeOK = iota
	OutcomeFailed
	OutcomeError
	firstNamed
)

type header struct {
	name  string
	value text
}

type outcome struct {
	number int
	when   *boundCondition
}

func (c *compiler) step(index int, s *scenarios.Step) (*Step, error) {
	v := &Step{Index: index, Name: s.Name, Outcomes: []string{record.OutcomeOK, record.OutcomeFailed, record.OutcomeError},
		method: s.Request.Method, timeout: s.Request.Timeout, redirects: *s.Request.Redirects, confirms: -1, placed: -1, items: c.items, registers: len(c.registers), secrets: c.secrets(), secretTexts: c.secretTexts}
	var err error
	fail := func(what string) (*Step, error) { return nil, fmt.Errorf("step %s: %s: %w", s.Name, what, err) }
	if v.url, err = c.text(s.Request.URL, escapeURL); err != nil {
		return fail("url")
	}
	v.shownURL = v.withoutSecrets(&v.url)
	if s.Request.JSON != "" {
		v.headers = append(v.headers, header{"Content-Type", text{pieces: []piece{{literal: "application/json"}}}})
	}
	if v.body, err = c.body(&s.Request); err != nil {
		return fail("body")
	}
	for _, name := range sorted(s.Request.Headers) {
		value, err := c.text(s.Request.Headers[name], escapeHeader)
		if err != nil {
			return nil, fmt.Errorf("step %s: header %s: %w", s.Name, name, err)
		}
		v.headers = slices.DeleteFunc(v.headers, func(h header) bool { return strings.EqualFold(h.name, name) })
		v.headers = append(v.headers, header{http.CanonicalHeaderKey(name), value})
	}
	for _, name := range sorted(s.Extract) {
		parsed, err := scenarios.ParseExtract(s.Extract[name].From)
		if err != nil {
			return nil, fmt.Errorf("step %s: extract %s: %w", s.Name, name, err)
		}
		e := newExtract(parsed, c.registers[name])
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
	slices.Sort(v.wantHead)
	v.wantHead = slices.Compact(v.wantHead)
	v.findNeeds()
	return v, c.judgements(v, s)
}

// judgements compiles the checks and outcomes of a step.
func (c *compiler) judgements(v *Step, s *scenarios.Step) error {
	for _, when := range s.Check {
		check, err := c.condition(when)
		if err != nil {
			return fmt.Errorf("step %s: check: %w", s.Name, err)
		}
		v.checks, v.checkReasons = append(v.checks, check), append(v.checkReasons, ReasonCheck+when)
		v.wantBody = v.wantBody || check.Subject == condition.Body
	}
	for _, o := range s.Outcome {
		when, err := c.condition(o.When)
		if err != nil {
			return fmt.Errorf("step %s: outcome %s: %w", s.Name, o.Name, err)
		}
		v.wantBody = v.wantBody || when.Subject == condition.Body
		v.outcomes = append(v.outcomes, outcome{len(v.Outcomes), when})
		l := c.scenario.Ledger
		if s.Transaction && (l == nil && o.Name == scenarios.DefaultLedgerOutcome || l != nil && o.Name == l.Outcome) {
			v.confirms = len(v.Outcomes)
		}
		if l != nil && v.confirms == len(v.Outcomes) {
			if v.orderID, err = c.variable(l.OrderID); err != nil {
				return err
			}
			if v.userID, err = c.variable("user.id"); err != nil {
				return err
			}
			v.placed = len(v.Outcomes)
		}
		v.Outcomes = append(v.Outcomes, o.Name)
	}
	return nil
}

// findNeeds lists the registers that must hold a value before the request can be written.
func (s *Step) findNeeds() {
	texts := []text{s.url, s.body}
	for _, h := range s.headers {
		texts = append(texts, h.value)
	}
	for _, t := range texts {
		for _, p := range t.pieces {
			if p.variable != nil && p.variable.source == fromAnswer && !slices.Contains(s.needs, p.variable.register) {
				s.needs = append(s.needs, p.variable.register)
			}
		}
	}
}

// lacks returns the first register that the request needs and that the user has no value in, -1 for none.
func (s *Step) lacks(u *User) int {
	for _, register := range s.needs {
		if u.values == nil || len(u.values[register]) == 0 {
			return register
		}
	}
	return -1
}

// WantsBody reports whether a check, an outcome or an extraction reads the body of the step's answers.
func (s *Step) WantsBody() bool { return s.wantBody }

// Render writes the request for a user; r's buffers are reused.
func (s *Step) Render(r *transport.Request, u *User) {
	r.Method, r.Timeout, r.Redirects, r.WantBody = s.method, s.timeout, s.redirects, s.wantBody
	r.WantHeader = s.wantHead
	r.URL, _ = s.url.append(r.URL[:0], u)
	r.Body, _ = s.body.append(r.Body[:0], u)
	r.Header = slices.Grow(r.Header[:0], len(s.headers))[:len(s.headers)]
	for i := range s.headers {
		f := &r.Header[i]
		f.Name = s.headers[i].name
		f.Value, _ = s.headers[i].value.append(f.Value[:0], u)
	}
}

// AppendShownURL appends the URL that Render writes for a user, without what was extracted, came from the environment, or is a secret by its
// name or by its place.
func (s *Step) AppendShownURL(b []byte, u *User) []byte {
	b, _ = s.shownURL.append(b, u)
	return b
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
	u.status = int32(a.Status)
	if u.values == nil && len(s.extracts) > 0 {
		u.values, u.unset = make([][]byte, s.registers), make([]cause, s.registers)
	}
	values.keep(u, s.extracts)
	var j Judgement
	if a.Err != nil {
		j = Judgement{Outcome: OutcomeError, Failed: uint64(len(s.checks)), Reason: a.Class}
		for i := range s.extracts {
			u.forget(s.extracts[i].register)
		}
	} else {
		j = s.judgeAnswer(u, a, values)
	}
	for i := range s.extracts {
		if r := s.extracts[i].register; len(u.values[r]) == 0 {
			u.unset[r] = cause{s, j.Outcome}
		}
	}
	return j
}

func (s *Step) judgeAnswer(u *User, a *transport.Answer, values *ValueReader) (j Judgement) {
	lacks := ""
	for i := range s.extracts {
		e := &s.extracts[i]
		if e.from(a, u, values) {
			continue
		}
		j.nameless = j.nameless || s.placed >= 0 && s.orderID.register == e.register
		if lacks == "" && !e.optional && !u.tests(e.register) {
			lacks = e.variable
		}
	}
	for i, c := range s.checks {
		if c.holds(u, a) {
			j.Passed++
			continue
		}
		if j.Failed++; j.Reason == "" {
			j.Reason = s.checkReasons[i]
		}
	}
	j.Outcome = s.outcomeOf(u, a, j.Failed > 0)
	j.Placed = j.Outcome == s.placed
	switch {
	case lacks != "" && a.Status/100 == 2 && (j.Outcome == OutcomeOK || j.Outcome == s.confirms):
		j.Outcome, j.Reason, j.Lacks = OutcomeFailed, ReasonExtract, lacks
	case j.Outcome == OutcomeFailed && j.Reason == "":
		j.Reason = ReasonStatus
	}
	return j
}

func (s *Step) outcomeOf(u *User, a *transport.Answer, failed bool) int {
	if failed {
		return OutcomeFailed
	}
	for _, o := range s.outcomes {
		if o.when.holds(u, a) {
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
		id, _ = s.orderID.append(nil, u)
	}
	user, _ := s.userID.append(nil, u)
	return record.Order{ID: string(id), User: string(user), SKU: string(s.items.appendSKU(nil, u.Arrival)), Quantity: 1, Step: s.Name}
}
