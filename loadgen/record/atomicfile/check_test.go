//go:build unix

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// place is a path to write to, and whether it can be.
type place struct {
	make func(dir string) (path string, err error)
	ok   bool
}

func places() map[string]place {
	in := func(name string, make func(path string) error) func(string) (string, error) {
		return func(dir string) (string, error) {
			path := filepath.Join(dir, name)
			return path, make(path)
		}
	}
	nothing := func(string) error { return nil }
	content := func(path string) error { return os.WriteFile(path, []byte("old"), 0o444) }
	link := func(to string) func(string) error { return func(path string) error { return os.Symlink(to, path) } }
	fixed := func(path string) func(string) (string, error) {
		return func(string) (string, error) { return path, nil }
	}
	return map[string]place{
		"a new file":             {in("file", nothing), true},
		"a file":                 {in("file", content), true},
		"a missing directory":    {in("none/file", nothing), false},
		"a directory":            {in("dir", func(path string) error { return os.Mkdir(path, 0o755) }), false},
		"the working directory":  {fixed("."), false},
		"a file as a directory":  {in("file/x", func(path string) error { return content(filepath.Dir(path)) }), false},
		"a name that is long":    {in(strings.Repeat("x", 250), nothing), false},
		"a name too long":        {in(strings.Repeat("x", 300), nothing), false},
		"a link to a file":       {in("link", func(path string) error { return errors.Join(content(path+".to"), os.Symlink(path+".to", path)) }), true},
		"a link to a new file":   {in("link", link("new")), true},
		"a link that leads away": {in("link", link("none/new")), false},
		"a link to itself":       {in("link", link("link")), false},
		"a link to a directory":  {in("link", link(".")), false},
		"a link to a link":       {in("link", func(path string) error { return errors.Join(os.Symlink("link2", path), os.Symlink("new", path+"2")) }), true},
		"links that lead away": {in("link", func(path string) error {
			return errors.Join(os.Symlink("link2", path), os.Symlink("none/new", path+"2"))
		}), false},
		"a pipe":              {in("pipe", func(path string) error { return syscall.Mkfifo(path, 0o600) }), true},
		"no output":           {fixed("/dev/null"), true},
		"the standard output": {fixed("/dev/stdout"), true},
		"no such descriptor":  {fixed("/dev/fd/987"), false},
	}
}

// TestCheck holds Check to Write: where the one succeeds the other does, and Check leaves no trace.
func TestCheck(t *testing.T) {
	for name, p := range places() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path, err := p.make(dir)
			if err != nil {
				t.Fatal(err)
			}
			before := tree(t, dir)
			err = Check(path)
			if (err == nil) != p.ok {
				t.Fatalf("found %v, wanted an error: %v", err, !p.ok)
			}
			if at, ok := errors.AsType[*fs.PathError](err); err != nil && (!ok || at.Path != path) {
				t.Errorf("%v does not name %s", err, path)
			}
			if after := tree(t, dir); after != before {
				t.Errorf("found %s afterwards, wanted %s", after, before)
			}
			if name == "a pipe" {
				return // Write waits for its reader
			}
			if err := Write(path, Options{}, text("")); (err == nil) != p.ok {
				t.Errorf("Write says %v", err)
			}
		})
	}
}

// tree lists the names, modes, sizes and links below a directory.
func tree(t *testing.T, dir string) (all string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && path != dir {
			all += path + " " + info.Mode().String() + " " + info.ModTime().String() + "\n"
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestCheckLeavesAPipeOpen: a reader that waits at a pipe gets what is written later.
func TestCheckLeavesAPipeOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	found := make(chan string, 1)
	go func() {
		content, err := os.ReadFile(path)
		found <- string(content) + errorText(err)
	}()
	for range 3 {
		if err := Check(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := Write(path, Options{}, text("late")); err != nil {
		t.Fatal(err)
	}
	if got := <-found; got != "late" {
		t.Errorf("the reader found %q", got)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestWriteToAPipeWithoutReader ends.
func TestWriteToAPipeWithoutReader(t *testing.T) {
	if testing.Short() {
		t.Skip("needs seconds: left out in short mode")
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, Options{}, text("x")); err == nil || !strings.Contains(err.Error(), "found no reader of the pipe") {
		t.Errorf("found %v", err)
	}
}

// TestWriteToAPipeThatIsNotRead: a reader that opened the pipe and never reads does not hold the writer for ever, and one that
// is slow gets all.
func TestWriteToAPipeThatIsNotRead(t *testing.T) {
	if testing.Short() {
		t.Skip("needs seconds: left out in short mode")
	}
	t.Parallel()
	content := strings.Repeat("0123456789abcdef", 40_000) // a pipe holds 64 KiB
	for name, slow := range map[string]bool{"never reads": false, "reads slowly": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
			reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			written := make(chan error, 1)
			go func() { written <- Write(path, Options{}, text(content)) }()
			if !slow {
				err := <-written
				if err == nil || !strings.Contains(err.Error(), "did not read for 10 s") || !strings.Contains(err.Error(), path) {
					t.Errorf("found %v", err)
				}
				return
			}
			time.Sleep(time.Second) // the writer waits with a full pipe
			var got strings.Builder
			for piece := make([]byte, 100_000); got.Len() < len(content); time.Sleep(50 * time.Millisecond) {
				n, err := reader.Read(piece)
				if err != nil {
					t.Fatal(err)
				}
				got.Write(piece[:n])
			}
			if err := <-written; err != nil || got.String() != content {
				t.Errorf("found %v and %d bytes, wanted %d", err, got.Len(), len(content))
			}
		})
	}
}
