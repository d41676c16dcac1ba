package cmd_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fsctl/loadgen/record"
)

// steady is a scenario of one step at an even rate from T0.
func steady(t *testing.T, rate, duration string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "steady.yaml")
	text := `{apiVersion: fsctl/v1, kind: Scenario, name: steady, workload: {requests: 1M}, steps: {item: {share: 100%, request: {url: /items/sku-1}}},
storm: {t0: 0s, phases: [{journey: visitor, from: T0, to: T0+` + duration + `, rate: ` + rate + `, spacing: even}], lateness: {limit: 500ms}}, journeys: {visitor: [item]},
thresholds: {service_time: ["p(99)<1h"]}}`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// server starts a command that prints its address, and ends it with the test.
func server(t *testing.T, args ...string) (address string) {
	t.Helper()
	_, address = serverProcess(t, args...)
	return address
}

// serverProcess is server with its process id.
func serverProcess(t *testing.T, args ...string) (pid int, address string) {
	t.Helper()
	c := exec.Command("fsctl", args...)
	log, err := c.StderrPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(os.Interrupt)
		_ = c.Wait()
	})
	line, err := bufio.NewReader(log).ReadString('\n')
	if err != nil {
		t.Fatalf("%v printed no address: %v", args, err)
	}
	return c.Process.Pid, regexp.MustCompile(`http://[0-9.:]+`).FindString(line)
}

// fsctl runs a command line, wants its exit code, and returns what it printed.
func fsctl(t *testing.T, code int, args ...string) string {
	t.Helper()
	c := exec.Command("fsctl", args...)
	var out, log bytes.Buffer
	c.Stdout, c.Stderr = &out, &log
	err := c.Run()
	if got := exitOf(err); got != code {
		t.Fatalf("fsctl %s: exit code %d, wanted %d\n%s%s", strings.Join(args, " "), got, code, out.String(), log.String())
	}
	return out.String() + log.String()
}

func exitOf(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// A generator short of connections is at fault itself: nothing is concluded from its run,
// whatever the thresholds say.
func TestSaturatedGeneratorIsInvalid(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	target := server(t, "shop", "--listen", "127.0.0.1:0", "--service-time", "50ms", "--workers", "100")
	out := fsctl(t, 111, "attack", steady(t, "60/s", "1s"), "--target", target, "--connections", "1", "--run", filepath.Join(t.TempDir(), "run"))
	for _, want := range []string{"INVALID", "saturated", "connection"} {
		if !strings.Contains(out, want) {
			t.Errorf("wanted %q in:\n%s", want, out)
		}
	}
}

// nginx serves a page on a free port of this machine. It inherits the socket, so that no other program can take the port.
func nginx(t *testing.T) (address string) {
	t.Helper()
	dir := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	config := fmt.Sprintf(`daemon off; worker_processes 1; pid %[1]s/pid; error_log %[1]s/error.log;
events {} http { access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
server { listen %[2]s; location /ok { return 200 "hello\n"; } location /gone { return 404; } } }`, dir, listener.Addr())
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("nginx", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", filepath.Join(dir, "error.log"))
	c.ExtraFiles = []*os.File{socket}
	c.Env = append(os.Environ(), "NGINX=3;") // the sockets that it inherits: the first file after stderr
	if err := c.Start(); err != nil {
		t.Fatalf("start nginx: %v; install it with: make deps", err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
	})
	return "http://" + listener.Addr().String() // which takes connections already
}

// A plain vegeta target list is fired at a real nginx; vegeta itself reads the raw results.
func TestTargetListAtNginx(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	address := nginx(t)
	dir := t.TempDir()
	targets := filepath.Join(dir, "targets.txt")
	if err := os.WriteFile(targets, []byte("GET "+address+"/ok\n\nGET "+address+"/ok\nAccept: text/plain\n\nGET "+address+"/gone\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(dir, "run")
	out := filepath.Join(dir, "report.json")
	fsctl(t, 0, "attack", "--targets", targets, "--rate", "60/s", "--duration", "2s", "--raw", "--run", run, "--json", out, "--no-verdict")
	var rep struct {
		Health struct {
			Unsent int `json:"unsent_requests"`
		}
		Steps []struct {
			Requests int
			Outcomes map[string]int
		}
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &rep); err != nil {
		t.Fatal(err)
	}
	if len(rep.Steps) != 1 || rep.Steps[0].Requests != 120 || rep.Steps[0].Outcomes["ok"] != 80 || rep.Steps[0].Outcomes["failed"] != 40 || rep.Health.Unsent != 0 {
		t.Errorf("found %+v, wanted 120 requests, 80 ok and 40 failed, none unsent", rep)
	}
	v, err := exec.Command("go", "tool", "vegeta", "report", filepath.Join(run, "results.bin")).CombinedOutput()
	if err != nil || !bytes.Contains(v, []byte("200:80")) || !bytes.Contains(v, []byte("404:40")) {
		t.Errorf("vegeta report: %v\n%s", err, v)
	}
	// ... and fsctl reads them as a file of vegeta results.
	if got := fsctl(t, 0, "report", filepath.Join(run, "results.bin")); !strings.Contains(got, "120") {
		t.Errorf("report of the raw results:\n%s", got)
	}
}

// start begins an attack and returns once it has measured something.
func start(t *testing.T, run string, args ...string) (c *exec.Cmd, out *bytes.Buffer) {
	t.Helper()
	c, out = exec.Command("fsctl", append([]string{"attack", "--run", run}, args...)...), new(bytes.Buffer)
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if info, err := os.Stat(filepath.Join(run, "counters.jsonl")); err == nil && info.Size() > 0 {
			return c, out
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("the attack has written nothing:\n%s", out)
	return nil, nil
}

// Ctrl-C once stops, drains, saves and reports.
func TestInterrupt(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	target := server(t, "shop", "--listen", "127.0.0.1:0")
	run := filepath.Join(t.TempDir(), "run")
	c, out := start(t, run, steady(t, "100/s", "60s"), "--target", target)
	_ = c.Process.Signal(os.Interrupt)
	if code := exitOf(c.Wait()); code != 105 {
		t.Errorf("exit code %d, wanted 105\n%s", code, out)
	}
	if !strings.Contains(out.String(), "interrupted") || !strings.Contains(out.String(), "service_time") {
		t.Errorf("wanted a report of the interrupted run:\n%s", out)
	}
	if rec, err := record.Open(run); err != nil || rec.Manifest.End.Reason != record.Interrupted || rec.Torn != 0 {
		t.Errorf("record: %+v, %v", rec, err)
	}
	fsctl(t, 105, "report", run)
}

// Ctrl-C twice ends at once, though the target never answers; the run can still be reported.
func TestInterruptTwice(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	run := filepath.Join(t.TempDir(), "run")
	c, _ := start(t, run, steady(t, "100/s", "60s"), "--target", "http://"+silent.Addr().String())
	_ = c.Process.Signal(os.Interrupt)
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for {
		select {
		case <-ended:
			if status := c.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGINT {
				t.Errorf("ended with %v, wanted the second interrupt to end it", c.ProcessState)
			}
			fsctl(t, 105, "report", run)
			return
		case <-time.After(300 * time.Millisecond):
			_ = c.Process.Signal(os.Interrupt)
		}
	}
}

// A process that is killed leaves a run that can be reported.
func TestKill(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	target := server(t, "shop", "--listen", "127.0.0.1:0")
	run := filepath.Join(t.TempDir(), "run")
	c, _ := start(t, run, steady(t, "100/s", "60s"), "--target", target)
	_ = c.Process.Kill()
	_ = c.Wait()
	if out := fsctl(t, 105, "report", run); !strings.Contains(out, "item") {
		t.Errorf("report of the killed run:\n%s", out)
	}
}

// TestAgentsHaveTheRowsOfAFeeder: the file is on this machine, not even in the scenario's directory, and the plan brings it to the agents.
func TestAgentsHaveTheRowsOfAFeeder(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]int{}
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[r.URL.Query().Get("u")+r.URL.Query().Get("t")]++
	}))
	defer target.Close()
	dir := t.TempDir()
	scenario := filepath.Join(dir, "sales", "steady.yaml")
	for name, text := range map[string]string{"data/users.csv": "name,token\nann,1\nbob,2\ncid,3\ndan,4\neva,5\n", "sales/steady.yaml": `{apiVersion: fsctl/v1, kind: Scenario, name: steady, workload: {requests: 1M},
steps: {item: {share: 100%, request: {url: "/?u=${user.name}&t=${user.token}"}}}, storm: {t0: 0s, lateness: {limit: 5s}, phases: [{journey: visitor, at: T0, users: 5}]},
journeys: {visitor: [item]}, feeders: {user: {from: csv, file: ../data/users.csv}}}`} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	fsctl(t, 0, "attack", scenario, "--target", target.URL, "--run", filepath.Join(dir, "run"), "--agents", "3")
	if want := map[string]int{"ann1": 1, "bob2": 1, "cid3": 1, "dan4": 1, "eva5": 1}; !maps.Equal(seen, want) {
		t.Errorf("the target saw %v, wanted %v", seen, want)
	}
}
