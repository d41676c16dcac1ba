package cmd_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fsctl/loadgen/record"
)

// splitFleet is a fleet in two network namespaces of its own: the first agent is in one, all others, the bus and the target
// in the other one. Their addresses are seen nowhere else, so that they may be the same in every test.
type splitFleet struct {
	*fleetTest
	away string // the namespace of the first agent
}

// Addresses in the namespaces.
const (
	targetHost = "10.231.0.1"
	awayHost   = "10.231.0.2"
	nearHost   = "10.231.0.3" // of the bus
)

var namespaces atomic.Int32 // made so far

func ip(args ...string) error { return exec.Command("ip", args...).Run() }

// inNamespace returns the command that runs another one in a namespace.
func inNamespace(namespace string) []string { return []string{"ip", "netns", "exec", namespace} }

// newNamespace makes a network namespace, which ends with the test.
func newNamespace(t *testing.T) (name string) {
	t.Helper()
	name = fmt.Sprintf("fsctl-%d-%d", os.Getpid(), namespaces.Add(1))
	if os.Getuid() != 0 || ip("netns", "add", name) != nil {
		t.Skip("needs root: to make a network namespace")
	}
	t.Cleanup(func() { _ = ip("netns", "del", name) })
	return name
}

// listenIn listens on a free port of an address in a namespace.
func listenIn(t *testing.T, namespace, host string) (l net.Listener) {
	t.Helper()
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread that is in the namespace ends with this goroutine
		file, err := os.Open("/var/run/netns/" + namespace)
		if err == nil {
			defer file.Close()
			err = unix.Setns(int(file.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			l, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
		}
		failed <- err
	}()
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	return l
}

// onBothSplitFleets runs a test with the bus in the coordinator, and the released build with a nats-server. The coordinator
// is started with flags.
func onBothSplitFleets(t *testing.T, test func(f *splitFleet, coordinator *process), flags ...string) {
	needsSeconds(t)
	t.Parallel()
	t.Run("embedded bus", func(t *testing.T) {
		t.Parallel()
		f := newSplitFleet(t, "fsctl")
		f.grouped = true
		test(f, f.begin(f.listening(), flags))
	})
	t.Run("nats-server", func(t *testing.T) {
		t.Parallel()
		f := newSplitFleet(t, released(t))
		f.bus()
		test(f, f.begin(f.dialing(), flags))
	})
}

// newSplitFleet makes one, of a program.
func newSplitFleet(t *testing.T, fsctl string) *splitFleet {
	t.Helper()
	near, away := newNamespace(t), newNamespace(t)
	for _, args := range [][]string{
		{"-n", near, "link", "add", "agent", "type", "veth", "peer", "name", "others", "netns", away},
		{"-n", near, "addr", "add", targetHost + "/24", "dev", "agent"}, {"-n", near, "addr", "add", nearHost + "/24", "dev", "agent"},
		{"-n", near, "link", "set", "agent", "up"}, {"-n", near, "link", "set", "lo", "up"},
		{"-n", away, "addr", "add", awayHost + "/24", "dev", "others"}, {"-n", away, "link", "set", "others", "up"},
	} {
		if err := ip(args...); err != nil {
			t.Skipf("needs root: to link network namespaces: ip %s: %v", strings.Join(args, " "), err)
		}
	}
	b := &fleetTest{t: t, fsctl: fsctl, within: inNamespace(near), host: nearHost}
	return &splitFleet{b.open(listenIn(t, near, targetHost)), away}
}

// begin starts the coordinator and all agents.
func (f *splitFleet) begin(how, flags []string) (coordinator *process) {
	f.t.Helper()
	coordinator = f.attack("run", slices.Concat(how, []string{"--allow-target", targetHost}, flags)...)
	far := append([]string{f.fsctl}, f.agentArgs(1)...)
	f.runIn(inNamespace(f.away), "agent 1, far away", append(far, "--allow-target", targetHost)...)
	f.others(1, "--allow-target", targetHost)
	return coordinator
}

// cut cuts the first agent off from the bus for a while, by a route of its namespace; it reaches the target all the time.
func (f *splitFleet) cut(d time.Duration) {
	f.t.Helper()
	if err := ip("-n", f.away, "route", "add", "blackhole", nearHost+"/32"); err != nil {
		f.t.Fatal(err)
	}
	time.Sleep(d)
	if err := ip("-n", f.away, "route", "del", "blackhole", nearHost+"/32"); err != nil {
		f.t.Fatal(err)
	}
}

// TestFleetPartition cuts one agent off for 2.5 s: the record is whole in the end.
func TestFleetPartition(t *testing.T) {
	onBothSplitFleets(t, func(f *splitFleet, c *process) {
		f.await(200)
		f.cut(2500 * time.Millisecond)
		f.whole(f.ends(c, 0))
	})
}

// TestFleetReassignsInPartition cuts one agent off for so long that it is taken for lost and its share given to the
// others, while it goes on sending. When it is back it has its share again. Whoever came twice is known.
func TestFleetReassignsInPartition(t *testing.T) {
	const users = 200 * 20
	onBothSplitFleets(t, func(f *splitFleet, c *process) {
		f.await(200)
		f.cut(9 * time.Second)
		r := f.ends(c, 0)
		var planned, reported, extra uint64
		for _, a := range r.Manifest.Agents {
			planned, reported, extra = planned+a.PlannedArrivals, reported+a.ReportedArrivals, extra+a.ExtraArrivals
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		var twice uint64
		for path, n := range f.asked {
			if n > 2 {
				f.t.Errorf("%s was asked for %d times", path, n)
			}
			twice += uint64(n - 1)
		}
		if len(f.asked) != users || planned != users || reported != users {
			f.t.Errorf("%d users came, %d planned, %d reported, wanted %d of each", len(f.asked), planned, reported, users)
		}
		if a := r.Manifest.Agents[0]; twice == 0 || extra != twice || a.ExtraArrivals != extra || a.ExtraSeconds == 0 || a.Lost {
			f.t.Errorf("%d users came twice, the record says %d: %+v", twice, extra, a)
		}
		if n := r.Counters(record.Everything, "").Done; n != users+twice {
			f.t.Errorf("%d requests in the record, wanted %d and the %d that were sent twice", n, users, twice)
		}
	}, "--on-agent-loss", "reassign", "--set", "storm.phases.0.to=T0+20s")
}
