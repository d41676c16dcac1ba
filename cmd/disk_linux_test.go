package cmd_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"fsctl/loadgen/record"
)

// A full disk ends the run with an error that says so, and what was written stays readable.
func TestFullDisk(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	dir := t.TempDir()
	limit := "unlimited"
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=48k"); err != nil {
		limit = "48" // only root may mount: a limit on the size of files stands in, in blocks of 512 or 1024 bytes
	} else {
		t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	}
	target := server(t, "shop", "--listen", "127.0.0.1:0", "--service-time", "1ms")
	run := filepath.Join(dir, "run")
	c := exec.Command("sh", "-c", `ulimit -f `+limit+`; exec fsctl "$@"`, "fsctl",
		"attack", steady(t, "300/s", "60s"), "--target", target, "--raw", "--run", run)
	out, err := c.CombinedOutput()
	if exitOf(err) != 1 || !regexp.MustCompile("full|no space|too large").Match(out) {
		t.Errorf("exit code %d, wanted 1 and an error that says the disk is full:\n%s", exitOf(err), out)
	}
	if _, err := record.Open(run); err != nil {
		t.Errorf("what was written cannot be read: %v", err)
	}
}
