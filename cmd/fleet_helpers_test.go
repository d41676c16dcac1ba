package cmd_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"fsctl/loadgen/record"
)

const fleetAgents = 8

// fleetScenario is of users who come evenly for a while, each with a request of its own.
const fleetScenario = `{apiVersion: fsctl/v1, kind: Scenario, name: fleet, workload: {requests: 1M},
steps: {item: {share: 100%, request: {url: "/u/${user.id}"}}},
storm: {t0: 1s, phases: [{journey: visitor, from: T0, to: T0+9s, rate: 200/s, spacing: even}], drain: 3s, lateness: {limit: 2s}},
journeys: {visitor: [item]}, feeders: {user: {from: sequence, size: 10k, fields: {token: "t${n}"}}}}
`

const fleetUsers = 1800

// fleetTest has a target, keys, and a fleet whose agents dial a bus over TLS.
type fleetTest struct {
	t       *testing.T
	dir     string
	host    string // of the bus, as agents dial it
	address string // of the bus
	target  *httptest.Server
	agents  []*process

	mu    sync.Mutex
	asked map[string]int
}

// process is a process that was started, with its output.
type process struct {
	*exec.Cmd
	name string
	log  bytes.Buffer
	done chan struct{}
	err  error
}

func newFleetTest(t *testing.T) *fleetTest {
	t.Helper()
	b := &fleetTest{t: t, dir: t.TempDir(), asked: map[string]int{}, host: "127.0.0.1", address: fmt.Sprintf("127.0.0.1:%d", freePort(t))}
	b.target = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.asked[r.URL.Path]++
	}))
	t.Cleanup(b.target.Close)
	if err := os.WriteFile(filepath.Join(b.dir, "fleet.yaml"), []byte(fleetScenario), 0o644); err != nil {
		t.Fatal(err)
	}
	fsctl(t, 0, "agent-keys", filepath.Join(b.dir, "keys"), "--agents", fmt.Sprint(fleetAgents), "--host", "127.0.0.1")
	return b
}

func (b *fleetTest) path(name string) string { return filepath.Join(b.dir, name) }

// start starts fsctl and ends it with the test.
func (b *fleetTest) start(name string, args ...string) *process {
	b.t.Helper()
	return b.run(name, exec.Command("fsctl", args...))
}

func (b *fleetTest) run(name string, c *exec.Cmd) *process {
	b.t.Helper()
	p := &process{Cmd: c, name: name, done: make(chan struct{})}
	p.Stdout, p.Stderr = &p.log, &p.log
	if err := p.Start(); err != nil {
		b.t.Fatal(err)
	}
	go func() { p.err = p.Wait(); close(p.done) }()
	b.t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.done
		if b.t.Failed() {
			b.t.Logf("%s:\n%s", name, p.log.String())
		}
	})
	return p
}

// kill ends a process as a lost machine does.
func (p *process) kill() {
	_ = p.Process.Kill()
	<-p.done
}

// agent starts an agent of a slot.
func (b *fleetTest) agent(slot int) *process {
	return b.start(fmt.Sprint("agent ", slot), "agent", "--nats", "tls://"+b.address, "--creds", b.path(fmt.Sprintf("keys/agent-%d.creds", slot)),
		"--spool", b.path(fmt.Sprint("spool-", slot)), "--shares-machine", "--linger", "40s")
}

// fleet starts all agents.
func (b *fleetTest) fleet() {
	for i := range fleetAgents {
		b.agents = append(b.agents, b.agent(i+1))
	}
}

// attack starts a coordinator; how says where its agents are.
func (b *fleetTest) attack(run string, how ...string) *process {
	args := append([]string{"attack", b.path("fleet.yaml"), "--target", b.target.URL, "--run", b.path(run), "--keys", b.path("keys"), "--expect-agents", fmt.Sprint(fleetAgents),
		"--connections", "16", "--max-skew", "1s", "-o", "json"}, how...)
	return b.start("coordinator "+run, args...)
}

// listening has the bus in the coordinator.
func (b *fleetTest) listening() []string { return []string{"--listen", b.address} }

// dialing has the coordinator dial a bus that is there.
func (b *fleetTest) dialing() []string { return []string{"--nats", "tls://" + b.address} }

// onBothBuses runs a test with the bus in the coordinator, and with a nats-server. how are the coordinator's flags.
func onBothBuses(t *testing.T, test func(t *testing.T, b *fleetTest, how []string)) {
	t.Parallel()
	t.Run("embedded bus", func(t *testing.T) {
		t.Parallel()
		b := newFleetTest(t)
		test(t, b, b.listening())
	})
	t.Run("nats-server", func(t *testing.T) {
		t.Parallel()
		b := newFleetTest(t)
		b.bus()
		test(t, b, b.dialing())
	})
}

// await waits until so many users have come to the target.
func (b *fleetTest) await(users int) {
	b.t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		b.mu.Lock()
		n := len(b.asked)
		b.mu.Unlock()
		if n >= users {
			return
		}
	}
	b.t.Fatalf("%d users never came", users)
}

// ends waits for the end of a coordinator, checks its exit code and returns its record.
func (b *fleetTest) ends(p *process, code int) *record.Record {
	b.t.Helper()
	select {
	case <-p.done:
	case <-time.After(90 * time.Second):
		b.t.Fatalf("%s does not end", p.name)
	}
	if got := exitOf(p.err); got != code {
		b.t.Fatalf("%s: exit code %d, wanted %d", p.name, got, code)
	}
	run := ""
	for i, arg := range p.Args {
		if arg == "--run" {
			run = p.Args[i+1]
		}
	}
	r, err := record.Open(run)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// whole checks that every user was at the target once, and that every request is in the record once.
func (b *fleetTest) whole(r *record.Record) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.asked) != fleetUsers {
		b.t.Errorf("%d users came, wanted %d", len(b.asked), fleetUsers)
	}
	for path, n := range b.asked {
		if n != 1 {
			b.t.Errorf("%s was asked for %d times", path, n)
		}
	}
	if c := r.Counters(record.Everything, ""); c.Due != fleetUsers || c.Done != fleetUsers || c.Failed > 0 {
		b.t.Errorf("the record has %+v, wanted %d requests", c, fleetUsers)
	}
	if n := r.Count(record.Everything, func(t record.Tag) bool { return t.Metric == record.ResponseTime }); n != fleetUsers {
		b.t.Errorf("%d response times, wanted %d", n, fleetUsers)
	}
	for _, a := range r.Manifest.Agents {
		if a.Lost || !a.Finished || a.ReportedArrivals != a.PlannedArrivals || a.ExtraArrivals > 0 {
			b.t.Errorf("%+v, wanted its whole share", a)
		}
	}
}

// bus starts a nats-server outside of the coordinator.
func (b *fleetTest) bus() *process {
	b.t.Helper()
	config := b.path("nats.conf")
	if _, err := os.Stat(config); err != nil {
		if err := os.RemoveAll(b.path("keys")); err != nil {
			b.t.Fatal(err)
		}
		text, err := exec.Command("fsctl", "agent-keys", b.path("keys"), "--agents", fmt.Sprint(fleetAgents), "--host", b.host, "--server-conf").Output()
		if err != nil {
			b.t.Fatal(err)
		}
		text = fmt.Appendf(text, "\nlisten: %q\njetstream { store_dir: %q }\n", b.address, b.path("store"))
		if err := os.WriteFile(config, text, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	c := exec.Command("nats-server", "-c", config)
	c.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin")
	if c.Err != nil {
		c = exec.Command("/usr/sbin/nats-server", "-c", config)
	}
	p := b.run("nats-server", c)
	for range 500 {
		if conn, err := net.Dial("tcp", b.address); err == nil {
			conn.Close()
			return p
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatal("nats-server does not listen; install it with: make deps")
	return nil
}
