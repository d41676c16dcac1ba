package preflight

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"fsctl/scenarios/quantity"
)

// NotStartedError is a storm that did not begin, with every reason: nothing was sent.
type NotStartedError struct {
	Reasons []Reason // one or more
}

// Reason is something that kept a storm from beginning.
type Reason struct {
	Err  error
	Hint string // what the user can do about it; may be empty
}

// NotStarted returns a *NotStartedError of one reason. hint may be empty.
func NotStarted(err error, hint string) error {
	return &NotStartedError{[]Reason{{err, hint}}}
}

// Join returns a *NotStartedError of all reasons, and of those of err where it is one; nil where there are none. An err of
// another kind is returned as it is, since it says more than that something could not be reached.
func Join(reasons []Reason, err error) error {
	if more, ok := errors.AsType[*NotStartedError](err); ok {
		reasons = append(slices.Clip(reasons), more.Reasons...)
	} else if err != nil {
		return err
	}
	if len(reasons) == 0 {
		return nil
	}
	return &NotStartedError{reasons}
}

// Error lists the reasons, each in a line of its own where there are several.
func (e *NotStartedError) Error() string {
	if len(e.Reasons) == 1 {
		return "not started: " + e.Reasons[0].Err.Error()
	}
	text := fmt.Sprintf("not started, for %s:", quantity.Of(len(e.Reasons), "reason"))
	for _, r := range e.Reasons {
		text += "\n" + r.Err.Error()
	}
	return text
}

// Unwrap returns what is wrong.
func (e *NotStartedError) Unwrap() (all []error) {
	for _, r := range e.Reasons {
		all = append(all, r.Err)
	}
	return all
}

// Hint says what can be done about the reasons, each hint once; it may be empty.
func (e *NotStartedError) Hint() string {
	var hints []string
	for _, r := range e.Reasons {
		if r.Hint != "" && !slices.Contains(hints, r.Hint) {
			hints = append(hints, r.Hint)
		}
	}
	return strings.Join(hints, "; ")
}

// Problem says what is wrong in one line, without saying that the storm did not begin.
func (e *NotStartedError) Problem() string {
	var all []string
	for _, r := range e.Reasons {
		all = append(all, r.Err.Error())
	}
	return strings.Join(all, "; ")
}
