package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/record/seal"
)

// unsealed writes some seconds of a run with results and leaves it as a killed process would. states is what it reads as after
// each second.
func unsealed(t *testing.T, seconds int) (w *Writer, dir string, states []*Record) {
	t.Helper()
	w, dir = create(t)
	for second := range seconds {
		raw := w.Raw(&vegeta.Result{Code: 200, Timestamp: testT0(), Latency: time.Millisecond})
		sample := w.Sample(Sample{Step: "order", Reason: "r" + strconv.Itoa(second), AtSeconds: float64(second)})
		if err := errors.Join(raw, sample, w.Told(Order{ID: strconv.Itoa(second)}), w.WriteAll([]Interval{smallInterval(second - 1), smallInterval(second)})); err != nil {
			t.Fatal(err)
		}
		states = append(states, open(t, dir))
	}
	return w, dir, states
}

// smallInterval is a second with one tag.
func smallInterval(second int) Interval {
	tag := Tag{ServiceTime, "order", OutcomeOK}
	h := testInterval(second).Histograms[tag]
	return Interval{Second: second, Histograms: map[Tag]*Histogram{tag: h},
		Steps: map[string]*Counters{"order": {Due: 20, Sent: 20, Done: uint64(NewPacker().Pack(h).Count())}}, Generator: &Generator{Arrivals: 2}}
}

// A run that was killed, or lost the end of a file with the power, is read to a second that was whole in every file.
func TestEveryCutOfAnUnsealedRunIsReadToAWholeSecond(t *testing.T) {
	const seconds = 4
	_, dir, states := unsealed(t, seconds)
	// sizes of the files after each second
	log, _, err := seal.ParseLog("", readFile(t, filepath.Join(dir, checkpointsFile)))
	if err != nil || len(log) != seconds+1 {
		t.Fatalf("%d checkpoints, %v, wanted one at the start and one a second", len(log), err)
	}
	for _, name := range []string{latencyFile, countersFile, ledgerFile, samplesFile, resultsFile, checkpointsFile} {
		path := filepath.Join(dir, name)
		data := readFile(t, path)
		ends := []int64{} // of each second
		for _, c := range log[1:] {
			for _, f := range c.Files {
				if f.Name == name {
					ends = append(ends, f.Bytes)
				}
			}
		}
		if name == checkpointsFile {
			total := int64(0)
			for i, line := range strings.SplitAfter(string(data), "\n")[:seconds+1] {
				if total += int64(len(line)); i > 0 {
					ends = append(ends, total-1) // without the line's end it is still whole
				}
			}
		}
		for cut := ends[seconds-3]; cut < int64(len(data)); cut++ {
			want := states[seconds-3]
			for s, end := range ends {
				if cut >= end {
					want = states[s]
				}
			}
			for _, tail := range [][]byte{nil, make([]byte, int64(len(data))-cut)} { // the rest is lost, or zeros
				if tail != nil && cut%8 != 0 {
					continue
				}
				writeFile(t, path, append(data[:cut:cut], tail...))
				r, err := Open(dir)
				if err != nil {
					t.Fatalf("%s cut to %d of %d bytes, %d zeros: %v", name, cut, len(data), len(tail), err)
				}
				if diff := differ(r, want); diff != "" && tail == nil {
					t.Fatalf("%s cut to %d of %d bytes differs in %s", name, cut, len(data), diff)
				}
				if cut < ends[seconds-1] && tail == nil && r.Torn == 0 {
					t.Fatalf("%s cut to %d of %d bytes: nothing is torn", name, cut, len(data))
				}
			}
		}
		writeFile(t, path, data)
		// The beginnings of what would have come next.
		writeFile(t, path, append(data[:len(data):len(data)], data[len(data)/2:]...))
		if name != checkpointsFile {
			if r := open(t, dir); differ(r, states[seconds-1]) != "" || r.Torn != 1 {
				t.Errorf("%s with more than the last checkpoint: torn %d, or it was read", name, r.Torn)
			}
		}
		writeFile(t, path, data)
	}
}

// Whatever is changed before the last second of an unsealed run is an error that names the file.
func TestDamageBeforeTheLastSecondOfAnUnsealedRun(t *testing.T) {
	_, dir, _ := unsealed(t, 4)
	for _, name := range []string{latencyFile, countersFile, ledgerFile, samplesFile, resultsFile, scenarioFile} {
		path := filepath.Join(dir, name)
		data := readFile(t, path)
		for _, at := range []int{0, len(data) / 4, len(data) / 2} {
			spoilt := append([]byte{}, data...)
			spoilt[at] ^= 1
			writeFile(t, path, spoilt)
			_, err := Open(dir)
			damage, ok := errors.AsType[*seal.DamageError](err)
			if !ok || filepath.Base(damage.Path) != name || damage.Advice() == "" {
				t.Errorf("%s changed at byte %d: %v", name, at, err)
			}
		}
		writeFile(t, path, data)
	}
	if err := os.Remove(filepath.Join(dir, checkpointsFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), checkpointsFile) {
		t.Errorf("without checkpoints: %v", err)
	}
}

// A process may be killed at any point of Close: before a file is replaced, after it, and before run.json says that it ended.
func TestKilledWhileClosing(t *testing.T) {
	w, dir, states := unsealed(t, 5)
	before := copyDir(t, dir)
	if err := w.Close(End{Reason: Completed}); err != nil {
		t.Fatal(err)
	}
	whole := open(t, dir)
	lines := strings.SplitAfter(string(readFile(t, filepath.Join(dir, checkpointsFile))), "\n")
	const normal = 6 // lines: one at the start and one a second; then come the last, and one for each file that is replaced
	if len(lines) != normal+4 {
		t.Fatalf("%d lines of checkpoints, wanted %d", len(lines)-1, normal+3)
	}
	for _, stage := range []struct {
		lines    int
		replaced []string
	}{
		{normal, nil}, {normal + 1, nil}, {normal + 2, nil},
		{normal + 2, []string{latencyFile}}, {normal + 3, []string{latencyFile}},
		{normal + 3, []string{latencyFile, samplesFile}},
	} {
		killed := copyDir(t, before)
		for _, name := range stage.replaced {
			writeFile(t, filepath.Join(killed, name), readFile(t, filepath.Join(dir, name)))
		}
		writeFile(t, filepath.Join(killed, checkpointsFile), []byte(strings.Join(lines[:stage.lines], "")))
		r := open(t, killed)
		if diff := differ(r, states[4]); diff != "" || r.Torn != 0 || r.Manifest.End != nil {
			t.Errorf("%+v: torn %d, differs in %q", stage, r.Torn, diff)
		}
		if diff := differ(r, whole); diff != "" {
			t.Errorf("%+v: differs from the closed run in %s", stage, diff)
		}
	}
}

// A sealed run that lost its seal, its version or its end is no older version.
func TestASealCannotBeTakenOff(t *testing.T) {
	w, dir := create(t)
	write(t, w, testInterval(0))
	if err := w.Close(End{Reason: Completed}); err != nil {
		t.Fatal(err)
	}
	whole := open(t, dir).Manifest
	for name, spoil := range map[string]func(m *Manifest){
		"no seal":            func(m *Manifest) { m.Seal = nil },
		"no version":         func(m *Manifest) { m.FormatVersion = 0 },
		"neither":            func(m *Manifest) { m.FormatVersion, m.Seal = 0, nil },
		"no end":             func(m *Manifest) { m.End = nil },
		"a later version":    func(m *Manifest) { m.FormatVersion++ },
		"another total":      func(m *Manifest) { m.Seal.Totals.Done++ },
		"a file less":        func(m *Manifest) { m.Seal.Files = m.Seal.Files[1:] },
		"no agents":          func(m *Manifest) { m.Agents = nil },
		"another hash of it": func(m *Manifest) { m.Seal.SHA256 = strings.ToUpper(m.Seal.SHA256) },
	} {
		m := whole
		sealed := *whole.Seal
		totals := *sealed.Totals
		sealed.Totals, m.Seal = &totals, &sealed
		spoil(&m)
		for _, signed := range []bool{true, false} {
			text, err := seal.Text(m)
			if m.Seal != nil && signed && name != "another hash of it" && name != "no agents" {
				text, err = seal.Sign(m, m.Seal)
			}
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(dir, manifestFile), text)
			if _, err := Open(dir); err == nil {
				t.Errorf("%s, signed again: %t: read", name, signed)
			}
		}
	}
}

// What each file says may be undamaged and the whole still contradict itself: then its writer was at fault.
func TestCountersThatContradictAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Interval){
		"a request more":    func(i *Interval) { i.Steps["order"].Done++ },
		"a failure more":    func(i *Interval) { i.Steps["order"].Failed++ },
		"no histogram":      func(i *Interval) { i.Histograms = nil },
		"no counters":       func(i *Interval) { delete(i.Steps, "order") },
		"more late":         func(i *Interval) { i.Steps["order"].Late = 1000 },
		"more statuses":     func(i *Interval) { i.Steps["order"].Statuses = map[string]uint64{"200": 1000} },
		"users of journeys": func(i *Interval) { i.Generator.Journeys = map[string]Journey{"j": {Users: 5}} },
		"iterations":        func(i *Interval) { i.Generator.Journeys = map[string]Journey{"j": {Users: 4, Finished: 1}} },
	} {
		w, dir := create(t)
		interval := testInterval(0)
		spoil(&interval)
		write(t, w, interval)
		if err := w.Close(End{Reason: Completed}); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "found") && !strings.Contains(err.Error(), "count") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The error of an edited scenario says what to do instead.
func TestEditedScenario(t *testing.T) {
	w, dir := create(t)
	if err := w.Close(End{Reason: Completed}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, scenarioFile)
	writeFile(t, path, []byte("name: other\n"))
	_, err := Open(dir)
	damage, ok := errors.AsType[*seal.DamageError](err)
	if want := fmt.Sprintf("fsctl report %s --threshold 'METRIC: EXPR'", dir); !ok || damage.Path != path || !strings.Contains(damage.Advice(), want) {
		t.Errorf("found %v, wanted an error of %s with the hint %q", err, path, want)
	}
}
