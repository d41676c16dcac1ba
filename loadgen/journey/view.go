package journey

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/theory/jsonpath"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/redact"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/expression"
	"fsctl/scenarios/plaintext"
)

// reference is a variable of an expression.
type reference struct {
	*compose.Variable        // nil for one of the environment
	text              []byte // its value then
}

// scope says what the names of an expression stand for where it is; see expression.Names.
type scope struct {
	compiler *compiler
	step     *Step            // whose answer is tested; nil between requests
	outcomes map[string]int32 // that the expression may speak of, by name; nil for none

	names      []string // of references
	references []reference
	err        error // of a variable
}

// Variable returns the slot of a reference.
func (s *scope) Variable(name string) (slot int, ok bool) {
	if i := slices.Index(s.names, name); i >= 0 {
		return i, true
	}
	var o reference
	if variable, isEnvironment := scenarios.EnvironmentVariable(name); isEnvironment {
		text, err := s.compiler.requests.Environment(variable)
		if err != nil && s.err == nil {
			s.err = err
		}
		o.text = []byte(text)
	} else {
		v, err := s.compiler.requests.Variable(name)
		if err != nil {
			return 0, false
		}
		o.Variable = v
	}
	s.names, s.references = append(s.names, name), append(s.references, o)
	return len(s.names) - 1, true
}

// Outcome returns the number of an outcome over all steps.
func (s *scope) Outcome(name string) (slot int, ok bool) {
	id, ok := s.outcomes[name]
	return int(id), ok
}

// Header returns the slot of a header field that the step keeps.
func (s *scope) Header(name string) (slot int) {
	if s.step == nil {
		return 0
	}
	name = http.CanonicalHeaderKey(name)
	if i := slices.Index(s.step.fields, name); i >= 0 {
		return i
	}
	s.step.fields = append(s.step.fields, name)
	return len(s.step.fields) - 1
}

// JSON returns the slot of a path that the step reads. It fails for one that is not well-formed by RFC 9535.
func (s *scope) JSON(path string) (slot int, err error) {
	parsed, err := jsonpath.Parse(path)
	if err != nil || s.step == nil {
		return 0, err
	}
	for i := range s.step.paths {
		if s.step.paths[i].Name == path {
			return i, nil
		}
	}
	s.step.paths = append(s.step.paths, newExtract(scenarios.Extract{From: "json", Name: path, Path: parsed}, 0))
	return len(s.step.paths) - 1, nil
}

// Known lists the variables and outcomes.
func (s *scope) Known() []string {
	return slices.Concat(s.compiler.requests.Variables, slices.Sorted(maps.Keys(s.outcomes)))
}

// bind returns the condition of an expression that was compiled in the scope.
func (s *scope) bind(test *expression.Test) (*boundCondition, error) {
	c := &boundCondition{test: test, references: s.references}
	for _, use := range test.Uses() {
		switch use.Source {
		case expression.Body, expression.Size, expression.Header, expression.JSON:
			if s.step == nil {
				return nil, needsAnswer(test.String(), use)
			}
			if use.Source == expression.Header {
				s.step.wantHead = append(s.step.wantHead, http.CanonicalHeaderKey(use.Text))
			}
		}
		c.ofAnswer = c.ofAnswer || use.Source == expression.Status || use.Source == expression.Duration || use.Source == expression.Outcome
		c.ofSecret = c.ofSecret || isSecretUse(use)
	}
	return c, nil
}

// needsAnswer is the error of an expression that reads an answer where none is at hand.
func needsAnswer(text string, use expression.Use) error {
	name := map[expression.Source]string{expression.Body: "the body", expression.Size: "the size", expression.Header: "header." + use.Text, expression.JSON: "json:" + use.Text}[use.Source]
	return transport.InputErrorf("extract what you look for into a variable, such as: extract: {state: \"json:$.state\"}, and test that",
		"found %s in %q, wanted status, duration, an outcome or a variable: a user does not keep answers", name, text)
}

// isSecretUse reports whether a field or JSON value is a secret by its name.
func isSecretUse(use expression.Use) bool {
	switch use.Source {
	case expression.Header:
		const mark = "QxValueQx"
		return !strings.Contains(redact.New().Header(use.Text, mark), mark)
	case expression.JSON:
		name := strings.TrimRight(use.Text, `"']`)
		return redact.IsSecretName(name[strings.LastIndexAny(name, `."'[$`)+1:])
	}
	return false
}

// view is an answer and its user as an expression reads them. Its memory is used again.
type view struct {
	condition *boundCondition
	user      *User
	answer    *transport.Answer // nil between requests
	reader    *ValueReader
	step      *Step
	scratch   [][]byte // values of references that are made, by slot
	json      []selection
}

// selection is what a path of the step selects in the answer, once it was asked for.
type selection struct {
	value       []byte
	isRead, has bool
}

// views are those of tests between requests.
var views = sync.Pool{New: func() any { return &view{} }}

// begin makes the view ready for an answer to a step's request.
func (v *view) begin(s *Step, reader *ValueReader) {
	v.step, v.reader = s, reader
	v.json = slices.Grow(v.json[:0], len(s.paths))[:len(s.paths)]
	for i := range v.json {
		v.json[i].isRead = false
	}
}

// holds tests an expression.
func (v *view) holds(c *boundCondition, u *User, a *transport.Answer) bool {
	v.condition, v.user, v.answer = c, u, a
	for len(v.scratch) < len(c.references) {
		v.scratch = append(v.scratch, nil)
	}
	holds := c.test.Holds(v)
	v.condition, v.user, v.answer = nil, nil, nil
	return holds
}

// Status returns that of the answer, 0 where none came.
func (v *view) Status() int {
	if v.answer == nil {
		return int(v.user.status)
	}
	return v.answer.Status
}

// Duration returns the time from sending to the last byte.
func (v *view) Duration() time.Duration {
	if v.answer == nil {
		return time.Duration(v.user.took) * time.Microsecond
	}
	return max(v.answer.Took, 0)
}

// Size returns the bytes of the body as it was sent.
func (v *view) Size() int64 { return int64(v.answer.BytesIn) }

// Body returns the body without blanks around it.
func (v *view) Body() []byte { return plaintext.Trim(v.answer.Body) }

// Header returns the first value of a field; slot is from 0.
func (v *view) Header(slot int) (value []byte, ok bool) {
	name := v.step.fields[slot]
	for i := range v.answer.Header {
		if v.answer.Header[i].Name == name {
			return v.answer.Header[i].Value, true
		}
	}
	return nil, false
}

// JSON returns what a path selects first; slot is from 0. It is read once an answer.
func (v *view) JSON(slot int) (value []byte, ok bool) {
	s := &v.json[slot]
	if !s.isRead {
		value, has := v.step.paths[slot].find(v.answer, v.reader)
		s.value, s.has, s.isRead = append(s.value[:0], value...), has, true
	}
	return s.value, s.has
}

// Variable returns the value of a reference; slot is from 0.
func (v *view) Variable(slot int) (value []byte, ok bool) {
	o := &v.condition.references[slot]
	switch {
	case o.Variable == nil:
		return o.text, len(o.text) > 0
	case o.Register() >= 0:
		return o.Of(&v.user.User)
	}
	v.scratch[slot], ok = o.Append(v.scratch[slot][:0], &v.user.User)
	return v.scratch[slot], ok
}

// Outcome reports whether the last answer had an outcome; slot is its number, from 1.
func (v *view) Outcome(slot int) bool { return int(v.user.outcome()) == slot }

// explainExpression says why an expression does not hold for an answer. What is a secret by its name is left out, and so is a value that was cut
// short, which could not be found to be one.
func (c *boundCondition) explainExpression(u *User, a *transport.Answer, s *Step) string {
	reader := &ValueReader{}
	v := &reader.view
	v.begin(s, reader)
	if c.ofSecret {
		return "another value"
	}
	v.holds(c, u, a) // makes room for references
	v.condition, v.user, v.answer = c, u, a
	text := c.test.Explain(v)
	for _, use := range c.test.Uses() {
		var value []byte
		switch use.Source {
		case expression.Variable:
			value, _ = v.Variable(use.Slot)
		case expression.JSON:
			value, _ = v.JSON(use.Slot)
		case expression.Header:
			value, _ = v.Header(use.Slot)
		default:
			continue
		}
		if whole, start := string(value), string(value[:min(len(value), 8)]); len(whole) > 8 && strings.Contains(text, start) && !strings.Contains(text, whole) {
			return "another value"
		}
	}
	return text
}
