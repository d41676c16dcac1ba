package cmd_test

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestHangUpSaves closes the terminal of a storm: what was measured is saved and reported, as for Ctrl-C. nohup keeps it going.
func TestHangUpSaves(t *testing.T) {
	needsSeconds(t)
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(target.Close)
	for name, c := range map[string]struct {
		before []string
		code   int
		ended  string
	}{
		"closed": {nil, 105, "interrupted"},
		"nohup":  {[]string{"nohup"}, 0, "completed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := filepath.Join(t.TempDir(), "run")
			args := append(c.before, "fsctl", "attack", busyScenario(t, "300ms", "50/s", "3s"), "--target", target.URL, "--run", run)
			p := exec.Command(args[0], args[1:]...)
			var out bytes.Buffer
			p.Stdout, p.Stderr = &out, &out
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(1500 * time.Millisecond)
			_ = p.Process.Signal(syscall.SIGHUP)
			code := exitOf(p.Wait())
			if r := reportOf(t, run); code != c.code || r.Ended != c.ended {
				t.Errorf("exit code %d, ended %s, wanted %d, %s\n%s", code, r.Ended, c.code, c.ended, out.String())
			}
		})
	}
}

// TestReaderGone: who reads a storm's output may go, and neither the storm nor its exit code change.
func TestReaderGone(t *testing.T) {
	needsSeconds(t)
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(target.Close)
	scenario := busyScenario(t, "300ms", "50/s", "3s")
	for _, stream := range []string{"stdout", "stderr", "both"} {
		t.Run(stream, func(t *testing.T) {
			t.Parallel()
			run := filepath.Join(t.TempDir(), "run")
			c := exec.Command("fsctl", "attack", scenario, "--target", target.URL, "--run", run, "--set", `thresholds.service_time=["p(99)<1ns"]`)
			out, err := c.StdoutPipe()
			log, err2 := c.StderrPipe()
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			if line, err := bufio.NewReader(log).ReadString('\n'); err != nil || !strings.Contains(line, "run ") {
				t.Errorf("first line %q, %v", line, err)
			}
			if stream != "stderr" {
				_ = out.Close()
			}
			if stream != "stdout" {
				_ = log.Close()
			}
			if code := exitOf(c.Wait()); code != 99 {
				t.Errorf("exit code %d, wanted 99 of a crossed threshold", code)
			}
			if r := reportOf(t, run); r.Ended != "completed" {
				t.Errorf("the storm ended %s", r.Ended)
			}
		})
	}
}
