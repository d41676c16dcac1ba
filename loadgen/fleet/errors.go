package fleet

import (
	"errors"
	"strings"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/local"
	"fsctl/loadgen/preflight"
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
	if idle, ok := errors.AsType[*preflight.NotStartedError](err); ok {
		return idle.Problem(), idle.Hint()
	}
	if input, ok := errors.AsType[*transport.InputError](err); ok {
		return err.Error(), input.Hint
	}
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		return err.Error(), refused.Hint
	}
	if ended, ok := errors.AsType[*local.EndedError](err); ok {
		return err.Error(), ended.Hint
	}
	if connect, ok := errors.AsType[*bus.ConnectError](err); ok {
		return err.Error(), connect.Hint
	}
	return err.Error(), ""
}

// notStarted says of an error that it kept the storm from starting, unless it says so itself, or that the user gave something
// that cannot be.
func notStarted(err error) error {
	_, said := errors.AsType[*preflight.NotStartedError](err)
	_, given := errors.AsType[*bus.InputError](err)
	if said || given || err == nil {
		return err
	}
	_, hint := explain(err)
	if ended, ok := errors.AsType[*local.EndedError](err); ok {
		ended.Reason = strings.TrimPrefix(ended.Reason, "not started: ") // the same is said of the storm
	}
	return preflight.NotStarted(err, hint)
}
