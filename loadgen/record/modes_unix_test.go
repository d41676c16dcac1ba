//go:build unix

package record

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// TestRunsAreTheirOwnersAlone makes runs under umasks that give others everything, and that take their owner's permissions away.
func TestRunsAreTheirOwnersAlone(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077, 0o277, 0o777} {
		dir := filepath.Join(t.TempDir(), "run")
		old := syscall.Umask(umask)
		w, err := Create(dir, Manifest{T0: time.Unix(100, 0), Start: time.Unix(100, 0)}, []byte("name: x\n"))
		if err == nil {
			err = w.Raw(&vegeta.Result{Timestamp: time.Unix(101, 0)})
		}
		if err == nil {
			err = w.Close(End{At: time.Unix(102, 0), Reason: Completed})
		}
		syscall.Umask(old)
		if err != nil {
			t.Fatalf("umask %#o: %v", umask, err)
		}
		checkModes(t, dir, umask)
	}
}

func checkModes(t *testing.T, dir string, umask int) {
	t.Helper()
	files := 0
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			t.Fatalf("umask %#o: %v", umask, err)
		}
		wanted := fs.FileMode(0o600)
		if d.IsDir() {
			wanted = 0o700
		}
		if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != wanted {
			t.Errorf("umask %#o: %s has %v, %v, wanted %v", umask, path, info.Mode().Perm(), err, wanted)
		}
		files++
		return nil
	})
	if files < 8 {
		t.Errorf("umask %#o: found %d files, wanted those of a run", umask, files)
	}
}
