package journey

import (
	"strconv"

	"fsctl/loadgen/transport"
	"fsctl/scenarios/condition"
	"fsctl/scenarios/plaintext"
)

// boundCondition is a test of an answer and of the user's variables.
type boundCondition struct {
	condition.Condition
	value    *variable // nil for status and body
	statuses []bool    // by status, whether the condition holds; nil for any other subject
}

// mostStatus is the largest status that an answer can have.
const mostStatus = 999

func (c *compiler) condition(when string) (*boundCondition, error) {
	parsed, err := condition.Parse(when)
	if err != nil {
		return nil, err
	}
	compiled := &boundCondition{Condition: parsed}
	switch parsed.Subject {
	case condition.Body:
	case condition.Status:
		for status := range int64(mostStatus + 1) {
			compiled.statuses = append(compiled.statuses, parsed.Holds(strconv.AppendInt(nil, status, 10)))
		}
	default:
		compiled.value, err = c.variable(parsed.Subject)
	}
	return compiled, err
}

// holdsFor tests a condition that needs no answer beyond its status. A nil one never holds, nor does
// one on the status of a user who has no answer, be it the first or one that did not come.
func (c *boundCondition) holdsFor(u *User) bool {
	return c != nil && (c.value != nil || u.status != 0) && c.holds(u, &transport.Answer{Status: int(u.status)})
}

func (c *boundCondition) holds(u *User, a *transport.Answer) bool {
	switch {
	case c.statuses != nil:
		return a.Status >= 0 && a.Status <= mostStatus && c.statuses[a.Status]
	case c.value == nil:
		return c.Holds(plaintext.Trim(a.Body))
	}
	word, ok := c.value.of(u)
	return ok && c.Holds(word)
}
