// Package cmd is the command line of fsctl.
//
// Each command turns flags into options, calls a library and shows the result.
package cmd

import (
	"context"
	"io"
	"log"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"fsctl/loadgen/host"
	"fsctl/report/render"
)

// Main runs the command line of this process and returns its exit code.
//
// The first Ctrl-C, or the end of the terminal, asks the command to stop, drain, save and report; the second ends the process.
func Main() int {
	ctx, restore := untilStopped()
	defer restore()
	if err := host.Start(); err != nil {
		return fail(os.Stderr, err)
	}
	log.SetOutput(io.Discard) // net/http's remarks on hostile answers: what went wrong is in an error, a record or a count
	return Run(ctx, os.Args[1:], standardStreams())
}

// Run runs a command line and returns its exit code: 0 where it did what was asked, else one of package exitcode.
// Errors are printed once, on s.Err. When ctx ends the command stops, as for Ctrl-C.
func Run(ctx context.Context, args []string, s Streams) int {
	s = s.shown()
	defer s.flush()
	root, started := newRoot(s)
	root.SetArgs(args)
	ctx, leaving := withLeaving(ctx)
	return fail(s.Err, leaving.untilLeft(ctx, func() error {
		c, err := root.ExecuteContextC(ctx)
		if err != nil && !*started {
			err = &usageError{error: err}
		}
		return ofCommand(c, interrupted(ctx, err))
	}))
}

// New returns the command tree.
func New(s Streams) *cobra.Command {
	root, _ := newRoot(s)
	return root
}

// newRoot returns the command tree, and whether a command's own work has begun: an error before that is one of usage.
func newRoot(s Streams) (root *cobra.Command, started *bool) {
	s, started = s.shown(), new(bool)
	var config string
	root = &cobra.Command{
		Use:   "fsctl",
		Short: "Capacity planning and open-loop load testing for flash sales",
		Long: "fsctl says what a flash sale needs, sends its load to a target, and judges whether the target held.\n" +
			"A scenario file describes the sale once: how many people come, what they do, and what must hold. Every command reads it.",
		Example: "  fsctl rehearse                       try everything on this machine, with a built-in scenario and shop\n" +
			"  fsctl plan taobao-double11           what the sale needs\n" +
			"  fsctl scenarios new my-sale.yaml     write a scenario to begin with\n" +
			"  fsctl try my-sale.yaml --target http://127.0.0.1:8080      one user's journey, every request shown\n" +
			"  fsctl attack my-sale.yaml --target http://127.0.0.1:8080\n" +
			"  fsctl report                         the verdict on the last run",
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(c *cobra.Command, args []string) error {
			if err := configure(c, config); err != nil {
				return err
			}
			if err := checkFiles(c, args); err != nil {
				return ofCommand(c, err)
			}
			*started = true
			return nil
		},
	}
	root.SetFlagErrorFunc(plainFlagError)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.PersistentFlags().StringVar(&config, "config", "", "read defaults of flags from this `FILE` (default fsctl.yaml here, else in the user's configuration directory)")
	root.AddCommand(newPlan(s), newAttack(s), newTry(s), newAgent(s), newAgentKeys(s), newReport(s), newRehearse(s), newShop(s), newScenarios(s), newVersion(s), newExitCodes())
	return root, started
}

// output is the form of a command's result.
type output struct {
	form   string
	stream io.Writer
}

// forms are those that a result can have.
func forms() []string { return []string{"table", "json", "yaml", "markdown"} }

func (o *output) flag(c *cobra.Command, s Streams) {
	o.stream = s.Out
	c.Flags().StringVarP(&o.form, "output", "o", "table", "form of the result: "+strings.Join(forms(), ", "))
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(forms(), cobra.ShellCompDirectiveNoFileComp))
}

func (o *output) check() error {
	if slices.Contains(forms(), o.form) {
		return nil
	}
	return usagef("found -o %q, wanted one of %s", o.form, strings.Join(forms(), ", "))
}

// write writes a result in the form that was asked for: JSON and YAML from the value itself.
func (o *output) write(value any, markdown func(io.Writer) error, table func(io.Writer, render.Style) error) error {
	switch o.form {
	case "json":
		return render.JSON(o.stream, value)
	case "yaml":
		return render.YAML(o.stream, value)
	case "markdown":
		return markdown(o.stream)
	}
	return table(canvas(o.stream))
}

// style returns the width of text for a stream, and whether it may be coloured.
func style(w io.Writer) render.Style {
	if !isTerminal(w) {
		return render.Style{Width: 120}
	}
	width, _, err := term.GetSize(int(behind(w).(descriptor).Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	_, plain := os.LookupEnv("NO_COLOR")
	return render.Style{Width: width, Color: !plain && os.Getenv("TERM") != "dumb"}
}

// descriptor is what a file of the system has.
type descriptor interface{ Fd() uintptr }

// isTerminal reports whether the stream is a terminal, which a person reads.
func isTerminal(w io.Writer) bool {
	file, ok := behind(w).(descriptor)
	return ok && term.IsTerminal(int(file.Fd()))
}
