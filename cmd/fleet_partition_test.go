package cmd_test

import (
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fsctl/loadgen/record"
)

// splitFleet is a fleetTest whose first agent is in a network namespace of its own.
type splitFleet struct {
	*fleetTest
	namespace, bus string
}

var splitFleets atomic.Int32 // made so far

func ip(args ...string) error { return exec.Command("ip", args...).Run() }

// onBothSplitFleets runs a test with the bus in the coordinator, and with a nats-server. The coordinator is started with
// flags.
func onBothSplitFleets(t *testing.T, test func(f *splitFleet, coordinator *process), flags ...string) {
	t.Parallel()
	for name, isExternal := range map[string]bool{"embedded bus": false, "nats-server": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newSplitFleet(t, isExternal, flags))
		})
	}
}

// newSplitFleet makes one, whose coordinator is started with flags.
func newSplitFleet(t *testing.T, isExternal bool, flags []string) (f *splitFleet, coordinator *process) {
	t.Helper()
	number := splitFleets.Add(1)
	name := fmt.Sprintf("fsctl%d%c", os.Getpid(), 'a'+number)
	if os.Getuid() != 0 || ip("netns", "add", name) != nil {
		t.Skip("needs the right to make a network namespace")
	}
	t.Cleanup(func() { _ = ip("netns", "del", name) })
	third := (os.Getpid() + int(number)) % 250
	near, away := fmt.Sprintf("10.231.%d.1", third), fmt.Sprintf("10.231.%d.2", third)
	bus := fmt.Sprintf("10.231.%d.3", third)
	for _, args := range [][]string{
		{"link", "add", name + "h", "type", "veth", "peer", "name", "agent", "netns", name},
		{"addr", "add", near + "/24", "dev", name + "h"}, {"addr", "add", bus + "/24", "dev", name + "h"}, {"link", "set", name + "h", "up"},
		{"-n", name, "addr", "add", away + "/24", "dev", "agent"}, {"-n", name, "link", "set", "agent", "up"},
	} {
		if err := ip(args...); err != nil {
			t.Skipf("ip %s: %v: needs the right to link network namespaces", strings.Join(args, " "), err)
		}
	}
	b := newFleetTest(t)
	b.target.Close()
	listener, err := net.Listen("tcp", near+":0")
	if err != nil {
		t.Fatal(err)
	}
	b.target = httptest.NewUnstartedServer(b.target.Config.Handler)
	b.target.Listener = listener
	b.target.Start()
	t.Cleanup(b.target.Close)
	if err := os.RemoveAll(b.path("keys")); err != nil {
		t.Fatal(err)
	}
	b.host, b.address = bus, fmt.Sprintf("%s:%d", bus, freePort(t))
	how := b.listening()
	if isExternal {
		how = b.dialing()
		b.bus()
	} else {
		fsctl(t, 0, "agent-keys", b.path("keys"), "--agents", fmt.Sprint(fleetAgents), "--host", bus)
	}
	coordinator = b.attack("run", append(append(how, "--allow-target", near), flags...)...)
	for i := range fleetAgents {
		args := []string{"agent", "--nats", "tls://" + b.address, "--creds", b.path(fmt.Sprintf("keys/agent-%d.creds", i+1)), "--allow-target", near,
			"--spool", b.path(fmt.Sprint("spool-", i+1)), "--shares-machine", "--linger", "40s"}
		if i == 0 {
			b.run("agent 1, far away", exec.Command("ip", append([]string{"netns", "exec", name, "fsctl"}, args...)...))
			continue
		}
		b.start(fmt.Sprint("agent ", i+1), args...)
	}
	return &splitFleet{b, name, bus}, coordinator
}

// cut cuts the first agent off from the bus for a while, by a route of its namespace; it reaches the target all the time.
func (f *splitFleet) cut(d time.Duration) {
	f.t.Helper()
	if err := ip("-n", f.namespace, "route", "add", "blackhole", f.bus+"/32"); err != nil {
		f.t.Fatal(err)
	}
	time.Sleep(d)
	if err := ip("-n", f.namespace, "route", "del", "blackhole", f.bus+"/32"); err != nil {
		f.t.Fatal(err)
	}
}

// TestFleetPartition cuts one agent off for 2.5 s: the record is whole in the end.
func TestFleetPartition(t *testing.T) {
	onBothSplitFleets(t, func(f *splitFleet, c *process) {
		f.await(400)
		f.cut(2500 * time.Millisecond)
		f.whole(f.ends(c, 0))
	})
}

// TestFleetReassignsInPartition cuts one agent off for so long that it is taken for lost and its share given to the
// others, while it goes on sending. When it is back it has its share again. Whoever came twice is known.
func TestFleetReassignsInPartition(t *testing.T) {
	const users = 200 * 24
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
	}, "--on-agent-loss", "reassign", "--set", "storm.phases.0.to=T0+24s")
}
