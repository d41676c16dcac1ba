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
	"strings"
	"sync"
	"syscall"
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

// battlefield is a target, keys, and a fleet that dials a bus over TLS.
type battlefield struct {
	t       *testing.T
	dir     string
	host    string // of the bus, as agents dial it
	address string // of the bus
	target  *httptest.Server
	agents  []*process

	mu    sync.Mutex
	asked map[string]int
}

// process is one that was started, with what it says.
type process struct {
	*exec.Cmd
	name string
	log  bytes.Buffer
	done chan struct{}
	err  error
}

func newBattlefield(t *testing.T) *battlefield {
	t.Helper()
	b := &battlefield{t: t, dir: t.TempDir(), asked: map[string]int{}, host: "127.0.0.1", address: fmt.Sprintf("127.0.0.1:%d", freePort(t))}
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

func (b *battlefield) path(name string) string { return filepath.Join(b.dir, name) }

// start starts fsctl and ends it with the test.
func (b *battlefield) start(name string, args ...string) *process {
	b.t.Helper()
	return b.run(name, exec.Command("fsctl", args...))
}

func (b *battlefield) run(name string, c *exec.Cmd) *process {
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
func (b *battlefield) agent(slot int) *process {
	return b.start(fmt.Sprint("agent ", slot), "agent", "--nats", "tls://"+b.address, "--creds", b.path(fmt.Sprintf("keys/agent-%d.creds", slot)),
		"--spool", b.path(fmt.Sprint("spool-", slot)), "--shares-machine", "--linger", "40s")
}

// fleet starts all agents.
func (b *battlefield) fleet() {
	for i := range fleetAgents {
		b.agents = append(b.agents, b.agent(i+1))
	}
}

// attack starts a coordinator; how says where its agents are.
func (b *battlefield) attack(run string, how ...string) *process {
	args := append([]string{"attack", b.path("fleet.yaml"), "--target", b.target.URL, "--run", b.path(run), "--keys", b.path("keys"), "--expect-agents", fmt.Sprint(fleetAgents),
		"--connections", "16", "--max-skew", "1s", "-o", "json"}, how...)
	return b.start("coordinator "+run, args...)
}

// listening has the bus in the coordinator.
func (b *battlefield) listening() []string { return []string{"--listen", b.address} }

// dialing has the coordinator dial a bus that is there.
func (b *battlefield) dialing() []string { return []string{"--nats", "tls://" + b.address} }

// onBothBuses makes a test of the bus in the coordinator and one of a nats-server. how are the coordinator's flags.
func onBothBuses(t *testing.T, test func(t *testing.T, b *battlefield, how []string)) {
	t.Parallel()
	t.Run("embedded bus", func(t *testing.T) {
		t.Parallel()
		b := newBattlefield(t)
		test(t, b, b.listening())
	})
	t.Run("nats-server", func(t *testing.T) {
		t.Parallel()
		b := newBattlefield(t)
		b.bus()
		test(t, b, b.dialing())
	})
}

// await waits until so many users have come to the target.
func (b *battlefield) await(users int) {
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

// ends waits for a coordinator and wants its exit code.
func (b *battlefield) ends(p *process, code int) *record.Record {
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

// whole wants every user at the target once, and every request in the record once.
func (b *battlefield) whole(r *record.Record) {
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

// TestFleetOverTLS is the storm with nothing going wrong.
func TestFleetOverTLS(t *testing.T) {
	onBothBuses(t, func(t *testing.T, b *battlefield, how []string) {
		c := b.attack("run", how...)
		b.fleet()
		b.whole(b.ends(c, 0))
		for _, a := range b.agents {
			<-a.done
			if a.err != nil {
				t.Errorf("%s ended with %v", a.name, a.err)
			}
		}
	})
}

// TestFleetLosesAnAgent kills one: the others go on, and its share is accounted for.
func TestFleetLosesAnAgent(t *testing.T) {
	onBothBuses(t, func(t *testing.T, b *battlefield, how []string) {
		c := b.attack("run", how...)
		b.fleet()
		b.await(400)
		b.agents[2].kill()
		r := b.ends(c, 113)
		var lost []record.Agent
		var reported uint64
		for _, a := range r.Manifest.Agents {
			reported += a.ReportedArrivals
			if a.Lost {
				lost = append(lost, a)
			}
			if a.ReportedArrivals+a.InDoubtArrivals+a.UnsentArrivals != a.PlannedArrivals {
				t.Errorf("%+v does not add up", a)
			}
		}
		if len(lost) != 1 || !strings.HasPrefix(lost[0].Name, "agent-3") || lost[0].UnsentArrivals == 0 {
			t.Errorf("lost %+v, wanted agent 3 with a part of its share not sent", lost)
		}
		if n := r.Counters(record.Everything, "").Done; n != reported || n > fleetUsers {
			t.Errorf("%d requests in the record, and %d users reported", n, reported)
		}
	})
}

// TestFleetReplacesAnAgent starts another one in the place of one that was killed: it takes over from then on, and what
// the first one had measured is on record too.
func TestFleetReplacesAnAgent(t *testing.T) {
	onBothBuses(t, func(t *testing.T, b *battlefield, how []string) {
		c := b.attack("run", append(how, "--set", "storm.phases.0.to=T0+25s")...)
		b.fleet()
		b.await(200)
		b.agents[2].kill()
		b.agent(3)
		r := b.ends(c, 113)
		a := r.Manifest.Agents[2]
		if !a.Lost || !a.Finished || a.ReportedArrivals <= a.PlannedArrivals/4 || a.ReportedArrivals >= a.PlannedArrivals || a.ReportedArrivals+a.InDoubtArrivals+a.UnsentArrivals != a.PlannedArrivals {
			t.Errorf("%+v, wanted a share with a gap", a)
		}
	})
}

// TestFleetReassigns kills an agent: from a second soon after on, the others send its share.
func TestFleetReassigns(t *testing.T) {
	onBothBuses(t, func(t *testing.T, b *battlefield, how []string) {
		const users = 200 * 14
		c := b.attack("run", append(how, "--on-agent-loss", "reassign", "--set", "storm.phases.0.to=T0+14s")...)
		b.fleet()
		b.await(200)
		b.agents[2].kill()
		r := b.ends(c, 113)
		var planned uint64
		for i, a := range r.Manifest.Agents {
			planned += a.PlannedArrivals
			if i != 2 && (a.Lost || a.ReportedArrivals != a.PlannedArrivals || a.PlannedArrivals <= users/fleetAgents || a.ExtraArrivals > 0) {
				t.Errorf("%+v, wanted its own share and a part of the lost one", a)
			}
		}
		lost := r.Manifest.Agents[2]
		gone := lost.UnsentArrivals + lost.InDoubtArrivals
		if planned != users || !lost.Lost || gone == 0 || gone > users/fleetAgents*10/14 || lost.PlannedArrivals >= users/fleetAgents {
			t.Errorf("%+v of %d planned, wanted a gap of some seconds", lost, planned)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		for path, n := range b.asked {
			if n != 1 {
				t.Errorf("%s was asked for %d times", path, n)
			}
		}
		if came := uint64(len(b.asked)); came < users-gone || came > users-lost.UnsentArrivals {
			t.Errorf("%d users came, %d were not sent and %d are in doubt of %d", came, lost.UnsentArrivals, lost.InDoubtArrivals, users)
		}
	})
}

// TestFleetAborts kills an agent of a storm that is to end then: all others stop, and what they measured is reported.
func TestFleetAborts(t *testing.T) {
	onBothBuses(t, func(t *testing.T, b *battlefield, how []string) {
		c := b.attack("run", append(how, "--on-agent-loss", "abort", "--set", "storm.phases.0.to=T0+30s")...)
		b.fleet()
		b.await(200)
		b.agents[2].kill()
		r := b.ends(c, 113)
		if end := r.Manifest.End; end.Reason != record.Aborted || end.Message != "an agent was lost" {
			t.Errorf("end %+v", end)
		}
		if n := r.Counters(record.Everything, "").Done; n < 200 || n > 200*20 {
			t.Errorf("%d requests in the record, wanted those until soon after the loss", n)
		}
		for i, a := range r.Manifest.Agents {
			if i != 2 && (!a.Finished || a.Lost) {
				t.Errorf("%+v, wanted all that it measured", a)
			}
		}
	})
}

// bus starts a nats-server that is not the embedded one.
func (b *battlefield) bus() *process {
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

// TestFleetLosesItsBus kills the server in the midst of the storm and starts it again, with what it had stored and
// without: nothing is lost, for agents keep what nobody has confirmed.
func TestFleetLosesItsBus(t *testing.T) {
	t.Parallel()
	for _, wiped := range []bool{false, true} {
		t.Run(fmt.Sprint("store wiped: ", wiped), func(t *testing.T) {
			t.Parallel()
			b := newBattlefield(t)
			server := b.bus()
			c := b.attack("run", b.dialing()...)
			b.fleet()
			b.await(400)
			server.kill()
			if wiped {
				if err := os.RemoveAll(b.path("store")); err != nil {
					t.Fatal(err)
				}
			}
			b.await(800)
			b.bus()
			b.whole(b.ends(c, 0))
		})
	}
}

// TestFleetLosesItsCoordinator kills it, with the bus that was in it, and starts another one that takes over.
func TestFleetLosesItsCoordinator(t *testing.T) {
	onBothBuses(t, func(t *testing.T, b *battlefield, how []string) {
		c := b.attack("first", how...)
		b.fleet()
		b.await(400)
		c.kill()
		if said, _ := exec.Command("fsctl", "report", b.path("first")).CombinedOutput(); !bytes.Contains(said, []byte("attack --resume")) {
			t.Errorf("the report does not say how to go on:\n%s", said)
		}
		b.await(800)
		b.whole(b.ends(b.attack("second", append(how, "--resume", b.path("first"))...), 0))
	})
}

// TestFleetLosesEverybody kills the coordinator and every agent, and starts them again: what the first ones had on their
// disks is on record in the end, and off the disks only then.
func TestFleetLosesEverybody(t *testing.T) {
	onBothBuses(t, func(t *testing.T, b *battlefield, how []string) {
		long := append(how, "--set", "storm.phases.0.to=T0+12s")
		c := b.attack("first", long...)
		b.fleet()
		b.await(1200)
		c.kill()
		for _, a := range b.agents {
			a.kill()
		}
		b.mu.Lock()
		came := len(b.asked)
		b.mu.Unlock()
		b.fleet()
		r := b.ends(b.attack("second", append(long, "--resume", b.path("first"))...), 113)
		const lastSeconds = 2 * 200 // which the agents could not put on their disks any more
		if n := r.Counters(record.Everything, "").Done; int(n) < came-lastSeconds {
			t.Errorf("%d requests in the record, %d were sent before everybody died", n, came)
		}
		var planned, account uint64
		for _, a := range r.Manifest.Agents {
			planned, account = planned+a.PlannedArrivals, account+a.ReportedArrivals+a.InDoubtArrivals+a.UnsentArrivals
		}
		if planned != 200*12 || account != planned {
			t.Errorf("%d users planned, %d accounted for", planned, account)
		}
		for _, a := range b.agents[fleetAgents:] {
			<-a.done
		}
		if left, err := filepath.Glob(b.path("spool-*/*")); err != nil || len(left) > 0 {
			t.Errorf("%v is left, %v", left, err)
		}
	})
}

// TestFleetIsStopped interrupts the coordinator: every agent stops, and what was measured is reported.
func TestFleetIsStopped(t *testing.T) {
	onBothBuses(t, func(t *testing.T, b *battlefield, how []string) {
		c := b.attack("run", how...)
		b.fleet()
		b.await(200)
		if err := c.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		r := b.ends(c, 105)
		b.mu.Lock()
		defer b.mu.Unlock()
		if n := r.Counters(record.Everything, "").Done; n != uint64(len(b.asked)) || n >= fleetUsers {
			t.Errorf("%d requests in the record, and %d at the target", n, len(b.asked))
		}
	})
}
