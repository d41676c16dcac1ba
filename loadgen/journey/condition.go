package journey

import (
	"bytes"
	"slices"
	"strconv"

	"fsctl/loadgen/transport"
	"fsctl/scenarios"
)

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

// holdsFor tests a condition that needs no answer beyond its status. A nil one never holds, nor does
// one on the status of a user who has no answer, be it the first or one that did not come.
func (c *condition) holdsFor(u *User) bool {
	return c != nil && (c.value != nil || u.status != 0) && c.holds(u, &transport.Answer{Status: int(u.status)})
}

func (c *condition) holds(u *User, a *transport.Answer) bool {
	word := a.Body
	switch {
	case c.value != nil:
		var ok bool
		if word, ok = c.value.of(u); !ok {
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
