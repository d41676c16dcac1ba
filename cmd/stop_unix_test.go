//go:build unix

package cmd_test

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// killedBySignal is the exit code of a process that a signal ended.
const killedBySignal = -1

// interrupted runs a command, interrupts it once after a while, and returns its exit code.
func interrupted(t *testing.T, after time.Duration, out *bytes.Buffer, args []string) int {
	p := exec.Command("fsctl", args...)
	p.Stdout, p.Stderr = out, out
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	_ = p.Process.Signal(syscall.SIGINT)
	watch := time.AfterFunc(30*time.Second, func() { _ = p.Process.Kill() })
	code := exitOf(p.Wait())
	if !watch.Stop() {
		t.Fatalf("it went on after the interrupt\n%s", out.String())
	}
	return code
}

// TestFirstInterrupt interrupts commands once, at different moments of their work: each ends by itself, with the code of an
// interruption, and one that has begun to send saves what it measured. A command that goes on would be killed by the test's watch.
func TestFirstInterrupt(t *testing.T) {
	needsSeconds(t)
	quick := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(quick.Close)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // which takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	dir := t.TempDir()
	fifo := filepath.Join(dir, "pipe.yaml")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(fifo, os.O_RDWR, 0) // open for writing, and silent
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = writer.Close() })
	storm, mute, late := busyScenario(t, "300ms", "50/s", "20s"), "http://"+silent.Addr().String(), busyScenario(t, "1h", "50/s", "3s")
	for name, c := range map[string]struct {
		after time.Duration
		saves bool
		args  []string
	}{
		"reading":   {300 * time.Millisecond, false, []string{"scenarios", "validate", fifo}},
		"planning":  {time.Second, false, []string{"plan", "taobao-double11", "--trials", "10000000"}},
		"dry run":   {500 * time.Millisecond, false, []string{"attack", storm, "--target", quick.URL, "--dry-run"}},
		"preflight": {800 * time.Millisecond, false, []string{"attack", storm, "--target", strings.Replace(mute, "http:", "https:", 1)}},
		"before T0": {1500 * time.Millisecond, true, []string{"attack", late, "--target", quick.URL}},
		"storm":     {1500 * time.Millisecond, true, []string{"attack", storm, "--target", quick.URL}},
		"silent":    {2 * time.Second, true, []string{"attack", storm, "--target", mute, "--no-preflight"}},
		"capacity":  {2 * time.Second, true, []string{"attack", storm, "--target", quick.URL, "--find-capacity", "--set", `thresholds.response_time=["p(99)<1s"]`}},
		"trying":    {800 * time.Millisecond, false, []string{"try", storm, "--target", mute}},
		"rehearsal": {2500 * time.Millisecond, true, []string{"rehearse"}},
	} {
		t.Run(name, func(t *testing.T) {
			run := filepath.Join(t.TempDir(), "run")
			args := c.args
			if args[0] == "attack" || args[0] == "rehearse" {
				args = append(args, "--run", run)
			}
			var out bytes.Buffer
			code := killedBySignal
			for after := c.after + 500*time.Millisecond; code == killedBySignal && after < 10*time.Second; after *= 2 { // it had not begun yet
				out.Reset()
				code = interrupted(t, after, &out, args)
			}
			if code != 105 && !(name == "dry run" && code == 0) {
				t.Errorf("exit code %d, wanted 105\n%s", code, out.String())
			}
			if _, err := os.Stat(filepath.Join(run, "report.json")); c.saves != (err == nil) {
				t.Errorf("report of the run: %v, wanted one: %v\n%s", err, c.saves, out.String())
			}
			if strings.Contains(out.String(), "goroutine ") {
				t.Errorf("trace of the runtime:\n%s", out.String())
			}
		})
	}
}
