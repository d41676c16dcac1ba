package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"fsctl/loadgen/try"
	"fsctl/report/exitcode"
	"fsctl/report/render"
	"fsctl/scenarios"
)

type tryOptions struct {
	targetOptions
	output   output
	name     string
	journey  string
	user     uint64
	requests int
	think    bool
}

func newTry(s Streams) *cobra.Command {
	o := &tryOptions{}
	c := &cobra.Command{
		Use:   "try SCENARIO --target URL",
		Short: "Perform one user's journey and show every request and answer",
		Long: "try performs the journey of one user and shows each request and answer, what was extracted, which checks held, and why the\n" +
			"journey ended. User N is arrival N-1 of the storm: an attack with the same seed sends the same requests for it, but a step\n" +
			"that is a transaction orders here too. No storm is sent, and no record is kept.\n" +
			"Think times are shown and not waited for; a user who asks until the target is ready waits as the repeat says.\n" +
			"Secrets are redacted, as in samples. Exit code 0: the user finished as the scenario says and no request failed. 1: a request\n" +
			"or a check failed, a variable was missing, the target could not be reached, or --requests was reached.",
		Example: "  fsctl try my-sale.yaml --target http://127.0.0.1:8080\n" +
			"  fsctl try my-sale.yaml --target http://127.0.0.1:8080 --journey buyer --user 7\n" +
			"  fsctl try my-sale.yaml --target https://shop.example --allow-target shop.example -o json",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeScenario,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.name = args[0]
			}
			return runTry(c.Context(), s, o)
		},
	}
	o.targetOptions.flags(c)
	f := c.Flags()
	f.StringVar(&o.journey, "journey", "", "journey to perform (default the user's own in the storm, without a storm the first)")
	f.Uint64Var(&o.user, "user", 1, "whose journey, from 1: the user's number decides item, feeder rows and think times")
	f.IntVar(&o.requests, "requests", try.DefaultMostRequests, "cut the journey after this number of requests")
	f.BoolVar(&o.think, "think", false, "also wait for think times and pauses")
	o.output.flag(c, s)
	return c
}

func runTry(ctx context.Context, s Streams, o *tryOptions) error {
	if err := errors.Join(o.output.check(), o.targetOptions.check()); err != nil {
		return err
	}
	switch {
	case o.name == "":
		return &hinted{usagef("no scenario to try"), "name one (fsctl scenarios list) or a file"}
	case o.target == "":
		return &hinted{usagef("no target to send to"), "add --target http://HOST:PORT; to practise: fsctl shop"}
	case o.requests < 1:
		return usagef("found --requests %d, wanted 1 or more", o.requests)
	}
	sc, err := scenarios.Load(o.name, o.set...)
	if err != nil {
		return err
	}
	scale, err := o.ratio(1)
	if err != nil {
		return err
	}
	lo, err := o.resolve(sc, scale)
	if err != nil {
		return err
	}
	t, err := try.New(try.Options{Options: lo, Journey: o.journey, User: o.user, MostRequests: o.requests, Think: o.think})
	if err != nil {
		return err
	}
	o.lookAhead(ctx, s)
	o.showRoute(s)
	watch, failed := o.watch()
	r := t.Run(ctx, watch)
	failure := r.Err()
	switch {
	case r.Ended.How == try.Interrupted:
		r.ExitCode, failure = exitcode.Interrupted, &interruptedError{errors.New(r.Ended.Message)}
	case failure != nil:
		r.ExitCode = exitcode.Failed
		failure = &hinted{failure, r.Failure.Hint}
	}
	err = o.output.write(r,
		func(w io.Writer) error { return render.TrialMarkdown(w, r) },
		func(w io.Writer, style render.Style) error { return render.TrialEnds(w, r, style) })
	if *failed != nil {
		err = *failed // which came first
	}
	if err != nil {
		return fmt.Errorf("show the trial: %w", err)
	}
	return failure
}

// watch shows a trial as it goes on, where it is shown to people; failed is why that could not be done.
func (o *tryOptions) watch() (watch try.Observer, failed *error) {
	failed = new(error)
	if o.output.form != "table" {
		return try.Observer{}, failed
	}
	w, look := canvas(o.output.stream)
	step := func(show func(io.Writer, *try.Step, render.Style) error) func(*try.Step) {
		return func(v *try.Step) { *failed = cmp.Or(*failed, show(w, v, look)) }
	}
	return try.Observer{
		Begins:  func(r *try.Result) { *failed = render.TrialBegins(w, r, look) },
		Waits:   step(render.TrialWaits),
		Sends:   step(render.TrialSends),
		Answers: step(render.TrialAnswers),
	}, failed
}
