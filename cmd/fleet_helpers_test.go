package cmd_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fsctl/loadgen/record"
)

const fleetAgents = 8

// fleetScenario is of users who come evenly for a while, each with a request of its own. What is late, or how far clocks are
// apart, decides nothing here: the tests must hold on a machine that is busy with others.
const fleetScenario = `{apiVersion: fsctl/v1, kind: Scenario, name: fleet, workload: {requests: 1M},
steps: {item: {share: 100%, request: {url: "/u/${user.id}"}}},
storm: {t0: 3s, phases: [{journey: visitor, from: T0, to: T0+6s, rate: 200/s, spacing: even}], drain: 30s, lateness: {limit: 2m}},
journeys: {visitor: [item]}, feeders: {user: {from: sequence, size: 10k, fields: {token: "t${n}"}}}}
`

const fleetUsers = 1200

// victim is the slot of the agent that a fleet loses.
const victim = 3

// fleetTest has a target, keys, and a fleet whose agents dial a bus over TLS.
type fleetTest struct {
	t       *testing.T
	dir     string
	fsctl   string   // the program that is tested
	within  []string // a command that runs another one where the fleet is, such as in a network namespace; empty for here
	host    string   // of the bus, as agents dial it
	address string   // of the bus, with the port that it chose; empty until it has listened for the first time
	target  *httptest.Server
	grouped bool // all agents but the victim are in one process, else each has its own

	mu    sync.Mutex
	asked map[string]int
}

// process is a process that was started, with its output.
type process struct {
	*exec.Cmd
	name string
	log  output
	done chan struct{}
	err  error
}

// output is what a process has printed so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// newFleetTest makes one on this machine, of a program.
func newFleetTest(t *testing.T, fsctl string) *fleetTest {
	t.Helper()
	target, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return (&fleetTest{t: t, fsctl: fsctl, host: busHost()}).open(target)
}

// busHost returns an address of this machine for a bus of its own. On Linux that is one of the 16 million of the loopback
// network: no other program uses it, so that a bus that starts again finds the port free that it had before. Elsewhere there
// is one loopback address only.
func busHost() string {
	if runtime.GOOS != "linux" {
		return "127.0.0.1"
	}
	return fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
}

// open makes the target, the scenario and the keys.
func (b *fleetTest) open(target net.Listener) *fleetTest {
	b.t.Helper()
	b.dir, b.asked = b.t.TempDir(), map[string]int{}
	b.target = &httptest.Server{Listener: target, Config: &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.asked[r.URL.Path]++
	})}}
	b.target.Start()
	b.t.Cleanup(b.target.Close)
	if err := os.WriteFile(b.path("fleet.yaml"), []byte(fleetScenario), 0o644); err != nil {
		b.t.Fatal(err)
	}
	conf, err := exec.Command(b.fsctl, "agent-keys", b.path("keys"), "--agents", fmt.Sprint(fleetAgents), "--host", b.host, "--server-conf").Output()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(b.path("nats.conf"), conf, 0o600); err != nil {
		b.t.Fatal(err)
	}
	return b
}

func (b *fleetTest) path(name string) string { return filepath.Join(b.dir, name) }

// start starts fsctl and ends it with the test.
func (b *fleetTest) start(name string, args ...string) *process {
	b.t.Helper()
	return b.run(name, append([]string{b.fsctl}, args...)...)
}

// run starts a program where the fleet is and ends it with the test.
func (b *fleetTest) run(name string, command ...string) *process {
	b.t.Helper()
	return b.runIn(b.within, name, command...)
}

// runIn starts a program by another command, and ends it with the test.
func (b *fleetTest) runIn(within []string, name string, command ...string) *process {
	b.t.Helper()
	command = slices.Concat(within, command)
	p := &process{Cmd: exec.Command(command[0], command[1:]...), name: name, done: make(chan struct{})}
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
func (b *fleetTest) agent(slot int, flags ...string) *process {
	b.t.Helper()
	return b.start(fmt.Sprint("agent ", slot), append(b.agentArgs(slot), flags...)...)
}

// agentArgs are those of an agent of a slot.
func (b *fleetTest) agentArgs(slot int) []string {
	return []string{"agent", "--nats", "tls://" + b.address, "--creds", b.path(keyFile("keys", slot)), "--spool", b.path(fmt.Sprint("spool-", slot)),
		"--linger", "3m"}
}

func keyFile(dir string, slot int) string {
	return filepath.Join(dir, fmt.Sprintf("agent-%d.creds", slot))
}

// fleet starts all agents and returns that of the victim's slot and the others.
func (b *fleetTest) fleet(flags ...string) (lone *process, others []*process) {
	b.t.Helper()
	return b.agent(victim, flags...), b.others(victim, flags...)
}

// others starts the agents of all slots but one.
func (b *fleetTest) others(but int, flags ...string) (others []*process) {
	b.t.Helper()
	if b.grouped {
		keys := b.path("keys-of-others")
		for slot := 1; slot <= fleetAgents; slot++ {
			if slot != but {
				b.copy(keyFile(keys, slot), b.path(keyFile("keys", slot)))
			}
		}
		return []*process{b.standing("others", keys, append(flags, "--slots", fmt.Sprint(fleetAgents-1))...)}
	}
	for slot := 1; slot <= fleetAgents; slot++ {
		if slot != but {
			others = append(others, b.agent(slot, flags...))
		}
	}
	return others
}

// copy copies a file of keys.
func (b *fleetTest) copy(to, from string) {
	b.t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o700)
	}
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// attack starts a coordinator; how says where its agents are. When it returns, the bus listens.
func (b *fleetTest) attack(run string, how ...string) *process {
	b.t.Helper()
	args := append([]string{"attack", b.path("fleet.yaml"), "--target", b.target.URL, "--run", b.path(run), "--keys", b.path("keys"), "--expect-agents", fmt.Sprint(fleetAgents),
		"--connections", "16", "--max-skew", "10s", "--join-timeout", patience.String(), "-o", "json"}, how...)
	p := b.start("coordinator "+run, args...)
	if b.address == "" {
		b.until("the coordinator waits for agents", func() bool {
			found := waitsAt.FindStringSubmatch(p.log.String())
			if found != nil {
				b.address = found[1]
			}
			return found != nil || p.hasEnded()
		})
	}
	return p
}

// waitsAt finds the address that a coordinator tells its agents to dial.
var waitsAt = regexp.MustCompile(`waiting for agents at tls://(\S+)`)

func (p *process) hasEnded() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// listening has the bus in the coordinator: at a free port at first, and where it was from then on.
func (b *fleetTest) listening() []string {
	return []string{"--listen", cmp.Or(b.address, net.JoinHostPort(b.host, "0"))}
}

// dialing has the coordinator dial a bus that is there.
func (b *fleetTest) dialing() []string { return []string{"--nats", "tls://" + b.address} }

// place says where the bus of a fleet is.
type place struct {
	*fleetTest
	isExternal bool
}

// how returns the flags of a coordinator.
func (p place) how(more ...string) []string {
	if p.isExternal {
		return append(p.dialing(), more...)
	}
	return append(p.listening(), more...)
}

// onBothBuses runs a test with the bus in the coordinator, and the released build with a nats-server. There every agent is a
// process. With the race detector, of which a process costs as much as its storm, agents share one.
func onBothBuses(t *testing.T, test func(t *testing.T, b place)) {
	needsSeconds(t)
	t.Parallel()
	t.Run("embedded bus", func(t *testing.T) {
		t.Parallel()
		b := newFleetTest(t, "fsctl")
		b.grouped = true
		test(t, place{b, false})
	})
	t.Run("nats-server", func(t *testing.T) {
		t.Parallel()
		b := newFleetTest(t, released(t))
		b.bus()
		test(t, place{b, true})
	})
}

// patience is for how long a test waits for what comes in a second or two where nothing else runs on this machine.
const patience = 4 * time.Minute

// until waits until something is so.
func (b *fleetTest) until(what string, isSo func() bool) {
	b.t.Helper()
	for end := time.Now().Add(patience); !isSo(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("waited %s in vain until %s", patience, what)
		}
	}
}

// came returns how many users have come to the target.
func (b *fleetTest) came() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.asked)
}

// await waits until so many users have come to the target.
func (b *fleetTest) await(users int) {
	b.t.Helper()
	b.until(fmt.Sprintf("%d users have come", users), func() bool { return b.came() >= users })
}

// ends waits for the end of a coordinator, checks its exit code and returns its record.
func (b *fleetTest) ends(p *process, code int) *record.Record {
	b.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
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

// bus starts a nats-server outside of the coordinator: at a free port at first, and where it was from then on.
func (b *fleetTest) bus() *process {
	b.t.Helper()
	conf, err := os.ReadFile(b.path("nats.conf"))
	if err != nil {
		b.t.Fatal(err)
	}
	conf = fmt.Appendf(conf, "\nlisten: %q\nports_file_dir: %q\njetstream { store_dir: %q }\n", cmp.Or(b.address, b.host+":-1"), b.dir, b.path("store"))
	if err := os.WriteFile(b.path("started.conf"), conf, 0o600); err != nil {
		b.t.Fatal(err)
	}
	p := b.run("nats-server", natsServer(b.t), "-c", b.path("started.conf"))
	var ports struct{ Nats []string }
	b.until("nats-server listens", func() bool {
		text, err := os.ReadFile(b.path(fmt.Sprintf("nats-server_%d.ports", p.Process.Pid)))
		return err == nil && json.Unmarshal(text, &ports) == nil && len(ports.Nats) > 0 || p.hasEnded()
	})
	if len(ports.Nats) == 0 {
		b.t.Fatal("nats-server does not listen")
	}
	_, b.address, _ = strings.Cut(ports.Nats[0], "://")
	return p
}

// natsServer returns the program.
func natsServer(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"nats-server", "/usr/sbin/nats-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("found no nats-server; install it with: make deps")
	return ""
}
