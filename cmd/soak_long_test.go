//go:build long

package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/record"
)

// TestSoak sends a storm of users who think and come back for ten minutes, or SOAK: the generator's memory and its open
// files do not grow, and every request is on record.
//
//	make soak SOAK=1h
func TestSoak(t *testing.T) {
	length := 10 * time.Minute
	if text := os.Getenv("SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil || length < 20*time.Second {
			t.Fatalf("SOAK: found %q, wanted a duration of at least 20s", text)
		}
	}
	dir := t.TempDir()
	scenario, run := filepath.Join(dir, "soak.yaml"), filepath.Join(dir, "run")
	text := fmt.Sprintf(`{apiVersion: fsctl/v1, kind: Scenario, name: soak, workload: {requests: 1M},
steps: {browse: {share: 50%%, request: {url: /items}}, item: {share: 50%%, request: {url: "/items/sku-1?u=${user.id}"}}},
storm: {t0: 1s, phases: [{journey: visitor, from: T0, to: T0+%s, rate: 200/s}], drain: 10s, lateness: {limit: 1s}},
journeys: {visitor: [browse, {think: {exponential: 2s}}, item]}, thresholds: {http_req_failed: "rate<0.01%%"}}`, length)
	if err := os.WriteFile(scenario, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	target := server(t, "shop", "--listen", "127.0.0.1:0", "--service-time", "1ms")
	c, out := start(t, run, scenario, "--target", target)
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	var memory, files []int
	for {
		select {
		case err := <-ended:
			if exitOf(err) != 0 {
				t.Fatalf("exit code %d, wanted 0\n%s", exitOf(err), out)
			}
			steadyUse(t, "resident memory in kB", memory, 16<<10)
			steadyUse(t, "open files", files, 8)
			r, err := record.Open(run)
			if err != nil {
				t.Fatal(err)
			}
			if n := r.Counters(record.Everything, ""); n.Due == 0 || n.Done != n.Due || n.Unsent > 0 {
				t.Errorf("%d requests due, %d done, %d unsent", n.Due, n.Done, n.Unsent)
			}
			return
		case <-time.After(length / 40):
			if rss, n, ok := usage(c); ok {
				memory, files = append(memory, rss), append(files, n)
			}
		}
	}
}

// usage returns a process's resident memory [kB] and how many files it has open.
func usage(c *exec.Cmd) (rss, files int, ok bool) {
	proc := fmt.Sprintf("/proc/%d/", c.Process.Pid)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		return 0, 0, false
	}
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			_, err = fmt.Sscan(value, &rss)
		}
	}
	open, readErr := os.ReadDir(proc + "fd")
	return rss, len(open), err == nil && readErr == nil && rss > 0
}

// steadyUse wants the most of the last quarter within a quarter of the most of the second one, and some room.
func steadyUse(t *testing.T, what string, samples []int, room int) {
	t.Helper()
	n := len(samples)
	if n < 12 {
		t.Fatalf("%s: found %d samples, wanted 12", what, n)
	}
	most := func(of []int) (m int) {
		for _, v := range of {
			m = max(m, v)
		}
		return m
	}
	early, late := most(samples[n/4:n/2]), most(samples[3*n/4:])
	t.Logf("%s: at most %d in the second quarter, %d in the last", what, early, late)
	if late > early+early/4+room {
		t.Errorf("%s grew from %d to %d: %v", what, early, late, samples)
	}
}
