package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"fsctl/loadgen/fleet"
	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/preflight"
	"fsctl/loadgen/record"
	"fsctl/loadgen/record/seal"
	"fsctl/loadgen/transport"
	"fsctl/plan/model"
	"fsctl/report"
	"fsctl/report/exitcode"
	"fsctl/scenarios"
	"fsctl/scenarios/inputfile"
	"fsctl/scenarios/strict"
)

// usageError is wrong usage: an impossible command line or configuration.
type usageError struct {
	error
	command string // whose flags or arguments are wrong, empty for fsctl itself
}

func usagef(format string, args ...any) error { return &usageError{error: fmt.Errorf(format, args...)} }

// ofCommand notes in an error of usage which command was called, for the hint.
func ofCommand(c *cobra.Command, err error) error {
	if usage, ok := errors.AsType[*usageError](err); ok && c != nil && c.HasParent() {
		usage.command = strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
	}
	return err
}

func (e *usageError) Unwrap() error { return e.error }

// verdictError carries the exit code of a verdict that has been printed, and what failed beside it, which does not hide the code.
type verdictError struct {
	code   int
	beside error // such as an output that could not be written; nil for nothing
}

func (e *verdictError) Error() string { return fmt.Sprintf("verdict: exit code %d", e.code) }

// judged returns the error of a verdict, and of what failed beside it. With ignore, the verdict's code is not one.
func judged(code int, ignore bool, beside error) error {
	if code == exitcode.Done || ignore {
		return beside
	}
	return &verdictError{code, beside}
}

// interruptedError is a command that the user stopped before it had anything to report.
type interruptedError struct{ error }

func (e *interruptedError) Unwrap() error { return e.error }

// interrupted marks the error of a command as an interruption where the user's Ctrl-C caused it.
func interrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	unsealed, ok := errors.AsType[*fleet.UnsealedError](err)
	if ok && unsealed.Stopped {
		return &interruptedError{err}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx)) {
		return &interruptedError{errors.New("stopped before there was anything to report")}
	}
	return err
}

// hinted is an error with a hint, what the user can do about it.
type hinted struct {
	error
	hint string
}

func (e *hinted) Unwrap() error { return e.error }

// The beginnings of the lines that say why a command failed, and what can be done about it.
const (
	errorPrefix = "fsctl: error: "
	hintPrefix  = "fsctl: hint: "
)

// fail prints an error with its hint, once, and returns the exit code.
func fail(w io.Writer, err error) int {
	if err == nil {
		return exitcode.Done
	}
	if verdict, ok := errors.AsType[*verdictError](err); ok {
		fail(w, verdict.beside)
		return verdict.code
	}
	fmt.Fprintf(w, errorPrefix+"%s\n", strings.ReplaceAll(err.Error(), "\n", "\n  "))
	if hint := hintOf(err); hint != "" {
		fmt.Fprintf(w, hintPrefix+"%s\n", hint)
	}
	return exitCode(err)
}

func exitCode(err error) int {
	if _, ok := errors.AsType[*interruptedError](err); ok {
		return exitcode.Interrupted
	}
	_, usage := errors.AsType[*usageError](err)
	_, scenario := errors.AsType[*strict.Error](err)
	_, unknown := errors.AsType[*scenarios.UnknownError](err)
	_, input := errors.AsType[*transport.InputError](err)
	_, planned := errors.AsType[*model.InputError](err)
	_, exists := errors.AsType[*record.ExistsError](err)
	_, twice := errors.AsType[*report.SameFileError](err)
	_, linked := errors.AsType[*bus.InputError](err)
	_, file := errors.AsType[*inputfile.Error](err)
	if _, ok := errors.AsType[*infeasibleError](err); ok {
		return exitcode.Infeasible
	}
	if _, ok := errors.AsType[*preflight.NotStartedError](err); ok {
		return exitcode.NotStarted
	}
	if usage || scenario || unknown || input || planned || exists || twice || linked || file {
		return exitcode.Usage
	}
	return exitcode.Failed
}

func hintOf(err error) string {
	if h, ok := errors.AsType[*hinted](err); ok {
		return h.hint
	}
	if input, ok := errors.AsType[*transport.InputError](err); ok {
		return input.Hint
	}
	if input, ok := errors.AsType[*bus.InputError](err); ok {
		return input.Hint
	}
	if idle, ok := errors.AsType[*preflight.NotStartedError](err); ok {
		return idle.Hint()
	}
	if connect, ok := errors.AsType[*bus.ConnectError](err); ok {
		return connect.Hint
	}
	if _, ok := errors.AsType[*scenarios.UnknownError](err); ok {
		return "see them with: fsctl scenarios list"
	}
	if invalid, ok := errors.AsType[*strict.Error](err); ok {
		if invalid.Hint != "" {
			return invalid.Hint
		}
		return "an example of every field: fsctl scenarios show taobao-double11; the schema for your editor: fsctl scenarios schema"
	}
	if _, ok := errors.AsType[*record.ExistsError](err); ok {
		return "choose another directory with --run"
	}
	if _, ok := errors.AsType[*inputfile.Error](err); ok {
		return "name a regular file; the sizes that files may have: docs/scenario.md"
	}
	if other, ok := errors.AsType[*record.FormatError](err); ok {
		return other.Kind.Hint
	}
	if refused, ok := errors.AsType[*fleet.RefusedError](err); ok {
		return refused.Hint
	}
	if damage, ok := errors.AsType[*seal.DamageError](err); ok {
		return damage.Advice()
	}
	if usage, ok := errors.AsType[*usageError](err); ok {
		return "see: " + strings.TrimSpace("fsctl "+usage.command) + " --help"
	}
	return ""
}
