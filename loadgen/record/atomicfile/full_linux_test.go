package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestCheckFindsWhatIsFull holds Check to Write where there is no room: a device, links to it, and a disk that is full.
func TestCheckFindsWhatIsFull(t *testing.T) {
	dir := t.TempDir()
	link, chain := filepath.Join(dir, "link"), filepath.Join(dir, "chain")
	if err := errors.Join(os.Symlink("/dev/full", link), os.Symlink("link", chain)); err != nil {
		t.Fatal(err)
	}
	paths := []string{"/dev/full", link, chain}
	if disk := fullDisk(t); disk != "" {
		beside := filepath.Join(dir, "beside")
		if err := os.Symlink(filepath.Join(disk, "new"), beside); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, filepath.Join(disk, "new"), filepath.Join(disk, "old"), beside)
	}
	for _, path := range paths {
		for name, err := range map[string]error{"Check": Check(path), "Write": Write(path, Options{}, text(strings.Repeat("x", leastRoom)))} {
			if at, ok := errors.AsType[*fs.PathError](err); !ok || at.Path != path || !errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), ".tmp") {
				t.Errorf("%s of %s says %v, wanted that there is no room", name, path, err)
			}
		}
	}
}

// fullDisk mounts a small disk that is full and holds the files old and fill, and returns its directory, empty where nothing may be
// mounted.
func fullDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8k"); err != nil {
		t.Log("no disk may be mounted here: full devices only")
		return ""
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	for _, name := range []string{"old", "fill"} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 4096), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestWriteToAMountedFile writes through where a rename cannot: containers have single files as mount points.
func TestWriteToAMountedFile(t *testing.T) {
	dir := t.TempDir()
	path, source := filepath.Join(dir, "file"), filepath.Join(dir, "source")
	for _, name := range []string{path, source} {
		if err := os.WriteFile(name, []byte("old and longer"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mount(source, path, "", syscall.MS_BIND, ""); err != nil {
		t.Log("nothing may be mounted here")
		return
	}
	t.Cleanup(func() { _ = syscall.Unmount(path, syscall.MNT_DETACH) })
	if err := errors.Join(Check(path), Write(path, Options{}, text("new"))); err != nil || read(t, source) != "new" {
		t.Errorf("found %v and %q, wanted the new content", err, read(t, source))
	}
	if err := Write(path, Options{Sync: true}, text("torn")); err == nil || read(t, source) != "new" {
		t.Errorf("found %v and %q, wanted that what must survive is never written in place", err, read(t, source))
	}
	if list := names(t, dir); len(list) != 2 {
		t.Errorf("found %v, wanted no trace", list)
	}
}

// TestAppend keeps what is there, begins a line, and writes through what is no regular file.
func TestAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary")
	for _, c := range []struct{ before, want string }{
		{"", "new\n"}, {"old\n", "old\nnew\n"}, {"old", "old\nnew\n"},
	} {
		if err := os.WriteFile(path, []byte(c.before), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := Append(path, text("new\n")); err != nil || read(t, path) != c.want {
			t.Errorf("found %v and %q, wanted %q", err, read(t, path), c.want)
		}
	}
	if err := errors.Join(os.Remove(path), Append(path, text("made\n"))); err != nil || read(t, path) != "made\n" {
		t.Errorf("found %v and %q", err, read(t, path))
	}
	failure := errors.New("no ink")
	if err := Append(path, func(io.Writer) error { return failure }); !errors.Is(err, failure) || read(t, path) != "made\n" {
		t.Errorf("found %v and %q, wanted that nothing is added", err, read(t, path))
	}
	if err := Append("/dev/null", text("x")); err != nil {
		t.Error(err)
	}
	if err := Append("/dev/full", text("x")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("found %v", err)
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		content, _ := os.ReadFile(pipe)
		got <- string(content)
	}()
	if err := Append(pipe, text("through")); err != nil || <-got != "through" {
		t.Errorf("found %v", err)
	}
}
