package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"fsctl/loadgen/record"
	"fsctl/loadgen/record/atomicfile"
	"fsctl/plan"
	"fsctl/scenarios"
	"fsctl/scenarios/threshold"
)

// Files of a run directory.
const (
	scenarioFile = "scenario.yaml"
	VerdictFile  = "report.json" // the verdict when the run ended
)

// Run is a run with what it is judged by.
type Run struct {
	Record   *record.Record
	Scenario *scenarios.Scenario // as it ran, at its scale; nil for a list of targets or vegeta results
	Plan     *plan.Plan          // of the sale at full scale; nil without a scenario, and without a workload
}

// Read reads a run directory, with the scenario that ran, or a file of vegeta results. It writes nothing. It
// fails where the path does not exist, and as record.Open, record.FromVegeta, scenarios.ParseRun and plan.New
// do for what cannot be read.
func Read(path string) (*Run, error) { return ReadFor([]string{path}, nil) }

// ReadFor reads a run directory as [Read] does, or one or several files of vegeta results as one run, and adds thresholds that it is
// to be judged by as well; see [Run.Add]. A metric of theirs that is unknown, and no counter of the run's scenario, is a
// *[threshold.UnknownError]. Else it fails as Read does, and for a run directory among several paths.
func ReadFor(paths []string, limits []threshold.Limit) (*Run, error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("read run: %w", err)
		}
		if info.IsDir() && len(paths) > 1 {
			return nil, fmt.Errorf("read %s: found a run directory among %d paths, wanted one run directory, or only files of vegeta results", path, len(paths))
		}
	}
	run, err := read(paths, limits)
	if err != nil || len(limits) == 0 {
		return run, err
	}
	var counters []string
	if run.Scenario != nil {
		counters = run.Scenario.CounterNames()
	}
	for i := range limits {
		if err := limits[i].Resolve(counters); err != nil {
			return nil, err
		}
	}
	run.Add(limits)
	return run, nil
}

func read(paths []string, limits []threshold.Limit) (*Run, error) {
	path := paths[0]
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	if !info.IsDir() {
		if err := distinct(paths); err != nil {
			return nil, err
		}
		rec, err := record.FromVegetaFiles(paths, slicesOf(limits))
		return &Run{Record: rec}, err
	}
	rec, err := record.Open(path)
	if err != nil || len(rec.Scenario) == 0 {
		return &Run{Record: rec}, err
	}
	sc, err := scenarios.ParseRun(filepath.Join(path, scenarioFile), rec.Scenario)
	if err != nil {
		return nil, err
	}
	return withPlan(rec, sc, nil)
}

// distinct fails with a *SameFileError where two paths name one file: its requests would count twice.
func distinct(paths []string) error {
	var infos []os.FileInfo
	for i, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("read run: %w", err)
		}
		for j, other := range infos {
			if os.SameFile(info, other) {
				return &SameFileError{paths[j], paths[i]}
			}
		}
		infos = append(infos, info)
	}
	return nil
}

// SameFileError says that two paths name one file.
type SameFileError struct{ First, Second string }

// Error names both paths.
func (e *SameFileError) Error() string {
	return fmt.Sprintf("found one file of results twice, as %s and as %s, wanted each once: its requests would count double", e.First, e.Second)
}

// withPlan returns a run of the scenario sc, at full scale, with the plan p, or a new one where p is nil. A scenario without a workload,
// which is enough for an attack, has no plan.
func withPlan(rec *record.Record, sc *scenarios.Scenario, p *plan.Plan) (*Run, error) {
	if p == nil && sc.Workload.IsGiven() {
		var err error
		if p, err = plan.New(sc, plan.Options{Seed: rec.Manifest.Seed}); err != nil {
			return nil, fmt.Errorf("plan the scenario of the run: %w", err)
		}
	}
	return &Run{Record: rec, Scenario: sc.Scaled(rec.Manifest.ScaleRatio), Plan: p}, nil
}

// Judge judges the run as the function [Judge] does.
func (r *Run) Judge() *Report { return Judge(r.Record, r.Scenario, r.Plan) }

// Conclude reads a run that has just ended, judges it, and keeps the verdict in its directory as report.json.
//
//	sc  the scenario that ran, at full scale; nil for a list of targets
//	p   its plan, nil where the caller has made none
//
// The report is returned also where it could not be kept, with the error of the file. It is nil where the
// record cannot be read or the scenario cannot be planned.
func Conclude(dir string, sc *scenarios.Scenario, p *plan.Plan) (*Report, error) {
	rec, err := record.Open(dir)
	if err != nil {
		return nil, err
	}
	run := &Run{Record: rec}
	if sc != nil {
		if run, err = withPlan(rec, sc, p); err != nil {
			return nil, err
		}
	}
	rep := run.Judge()
	return rep, atomicfile.Write(filepath.Join(dir, VerdictFile), atomicfile.Options{Perm: 0o600}, rep.writeJSON)
}

// writeJSON writes the report as -o json prints it.
func (r *Report) writeJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // p(99)<300ms is to be read
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
