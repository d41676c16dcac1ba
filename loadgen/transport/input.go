package transport

import "fmt"

// InputError is something in the user's input that keeps a run from starting. It stands here because every package
// of loadgen imports this one.
type InputError struct {
	Message string
	Hint    string // what can be done; may be empty
}

// Error returns the message, without the hint.
func (e *InputError) Error() string { return e.Message }

// InputErrorf returns an *InputError, whose message is made as fmt.Sprintf makes it. hint may be empty.
func InputErrorf(hint, format string, args ...any) error {
	return &InputError{fmt.Sprintf(format, args...), hint}
}
