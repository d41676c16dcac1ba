package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"fsctl/loadgen/fleet"
	"fsctl/loadgen/preflight"
	"fsctl/loadgen/record"
	"fsctl/loadgen/record/atomicfile"
	"fsctl/report"
	"fsctl/report/render"
	"fsctl/scenarios"
	"fsctl/scenarios/inputfile"
	"fsctl/scenarios/threshold"
)

// outputFiles are the files that a report is written to, besides standard output.
type outputFiles struct{ junit, markdown, json string }

func (o *outputFiles) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.junit, "junit", "", "also write the report as JUnit XML, to `FILE`")
	f.StringVar(&o.markdown, "markdown", "", "also write the report as Markdown, to `FILE` such as $GITHUB_STEP_SUMMARY")
	f.StringVar(&o.json, "json", "", "also write the report as JSON, to `FILE`")
}

// spareRecord fails where one of them is a file of the record in a run directory, which it would replace. The verdict that is kept there may
// be replaced by one in the same form.
func spareRecord(outputs []preflight.Output, runDir string) error {
	var errs []error
	for _, f := range outputs {
		if name := filepath.Base(f.Path); sameDir(filepath.Dir(f.Path), runDir) && (record.Holds(name) || name == fleet.TicketFile || name == report.VerdictFile && f.Name != "--json") {
			errs = append(errs, &hinted{usagef("found %s for %s, which is where the run keeps its record, wanted another file", f.Path, f.Name), "name a file elsewhere"})
		}
	}
	return errors.Join(errs...)
}

// sameDir reports whether two paths are one directory, which need not be there.
func sameDir(a, b string) bool {
	one, err := os.Stat(a)
	two, other := os.Stat(b)
	if err == nil && other == nil {
		return os.SameFile(one, two)
	}
	a, err = filepath.Abs(a)
	b, other = filepath.Abs(b)
	return err == nil && other == nil && a == b
}

// list returns those that were asked for.
func (o *outputFiles) list() (all []preflight.Output) {
	for _, f := range []preflight.Output{{Name: "--junit", Path: o.junit}, {Name: "--markdown", Path: o.markdown}, {Name: "--json", Path: o.json}} {
		if f.Path != "" {
			all = append(all, f)
		}
	}
	return all
}

type reportOptions struct {
	output     output
	files      outputFiles
	runs       []string
	calibrate  string
	thresholds []string
	slo        string
}

func newReport(s Streams) *cobra.Command {
	o := &reportOptions{runs: []string{latest}}
	c := &cobra.Command{
		Use:   "report [RUN | FILE...]",
		Short: "Judge a run: the verdict, what limited it, and which settings to use",
		Long: "report judges a run directory against the thresholds and invariants of its scenario, or files of vegeta results as one run.\n" +
			"Without RUN it takes the latest run under runs/. It writes nothing into the run directory, and may be repeated.\n" +
			"--threshold and --slo add thresholds to those of the scenario; what is judged again is the record, nothing is sent.\n" +
			"CI reads the exit code: 0 pass, 99 threshold, 112 invariant, 111 invalid run. All codes: fsctl help exit-codes.",
		Example: "  fsctl report\n  fsctl report runs/20261122T013415Z-live-drop -o json\n  fsctl report latest --junit verdict.xml\n  fsctl report a.bin b.bin --threshold 'service_time: p(99)<300ms'",
		Args:    cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.runs = args
			}
			return runReport(s, o)
		},
	}
	o.files.flags(c)
	c.Flags().StringVar(&o.calibrate, "calibrate", "", "also write what the run measured of the scenario's inputs, to `FILE` for fsctl plan --calibration")
	c.Flags().StringArrayVar(&o.thresholds, "threshold", nil, "also judge by a threshold, `'METRIC: EXPR'` such as 'response_time{step:order}: p(99)<300ms'; may be repeated")
	c.Flags().StringVar(&o.slo, "slo", "", "also judge by the thresholds of `FILE`: a scenario, or a file with nothing but thresholds:")
	o.output.flag(c, s)
	return c
}

// limits returns the thresholds that are added to the scenario's.
func (o *reportOptions) limits() (list []threshold.Limit, err error) {
	if o.slo != "" {
		text, err := inputfile.Read(o.slo, inputfile.MostText)
		if err != nil {
			return nil, &usageError{error: fmt.Errorf("read --slo: %w", err)}
		}
		if list, err = scenarios.ReadThresholds(o.slo, text); err != nil {
			return nil, err
		}
	}
	for i, text := range o.thresholds {
		limit, err := threshold.ParseLimit(text)
		if err != nil {
			return nil, usagef("--threshold %q (number %d): %w", text, i+1, err)
		}
		list = append(list, limit)
	}
	return list, nil
}

// unknownMetric says which of the added thresholds has a metric that is neither fsctl's nor a counter of the run's scenario.
func (o *reportOptions) unknownMetric(unknown *threshold.UnknownError) error {
	for i, text := range o.thresholds {
		if strings.HasPrefix(strings.TrimSpace(text), unknown.Name) {
			return usagef("--threshold %q (number %d): %w", text, i+1, unknown)
		}
	}
	return usagef("--slo %s: %w", o.slo, unknown)
}

func runReport(s Streams, o *reportOptions) error {
	if err := o.output.check(); err != nil {
		return err
	}
	limits, err := o.limits()
	if err != nil {
		return err
	}
	for _, name := range o.runs {
		if info, err := os.Stat(name); len(o.runs) > 1 && (name == latest || err == nil && info.IsDir()) {
			return usagef("found the run %s among %d arguments, wanted one run, or only files of vegeta results", name, len(o.runs))
		}
	}
	path, err := findRun(o.runs[0])
	if err != nil {
		return err
	}
	if err := o.spareRecord(path); err != nil {
		return err
	}
	run, err := report.ReadFor(append([]string{path}, o.runs[1:]...), limits)
	if errors.Is(err, fs.ErrNotExist) {
		err = &hinted{err, "name a run directory, a file of vegeta results, or latest"}
	}
	if unknown, ok := errors.AsType[*threshold.UnknownError](err); ok {
		err = o.unknownMetric(unknown)
	}
	if err != nil {
		return errors.Join(err, checkOutputs(o.files.list()))
	}
	rep := run.Judge()
	err = writeReport(o.output, o.files, rep)
	noteAgents(s, path, rep)
	if o.calibrate != "" {
		err = errors.Join(err, writeCalibration(s, path, o.calibrate, run, rep))
	}
	return judged(rep.ExitCode, false, err)
}

// spareRecord fails where an output is a file of the record that is read.
func (o *reportOptions) spareRecord(runDir string) error {
	outputs := o.files.list()
	if o.calibrate != "" {
		outputs = append(outputs, preflight.Output{Name: "--calibrate", Path: o.calibrate})
	}
	return spareRecord(outputs, runDir)
}

// checkOutputs finds outputs that cannot be written.
func checkOutputs(outputs []preflight.Output) error {
	var errs []error
	for _, f := range outputs {
		if r := f.Check(); r != nil {
			errs = append(errs, &hinted{r.Err, r.Hint})
		}
	}
	return errors.Join(errs...)
}

// latest stands for the run that started last.
const latest = "latest"

// findRun returns the path of a run.
func findRun(name string) (path string, err error) {
	if name != latest {
		return name, nil
	}
	path, err = record.Latest(runsDir)
	if err != nil {
		return "", &hinted{err, "make a run with: fsctl rehearse"}
	}
	return path, nil
}

// noteAgents says how to collect what agents still hold of a run whose coordinator died.
func noteAgents(s Streams, dir string, rep *report.Report) {
	if _, err := os.Stat(filepath.Join(dir, fleet.TicketFile)); err != nil || rep.Ended != report.Died {
		return
	}
	fmt.Fprintf(s.Err, "note: agents sent this run, and keep what their coordinator has not confirmed: once that process has ended, fsctl attack --resume %s with the flags of the run collects it\n", dir)
}

func writeReport(o output, files outputFiles, rep *report.Report) error {
	return errors.Join(files.write(rep), o.write(rep,
		func(w io.Writer) error { return render.Markdown(w, rep) },
		func(w io.Writer, s render.Style) error { return render.Report(w, rep, s) }))
}

// write writes the files that were asked for. One that cannot be written keeps none of the others from being.
func (o *outputFiles) write(rep *report.Report) error {
	return o.writeAs(
		func(w io.Writer) error { return render.JUnit(w, rep) },
		func(w io.Writer) error { return render.Markdown(w, rep) },
		func(w io.Writer) error { return render.JSON(w, rep) })
}

// writeAs writes the files that were asked for, each in its form.
func (o *outputFiles) writeAs(junit, markdown, json func(io.Writer) error) error {
	form := map[string]func(io.Writer) error{"--junit": junit, "--markdown": markdown, "--json": json}
	var errs []error
	for _, f := range o.list() {
		errs = append(errs, writeOutput(f, form[f.Name]))
	}
	return errors.Join(errs...)
}

// writeOutput writes a file that was asked for. The summary of a step of GitHub's actions, which others write to as well, gets it at its
// end; any other file is replaced.
func writeOutput(f preflight.Output, write func(io.Writer) error) error {
	if r := f.Check(); r != nil {
		return &hinted{r.Err, r.Hint}
	}
	if summary := os.Getenv("GITHUB_STEP_SUMMARY"); summary != "" && placeOf(f.Path) == placeOf(summary) {
		return atomicfile.Append(f.Path, onScreen(write))
	}
	return atomicfile.Write(f.Path, atomicfile.Options{}, onScreen(write))
}
