package cmd_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fsctl/report"
	"fsctl/report/health"
)

// pause stops a process for a while.
func pause(t *testing.T, pid int, length time.Duration) {
	t.Helper()
	for _, signal := range []struct {
		of   syscall.Signal
		then time.Duration
	}{{syscall.SIGSTOP, length}, {syscall.SIGCONT, 0}} {
		if err := syscall.Kill(pid, signal.of); err != nil {
			t.Fatal(err)
		}
		time.Sleep(signal.then)
	}
}

// busyScenario writes a scenario of one step that brings so many users a second for so long. A freeze is a gap of 1 s or
// more, so that a busy machine makes none.
func busyScenario(t *testing.T, t0, rate, length string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "busy.yaml")
	text := fmt.Sprintf(`{apiVersion: fsctl/v1, kind: Scenario, name: busy, workload: {requests: 1M}, steps: {item: {share: 100%%, request: {url: /items/sku-1}}},
storm: {t0: %s, phases: [{journey: visitor, from: T0, to: T0+%s, rate: %s, spacing: even}], lateness: {limit: 1s}}, journeys: {visitor: [item]},
thresholds: {http_reqs: ["count>1"]}}`, t0, length, rate)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// reportOf reads the report of a run.
func reportOf(t *testing.T, run string) (r report.Report) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(run, "report.json"))
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestFreezeIsTheGeneratorsAndStallTheTargets stops one of the two for a while, as a debugger, a hypervisor or a laptop that
// sleeps does.
func TestFreezeIsTheGeneratorsAndStallTheTargets(t *testing.T) {
	needsSeconds(t)
	for _, connections := range []string{"8", "64", "0"} {
		for _, who := range []string{"generator", "target"} {
			t.Run(who+" "+connections, func(t *testing.T) {
				t.Parallel()
				shop, target := serverProcess(t, "shop", "--listen", "127.0.0.1:0")
				run := filepath.Join(t.TempDir(), "run")
				c, out := start(t, run, busyScenario(t, "0s", "200/s", "5s"), "--target", target, "--connections", connections)
				stopped := shop
				if who == "generator" {
					stopped = c.Process.Pid
				}
				pause(t, stopped, 2*time.Second)
				code := exitOf(c.Wait())
				r := reportOf(t, run)
				text := fmt.Sprint(r.Health.Findings, r.Findings)
				stall := regexp.MustCompile(`target-stalled the target stalled for (1\.9|2|2\.[0-9]+) s from T0\+[0-9.]+s on`)
				if who == "generator" && (code != 111 || r.Health.Cause != health.FindingFrozen || stall.MatchString(text)) {
					t.Errorf("exit code %d, %s\n%s", code, text, out)
				}
				if who == "target" && (code != 0 || !stall.MatchString(text)) {
					t.Errorf("exit code %d, %s\n%s", code, text, out)
				}
			})
		}
	}
}

// TestFrozenAgent stops one agent of three; it is back before the end.
func TestFrozenAgent(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	_, target := serverProcess(t, "shop", "--listen", "127.0.0.1:0")
	run := filepath.Join(t.TempDir(), "run")
	c, out := start(t, run, busyScenario(t, "3s", "200/s", "6s"), "--target", target, "--agents", "3")
	time.Sleep(4 * time.Second) // past T0
	agents := childrenOf(t, c.Process.Pid)
	if len(agents) != 3 {
		t.Errorf("found agents %d, wanted three", agents)
	} else {
		pause(t, agents[1], 2*time.Second)
	}
	code := exitOf(c.Wait())
	r := reportOf(t, run)
	if code != 111 || r.Health.Cause != health.FindingFrozen {
		t.Errorf("exit code %d, %+v\n%s", code, r.Health.Findings, out)
	}
	for _, g := range r.Health.Gaps {
		if name := r.Agents[g.Slot-1].Name; g.Length() > 1 && !strings.Contains(r.Health.Findings[0].Message, "agent "+name+" did not run") {
			t.Errorf("found %q, wanted it to name %s", r.Health.Findings[0].Message, name)
		}
	}
}

// childrenOf returns the processes that a process has started, by any of its threads.
func childrenOf(t *testing.T, pid int) (children []int) {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		text, _ := os.ReadFile(list) // the thread may be gone
		for _, field := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			children = append(children, child)
		}
	}
	return children
}

// TestConnectionsGrowWithTheNeed has targets of different speed and defaults alone: by Little's law rate times time are in
// flight, and no more are opened but for chance.
func TestConnectionsGrowWithTheNeed(t *testing.T) {
	needsSeconds(t)
	for answer, inFlight := range map[time.Duration]int{20 * time.Millisecond: 2, 300 * time.Millisecond: 30, time.Second: 100} {
		t.Run(answer.String(), func(t *testing.T) {
			t.Parallel()
			target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(answer) }))
			defer target.Close()
			run := filepath.Join(t.TempDir(), "run")
			out := fsctl(t, 0, "attack", busyScenario(t, "300ms", "100/s", "3s"), "--target", target.URL, "--run", run)
			h, response := reportOf(t, run).Health, reportOf(t, run).Steps[0].ResponseTime
			if h.Connections < inFlight || h.Connections > 2*inFlight+20 || h.Opened < uint64(inFlight) || h.WaitedShareRatio > 0 {
				t.Errorf("%d connections, %d opened, wanted about %d\n%s", h.Connections, h.Opened, inFlight, out)
			}
			if at := time.Duration(response.P50 * float64(time.Second)); at < answer || at > answer+100*time.Millisecond {
				t.Errorf("half of the requests took up to %s, wanted %s and little more", at, answer)
			}
		})
	}
}
