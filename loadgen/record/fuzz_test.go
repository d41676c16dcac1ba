package record

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"fsctl/loadgen/record/seal"
)

// FuzzOpen reads run directories whose files are anything at all: either an error or a sound record, which
// comes back the same when it is written again, or is refused where it contradicts itself.
func FuzzOpen(f *testing.F) {
	dir, again := filepath.Join(memoryDir(f), "run"), filepath.Join(memoryDir(f), "again")
	w, err := Create(dir, testManifest(), nil)
	if err != nil {
		f.Fatal(err)
	}
	b := newBaseline(f)
	told := errors.Join(b.Sold(Order{ID: "0", User: "u"}), b.End(map[string]int{"s": 1}, 1), w.Baseline(b), w.Told(Order{ID: "1"}), w.Sold(Order{ID: "1"}), w.Stock(map[string]int{"s": 1}), w.LedgerError("e"))
	if err := errors.Join(told, w.Write(testInterval(-1)), w.Write(testInterval(0)), w.Close(End{Reason: Completed})); err != nil {
		f.Fatal(err)
	}
	var files [5][]byte
	for at, name := range []string{manifestFile, latencyFile, countersFile, ledgerFile, checkpointsFile} {
		files[at] = readSeed(f, filepath.Join(dir, name))
	}
	unsealed, old := otherManifests(f, dir)
	if err := os.Remove(filepath.Join(dir, samplesFile)); err != nil { // it is empty
		f.Fatal(err)
	}
	f.Add(files[0], files[1], files[2], files[3], files[4])
	f.Add(unsealed, files[1], files[2], files[3], files[4])
	f.Add(unsealed, files[1], files[2][:len(files[2])/2], files[3], files[4])
	f.Add(unsealed, files[1], files[2], files[3], files[4][:len(files[4])/2])
	f.Add(unsealed, files[1], files[2], files[3], []byte(`{"files":[{"name":"latency.hlog","bytes":-1,"sha256":""},{"name":"x","bytes":9223372036854775807}],"replaces":"x"}`+"\n\x00\x00"))
	files[0] = old
	f.Add(files[0], files[1], files[2], files[3], []byte(nil))
	f.Add(files[0], []byte("#[BaseTime: 1e300]\n"), []byte(`{"second":0,"step":"a","due":18446744073709551615}`), []byte(`{"type":"told"}`), []byte(nil))
	f.Add(files[0], files[1][:len(files[1])/2], []byte("\n"), []byte("null\n"), []byte(nil))
	f.Add(files[0], files[1], files[2], []byte(`{"type":"stock-part","stock":{"s":1}}`+"\n"+`{"type":"baseline-part","stock":{"s":1}}`+"\n"+`{"type":"stock","stock":{"t":9223372036854775807}}`+"\n"), []byte(nil))
	f.Add([]byte(`{"t0":"9999-12-31T23:59:59Z","start":"9999-12-31T23:59:59Z"}`), files[1], files[2], files[3], []byte(nil))
	f.Fuzz(func(t *testing.T, manifest, latency, counters, ledger, checkpoints []byte) {
		writeFile(t, filepath.Join(dir, manifestFile), manifest)
		writeFile(t, filepath.Join(dir, latencyFile), latency)
		writeFile(t, filepath.Join(dir, countersFile), counters)
		writeFile(t, filepath.Join(dir, ledgerFile), ledger)
		if path := filepath.Join(dir, checkpointsFile); len(checkpoints) > 0 { // else there is none, as in old runs
			writeFile(t, path, checkpoints)
		} else if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		r, err := Open(dir)
		if err != nil {
			return
		}
		checkRecord(t, r)
		totals := r.sealTotals()
		contradiction := r.addsUp(&totals)
		rewritten, err := rewrite(t, r, again)
		if (err != nil) != (contradiction != nil) {
			t.Fatalf("written again, it is read with error %v, wanted %v", err, contradiction)
		}
		if err != nil {
			return
		}
		if diff := differ(rewritten, r); diff != "" {
			t.Fatalf("written again, the record differs in %s", diff)
		}
	})
}

// otherManifests returns the manifest of a run as it was before its end, and as versions without a seal wrote it.
func otherManifests(f *testing.F, dir string) (unsealed, old []byte) {
	m, err := readManifest(dir)
	if err != nil {
		f.Fatal(err)
	}
	m.End, m.Seal = nil, nil
	unsealed, err = seal.Text(m)
	if err != nil {
		f.Fatal(err)
	}
	m.FormatVersion = 0
	if old, err = seal.Text(m); err != nil {
		f.Fatal(err)
	}
	return unsealed, old
}

// memoryDir returns a directory in memory, where the system has a place for one: on a disk, waiting for it to have everything
// takes longer than the rest of an input together.
func memoryDir(f *testing.F) string {
	f.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "record-")
	if err != nil {
		return f.TempDir()
	}
	f.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func readSeed(f *testing.F, path string) []byte {
	f.Helper()
	r, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	return r
}

// rewrite writes a record's histograms, counters and ledger to a new directory, reads that and removes it.
func rewrite(t *testing.T, r *Record, dir string) (*Record, error) {
	t.Helper()
	defer os.RemoveAll(dir)
	w, err := Create(dir, r.Manifest, nil)
	if err != nil {
		t.Fatal(err)
	}
	for number, at := range r.seconds {
		interval := Interval{Second: number, Packed: map[Tag]Packed{}, Steps: at.steps, Generator: at.generator}
		for tag, c := range at.cells {
			interval.Packed[tag] = c
		}
		if err := w.Write(interval); err != nil {
			t.Fatal(err)
		}
	}
	for _, order := range r.Ledger.Told {
		err = errors.Join(err, w.Told(order))
	}
	for _, order := range r.Ledger.Sold.All() {
		err = errors.Join(err, w.Sold(order))
	}
	b := newBaseline(t)
	for _, order := range r.Ledger.Baseline.All() {
		err = errors.Join(err, b.Sold(order))
	}
	if r.Ledger.BaselineRead {
		err = errors.Join(err, b.End(r.Ledger.BaselineStock, r.Ledger.BaselineUsers))
	}
	err = errors.Join(err, w.Baseline(b))
	if r.Ledger.Read || r.Ledger.Stock != nil {
		err = errors.Join(err, w.Stock(r.Ledger.Stock))
	}
	if r.Ledger.Error != "" {
		err = errors.Join(err, w.LedgerError(r.Ledger.Error))
	}
	if err := errors.Join(err, w.Close(End{Reason: Completed})); err != nil {
		t.Fatal(err)
	}
	return Open(dir)
}
