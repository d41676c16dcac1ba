//go:build unix

package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// names lists what is in a directory.
func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestWriteMakesAndReplaces(t *testing.T) {
	for _, o := range []Options{{}, {Sync: true}, {Perm: 0o600, Sync: true}} {
		path := filepath.Join(t.TempDir(), "file")
		for _, want := range []string{"a long first content", "second"} {
			if err := Write(path, o, text(want)); err != nil {
				t.Fatal(err)
			}
			if got := read(t, path); got != want {
				t.Errorf("%+v: found %q, wanted %q", o, got, want)
			}
		}
		if list := names(t, filepath.Dir(path)); len(list) != 1 {
			t.Errorf("%+v: found %v, wanted the file alone", o, list)
		}
	}
}

// A reader that has the old file open keeps the whole of it.
func TestWriteLeavesTheOldFileToItsReaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := Write(path, Options{}, text("old")); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := Write(path, Options{}, text("new and longer")); err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 100)
	if n, _ := reader.Read(content); string(content[:n]) != "old" {
		t.Errorf("the reader found %q", content[:n])
	}
}

func TestWritePermissions(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	mode := func(path string) fs.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := Write(path, Options{}, text("")); err != nil || mode(path) != 0o640 {
		t.Errorf("a new file has %v, %v, wanted what the umask leaves", mode(path), err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, Options{}, text("")); err != nil || mode(path) != 0o666 {
		t.Errorf("a replaced file has %v, %v, wanted those it had", mode(path), err)
	}
	if err := Write(path, Options{Perm: 0o600}, text("")); err != nil || mode(path) != 0o600 {
		t.Errorf("a private file has %v, %v, wanted 0600", mode(path), err)
	}
}

func TestWriteFailsWithoutATrace(t *testing.T) {
	dir := t.TempDir()
	path, failure := filepath.Join(dir, "file"), errors.New("no ink")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := Write(path, Options{}, func(w io.Writer) error {
		if _, err := io.WriteString(w, "half"); err != nil {
			return err
		}
		return failure
	})
	if !errors.Is(err, failure) || err.Error() != "write "+path+": no ink" {
		t.Errorf("found %v", err)
	}
	if list := names(t, dir); read(t, path) != "old" || len(list) != 1 {
		t.Errorf("found %v with %q, wanted the old file alone", list, read(t, path))
	}
	for _, path := range []string{filepath.Join(dir, "none", "file"), dir} {
		err := Write(path, Options{}, text(""))
		if inPath, ok := errors.AsType[*fs.PathError](err); !ok || inPath.Path != path || strings.Contains(err.Error(), ".tmp") {
			t.Errorf("found %v, wanted an error that names %s", err, path)
		}
	}
}

// A link stays a link, and what it leads to gets the content.
func TestWriteThroughALink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, []byte("old and longer"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("target", link); err != nil {
		t.Fatal(err)
	}
	if err := Write(link, Options{}, text("new")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 || read(t, target) != "new" {
		t.Errorf("found %v, %v and %q", info.Mode(), err, read(t, target))
	}
}

func TestWriteThroughAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		content, _ := os.ReadFile(path)
		got <- string(content)
	}()
	if err := Write(path, Options{Sync: true}, text("through")); err != nil {
		t.Fatal(err)
	}
	if content := <-got; content != "through" {
		t.Errorf("the reader found %q", content)
	}
	if err := Write(os.DevNull, Options{Sync: true}, text("gone")); err != nil {
		t.Error(err)
	}
}

// Where standard output is a file, /dev/stdout goes on in it: what was printed before stays.
func TestWriteToStdout(t *testing.T) {
	if os.Getenv("ATOMICFILE_CHILD") != "" {
		os.Stdout.WriteString("before\n")
		if err := Write("/dev/stdout", Options{}, text("written\n")); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("after\n")
		os.Exit(0)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	c := exec.Command(os.Args[0], "-test.run=TestWriteToStdout")
	c.Env, c.Stdout = append(os.Environ(), "ATOMICFILE_CHILD=1"), out
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, out.Name()); got != "before\nwritten\nafter\n" {
		t.Errorf("found %q", got)
	}
}
