package record

import (
	"syscall"
	"testing"
)

// A file system of 256 KB is soon full. Where mounting is not allowed, TestFileSizeLimit stands alone.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("record-test", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Logf("mount: %v", err)
		return
	}
	defer func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	}()
	if err := fillDisk(dir); err != nil {
		t.Error(err)
	}
}
