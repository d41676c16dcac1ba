package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"fsctl/loadgen"
	"fsctl/loadgen/fleet"
	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/record"
	"fsctl/plan"
	"fsctl/scenarios"
)

// Exit codes that do not come from a verdict; docs/verdict.md has all of them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 104
	exitInterrupted = 105
	exitInfeasible  = 114
)

// usageError is a command line that means nothing.
type usageError struct {
	error
	command string // whose it is, empty for fsctl's own
}

func usagef(format string, args ...any) error { return &usageError{error: fmt.Errorf(format, args...)} }

// ofCommand notes whose command line it was that means nothing.
func ofCommand(c *cobra.Command, err error) error {
	if usage, ok := errors.AsType[*usageError](err); ok && c != nil && c.HasParent() {
		usage.command = strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
	}
	return err
}

func (e *usageError) Unwrap() error { return e.error }

// verdictError carries the exit code of a verdict, which has been printed.
type verdictError struct{ code int }

func (e *verdictError) Error() string { return fmt.Sprintf("verdict: exit code %d", e.code) }

// interruptedError is a command that the user stopped before it had anything to report.
type interruptedError struct{ error }

func (e *interruptedError) Unwrap() error { return e.error }

// interrupted returns the error of a command as that of the user's stopping it, where it is.
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

// hinted is an error with what can be done about it.
type hinted struct {
	error
	hint string
}

func (e *hinted) Unwrap() error { return e.error }

// errorPrefix begins the line that says why a command failed.
const errorPrefix = "fsctl: error: "

// fail prints an error with its hint, once, and returns the exit code.
func fail(w io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	if verdict, ok := errors.AsType[*verdictError](err); ok {
		return verdict.code
	}
	fmt.Fprintf(w, errorPrefix+"%s\n", strings.ReplaceAll(err.Error(), "\n", "\n  "))
	if hint := hintOf(err); hint != "" {
		fmt.Fprintf(w, "fsctl: hint: %s\n", hint)
	}
	return exitCode(err)
}

func exitCode(err error) int {
	if _, ok := errors.AsType[*interruptedError](err); ok {
		return exitInterrupted
	}
	_, usage := errors.AsType[*usageError](err)
	_, scenario := errors.AsType[*scenarios.Error](err)
	_, unknown := errors.AsType[*scenarios.UnknownError](err)
	_, input := errors.AsType[*loadgen.InputError](err)
	_, planned := errors.AsType[*plan.InputError](err)
	_, exists := errors.AsType[*record.ExistsError](err)
	_, linked := errors.AsType[*bus.InputError](err)
	if _, ok := errors.AsType[*infeasibleError](err); ok {
		return exitInfeasible
	}
	if usage || scenario || unknown || input || planned || exists || linked {
		return exitUsage
	}
	return exitFailed
}

func hintOf(err error) string {
	if h, ok := errors.AsType[*hinted](err); ok {
		return h.hint
	}
	if input, ok := errors.AsType[*loadgen.InputError](err); ok {
		return input.Hint
	}
	if input, ok := errors.AsType[*bus.InputError](err); ok {
		return input.Hint
	}
	if connect, ok := errors.AsType[*bus.ConnectError](err); ok {
		return connect.Hint
	}
	if _, ok := errors.AsType[*scenarios.UnknownError](err); ok {
		return "see them with: fsctl scenarios list"
	}
	if _, ok := errors.AsType[*scenarios.Error](err); ok {
		return "an example of every field: fsctl scenarios show taobao-double11; the schema for your editor: fsctl scenarios schema"
	}
	if _, ok := errors.AsType[*record.ExistsError](err); ok {
		return "choose another directory with --run"
	}
	if refused, ok := errors.AsType[*fleet.RefusedError](err); ok {
		return refused.Hint
	}
	if usage, ok := errors.AsType[*usageError](err); ok {
		return "see: " + strings.TrimSpace("fsctl "+usage.command) + " --help"
	}
	return ""
}
