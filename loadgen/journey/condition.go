package journey

import (
	"strconv"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/condition"
	"fsctl/scenarios/expression"
	"fsctl/scenarios/plaintext"
)

// boundCondition is a test of an answer and of the user's variables: a simple one, or an expression.
type boundCondition struct {
	condition.Condition
	value    *compose.Variable // nil for status and body
	statuses []bool            // by status, whether the condition holds; nil for any other subject

	fixed *bool // whether a simple test of the environment holds; nil for any other

	test       *expression.Test // nil for a simple one
	references []reference      // its variables, by slot
	ofAnswer   bool             // it speaks of the last answer
	ofSecret   bool             // of a field or a JSON value that is a secret by its name
}

// mostStatus is the largest status that an answer can have.
const mostStatus = 999

// condition compiles a test of a user between requests: of variables, and of the status, duration and outcome of the last answer.
func (c *compiler) condition(when string) (*boundCondition, error) {
	return c.conditionIn(when, &scope{compiler: c, outcomes: c.outcomes})
}

// conditionIn compiles a test in a scope.
func (c *compiler) conditionIn(when string, in *scope) (*boundCondition, error) {
	parsed, err := condition.Compile(when, in)
	switch {
	case err != nil:
		return nil, err
	case in.err != nil:
		return nil, in.err
	case parsed.Expression != nil:
		return in.bind(parsed.Expression)
	}
	compiled := &boundCondition{Condition: *parsed.Simple}
	switch compiled.Subject {
	case condition.Body:
	case condition.Status:
		for status := range int64(mostStatus + 1) {
			compiled.statuses = append(compiled.statuses, compiled.Holds(strconv.AppendInt(nil, status, 10)))
		}
	default:
		if name, ok := scenarios.EnvironmentVariable(compiled.Subject); ok {
			value, err := c.requests.Environment(name)
			holds := compiled.Holds([]byte(value))
			compiled.fixed = &holds
			return compiled, err
		}
		compiled.value, err = c.requests.Variable(compiled.Subject)
	}
	return compiled, err
}

// registers returns those of the extracted variables that the condition tests.
func (c *boundCondition) registers() (list []int) {
	if c.value != nil && c.value.Register() >= 0 {
		return []int{c.value.Register()}
	}
	for _, o := range c.references {
		if o.Variable != nil && o.Register() >= 0 {
			list = append(list, o.Register())
		}
	}
	return list
}

// readsBody reports whether the condition needs the body of an answer.
func (c *boundCondition) readsBody() bool {
	if c.fixed != nil {
		return false
	}
	if c.test == nil {
		return c.Subject == condition.Body
	}
	for _, use := range c.test.Uses() {
		if use.Source == expression.Body || use.Source == expression.JSON {
			return true
		}
	}
	return false
}

// holdsFor tests a condition between requests. A nil one never holds, nor does one on the last answer of a user who has sent nothing
// yet. Where no answer came to the last request, a simple test of the status does not hold, and in an expression the status is 0.
func (c *boundCondition) holdsFor(u *User) bool {
	switch {
	case c == nil:
		return false
	case c.fixed != nil:
		return *c.fixed
	case c.test != nil:
		if c.ofAnswer && u.Last.Step == 0 {
			return false
		}
		v := views.Get().(*view)
		holds := v.holds(c, u, nil)
		views.Put(v)
		return holds
	}
	return (c.value != nil || u.status != 0) && c.holds(u, &transport.Answer{Status: int(u.status)}, nil)
}

// holds tests a condition on an answer, which values were read of.
func (c *boundCondition) holds(u *User, a *transport.Answer, values *ValueReader) bool {
	switch {
	case c.fixed != nil:
		return *c.fixed
	case c.test != nil:
		return values.view.holds(c, u, a)
	case c.statuses != nil:
		return a.Status >= 0 && a.Status <= mostStatus && c.statuses[a.Status]
	case c.value == nil:
		return c.Holds(plaintext.Trim(a.Body))
	}
	word, ok := c.value.Of(&u.User)
	return ok && c.Holds(word)
}
