package cmd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"fsctl/report"
)

// readOnly makes a directory read-only: by its permissions, and for root, to whom those do not apply, by a mount. It reports
// whether that works here; root in a container may not mount.
func readOnly(t *testing.T, dir string) bool {
	t.Helper()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	if err := syscall.Mount(dir, dir, "", syscall.MS_BIND, ""); err == nil {
		t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
		if err := syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
	}
	return os.WriteFile(filepath.Join(dir, "new"), nil, 0o600) != nil || os.Remove(filepath.Join(dir, "new")) != nil
}

// held is a file of a directory as it was at some time.
type held struct {
	content string
	changed time.Time
}

func filesIn(t *testing.T, dir string) map[string]held {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]held{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = held{string(content), info.ModTime()}
	}
	return files
}

// attack leaves its verdict in the run directory. report finds the same and writes nothing there, so that a run on a
// read-only disk can be judged.
func TestReportOnlyReads(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	target := server(t, "shop", "--listen", "127.0.0.1:0")
	dir := t.TempDir()
	run, made := filepath.Join(dir, "run"), filepath.Join(dir, "made")
	fsctl(t, 0, "attack", steady(t, "20/s", "1s"), "--target", target, "--run", run, "--no-verdict")
	if err := os.Mkdir(made, 0o700); err != nil {
		t.Fatal(err)
	}
	before := filesIn(t, run)
	if !readOnly(t, run) {
		t.Log("nothing can be made read-only here: the files are only compared")
	}
	var rep report.Report
	if err := json.Unmarshal([]byte(before["report.json"].content), &rep); err != nil {
		t.Fatalf("report.json: %v", err)
	}
	fsctl(t, rep.ExitCode, "report", run, "--json", filepath.Join(made, "json"), "--junit", filepath.Join(made, "junit"),
		"--markdown", filepath.Join(made, "markdown"), "--calibrate", filepath.Join(made, "calibration"))
	if again := filesIn(t, made)["json"].content; again != before["report.json"].content {
		t.Errorf("report found\n%s\nwanted what attack found:\n%s", again, before["report.json"].content)
	}
	after := filesIn(t, run)
	for name, was := range before {
		if after[name] != was {
			t.Errorf("%s was written", name)
		}
	}
	if len(after) != len(before) {
		t.Errorf("found %d files, wanted the %d of before", len(after), len(before))
	}
}
