//go:build unix

package folder

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestRead(t *testing.T) {
	above := t.TempDir()
	dir := filepath.Join(above, "shop")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(dir, "img"), 0o755),
		os.WriteFile(filepath.Join(above, "secret"), []byte("secret"), 0o600),
		os.WriteFile(filepath.Join(dir, "a.png"), []byte("a"), 0o600),
		os.WriteFile(filepath.Join(dir, "img", "b.png"), []byte("b"), 0o600),
		os.WriteFile(filepath.Join(dir, "huge"), nil, 0o600),
		os.Truncate(filepath.Join(dir, "huge"), MostBytes+1),
		os.Symlink("../secret", filepath.Join(dir, "out")),
		os.Symlink(filepath.Join(above, "secret"), filepath.Join(dir, "absolute")),
		os.Symlink("..", filepath.Join(dir, "up")),
		os.Symlink("img/b.png", filepath.Join(dir, "in")),
		syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ name, want, problem string }{
		{"a.png", "a", ""},
		{"./a.png", "a", ""},
		{"img/b.png", "b", ""},
		{"img/../a.png", "a", ""},
		{"in", "b", ""},
		{"", "", "wanted one beside the scenario"},
		{"../secret", "", "without .."},
		{"img/../../secret", "", "without .."},
		{filepath.Join(above, "secret"), "", "does not begin with /"},
		{"out", "", "leads out of the scenario's folder"},
		{"absolute", "", "leads out of the scenario's folder"},
		{"up/secret", "", "leads out of the scenario's folder"},
		{"none.png", "", "found no file none.png"},
		{"img", "", "found the directory img, wanted a file"},
		{"pipe", "", "which is no regular file"},
		{"huge", "", "more than 64 MiB in the file huge"},
		{"a\x00b", "", "invalid argument"},
	} {
		got, err := Read(dir, c.name)
		if c.problem == "" && (err != nil || string(got) != c.want) || c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)) {
			t.Errorf("%q: found %q and %v, wanted %q and %q", c.name, got, err, c.want, c.problem)
		}
		if checked := Check(dir, c.name); (checked == nil) != (err == nil) {
			t.Errorf("%q: Check says %v, and Read %v", c.name, checked, err)
		}
	}
}

func TestTypeOf(t *testing.T) {
	for name, want := range map[string]string{"a.PNG": "image/png", "img/x.tar.gz": "application/gzip", "none": "application/octet-stream", ".json": "application/json", "a.odd": "application/octet-stream"} {
		if got := TypeOf(name); got != want {
			t.Errorf("%s: found %s, wanted %s", name, got, want)
		}
	}
}

// FuzzRead reads nothing outside of the folder, whatever a name is.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"a", "../secret", "x/../../secret", "/etc/passwd", "link", "", ".", "a\x00", `..\secret`} {
		f.Add(name)
	}
	above := f.TempDir()
	dir := filepath.Join(above, "shop")
	for _, err := range []error{
		os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(above, "secret"), []byte("secret"), 0o600),
		os.WriteFile(filepath.Join(dir, "a"), []byte("a"), 0o600), os.Symlink("..", filepath.Join(dir, "link")),
	} {
		if err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, name string) {
		if got, err := Read(dir, name); err == nil && string(got) != "a" {
			t.Errorf("%q: found %q", name, got)
		}
	})
}
