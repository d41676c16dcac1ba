package record

import (
	"bytes"
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
	var files [4][]byte
	for at, name := range []string{manifestFile, latencyFile, countersFile, ledgerFile} {
		files[at] = readSeed(f, filepath.Join(dir, name))
	}
	f.Add(files[0], files[1], files[2], files[3])
	f.Add(files[0], []byte("#[BaseTime: 1e300]\n"), []byte(`{"second":0,"step":"a","due":18446744073709551615}`), []byte(`{"type":"told"}`))
	f.Add(files[0], files[1][:len(files[1])/2], []byte("\n"), []byte("null\n"))
	f.Add(files[0], files[1], files[2], []byte(`{"type":"stock-part","stock":{"s":1}}`+"\n"+`{"type":"baseline-part","stock":{"s":1}}`+"\n"+`{"type":"stock","stock":{"t":9223372036854775807}}`+"\n"))
	f.Add([]byte(`{"t0":"9999-12-31T23:59:59Z","start":"9999-12-31T23:59:59Z"}`), files[1], files[2], files[3])
	f.Fuzz(func(t *testing.T, manifest, latency, counters, ledger []byte) {
		writeFile(t, filepath.Join(dir, manifestFile), manifest)
		writeFile(t, filepath.Join(dir, latencyFile), latency)
		writeFile(t, filepath.Join(dir, countersFile), counters)
		writeFile(t, filepath.Join(dir, ledgerFile), ledger)
		r, err := Open(dir)
		if err != nil {
			return
		}
		checkRecord(t, r)
		rewritten := rewrite(t, r, again)
		if diff := differ(rewritten, r); diff != "" {
			t.Fatalf("written again, the record differs in %s", diff)
		}
	})
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
func rewrite(t *testing.T, r *Record, dir string) *Record {
	t.Helper()
	defer os.RemoveAll(dir)
	w, err := Create(dir, r.Manifest, nil)
	if err != nil {
		t.Fatal(err)
	}
	for number, at := range r.seconds {
		interval := Interval{Second: number, Packed: map[Tag]Packed{}, Steps: at.steps, Generator: at.generator}
		for tag, c := range at.cells {
			interval.Packed[tag] = Packed{c}
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
	b := newBaseline(t)
	for _, order := range r.Ledger.Baseline {
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
	return open(t, dir)
}

// FuzzPayload holds this package's decoder against the library's: both refuse a payload, or read it alike.
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
	f.Add(append(bytes.Repeat([]byte{0x80}, 9), 0)) // encoding/binary reads 0, HdrHistogram 2^62 and then 0
	f.Add(append(bytes.Repeat([]byte{0x82}, 8), 1)) // the ninth byte is the last
	f.Add([]byte{0x82, 0x80, 0x00, 0x02})           // more bytes than it needs
	decoder := newPayloadDecoder()
	f.Fuzz(func(t *testing.T, counts []byte) {
		text, err := encoder.appendCompressed(nil, append(appendHeader(nil, len(counts)), counts...))
		if err != nil {
			t.Fatal(err)
		}
		theirs, refused := hdrhistogram.DecodePacked(text)
		if c, ok := decoder.own(text); ok && refused != nil {
			t.Fatalf("%d values were read of what the library refuses: %v", c.count, refused)
		}
		c, err := decoder.decode(text)
		if (err == nil) != (refused == nil && theirs.TotalCount() <= maxCount) {
			t.Fatalf("read %d values with error %v, the library says %v", c.count, err, refused)
		}
		if err != nil {
			return
		}
		ours := cursor{rest: c.buckets}
		for value, count := range theirs.ForEachBucket {
			if !ours.next() || ours.slot != slotOf(value) || ours.count != count {
				t.Fatalf("read %d of bucket %d, the library %d of bucket %d", ours.count, ours.slot, count, slotOf(value))
			}
		}
		if c.count != theirs.TotalCount() {
			t.Fatalf("read %d values, the library %d", c.count, theirs.TotalCount())
		}
	})
}
