package stream

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func openSpool(t *testing.T, dir string, key Key) *Spool {
	t.Helper()
	s, err := OpenSpool(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// entry is mostly zeros: what is left of one may look like the head of another.
func entry(number int) []byte { return append([]byte{byte(number)}, make([]byte, 7*number)...) }

func checkEntries(t *testing.T, s *Spool, count int) {
	t.Helper()
	if s.Len() != uint64(count) {
		t.Fatalf("the spool has %d entries, wanted %d", s.Len(), count)
	}
	for number := range count {
		if data, err := s.Read(uint64(number)); err != nil || !bytes.Equal(data, entry(number)) {
			t.Fatalf("entry %d is % x (%v)", number, data, err)
		}
	}
	if data, err := s.Read(uint64(count)); err == nil {
		t.Fatalf("entry %d beyond the end is % x", count, data)
	}
}

// Whatever byte a process was killed at, what Append returned from is there, and the log goes on.
func TestSpoolSurvivesDeathAtEveryByte(t *testing.T) {
	t.Parallel()
	dir, key := t.TempDir(), Key{testRun, 1, 1}
	s := openSpool(t, dir, key)
	sizes := []int64{int64(len(spoolMagic))} // of the file, after each entry
	for number := range 4 {
		if err := s.Append(entry(number)); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(s.path)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, info.Size())
	}
	whole, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	cut := t.TempDir()
	for length := range len(whole) + 1 {
		reopen := func() *Spool {
			if err := os.WriteFile(filepath.Join(cut, filepath.Base(s.path)), whole[:length], 0o644); err != nil {
				t.Fatal(err)
			}
			return openSpool(t, cut, key)
		}
		entries := max(0, slices.IndexFunc(append(sizes, 1<<60), func(size int64) bool { return size > int64(length) })-1)
		again := reopen()
		checkEntries(t, again, entries)
		if err := errors.Join(again.Append(entry(entries), entry(entries+1)), again.Close()); err != nil {
			t.Fatal(err)
		}
		again = openSpool(t, cut, key)
		checkEntries(t, again, entries+2)
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		again = reopen() // and with an entry shorter than what the dead one left
		if err := errors.Join(again.Append(nil), again.Close()); err != nil {
			t.Fatal(err)
		}
		again = openSpool(t, cut, key)
		if again.Len() != uint64(entries+1) {
			t.Fatalf("%d entries after one was appended to %d", again.Len(), entries)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDamagedSpoolIsSaid(t *testing.T) {
	t.Parallel()
	key := Key{testRun, 1, 1}
	for name, change := range map[string]func(data []byte) []byte{
		"a bit of an early entry": func(data []byte) []byte { data[len(spoolMagic)+entryHeadBytes+9] ^= 1; return data },
		"a length":                func(data []byte) []byte { data[len(spoolMagic)+3] = 0xff; return data },
		"another file":            func([]byte) []byte { return []byte("some text of another kind") },
	} {
		dir := t.TempDir()
		s := openSpool(t, dir, key)
		if err := errors.Join(s.Append(entry(3), entry(4), entry(5)), s.Close()); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.path, change(data), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenSpool(dir, key); err == nil || !strings.Contains(err.Error(), s.path) {
			t.Errorf("%s is damaged: error %v, wanted one that names the file", name, err)
		}
	}
	dir := t.TempDir()
	s := openSpool(t, dir, key)
	if err := errors.Join(s.Append(entry(1), entry(2)), s.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1 // the machine died before the last entry was all on the disk
	if err := os.WriteFile(s.path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if s := openSpool(t, dir, key); s.Len() != 1 {
		t.Errorf("%d entries before a damaged last one, wanted 1", s.Len())
	}
}

func TestSpoolIsOneProcessesOwn(t *testing.T) {
	t.Parallel()
	dir, key := t.TempDir(), Key{testRun, 1, 1}
	s := openSpool(t, dir, key)
	_, err := OpenSpool(dir, key)
	if _, busy := errors.AsType[*BusyError](err); !busy {
		t.Fatalf("a spool was opened twice: error %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openSpool(t, dir, key)
	if err := s.Remove(); err != nil {
		t.Fatal(err)
	}
	if keys, err := Spools(dir); err != nil || len(keys) > 0 {
		t.Errorf("spools %v (%v) after the only one was removed", keys, err)
	}
	if err := s.Append(entry(1)); err == nil {
		t.Error("appended to a spool that was removed")
	}
}

func TestSpoolsAreListed(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "spools")
	if keys, err := Spools(dir); err != nil || len(keys) > 0 {
		t.Fatalf("spools %v (%v) of a missing directory", keys, err)
	}
	keys := []Key{{"a-b_c", 7, 1 << 63}, {testRun, 1, 0}, {testRun, 12, 3}}
	for _, key := range keys {
		openSpool(t, dir, key)
	}
	for _, name := range []string{"x.spool", "-1-1.spool", "r-01-1.spool", "r-1--1.spool", "r-1-1.txt", "r-1-1"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := Spools(dir); err != nil || !slices.Equal(found, keys) {
		t.Errorf("found %v (%v), wanted %v", found, err, keys)
	}
	for _, key := range []Key{{"", 1, 1}, {"../x", 1, 1}, {"r", 0, 1}} {
		if _, err := OpenSpool(dir, key); err == nil {
			t.Errorf("opened a spool of %q", fmt.Sprint(key))
		}
	}
}

// What is old and noTest's is deleted; what a process has open, what is younger, and what is no spool stays.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	now := time.Now().Truncate(time.Second)
	aged := func(name string, age time.Duration) {
		t.Helper()
		if err := os.Chtimes(filepath.Join(dir, name), time.Time{}, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	old, atLimit, young, open := Key{testRun, 1, 1}, Key{testRun, 2, 1}, Key{testRun, 3, 1}, Key{testRun, 4, 1}
	for key, age := range map[Key]time.Duration{old: time.Hour + time.Second, atLimit: time.Hour, young: time.Minute, open: 100 * time.Hour} {
		s := openSpool(t, dir, key)
		if err := s.Append(entry(key.Slot)); err != nil {
			t.Fatal(err)
		}
		if key != open {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		aged(key.String()+spoolEnding, age)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.spool"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "run-1-1.spool"), 0o755); err != nil {
		t.Fatal(err)
	}
	aged("notes.spool", 100*time.Hour)
	aged("run-1-1.spool", 100*time.Hour)

	leftover := func(key Key, age time.Duration) Leftover {
		return Leftover{key, int64(len(spoolMagic)) + entryHeadBytes + int64(len(entry(key.Slot))), now.Add(-age)}
	}
	same := func(found, want []Leftover) bool {
		return slices.EqualFunc(found, want, func(a, b Leftover) bool {
			return a.Key == b.Key && a.SizeBytes == b.SizeBytes && a.Written.Equal(b.Written)
		})
	}
	stay := []Leftover{leftover(atLimit, time.Hour), leftover(young, time.Minute)}
	for _, gone := range [][]Leftover{{leftover(old, time.Hour+time.Second)}, nil} { // the second time there is nothing to do
		deleted, kept, err := Sweep(dir, now.Add(-time.Hour))
		if err != nil || !same(deleted, gone) || !same(kept, stay) {
			t.Fatalf("deleted %v, kept %v (%v), wanted %v and %v", deleted, kept, err, gone, stay)
		}
	}
	if keys, err := Spools(dir); err != nil || len(keys) != 4 { // with the directory of a spool's name
		t.Errorf("found %v (%v), wanted all but one", keys, err)
	}
	if deleted, kept, err := Sweep(filepath.Join(dir, "none"), now); err != nil || len(deleted)+len(kept) > 0 {
		t.Errorf("deleted %v, kept %v (%v) of a missing directory", deleted, kept, err)
	}
	if deleted, kept, err := Sweep(dir, time.Time{}); err != nil || len(deleted) > 0 || len(kept) != 2 {
		t.Errorf("deleted %v, kept %v (%v) without an instant", deleted, kept, err)
	}
}
