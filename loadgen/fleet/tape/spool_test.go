package tape

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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

// Whatever byte a process was killed at, what Append returned from is there, and the tape goes on.
func TestSpoolSurvivesDeathAtEveryByte(t *testing.T) {
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
