package cmd_test

import (
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fsctl/loadgen/record"
)

// smallDisk mounts a file system of its own, which ends with the test.
func smallDisk(t *testing.T, options string, flags uintptr) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, options); err != nil {
		t.Skip("needs root: to mount a file system")
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fillDisk writes until a file system is full.
func fillDisk(t *testing.T, dir string) {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for err == nil {
		_, err = file.Write(make([]byte, 4096))
	}
}

// unusedPort returns an address of this machine that nothing listens on.
func unusedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// refusal is an agent that cannot take part.
type refusal struct {
	attack []string                                  // flags of the coordinator
	agent  func(t *testing.T, b *fleetTest) []string // flags of the agent
	within []string                                  // the command that runs it
	wants  []string                                  // of what the coordinator says
	code   int                                       // that the agent ends with; 0 for any
}

func refusals() map[string]refusal {
	spool := func(make func(t *testing.T) string) func(*testing.T, *fleetTest) []string {
		return func(t *testing.T, _ *fleetTest) []string { return []string{"--spool", make(t)} }
	}
	return map[string]refusal{
		"spool on a full disk": {code: 115, wants: []string{"spool ", "found room for ", "wanted 1", "no space left on device", "--spool"},
			agent: spool(func(t *testing.T) string {
				dir := smallDisk(t, "size=64k", 0)
				fillDisk(t, dir)
				return dir
			})},
		"spool on a disk that is too small": {code: 115, wants: []string{"found room for 8.", "no space left on device"},
			agent: spool(func(t *testing.T) string { return smallDisk(t, "size=8k", 0) })},
		"spool on a read-only disk": {code: 115, wants: []string{"spool ", "read-only file system", "name another directory with --spool"},
			agent: spool(func(t *testing.T) string { return smallDisk(t, "size=64k", syscall.MS_RDONLY) })},
		"spool that is to be made on a read-only disk": {code: 115, wants: []string{"read-only file system"},
			agent: spool(func(t *testing.T) string { return filepath.Join(smallDisk(t, "size=64k", syscall.MS_RDONLY), "spool") })},
		"spool that is a file": {code: 115, wants: []string{"not a directory"},
			agent: spool(func(t *testing.T) string {
				file := filepath.Join(t.TempDir(), "file")
				if err := os.WriteFile(file, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				return filepath.Join(file, "spool")
			})},
		"too few file descriptors": {code: 104, attack: []string{"--connections", "1000"}, within: []string{"sh", "-c", `ulimit -n 100; exec "$@"`, "sh"},
			wants: []string{"file descriptors: found 100, wanted ", "raise the limit (ulimit -n "}},
		"too few file descriptors for all slots": {attack: []string{"--connections", "300", "--expect-agents", "5"}, within: []string{"sh", "-c", `ulimit -n 220; exec "$@"`, "sh"},
			agent: func(*testing.T, *fleetTest) []string { return []string{"--slots", "4"} },
			wants: []string{"file descriptors: found 220, wanted ", "other slots of this process take "}},
		"a clock that is known too little": {attack: []string{"--max-skew", "1ns"}, wants: []string{"its clock is known to ", "--max-skew"}},
		"keys of a slot that is taken": {agent: func(*testing.T, *fleetTest) []string { return []string{"--slot", "1"} },
			wants: []string{"an agent for slot 1 alone: slot 1 has an agent already"}},
	}
}

// refused runs a coordinator whose agents do not come together, and checks what it says.
func (b *fleetTest) refused(c *process, wants []string) {
	b.t.Helper()
	select {
	case <-c.done:
	case <-time.After(patience):
		b.t.Fatal("the coordinator does not end")
	}
	said := c.log.String()
	_, last, _ := strings.Cut(said, "fsctl: error: ")
	for _, want := range append(wants, "not started: ") {
		if !strings.Contains(last, want) {
			b.t.Errorf("wanted %q in the coordinator's last message:\n%s", want, last)
		}
	}
	if code := exitOf(c.err); code != 115 {
		b.t.Errorf("exit code %d, wanted 115", code)
	}
	if n := b.came(); n > 0 {
		b.t.Errorf("%d users came", n)
	}
	if _, err := os.Stat(b.path("run")); err == nil {
		b.t.Error("there is a run directory, though nothing was sent")
	}
}

// TestFleetRefuses has one agent that is ready and one that cannot take part: the coordinator names that one, waits for
// another as long as it was told to, and sends nothing.
func TestFleetRefuses(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	for name, c := range refusals() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newFleetTest(t, "fsctl")
			flags := []string{"--spool", b.path("spool-other")}
			if c.agent != nil {
				flags = append(flags, c.agent(t, b)...)
			}
			coordinator, url := b.plainAttack("run", 2, append([]string{"--join-timeout", "10s"}, c.attack...)...)
			b.plainAgent("good", url, "--slot", "1")
			b.until("the first agent has its slot", func() bool {
				return strings.Contains(coordinator.log.String(), "1 of ") || coordinator.hasEnded() || strings.Contains(coordinator.log.String(), "was not taken")
			})
			bad := b.runIn(c.within, "bad", append([]string{"fsctl", "agent", "--nats", url}, flags...)...)
			b.refused(coordinator, c.wants)
			if c.code != 0 {
				if <-bad.done; exitOf(bad.err) != c.code {
					t.Errorf("the agent ended with %d, wanted %d", exitOf(bad.err), c.code)
				}
			}
		})
	}
}

// TestFleetReachesItsTarget is of targets that no agent can open a connection to.
func TestFleetReachesItsTarget(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	for name, c := range map[string]struct {
		target string
		engine string
		wants  []string
	}{
		"refused":               {"http://" + unusedPort(t), "wire", []string{"connection refused", "start the target"}},
		"refused, net/http":     {"http://" + unusedPort(t), "vegeta", []string{"connection refused"}},
		"no such name":          {"http://nowhere.invalid", "wire", []string{"nowhere.invalid: found no connection, wanted one before T0"}},
		"no trust":              {secure.URL, "wire", []string{"certificate signed by unknown authority", "--cacert"}},
		"no trust, net/http":    {secure.URL, "vegeta", []string{"certificate signed by unknown authority"}},
		"plain where TLS is":    {"https://" + unusedPort(t), "wire", []string{"connection refused"}},
		"nothing but a network": {"http://192.0.2.1", "wire", []string{"http://192.0.2.1: found no connection, wanted one before T0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newFleetTest(t, "fsctl")
			flags := []string{"--target", c.target, "--engine", c.engine, "--allow-target", "nowhere.invalid", "--allow-target", "192.0.2.1"}
			coordinator, url := b.plainAttack("run", 1, append([]string{"--join-timeout", "12s"}, flags...)...)
			agent := b.plainAgent("agent", url, "--allow-target", "nowhere.invalid", "--allow-target", "192.0.2.1")
			b.refused(coordinator, c.wants)
			if <-agent.done; exitOf(agent.err) != 115 {
				t.Errorf("the agent ended with %d, wanted 115", exitOf(agent.err))
			}
		})
	}
}

// TestLocalAgentsAreRefused: no other agent can come in the place of one of this machine's, so that the attack ends at once.
func TestLocalAgentsAreRefused(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	b := newFleetTest(t, "fsctl")
	c := b.start("coordinator", "attack", b.path("fleet.yaml"), "--target", "http://"+unusedPort(t), "--run", b.path("run"), "--agents", "2", "--max-skew", "10s")
	b.refused(c, []string{"connection refused", "fsctl: hint: start the target"})
}

// TestAnotherTakesThePlace of an agent that cannot take part.
func TestAnotherTakesThePlace(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	b := newFleetTest(t, "fsctl")
	c, url := b.plainAttack("run", 1)
	bad := b.plainAgent("bad", url, "--spool", smallDisk(t, "size=8k", 0))
	if <-bad.done; exitOf(bad.err) != 115 || !strings.Contains(c.log.String(), "it cannot take part") {
		t.Errorf("the agent ended with %d, and the coordinator says:\n%s", exitOf(bad.err), c.log.String())
	}
	b.plainAgent("good", url)
	b.whole(b.ends(c, 0))
}

// TestRunDirectoryHasNoRoom is of a coordinator whose disk is full: it says so before it waits for agents.
func TestRunDirectoryHasNoRoom(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	dir := smallDisk(t, "size=64k", 0)
	fillDisk(t, dir)
	b := newFleetTest(t, "fsctl")
	c := b.start("coordinator", "attack", b.path("fleet.yaml"), "--target", b.target.URL, "--run", filepath.Join(dir, "runs", "run"), "--agents", "2")
	b.refused(c, []string{"run directory: ", "no space left on device", "hint: make room, or name another directory with --run"})
}

// TestSpoolFillsUp fills the disk of one agent's spool while it sends: it says so and stops, what was sent and is not on
// record is in doubt, and the run is no pass.
func TestSpoolFillsUp(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	b := newFleetTest(t, "fsctl")
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.asked[r.URL.Path]++
		b.mu.Unlock()
		select { // so that histograms have many buckets
		case <-time.After(time.Duration(rand.IntN(100_000)) * time.Microsecond):
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(slow.Close)
	c, url := b.plainAttack("run", 2, "--target", slow.URL, "--connections", "200", "--set", "storm.phases.0.to=T0+20s", "--set", "storm.phases.0.rate=400/s")
	disk := smallDisk(t, "size=256k", 0)
	small := b.plainAgent("small", url, "--spool", disk)
	b.plainAgent("large", url)
	b.await(400)
	fillDisk(t, disk)
	r := b.ends(c, 113)
	if !strings.Contains(small.log.String(), "what is measured cannot be kept: append to spool") || !strings.Contains(c.log.String(), "was stopped before it had sent its share: append to spool") {
		t.Error("neither agent nor coordinator say why it stopped")
	}
	for _, a := range r.Manifest.Agents {
		if a.ReportedArrivals+a.InDoubtArrivals+a.UnsentArrivals != a.PlannedArrivals {
			t.Errorf("%+v does not add up", a)
		}
		if a.Lost && (a.InDoubtArrivals == 0 || a.ReportedArrivals == 0) {
			t.Errorf("%+v, wanted what was sent and not kept in doubt", a)
		}
	}
	came, done := b.came(), r.Counters(record.Everything, "").Done
	var reported, doubt uint64
	for _, a := range r.Manifest.Agents {
		reported, doubt = reported+a.ReportedArrivals, doubt+a.InDoubtArrivals
	}
	if uint64(came) > reported+doubt || done > uint64(came) {
		t.Errorf("%d users came, %d are reported and %d in doubt; %d requests are on record", came, reported, doubt, done)
	}
}

// TestNotEveryAgentKnowsT0: an agent that stops between the others' readiness and T0 keeps the storm from beginning. Nothing is
// sent, and no run directory stays.
func TestNotEveryAgentKnowsT0(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	b := newFleetTest(t, "fsctl")
	var stopped atomic.Pointer[process]
	var sent atomic.Int64
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ledger" {
			sent.Add(1)
			return
		}
		if agent := stopped.Load(); agent != nil { // the ledger is read when all agents are ready, and before T0 is set
			_ = agent.Process.Signal(syscall.SIGSTOP)
		}
		_, _ = w.Write([]byte(`{"stock": {}, "orders": []}`))
	}))
	t.Cleanup(shop.Close)
	withLedger := `{apiVersion: fsctl/v1, kind: Scenario, name: fleet, workload: {requests: 1M}, sale: {stock: 5}, invariants: [no-oversell], ledger: {url: /ledger},
steps: {order: {share: 100%, transaction: true, request: {method: POST, url: /orders}, extract: {order_id: "json:$.id"}, outcome: {placed: "status 200"}}},
storm: {t0: 3s, phases: [{journey: buyer, from: T0, to: T0+2s, rate: 50/s}]}, journeys: {buyer: [order]}}`
	if err := os.WriteFile(b.path("fleet.yaml"), []byte(withLedger), 0o644); err != nil {
		t.Fatal(err)
	}
	coordinator, url := b.plainAttack("run", 2, "--target", shop.URL, "--junit", b.path("junit.xml"))
	good := b.plainAgent("good", url, "--slot", "1")
	bad := b.plainAgent("bad", url, "--slot", "2")
	stopped.Store(bad)
	b.refused(coordinator, []string{"not every agent knows T0 in time", "2 ("})
	if sent.Load() > 0 {
		t.Errorf("%d requests were sent", sent.Load())
	}
	if junit, err := os.ReadFile(b.path("junit.xml")); err != nil || !strings.Contains(string(junit), "not every agent knows T0 in time") {
		t.Errorf("found %v and %s, wanted the reason", err, junit)
	}
	if said := coordinator.log.String(); strings.Count(said, "not every agent knows T0") != 2 {
		t.Errorf("wanted the reason once, and once in the report:\n%s", said)
	}
	b.until("the agent that waited leaves", func() bool { return strings.Contains(good.log.String(), "the storm was called off") || good.hasEnded() })
	_ = bad.Process.Signal(syscall.SIGCONT)
	b.until("the agent that was stopped leaves", func() bool { return strings.Contains(bad.log.String(), "the storm was called off") || bad.hasEnded() })
	if sent.Load() > 0 {
		t.Errorf("%d requests were sent by agents that were called off", sent.Load())
	}
}
