package record

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// FuzzOpen reads run directories whose files are anything at all: either an error or a sound record, which
// comes back the same when it is written again.
func FuzzOpen(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "run")
	w, err := Create(dir, testManifest(), nil)
	if err != nil {
		f.Fatal(err)
	}
	told := errors.Join(w.Told(Order{ID: "1"}), w.Sold(Order{ID: "1"}), w.Stock(map[string]int{"s": 1}), w.LedgerError("e"))
	if err := errors.Join(told, w.Write(testInterval(-1)), w.Write(testInterval(0)), w.Close(End{Reason: Completed})); err != nil {
		f.Fatal(err)
	}
	var files [4][]byte
	for at, name := range []string{manifestFile, latencyFile, countersFile, ledgerFile} {
		files[at] = readSeed(f, filepath.Join(dir, name))
	}
	f.Add(files[0], files[1], files[2], files[3])
	f.Add(files[0], []byte("#[BaseTime: 1e300]\n"), []byte(`{"second":0,"step":"a","due":18446744073709551615}`), []byte(`{"type":"told"}`))
	f.Add(files[0], files[1][:len(files[1])/2], []byte("\n"), []byte("null\n"))
	f.Add([]byte(`{"t0":"9999-12-31T23:59:59Z","start":"9999-12-31T23:59:59Z"}`), files[1], files[2], files[3])
	f.Fuzz(func(t *testing.T, manifest, latency, counters, ledger []byte) {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, manifestFile), manifest)
		writeFile(t, filepath.Join(dir, latencyFile), latency)
		writeFile(t, filepath.Join(dir, countersFile), counters)
		writeFile(t, filepath.Join(dir, ledgerFile), ledger)
		r, err := Open(dir)
		if err != nil {
			return
		}
		checkRecord(t, r)
		rewritten := rewrite(t, r)
		if diff := differ(rewritten, r); diff != "" {
			t.Fatalf("written again, the record differs in %s", diff)
		}
	})
}

func readSeed(f *testing.F, path string) []byte {
	f.Helper()
	r, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	return r
}

// rewrite writes a record's histograms, counters and ledger to a new directory and reads that.
func rewrite(t *testing.T, r *Record) *Record {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "again")
	w, err := Create(dir, r.Manifest, nil)
	if err != nil {
		t.Fatal(err)
	}
	for number, at := range r.seconds {
		interval := Interval{Second: number, Histograms: map[Tag]*hdrhistogram.Histogram{}, Steps: at.steps, Generator: at.generator}
		for tag, c := range at.cells {
			h := NewHistogram()
			c.addTo(h)
			interval.Histograms[tag] = h
		}
		if err := w.Write(interval); err != nil {
			t.Fatal(err)
		}
	}
	for _, order := range r.Ledger.Told {
		err = errors.Join(err, w.Told(order))
	}
	for _, order := range r.Ledger.Sold {
		err = errors.Join(err, w.Sold(order))
	}
	if r.Ledger.Read || r.Ledger.Stock != nil {
		err = errors.Join(err, w.Stock(r.Ledger.Stock))
	}
	if r.Ledger.Error != "" {
		err = errors.Join(err, w.LedgerError(r.Ledger.Error))
	}
	if err := errors.Join(err, w.Close(End{Reason: Completed})); err != nil {
		t.Fatal(err)
	}
	return open(t, dir)
}

// FuzzPayload holds this package's decoder against the library's: what the one accepts, the other reads alike.
func FuzzPayload(f *testing.F) {
	var encoder payloadEncoder
	for _, histogram := range testInterval(0).Histograms {
		if c := newPacker().pack(histogram); c.count > 0 {
			f.Add(appendPlain(nil, c)[headerBytes:])
		}
	}
	f.Add([]byte{})
	f.Add(binary.AppendVarint(nil, -slots))
	f.Add(binary.AppendVarint(binary.AppendVarint(nil, -slots), 1))
	f.Add(binary.AppendVarint(nil, maxCount+1))
	decoder := newPayloadDecoder()
	f.Fuzz(func(t *testing.T, counts []byte) {
		text, err := encoder.appendCompressed(nil, append(appendHeader(nil, len(counts)), counts...))
		if err != nil {
			t.Fatal(err)
		}
		c, ok := decoder.own(text)
		if !ok {
			return
		}
		theirs, err := hdrhistogram.Decode(text)
		if err != nil {
			t.Fatalf("the library refuses what was read: %v", err)
		}
		ours := NewHistogram()
		c.addTo(ours)
		if !ours.Equals(theirs) {
			t.Fatalf("read %d values, the library %d", ours.TotalCount(), theirs.TotalCount())
		}
	})
}
