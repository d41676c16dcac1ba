package loadgen

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
)

// step is a scenario's step, compiled: how to write its request and how to read its answer.
type step struct {
	index     int // in the scenario
	name      string
	method    string
	url, body text
	headers   []header
	timeout   time.Duration
	redirects int
	wantBody  bool
	wantHead  []string // names of header fields
	slots     int      // extracted variables of the scenario
	needs     []int    // slots that the request takes values from

	extracts []extract
	checks   []*condition
	outcomes []outcome
	names    []string // of outcomes: ok, failed, error, then the scenario's

	placed  int       // outcome that tells a buyer of an order, -1 for none
	orderID *variable // its number
	userID  *variable
}

// Outcomes that every step has, by number.
const (
	outcomeOK = iota
	outcomeFailed
	outcomeError
	firstNamed
)

type header struct {
	name  string
	value text
}

type outcome struct {
	number int
	when   *condition
}

// condition is a test of an answer and of the user's variables.
type condition struct {
	scenarios.Condition
	value *variable // nil for status and body
	part  []byte    // that the operator contains looks for
}

func (c *compiler) condition(when string) (*condition, error) {
	parsed, err := scenarios.ParseCondition(when)
	if err != nil {
		return nil, err
	}
	compiled := &condition{Condition: parsed}
	if len(parsed.Values) > 0 {
		compiled.part = []byte(parsed.Values[0])
	}
	if parsed.Subject != scenarios.StatusSubject && parsed.Subject != scenarios.BodySubject {
		compiled.value, err = c.variable(parsed.Subject)
	}
	return compiled, err
}

func (c *compiler) step(index int, s *scenarios.Step) (*step, error) {
	v := &step{index: index, name: s.Name, method: s.Request.Method, timeout: s.Request.Timeout, redirects: *s.Request.Redirects,
		names: []string{record.OutcomeOK, record.OutcomeFailed, record.OutcomeError}, placed: -1, slots: len(c.slots)}
	var err error
	fail := func(what string) (*step, error) { return nil, fmt.Errorf("step %s: %s: %w", s.Name, what, err) }
	if v.url, err = c.text(s.Request.URL, escapeURL); err != nil {
		return fail("url")
	}
	body, mode := s.Request.Body, escapeNone
	if s.Request.JSON != "" {
		body, mode = string(s.Request.JSON), escapeJSON
		v.headers = append(v.headers, header{"Content-Type", text{pieces: []piece{{literal: "application/json"}}}})
	}
	if v.body, err = c.text(body, mode); err != nil {
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
		parsed, err := scenarios.ParseExtract(s.Extract[name])
		if err != nil {
			return nil, fmt.Errorf("step %s: extract %s: %w", s.Name, name, err)
		}
		e := newExtract(parsed, c.slots[name])
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
func (c *compiler) judgements(v *step, s *scenarios.Step) error {
	for _, when := range s.Check {
		check, err := c.condition(when)
		if err != nil {
			return fmt.Errorf("step %s: check: %w", s.Name, err)
		}
		v.checks = append(v.checks, check)
		v.wantBody = v.wantBody || check.Subject == scenarios.BodySubject
	}
	for _, o := range s.Outcome {
		when, err := c.condition(o.When)
		if err != nil {
			return fmt.Errorf("step %s: outcome %s: %w", s.Name, o.Name, err)
		}
		v.wantBody = v.wantBody || when.Subject == scenarios.BodySubject
		v.outcomes = append(v.outcomes, outcome{len(v.names), when})
		if l := c.scenario.Ledger; l != nil && s.Transaction && o.Name == l.Outcome {
			if v.orderID, err = c.variable(l.OrderID); err != nil {
				return err
			}
			if v.userID, err = c.variable("user.id"); err != nil {
				return err
			}
			v.placed = len(v.names)
		}
		v.names = append(v.names, o.Name)
	}
	return nil
}

// findNeeds lists the slots that must hold a value before the request can be written.
func (s *step) findNeeds() {
	texts := []text{s.url, s.body}
	for _, h := range s.headers {
		texts = append(texts, h.value)
	}
	for _, t := range texts {
		for _, p := range t.pieces {
			if p.variable != nil && p.variable.source == fromAnswer && !slices.Contains(s.needs, p.variable.slot) {
				s.needs = append(s.needs, p.variable.slot)
			}
		}
	}
}

// canSend tells whether a user has every variable that the request needs.
func (s *step) canSend(u *user) bool {
	for _, slot := range s.needs {
		if u.values == nil || len(u.values[slot]) == 0 {
			return false
		}
	}
	return true
}

// render writes the request for a user; r's buffers are reused.
func (s *step) render(r *transport.Request, items *items, u *user) {
	r.Method, r.Timeout, r.Redirects, r.WantBody = s.method, s.timeout, s.redirects, s.wantBody
	r.WantHeader = s.wantHead
	r.URL, _ = s.url.append(r.URL[:0], items, u)
	r.Body, _ = s.body.append(r.Body[:0], items, u)
	r.Header = slices.Grow(r.Header[:0], len(s.headers))[:len(s.headers)]
	for i := range s.headers {
		f := &r.Header[i]
		f.Name = s.headers[i].name
		f.Value, _ = s.headers[i].value.append(f.Value[:0], items, u)
	}
}

// judgement is what became of a request.
type judgement struct {
	outcome        int
	passed, failed uint64 // checks
	nameless       bool   // the order's number should have been in the answer, and was not
}

// judge reads an answer: it extracts the user's variables, then tells the outcome and the checks.
func (s *step) judge(u *user, a *transport.Answer, values *valueReader) judgement {
	u.status = int32(a.Status)
	if a.Err != nil {
		return judgement{outcome: outcomeError, failed: uint64(len(s.checks))}
	}
	if u.values == nil && len(s.extracts) > 0 {
		u.values = make([][]byte, s.slots)
	}
	var j judgement
	for i := range s.extracts {
		e := &s.extracts[i]
		if !e.from(a, u, values) && s.placed >= 0 && s.orderID.slot == e.slot {
			j.nameless = true
		}
	}
	for _, c := range s.checks {
		if c.holds(u, a) {
			j.passed++
		} else {
			j.failed++
		}
	}
	j.outcome = s.outcomeOf(u, a, j.failed > 0)
	return j
}

func (s *step) outcomeOf(u *user, a *transport.Answer, failed bool) int {
	if failed {
		return outcomeFailed
	}
	for _, o := range s.outcomes {
		if o.when.holds(u, a) {
			return o.number
		}
	}
	if len(s.checks) == 0 && a.Status >= 400 {
		return outcomeFailed
	}
	return outcomeOK
}

// holdsFor tests a condition that needs no answer beyond its status. A nil one never holds, nor does
// one on the status of a user who has no answer, be it the first or one that did not come.
func (c *condition) holdsFor(u *user) bool {
	return c != nil && (c.value != nil || u.status != 0) && c.holds(u, &transport.Answer{Status: int(u.status)})
}

func (c *condition) holds(u *user, a *transport.Answer) bool {
	word := a.Body
	switch {
	case c.value != nil:
		var ok bool
		if word, ok = c.value.of(noItems, u); !ok {
			return false
		}
	case c.Subject != scenarios.BodySubject:
		return c.number(float64(a.Status), nil)
	}
	if c.Numbers != nil {
		if f, err := strconv.ParseFloat(string(word), 64); err == nil {
			return c.number(f, word)
		}
	}
	return c.text(word)
}

// noItems stands in where no template can ask for an item.
var noItems = &items{count: 1}

// number tests a number; word is its text, nil for that of a whole number.
func (c *condition) number(f float64, word []byte) bool {
	switch c.Operator {
	case "<":
		return f < c.Numbers[0]
	case "<=":
		return f <= c.Numbers[0]
	case ">":
		return f > c.Numbers[0]
	case ">=":
		return f >= c.Numbers[0]
	case "in", "==":
		return slices.Contains(c.Numbers, f)
	case "not in", "!=":
		return !slices.Contains(c.Numbers, f)
	}
	if word == nil {
		word = strconv.AppendInt(nil, int64(f), 10)
	}
	return c.text(word)
}

func (c *condition) text(word []byte) bool {
	switch c.Operator {
	case "in", "==":
		return slices.ContainsFunc(c.Values, func(v string) bool { return v == string(word) })
	case "not in", "!=":
		return !slices.ContainsFunc(c.Values, func(v string) bool { return v == string(word) })
	case "contains":
		return bytes.Contains(word, c.part)
	case "matches":
		return c.Pattern.Match(word)
	}
	return false
}
