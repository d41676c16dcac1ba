package record

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"

	"fsctl/loadgen/record/orders"
)

// testT0 has a part below the millisecond, which the log's format cannot hold.
func testT0() time.Time { return time.Date(2026, 11, 10, 16, 0, 0, 123_456_789, time.UTC) }

func testManifest() Manifest {
	return Manifest{
		FsctlVersion:    "0.1.0",
		Scenario:        "live-drop",
		Target:          "http://127.0.0.1:8080",
		Engine:          "wire",
		Seed:            7,
		ScaleRatio:      0.01,
		Connections:     64,
		Cores:           2,
		PlannedArrivals: 1000,
		Start:           testT0().Add(-2500 * time.Millisecond),
		T0:              testT0(),
		Agents:          []Agent{{Name: "a", ShareRatio: 1}},
		Settings:        map[string]any{"raw": true},
	}
}

func create(t *testing.T) (w *Writer, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "runs", "one")
	w, err := Create(dir, testManifest(), []byte("name: live-drop\n"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close(End{Reason: Interrupted}) })
	return w, dir
}

// testInterval is a second with two steps, whose numbers depend on the second alone.
func testInterval(second int) Interval {
	each := uint64(10 + second&7) // values of an outcome
	interval := Interval{
		Second:     second,
		Histograms: map[Tag]*Histogram{},
		Steps: map[string]*Counters{
			"order": {Due: 9, Sent: 9, Done: 3 * each, Failed: each, Errors: map[string]uint64{"timeout": 1}, BytesOut: 900, BytesIn: 4000,
				Quiet: Load{Requests: 8, Seconds: 0.0121}},
			"browse": {Due: uint64(second + 100), Sent: 1},
			"idle":   {},
		},
		Generator: &Generator{CPUSeconds: 0.25, Connections: 3, MaxLatenessSeconds: 0.001, Arrivals: 4},
	}
	for _, metric := range []string{ResponseTime, ServiceTime} {
		for at, outcome := range []string{OutcomeOK, "placed", OutcomeError} {
			h := NewHistogram()
			for i := range int(each) {
				if err := h.RecordValue(int64(i+1) * int64(time.Millisecond) * int64(at+1)); err != nil {
					panic(err)
				}
			}
			interval.Histograms[Tag{metric, "order", outcome}] = h
		}
	}
	interval.Histograms[Tag{Lateness, "order", OutcomeOK}] = NewHistogram() // empty: no line
	return interval
}

// copyDir returns a copy of a run directory that a test may spoil.
func copyDir(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// makeOld makes of a run what a version without seals left of it.
func makeOld(t *testing.T, dir string) {
	t.Helper()
	m, err := readManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	m.FormatVersion, m.Seal = 0, nil
	if err := errors.Join(writeManifest(dir, m), os.Remove(filepath.Join(dir, checkpointsFile))); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, w *Writer, intervals ...Interval) {
	t.Helper()
	for _, interval := range intervals {
		if err := w.Write(interval); err != nil {
			t.Fatal(err)
		}
	}
}

func open(t rapid.TB, dir string) *Record {
	t.Helper()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func live(intervals ...Interval) *Record {
	r := New(testManifest())
	for _, interval := range intervals {
		r.Add(interval)
	}
	return r
}

// differ returns the first difference between what two records measured, empty for none.
func differ(a, b *Record) string {
	seconds := slices.Sorted(maps.Keys(a.seconds))
	if others := slices.Sorted(maps.Keys(b.seconds)); !slices.Equal(seconds, others) {
		return fmt.Sprintf("seconds %v and %v", seconds, others)
	}
	for _, number := range seconds {
		x, y := a.seconds[number], b.seconds[number]
		if !maps.EqualFunc(x.cells, y.cells, Packed.Equal) {
			return fmt.Sprintf("histograms of second %d", number)
		}
		if !reflect.DeepEqual(x.steps, y.steps) || !reflect.DeepEqual(x.generator, y.generator) {
			return fmt.Sprintf("counters of second %d: %v and %v", number, a.CountersAt(number), b.CountersAt(number))
		}
	}
	if !slices.Equal(a.Tags(), b.Tags()) {
		return fmt.Sprintf("tags %v and %v", a.Tags(), b.Tags())
	}
	for _, tag := range a.Tags() {
		same := func(t Tag) bool { return t == tag }
		if !a.Packed(Everything, same).Equal(b.Packed(Everything, same)) {
			return fmt.Sprintf("totals of %s", tag)
		}
	}
	if !reflect.DeepEqual(sorted(a.Ledger), sorted(b.Ledger)) {
		return fmt.Sprintf("ledgers %+v and %+v", a.Ledger, b.Ledger)
	}
	return ""
}

// checkRecord holds whatever could be read to what must be true of every record.
func checkRecord(t rapid.TB, r *Record) {
	t.Helper()
	first, last, ok := r.Seconds()
	if ok != (len(r.seconds) > 0) || first > last {
		t.Fatalf("seconds are %d to %d, %v", first, last, ok)
	}
	if !slices.IsSortedFunc(r.Tags(), Tag.Compare) {
		t.Fatalf("tags are not sorted: %v", r.Tags())
	}
	whole := r.Packed(Everything, nil) // from the totals
	var parts Sum
	parts.Add(r.Packed(Window{first, last}, nil)) // all but the last second, from the cells
	parts.Add(r.Packed(Window{last, last + 1}, nil))
	if sum := parts.Take(); !whole.Equal(sum) || r.Count(Everything, nil) != whole.Count() || r.Count(Window{first, last + 1}, nil) != whole.Count() {
		t.Fatalf("the run has %d values, its seconds %d, and Count says %d", whole.Count(), sum.Count(), r.Count(Everything, nil))
	}
	unpacked := NewHistogram()
	whole.AddTo(unpacked)
	if histogram := NewPacker().Pack(unpacked); !histogram.Equal(whole) {
		t.Fatalf("the histogram of the run has %d values, packed it has %d", histogram.Count(), whole.Count())
	}
	var sum Counters
	for _, step := range r.Steps() {
		sum.Add(r.Counters(Everything, step))
	}
	if all := r.Counters(Everything, ""); !reflect.DeepEqual(all, sum) {
		t.Fatalf("counters of all steps are %+v, their sum %+v", all, sum)
	}
}

// library returns the same histogram as HdrHistogram's own.
func library(p Packed) *hdrhistogram.Histogram {
	h := hdrhistogram.New(LowestValue, HighestValue, SignificantDigits)
	for lowest, count := range p.Buckets() {
		if err := h.RecordValues(lowest, count); err != nil {
			panic(err)
		}
	}
	return h
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// sorted returns a ledger whose lists are in one order, whichever way round their orders came.
func sorted(l Ledger) Ledger {
	l.Sold, l.Baseline = orders.ListOf(sumOrders(l.Sold.All(), nil)...), orders.ListOf(sumOrders(l.Baseline.All(), nil)...)
	return l
}
