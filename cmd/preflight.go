package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"fsctl/loadgen/preflight"
	"fsctl/loadgen/record"
	"fsctl/loadgen/record/atomicfile"
	"fsctl/loadgen/transport"
	"fsctl/report/notstarted"
	"fsctl/report/render"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// preflight looks whether the targets can be reached and whether what is measured can be kept, and has read ask the shop's
// ledger; read is nil where there is none. With --no-preflight it looks at nothing, and goes on where the ledger does not answer.
func (o *stormOptions) preflight(ctx context.Context, s Streams, sc *scenarios.Scenario, targets []preflight.Target, read func(context.Context) (*record.Baseline, error)) (*record.Baseline, error) {
	if err := o.checkRun(); err != nil {
		return nil, err
	}
	runDir := o.directory(nameOf(sc), time.Now())
	if err := spareRecord(o.outputs, runDir); err != nil {
		return nil, err
	}
	var baseline *record.Baseline
	checks := preflight.Checks{Outputs: o.outputs, RunDir: runDir, Targets: targets}
	if read != nil {
		checks.Ledger = func(ctx context.Context) (err error) {
			baseline, err = read(ctx)
			return err
		}
	}
	if o.noPreflight {
		checks = preflight.Checks{Ledger: checks.Ledger}
	}
	found, err := checks.Run(ctx)
	for _, f := range found {
		if f.TLS != "" {
			o.reached = append(o.reached, fmt.Sprintf("%s: connected to %s in %s by %s", f.Target, f.Connected, quantity.Duration(f.Took), strings.TrimSuffix(f.TLS+", "+f.Protocol, ", ")))
		}
	}
	if idle, ok := errors.AsType[*preflight.NotStartedError](err); ok && o.noPreflight {
		fmt.Fprintf(s.Err, "fsctl: warning: %s; going on without it\n", idle.Problem())
		err = nil
	}
	if err != nil {
		baseline.Close()
		return nil, err
	}
	return baseline, nil
}

// notStarted writes why a storm did not begin wherever its report was to go, and returns the failure. Another failure than a
// *preflight.NotStartedError is returned as it is.
func (o *stormOptions) notStarted(out output, files outputFiles, sc *scenarios.Scenario, failure error) error {
	idle, ok := errors.AsType[*preflight.NotStartedError](failure)
	if !ok {
		return failure
	}
	var reasons []notstarted.Reason
	for _, r := range idle.Reasons {
		reasons = append(reasons, notstarted.Reason{Message: r.Err.Error(), Hint: r.Hint})
	}
	scenario, target := "", ""
	if sc != nil {
		scenario = sc.Name
	}
	if o.target != "" {
		target = transport.Public(o.target)
	}
	rep := notstarted.New(scenario, target, reasons)
	markdown := func(w io.Writer) error { return render.NotStartedMarkdown(w, rep) }
	errs := []error{failure}
	writable := outputFiles{}
	for _, f := range []struct{ from, to *string }{{&files.junit, &writable.junit}, {&files.markdown, &writable.markdown}, {&files.json, &writable.json}} {
		if *f.from != "" && atomicfile.Check(*f.from) == nil { // else that is one of the reasons
			*f.to = *f.from
		}
	}
	errs = append(errs, writable.writeAs(
		func(w io.Writer) error { return render.NotStartedJUnit(w, rep, time.Now()) },
		markdown,
		func(w io.Writer) error { return render.JSON(w, rep) }))
	errs = append(errs, out.write(rep, markdown, func(io.Writer, render.Style) error { return nil })) // a table says no more than the error
	return errors.Join(errs...)
}
