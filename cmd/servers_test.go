//go:build servers

package cmd_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A storm of what a shop is asked: pages, and orders in JSON, which the server answers by what it read. It lasts three seconds. What is
// late by less than a second is not held against this machine, which may be busy.
var serversScenario = `{apiVersion: fsctl/v1, kind: Scenario, name: servers, workload: {requests: 1M},
steps: {page: {share: 80%, request: {url: /page, headers: {Accept-Encoding: gzip}}, check: [status 200, 'body matches ^(page ){200}\n?$']},
  echo: {share: 20%, request: {method: POST, url: /echo, headers: {Content-Type: application/json}, body: '` + serversOrder + `'},
    check: [status 200, 'body matches "pad":"x{900}","last":"whole"\}\s*$']}},
journeys: {visitor: [page], buyer: [page, echo]},
storm: {t0: 700ms, lateness: {limit: 1s}, phases: [{journey: visitor, from: T0, to: T0+3s, rate: 150/s}, {journey: buyer, from: T0, to: T0+3s, rate: 50/s}]}}`

var serversOrder = `{"sku":"a","qty":2,"pad":"` + strings.Repeat("x", 900) + `","last":"whole"}`

// TestServers storms real servers with both engines. What the report says of requests and statuses is what the server's own log says.
func TestServers(t *testing.T) {
	for _, s := range realServers() {
		t.Run(s.name, func(t *testing.T) {
			for _, engine := range []string{"wire", "vegeta"} {
				t.Run(engine, func(t *testing.T) {
					rep, log := s.storm(t, serversScenario, engine)
					rep.checkAgainst(t, log)
					rep.checkNoErrors(t)
					if each := rep.opened >= rep.requests(); each != (s.keeps == keepsNone) {
						t.Errorf("%d connections were opened for %d requests, but the server %s", rep.opened, rep.requests(), s.keeps)
					}
				})
			}
		})
	}
}

// serverReport is what these tests read of a report.
type serverReport struct {
	Verdict  string
	Steps    []serverStep
	Journeys []struct {
		Name                 string
		Users, Finished, Cut int
		Ready                int
		NotReady             int `json:"not_ready"`
	}
	asked  map[string]string // the request of a step as it stands in a log: GET /page
	opened int               // connections
}

type serverStep struct {
	Name                     string
	Requests, Errors, Resent int
	Outcomes, Statuses       map[string]int
	Failures                 map[string]int
	Samples                  []struct{ Reason, Error, Found string }
}

func (r *serverReport) requests() (n int) {
	for _, step := range r.Steps {
		n += step.Requests
	}
	return n
}

func (r *serverReport) checkNoErrors(t *testing.T) {
	t.Helper()
	for _, step := range r.Steps {
		if step.Errors > 0 || step.Requests < 50 {
			t.Errorf("%s: %d requests, %d errors: %v, %+v", step.Name, step.Requests, step.Errors, step.Failures, step.Samples)
		}
	}
}

// openedConnections is what a report says of connections.
var openedConnections = regexp.MustCompile(`connections? \(([\d,]+) opened`)

// storm starts the server, sends a storm, and returns the report and what the server logged. A run of which fsctl says that this machine was
// too busy for it is made again, twice at most.
func (s realServer) storm(t *testing.T, scenario, engine string) (rep *serverReport, log map[string]map[string]int) {
	t.Helper()
	for range 3 {
		server := s.start(t)
		rep = serverStorm(t, scenario, server.address, engine)
		if log = server.stop(); rep.Verdict != "invalid" {
			break
		}
	}
	return rep, log
}

// serverStorm sends a storm to a server.
func serverStorm(t *testing.T, scenario, address, engine string, flags ...string) *serverReport {
	t.Helper()
	file := filepath.Join(t.TempDir(), "servers.yaml")
	if err := os.WriteFile(file, []byte(scenario), 0o644); err != nil {
		t.Fatal(err)
	}
	return stormFile(t, file, address, engine, flags...)
}

// stormFile sends the storm of a scenario's file to a server.
func stormFile(t *testing.T, file, address, engine string, flags ...string) *serverReport {
	t.Helper()
	out := t.TempDir()
	kept := filepath.Join(out, "r.json")
	shown := fsctl(t, 0, append([]string{"attack", file, "--target", address, "--engine", engine, "--run", filepath.Join(out, "run"), "--json", kept, "--no-verdict"}, flags...)...)
	rep := &serverReport{asked: map[string]string{"page": "GET /page", "echo": "POST /echo"}}
	text, err := os.ReadFile(kept)
	if err == nil {
		err = json.Unmarshal(text, rep)
	}
	if err != nil {
		t.Fatal(err)
	}
	if rep.Verdict == "invalid" {
		t.Log(shown)
	}
	if found := openedConnections.FindStringSubmatch(shown); found == nil {
		t.Errorf("the report does not say how many connections were opened:\n%s", shown)
	} else if rep.opened, err = strconv.Atoi(strings.ReplaceAll(found[1], ",", "")); err != nil {
		t.Error(err)
	}
	return rep
}

// checkAgainst compares the report with the server's log: how many requests of each kind got each status.
func (r *serverReport) checkAgainst(t *testing.T, log map[string]map[string]int) {
	t.Helper()
	requests, resent, statuses := map[string]int{}, map[string]int{}, map[string]map[string]int{}
	for _, step := range r.Steps {
		asked := r.asked[step.Name]
		requests[asked] += step.Requests
		resent[asked] += step.Resent
		if statuses[asked] == nil {
			statuses[asked] = map[string]int{}
		}
		for status, n := range step.Statuses {
			statuses[asked][status] += n
		}
		t.Logf("%s: %d requests, %d errors, %d sent again, outcomes %v", step.Name, step.Requests, step.Errors, step.Resent, step.Outcomes)
	}
	for asked, n := range requests {
		total := 0
		for _, found := range log[asked] {
			total += found
		}
		if total < n || total > n+resent[asked] {
			t.Errorf("%s: %d requests and %d sent again, but the server's log has %d", asked, n, resent[asked], total)
		}
		if resent[asked] == 0 && !maps.Equal(log[asked], statuses[asked]) {
			t.Errorf("%s: statuses %v, but the server's log has %v", asked, statuses[asked], log[asked])
		}
	}
	if r.Verdict == "invalid" {
		t.Error("the run is invalid")
	}
}

// runningServer is a server that was started.
type runningServer struct {
	t       *testing.T
	server  realServer
	dir     string
	address string // http://HOST:PORT
	running []*exec.Cmd
	probes  map[string]int // orders that start sent, by status
}

// start starts a server, which ends with the test, and waits until it answers.
func (s realServer) start(t *testing.T) *runningServer {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != filepath.Clean(os.TempDir()); d = filepath.Dir(d) { // Apache's children are another user's
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	port, backend := freePort(t), freePort(t)
	r := &runningServer{t: t, server: s, dir: dir, address: "http://127.0.0.1:" + port, probes: map[string]int{}}
	var pairs []string
	for placeholder, value := range s.values {
		pairs = append(pairs, placeholder, strings.ReplaceAll(value, "@DIR@", dir))
	}
	fill := strings.NewReplacer(append(pairs, "@DIR@", dir, "@PORT@", port, "@BACKEND@", backend)...).Replace
	for name, from := range s.files {
		text, err := os.ReadFile(filepath.Join("testdata/servers", from))
		if err != nil {
			t.Fatal(err)
		}
		r.write(name, fill(string(text)))
	}
	r.write("www/page", strings.Repeat("page ", 200))
	for _, command := range s.commands {
		r.run(fill(command))
	}
	t.Cleanup(func() { r.stop() })
	time.Sleep(s.settles)
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		answer, err := s.probe(r.address)
		http.DefaultClient.CloseIdleConnections()
		if err == nil {
			answer.Body.Close()
			if s.answers == "" {
				r.probes[strconv.Itoa(answer.StatusCode)]++
			}
			if answer.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Since(begun) > 30*time.Second {
			t.Fatalf("%s does not answer: %v, %v; install it with: make servers", s.name, answer, err)
		}
	}
	return r
}

// probe asks the server whether it is there.
func (s realServer) probe(address string) (*http.Response, error) {
	if s.answers != "" {
		return http.Get(address + s.answers)
	}
	return http.Post(address+"/echo", "application/json", strings.NewReader(serversOrder))
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

func (r *runningServer) write(name, text string) {
	path := filepath.Join(r.dir, name)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o755)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// run starts a command in the server's directory.
func (r *runningServer) run(command string) {
	if !strings.Contains(command, "exec ") {
		command = "exec " + command
	}
	c := serverShell(r.t, command)
	c.Dir = r.dir
	if err := c.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.running = append(r.running, c)
}

// serverShell returns a command that finds the servers, and npm's modules.
func serverShell(t *testing.T, command string) *exec.Cmd {
	t.Helper()
	modules, err := filepath.Abs("../.ci/npm/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("sh", "-c", command)
	c.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin", "NODE_PATH="+modules)
	return c
}

// stop ends the server, which then writes the last of its log, and returns what that has: requests by method and path, and status.
func (r *runningServer) stop() map[string]map[string]int {
	r.t.Helper()
	for len(r.running) > 0 {
		c := r.running[len(r.running)-1]
		r.running = r.running[:len(r.running)-1]
		_ = c.Process.Signal(syscall.SIGTERM)
		done := time.AfterFunc(10*time.Second, func() { _ = c.Process.Kill() })
		_ = c.Wait()
		done.Stop()
	}
	text, err := os.ReadFile(filepath.Join(r.dir, "access"))
	if err != nil {
		r.t.Error(err)
	}
	log := map[string]map[string]int{"POST /echo": {}}
	for _, line := range r.server.logged.FindAllStringSubmatch(string(text), -1) {
		request := fmt.Sprint(line[1], " ", line[2])
		if log[request] == nil {
			log[request] = map[string]int{}
		}
		log[request][line[3]]++
	}
	for status, n := range r.probes {
		if log["POST /echo"][status] -= n; log["POST /echo"][status] == 0 {
			delete(log["POST /echo"], status)
		}
	}
	return log
}
