package record

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"

	"fsctl/loadgen/record/seal"
)

// busyInterval is a second with 40 tags of 500 requests each.
func busyInterval(b *testing.B) Interval {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	interval := Interval{Histograms: map[Tag]*Histogram{}, Steps: map[string]*Counters{}}
	for i := range 40 {
		h := NewHistogram()
		for range 500 {
			if err := h.RecordValue(int64(2e6 * math.Exp(0.7*random.NormFloat64()))); err != nil {
				b.Fatal(err)
			}
		}
		interval.Histograms[Tag{ServiceTime, fmt.Sprintf("step%d", i), OutcomeOK}] = h
		interval.Steps[fmt.Sprintf("step%d", i)] = &Counters{Sent: 500, Done: 500}
	}
	return interval
}

// BenchmarkWriteSecond is what a busy second costs the generator that writes it.
func BenchmarkWriteSecond(b *testing.B) {
	w, err := Create(filepath.Join(b.TempDir(), "run"), testManifest(), nil)
	if err != nil {
		b.Fatal(err)
	}
	interval := busyInterval(b)
	for b.Loop() {
		if err := w.Write(interval); err != nil {
			b.Fatal(err)
		}
		interval.Second++
	}
	if err := w.Close(End{Reason: Completed}); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkHalfHour closes, opens and asks a record of half an hour of busy seconds.
func BenchmarkHalfHour(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "run")
	w, err := Create(dir, testManifest(), nil)
	if err != nil {
		b.Fatal(err)
	}
	interval := busyInterval(b)
	for second := range 1800 {
		interval.Second = second
		if err := w.Write(interval); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("open-unsealed", func(b *testing.B) {
		for b.Loop() {
			if _, err := Open(dir); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("close", func(b *testing.B) {
		for b.Loop() {
			if _, err := compactLog(filepath.Join(dir, latencyFile), w.start, func(seal.File) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
	if err := w.Close(End{Reason: Completed}); err != nil {
		b.Fatal(err)
	}
	var r *Record
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			if r, err = Open(dir); err != nil {
				b.Fatal(err)
			}
		}
		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		b.ReportMetric(float64(memory.HeapAlloc)/(1<<20), "MB")
	})
	b.Run("ask-whole", func(b *testing.B) {
		for b.Loop() {
			r.Packed(Everything, nil)
		}
	})
	b.Run("ask-window", func(b *testing.B) {
		for b.Loop() {
			r.Packed(Window{0, 10}, nil)
		}
	})
}
