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
