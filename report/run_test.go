package report

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"fsctl/loadgen/record"
	"fsctl/plan"
	"fsctl/scenarios"
)

// ended makes the run directory of a run of a scenario at a scale.
func ended(t *testing.T, sc *scenarios.Scenario, scale float64) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "run")
	start := time.Date(2026, 11, 11, 0, 0, 0, 0, time.UTC)
	w, err := record.Create(dir, record.Manifest{Scenario: sc.Name, Seed: 3, ScaleRatio: scale, Start: start, T0: start}, sc.Document)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(record.End{At: start.Add(time.Second), Reason: record.Completed}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What Conclude finds with the scenario and the plan that a command has loaded, Read finds with those of the directory.
func TestConcludeAndRead(t *testing.T) {
	sc, err := scenarios.Load("taobao-double11")
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.New(sc, plan.Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	dir := ended(t, sc, 0.01)
	for _, p := range []*plan.Plan{p, nil} {
		concluded, err := Conclude(dir, sc, p)
		if err != nil {
			t.Fatal(err)
		}
		run, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if run.Scenario.Sale.Stock != sc.Scaled(0.01).Sale.Stock || run.Plan.Seed != 3 {
			t.Errorf("found a stock of %d and a plan of the seed %d, wanted the run's", run.Scenario.Sale.Stock, run.Plan.Seed)
		}
		if again := run.Judge(); !reflect.DeepEqual(again, concluded) {
			t.Errorf("found\n%+v\nwanted\n%+v", again, concluded)
		}
		var want bytes.Buffer
		if err := concluded.writeJSON(&want); err != nil {
			t.Fatal(err)
		}
		if kept, err := os.ReadFile(filepath.Join(dir, "report.json")); err != nil || !bytes.Equal(kept, want.Bytes()) {
			t.Errorf("report.json holds %s, %v", kept, err)
		}
	}
}

// An attack needs no workload: its run is judged without a plan, and says why nothing follows for services.
func TestConcludeWithoutAWorkload(t *testing.T) {
	const plain = `{apiVersion: fsctl/v1, kind: Scenario, name: plain, steps: {page: {request: {url: /}}}, journeys: {visitor: [page]},
storm: {t0: 0s, phases: [{journey: visitor, at: T0, users: 1}]}`
	for rest, why := range map[string]string{"}": "no request was sent",
		", services: [{name: web, kind: service, demand: 1ms, calls: {page: 1}}]}": "the scenario has no workload to plan for"} {
		want := []string{"no number of instances is recommended: " + why}
		sc, err := scenarios.Parse("plain.yaml", []byte(plain+rest))
		if err != nil {
			t.Fatal(err)
		}
		dir := ended(t, sc, 1)
		r, err := Conclude(dir, sc, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(r.Notes, want) || len(r.Recommendations) > 0 {
			t.Errorf("notes %q, recommendations %v, wanted %q and none", r.Notes, r.Recommendations, want)
		}
		run, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if again := run.Judge(); run.Plan != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("found\n%+v\nwanted\n%+v", again, r)
		}
	}
}

// A verdict that cannot be kept is returned all the same.
func TestConcludeWithoutADisk(t *testing.T) {
	sc := &scenarios.Scenario{Name: "targets"}
	dir := ended(t, sc, 1)
	if err := os.Mkdir(filepath.Join(dir, "report.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	rep, err := Conclude(dir, nil, nil)
	if rep == nil || rep.Scenario != "targets" || err == nil {
		t.Errorf("found %+v, %v, wanted the report and an error", rep, err)
	}
	run, err := Read(dir)
	if err != nil || run.Scenario != nil || run.Plan != nil {
		t.Errorf("found %+v, %v, wanted a run without a scenario", run, err)
	}
}

func TestReadNothing(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), t.TempDir()} {
		if _, err := Read(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: found %v, wanted an error that it is not there", path, err)
		}
	}
	if _, err := Conclude(filepath.Join(t.TempDir(), "none"), nil, nil); err == nil {
		t.Error("a run that is not there was concluded")
	}
}
