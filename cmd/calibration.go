package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"fsctl/loadgen/preflight"
	"fsctl/plan"
	"fsctl/report"
	"fsctl/report/render"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/strict"
)

// calibrationFlag is plan's --calibration.
type calibrationFlag struct {
	file  string
	notes io.Writer
}

func (f *calibrationFlag) flag(c *cobra.Command, s Streams) {
	f.notes = s.Err
	c.Flags().StringVar(&f.file, "calibration", "", "plan with the values that a run measured, from a `FILE` that fsctl report --calibrate wrote")
}

// load reads the file, nil where none is given, and warns on stderr where it is too old to be trusted. The plan itself cannot
// say so: it is a pure function and has no clock.
func (f *calibrationFlag) load() (*plan.Calibration, error) {
	if f.file == "" {
		return nil, nil
	}
	c, err := plan.LoadCalibration(f.file)
	if _, ok := errors.AsType[*strict.Error](err); ok {
		return nil, &hinted{err, "fsctl report RUN --calibrate FILE writes such a file; docs/calibration.md has every field"}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &hinted{&usageError{error: err}, "fsctl report RUN --calibrate FILE writes it"}
	}
	if err != nil {
		return nil, err
	}
	if why := c.Stale(time.Now()); why != "" {
		fmt.Fprintln(f.notes, "fsctl: warning: calibration "+why)
	}
	return c, nil
}

// writeCalibration writes what a run measured to a file, and what it did not measure to stderr.
func writeCalibration(s Streams, path, file string, run *report.Run, rep *report.Report) error {
	switch {
	case run.Record.DueUnknown:
		return usagef("found --calibrate with %s, wanted a run directory: a calibration needs the scenario that ran", path)
	case run.Scenario == nil:
		return usagef("found --calibrate with %s, wanted the run of a scenario: a list of targets has no services to measure", path)
	}
	if run.Plan == nil {
		return usagef("found --calibrate with %s, wanted the run of a scenario with a workload: a calibration is for its plan", path)
	}
	c, left := report.Calibrate(run.Record, run.Scenario, run.Plan, rep)
	for _, why := range left {
		fmt.Fprintln(s.Err, "calibration leaves out "+why)
	}
	if c == nil {
		fmt.Fprintf(s.Err, "calibration: nothing was measured, so %s is not written\n", file)
		return nil
	}
	text, err := c.YAML()
	if err != nil {
		return err
	}
	for _, v := range c.Values {
		fmt.Fprintf(s.Err, "calibration measures %s: %s (%s)\n", v.Field, figures(v), v.Method)
	}
	return writeOutput(preflight.Output{Name: "--calibrate", Path: file}, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

func figures(v plan.Measured) string {
	mid, low, high := render.Measure(v.Value.Mid, v.Unit), render.Measure(v.Value.Low, v.Unit), render.Measure(v.Value.High, v.Unit)
	if v.Unit == "instances" {
		return mid + " " + quantity.Noun(mid == "1", "instance") // whose number is certain
	}
	return mid + ", " + low + " to " + high
}
