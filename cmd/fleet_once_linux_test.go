package cmd_test

import (
	"fmt"
	"net"
	"regexp"
	"runtime"
	"syscall"
	"testing"
	"time"

	"fsctl/loadgen/record"
)

// plainWaitsAt finds the address of a bus without keys that a coordinator tells its agents to dial.
var plainWaitsAt = regexp.MustCompile(`waiting for agents at (nats://\S+)`)

// plainAttack starts a coordinator whose bus is for this machine only, and takes no keys. It returns the bus's address.
func (b *fleetTest) plainAttack(run string, agents int, flags ...string) (c *process, url string) {
	b.t.Helper()
	c = b.start("coordinator", append([]string{"attack", b.path("fleet.yaml"), "--target", b.target.URL, "--run", b.path(run), "--listen", net.JoinHostPort(b.host, "0"),
		"--expect-agents", fmt.Sprint(agents), "--connections", "16", "--max-skew", "10s", "--join-timeout", patience.String(), "-o", "json"}, flags...)...)
	b.until("the coordinator waits for agents", func() bool {
		if found := plainWaitsAt.FindStringSubmatch(c.log.String()); found != nil {
			url = found[1]
		}
		return url != "" || c.hasEnded()
	})
	return c, url
}

// plainAgent starts an agent process on such a bus.
func (b *fleetTest) plainAgent(name, url string, flags ...string) *process {
	b.t.Helper()
	return b.start(name, append([]string{"agent", "--nats", url, "--spool", b.path("spool-" + name)}, flags...)...)
}

// TestProcessesCountOnce has one process with ten slots, and three processes, send a storm from this machine: what they used
// and what the machine has is in the record once.
func TestProcessesCountOnce(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	for _, c := range []struct{ processes, slots int }{{1, 10}, {3, 1}} {
		t.Run(fmt.Sprintf("%d with %d slots", c.processes, c.slots), func(t *testing.T) {
			t.Parallel()
			b := newFleetTest(t, "fsctl")
			coordinator, url := b.plainAttack("run", c.processes*c.slots)
			began := time.Now()
			var agents []*process
			for i := range c.processes {
				agents = append(agents, b.plainAgent(fmt.Sprint("agent-", i), url, "--slots", fmt.Sprint(c.slots)))
			}
			r := b.ends(coordinator, 0)
			b.whole(r)
			var used time.Duration
			for _, a := range agents {
				<-a.done
				used += a.ProcessState.UserTime() + a.ProcessState.SystemTime()
			}
			countsOnce(t, r, c.processes, used, time.Since(began))
		})
	}
}

// countsOnce checks that a record has no more than there was.
func countsOnce(t *testing.T, r *record.Record, processes int, used, passed time.Duration) {
	t.Helper()
	const slack = 1.02 // between clocks of different kinds
	var sum record.Generator
	isSeen := false
	for second, g := range r.Generators() {
		sum.Add(g)
		if g.FileLimit > processes*limitOfFiles(t) {
			t.Errorf("second %d: %d file descriptors allowed, wanted those of %d processes", second, g.FileLimit, processes)
		}
		isSeen = isSeen || g.FileLimit > 0 && g.IdleCPUSeconds+g.OtherCPUSeconds > 0
	}
	if !isSeen {
		t.Error("no second says what the machine did")
	}
	if r.Manifest.Cores != runtime.NumCPU() {
		t.Errorf("%d cores, wanted the %d of this machine", r.Manifest.Cores, runtime.NumCPU())
	}
	if sum.CPUSeconds > used.Seconds()*slack {
		t.Errorf("%g s of CPU in the record, and the processes used %s", sum.CPUSeconds, used)
	}
	all, most := sum.CPUSeconds+sum.OtherCPUSeconds+sum.StolenCPUSeconds+sum.IdleCPUSeconds, passed.Seconds()*float64(runtime.NumCPU())
	if all > most*slack {
		t.Errorf("%g s of all cores in the record, wanted at most %g s: %+v", all, most, sum)
	}
}

// limitOfFiles is what a child may have open: Go raises it to the hard limit.
func limitOfFiles(t *testing.T) int {
	t.Helper()
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		t.Fatal(err)
	}
	return int(min(l.Max, 1<<31-1))
}
