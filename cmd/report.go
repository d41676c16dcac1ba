package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"fsctl/loadgen/fleet"
	"fsctl/loadgen/record"
	"fsctl/plan"
	"fsctl/report"
	"fsctl/report/render"
	"fsctl/scenarios"
)

// outputFiles are the files that a report can be written to beside the terminal.
type outputFiles struct{ junit, markdown, json string }

func (o *outputFiles) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.junit, "junit", "", "also write JUnit XML to `FILE`")
	f.StringVar(&o.markdown, "markdown", "", "also write Markdown to `FILE`, such as $GITHUB_STEP_SUMMARY")
	f.StringVar(&o.json, "json", "", "also write JSON to `FILE`")
}

func newReport(s Streams) *cobra.Command {
	var out output
	var files outputFiles
	var calibrate string
	c := &cobra.Command{
		Use:   "report [RUN]",
		Short: "The verdict on a run, what limited it, and which settings to use",
		Long: "report judges a run directory (default: latest), or a file of vegeta results, against the thresholds and\n" +
			"invariants of its scenario. CI reads the exit code: 0 pass, 99 threshold, 112 invariant, 111 invalid run.",
		Example: "  fsctl report\n  fsctl report runs/20261122T013415Z-live-drop -o json\n  fsctl report latest --junit verdict.xml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			run := "latest"
			if len(args) > 0 {
				run = args[0]
			}
			if run == "latest" {
				var err error
				if run, err = record.Latest(runsDir); err != nil {
					return &hinted{err, "make a run with: fsctl rehearse"}
				}
			}
			rep, err := judge(run)
			if err != nil {
				return err
			}
			if err := writeReport(out, files, rep); err != nil {
				return err
			}
			noteAgents(s, run, rep)
			if calibrate != "" {
				if err := writeCalibration(s, run, calibrate, rep); err != nil {
					return err
				}
			}
			return verdict(rep.ExitCode, false)
		},
	}
	files.flags(c)
	c.Flags().StringVar(&calibrate, "calibrate", "", "write what the run measured to `FILE`, for fsctl plan --calibration")
	out.flag(c, s)
	return c
}

// noteAgents says how to get what the agents of a run have whose coordinator died.
func noteAgents(s Streams, run string, rep *report.Report) {
	if _, err := os.Stat(filepath.Join(run, fleet.TicketFile)); err != nil || rep.Ended != report.Died {
		return
	}
	fmt.Fprintf(s.Err, "note: agents sent this run, and keep what their coordinator has not confirmed: once it is gone, fsctl attack --resume %s with the flags of the run collects it\n", run)
}

// judge reads a run and its scenario, judges it, and keeps the verdict in the run directory.
func judge(run string) (*report.Report, error) {
	info, err := os.Stat(run)
	if err != nil {
		return nil, &hinted{fmt.Errorf("read run: %w", err), "name a run directory, a file of vegeta results, or latest"}
	}
	if !info.IsDir() {
		rec, err := record.FromVegeta(run)
		if err != nil {
			return nil, err
		}
		return report.Judge(rec, nil, nil), nil
	}
	rec, err := record.Open(run)
	if err != nil {
		return nil, err
	}
	sc, p, err := scenarioOf(rec)
	if err != nil {
		return nil, err
	}
	rep := report.Judge(rec, sc, p)
	err = writeFile(filepath.Join(run, "report.json"), func(w io.Writer) error { return render.JSON(w, rep) })
	return rep, err
}

// scenarioOf returns the scenario of a run, at its scale, and what it planned; nil for a run without one.
func scenarioOf(rec *record.Record) (*scenarios.Scenario, *plan.Plan, error) {
	if len(rec.Scenario) == 0 {
		return nil, nil, nil
	}
	sc, err := scenarios.ParseRun(filepath.Join(rec.Dir, "scenario.yaml"), rec.Scenario)
	if err != nil {
		return nil, nil, err
	}
	p, err := plan.New(sc, plan.Options{Seed: rec.Manifest.Seed})
	if err != nil {
		return nil, nil, fmt.Errorf("plan the scenario of the run: %w", err)
	}
	return sc.Scaled(rec.Manifest.ScaleRatio), p, nil
}

func writeReport(o output, files outputFiles, rep *report.Report) error {
	return errors.Join(files.write(rep), o.write(rep,
		func(w io.Writer) error { return render.Markdown(w, rep) },
		func(w io.Writer, s render.Style) error { return render.Report(w, rep, s) }))
}

// write writes the files that were asked for.
func (o *outputFiles) write(rep *report.Report) error {
	var errs []error
	for _, f := range []struct {
		path  string
		write func(io.Writer) error
	}{
		{o.junit, func(w io.Writer) error { return render.JUnit(w, rep) }},
		{o.markdown, func(w io.Writer) error { return render.Markdown(w, rep) }},
		{o.json, func(w io.Writer) error { return render.JSON(w, rep) }},
	} {
		if f.path != "" {
			errs = append(errs, writeFile(f.path, f.write))
		}
	}
	return errors.Join(errs...)
}

// verdict returns the error that carries a verdict's exit code.
func verdict(code int, ignore bool) error {
	if code == exitDone || ignore {
		return nil
	}
	return &verdictError{code}
}
