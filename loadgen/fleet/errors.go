package fleet

import (
	"errors"

	"fsctl/loadgen"
	"fsctl/loadgen/transport"
)

// RefusedError is of a storm that an agent may not or does not want to take part in, or that cannot begin.
type RefusedError struct {
	Reason string
	Hint   string // what can be done; may be empty
}

// Error returns the reason, without the hint.
func (e *RefusedError) Error() string { return e.Reason }

// UnsealedError says that no coordinator has confirmed that what was measured is on record.
type UnsealedError struct {
	Dir     string
	Cut     bool // not all of its share was sent
	Stopped bool // by the user
}

// Error says whether all was sent, and where the measurements are.
func (e *UnsealedError) Error() string {
	what := "all was sent, but"
	if e.Cut {
		what = "stopped before all was sent, and"
	}
	return what + " no coordinator has confirmed that it is on record: the measurements stay in " + e.Dir
}

// calledOffError is of a storm that does not begin.
type calledOffError struct{ reason string }

func (e *calledOffError) Error() string { return "the storm was called off: " + e.reason }

// explain returns what is wrong, and what can be done about it; that may be empty.
func explain(err error) (problem, hint string) {
	if idle, ok := errors.AsType[*loadgen.NotStartedError](err); ok {
		return idle.Err.Error(), idle.Hint
	}
	if input, ok := errors.AsType[*transport.InputError](err); ok {
		return err.Error(), input.Hint
	}
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		return err.Error(), refused.Hint
	}
	return err.Error(), ""
}

// notStarted says of an error that it kept the storm from starting.
func notStarted(err error) error {
	if _, ok := errors.AsType[*loadgen.NotStartedError](err); ok || err == nil {
		return err
	}
	_, hint := explain(err)
	return &loadgen.NotStartedError{Err: err, Hint: hint}
}
