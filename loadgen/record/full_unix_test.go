//go:build unix

package record

import (
	"os"
	"path/filepath"
	"testing"
)

// A limit on the size of files stops a writer halfway through a line, as a full disk does, and needs no
// privilege. The limit is 64 blocks, of 512 or 1024 bytes.
func TestFileSizeLimit(t *testing.T) {
	out, err := runChild(fillTheDisk, t.TempDir(), "sh", "-c", `ulimit -f 64 && exec "$0"`).Output()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A run directory may hold credentials of test users: only its owner may read it.
func TestOwnerAlone(t *testing.T) {
	w, dir := create(t)
	write(t, w, testInterval(0))
	if err := w.Close(End{At: testT0(), Reason: Completed}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 3 {
		t.Fatalf("found the files %q, %v", files, err)
	}
	for _, path := range append(files, dir) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			t.Errorf("%s has the mode %o, wanted none for others than its owner", path, mode)
		}
	}
}
