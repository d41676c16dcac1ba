package record

import (
	"bytes"
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"fsctl/loadgen/record/histogram"
)

// figuresOf returns what is exactly known of all values of a record.
func figuresOf(r *Record, w Window) histogram.Figures { return r.Packed(w, nil).Figures() }

// TestFiguresAreExact writes values in any number of intervals, and wants their minimum, maximum and sum back to the
// nanosecond, however the record was come by.
func TestFiguresAreExact(t *testing.T) {
	tag := Tag{ServiceTime, "order", OutcomeOK}
	rapid.Check(t, func(rt *rapid.T) {
		var intervals []Interval
		values := map[int][]int64{}
		for range rapid.IntRange(1, 5).Draw(rt, "intervals") {
			second := rapid.IntRange(0, 2).Draw(rt, "second")
			h, before := NewHistogram(), len(values[second])
			for _, value := range rapid.SliceOfN(rapid.Int64Range(0, 5_000_000_000), 1, 30).Draw(rt, "values") {
				if err := h.RecordValue(value); err != nil {
					rt.Fatal(err)
				}
				values[second] = append(values[second], value)
			}
			intervals = append(intervals, Interval{Second: second, Histograms: map[Tag]*Histogram{tag: h},
				Steps: map[string]*Counters{"order": {Done: uint64(len(values[second]) - before)}}})
		}
		dir := filepath.Join(t.TempDir(), "run")
		w, err := Create(dir, testManifest(), nil)
		if err != nil {
			rt.Fatal(err)
		}
		if err := w.WriteAll(intervals); err != nil {
			rt.Fatal(err)
		}
		going := open(rt, dir)
		if err := w.Close(End{Reason: Completed}); err != nil {
			rt.Fatal(err)
		}
		merged := live(intervals[:len(intervals)/2]...)
		merged.Merge(live(intervals[len(intervals)/2:]...))
		for name, r := range map[string]*Record{"live": live(intervals...), "still written": going, "closed": open(rt, dir), "merged": merged} {
			var all []int64
			for second, some := range values {
				all = append(all, some...)
				if got, want := figuresOf(r, Window{second, second + 1}), exactly(some); got != want {
					rt.Errorf("%s: second %d has %+v, wanted %+v", name, second, got, want)
				}
			}
			if got, want := figuresOf(r, Everything), exactly(all); got != want {
				rt.Errorf("%s: the run has %+v, wanted %+v", name, got, want)
			}
			if got, want := figuresOf(r, Window{0, 2}), exactly(slices.Concat(values[0], values[1])); got != want {
				rt.Errorf("%s: a window has %+v, wanted %+v", name, got, want)
			}
		}
	})
}

func exactly(values []int64) (f histogram.Figures) {
	for i, value := range values {
		f.Merge(int64(i), histogram.Figures{Min: value, Max: value, Sum: value})
	}
	return f
}

// Records of older versions have no figures, and the maximum of a bucket to the microsecond: what the buckets say stays.
func TestOlderRecordsHaveTheFiguresOfTheirBuckets(t *testing.T) {
	w, dir := create(t)
	h := NewHistogram()
	if err := errors.Join(h.RecordValue(10_000_001), h.RecordValue(1_000_000_007)); err != nil {
		t.Fatal(err)
	}
	write(t, w, Interval{Histograms: map[Tag]*Histogram{{ServiceTime, "order", OutcomeOK}: h}})
	if err := w.Close(End{Reason: Completed}); err != nil {
		t.Fatal(err)
	}
	makeOld(t, dir)
	writeFile(t, filepath.Join(dir, countersFile), nil)
	if got, want := figuresOf(open(t, dir), Everything), (histogram.Figures{Max: 1_000_000_007}); got.Max != want.Max || got.Min > 10_000_001 || got.Min < 9_980_000 {
		t.Errorf("without counters.jsonl figures are %+v, wanted the maximum of latency.hlog %d and the minimum of its buckets", got, want.Max)
	}
	log := filepath.Join(dir, latencyFile)
	writeFile(t, log, regexp.MustCompile(`,1000\.000007,`).ReplaceAll(readFile(t, log), []byte(",1000.341,")))
	if bytes.Contains(readFile(t, log), []byte("1000.000007")) {
		t.Fatal("the exact maximum is still there")
	}
	packed := library(open(t, dir).Packed(Everything, nil))
	if got := figuresOf(open(t, dir), Everything); got.Max != packed.Max() || got.Min != packed.Min() {
		t.Errorf("figures of an older record are %+v, wanted those of the buckets, %d to %d", got, packed.Min(), packed.Max())
	}
}
