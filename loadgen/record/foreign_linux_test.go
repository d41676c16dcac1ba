package record

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
)

// TestVegetaIsRefusedFromADevice: one that never ends would fill the memory, and a pipe cannot be read twice.
func TestVegetaIsRefusedFromADevice(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/dev/zero", "/dev/null", pipe} {
		if _, err := FromVegeta(path); err == nil {
			t.Errorf("%s was read", path)
		} else if _, ok := errors.AsType[*FormatError](err); !ok {
			t.Errorf("%s: found %v", path, err)
		}
	}
}
