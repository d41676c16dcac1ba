package stream

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"fsctl/loadgen/record"
)

// TestReserve keeps room that no file shows, and gives it back.
func TestReserve(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "spool")
	r, err := NewReserve(t.Context(), dir, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	size := func() int64 {
		if r.file == nil {
			t.Skip("open files cannot be unlinked here")
		}
		info, err := r.file.Stat()
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v, %v: wanted no file", left, err)
	}
	if err := r.Grow(t.Context(), 600_000); err != nil || size() != 600_000 {
		t.Errorf("%v, %d bytes", err, size())
	}
	if err := r.Grow(t.Context(), 5); err != nil || size() != 600_000 {
		t.Errorf("%v, %d bytes: wanted what there was", err, size())
	}
	if r.Release(599_000); size() != 1000 {
		t.Errorf("%d bytes, wanted the rest", size())
	}
	if r.Release(5000); size() != 0 {
		t.Errorf("%d bytes, wanted none", size())
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if err := r.Grow(ended, 1000); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, wanted the end of the context", err)
	}
	r.Close()
	r.Close()
	r.Release(1)
	var none *Reserve
	none.Release(1)
	none.Close()
}

// TestReserveWithoutRoom is of a directory that cannot be written.
func TestReserveWithoutRoom(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := NewReserve(t.Context(), filepath.Join(file, "spool"), 1000)
	if room, ok := errors.AsType[*RoomError](err); !ok || room.Found != 0 || room.Wanted != 1000 {
		t.Errorf("%v, wanted what there is and what is to be", err)
	}
}

// TestSpoolGrowsIntoItsReserve: appending gives back as much room as it takes.
func TestSpoolGrowsIntoItsReserve(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, err := NewReserve(t.Context(), dir, 1000)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s, err := OpenSpool(dir, Key{testRun, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.reserve = r
	if err := s.Append(make([]byte, 300)); err != nil || r.file != nil && r.size != 1000-300-entryHeadBytes {
		t.Errorf("%v, %d bytes of room left", err, r.size)
	}
}

// TestGapInALog: after a second that could not be written, none counts as reported.
func TestGapInALog(t *testing.T) {
	t.Parallel()
	box, err := openOutbox(t.TempDir(), Key{testRun, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	defer box.spool.Close()
	second := func(n int) []Interval { return []Interval{{Second: n, Generator: &record.Generator{Arrivals: 1}}} }
	if err := box.append(second(3), nil, nil, 1<<20); err != nil || box.second != 3 {
		t.Fatal(err, box.second)
	}
	box.recovered = true
	if err := box.append(second(5), nil, nil, 1<<20); err != nil || box.second != 3 || !box.fin().Recovered {
		t.Errorf("%v, second %d: wanted 3, and a Fin that says so", err, box.second)
	}
}
