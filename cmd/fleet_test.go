package cmd_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fsctl/loadgen/record"
)

// TestFleetOverTLS is the storm with nothing going wrong.
func TestFleetOverTLS(t *testing.T) {
	onBothBuses(t, func(t *testing.T, b place) {
		c := b.attack("run", b.how()...)
		lone, others := b.fleet()
		b.whole(b.ends(c, 0))
		for _, a := range append(others, lone) {
			<-a.done
			if a.err != nil {
				t.Errorf("%s ended with %v", a.name, a.err)
			}
		}
	})
}

// TestFleetLosesAnAgent kills one: the others go on, and its share is accounted for.
func TestFleetLosesAnAgent(t *testing.T) {
	onBothBuses(t, func(t *testing.T, b place) {
		c := b.attack("run", b.how()...)
		lone, _ := b.fleet()
		b.await(200)
		lone.kill()
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
		// Each user has one request. One that was in flight when the agent was killed is due in the record, and not done.
		n := r.Counters(record.Everything, "")
		if n.Due != reported || reported > fleetUsers || n.Done > n.Due || n.Done+uint64(r.Manifest.Connections) < n.Due {
			t.Errorf("%d requests due and %d done in the record, and %d users reported", n.Due, n.Done, reported)
		}
	})
}

// TestFleetReplacesAnAgent starts another one in the place of one that was killed: it takes over from then on, and what
// the first one had measured is on record too.
func TestFleetReplacesAnAgent(t *testing.T) {
	onBothBuses(t, func(t *testing.T, b place) {
		c := b.attack("run", b.how("--set", "storm.phases.0.to=T0+20s")...)
		lone, _ := b.fleet()
		b.await(200)
		lone.kill()
		b.agent(victim)
		r := b.ends(c, 113)
		a := r.Manifest.Agents[victim-1]
		if !a.Lost || !a.Finished || a.ReportedArrivals <= a.PlannedArrivals/4 || a.ReportedArrivals >= a.PlannedArrivals || a.ReportedArrivals+a.InDoubtArrivals+a.UnsentArrivals != a.PlannedArrivals {
			t.Errorf("%+v, wanted a share with a gap", a)
		}
	})
}

// TestFleetReassigns kills an agent: from a second soon after on, the others send its share.
func TestFleetReassigns(t *testing.T) {
	onBothBuses(t, func(t *testing.T, b place) {
		const users = 200 * 14
		c := b.attack("run", b.how("--on-agent-loss", "reassign", "--set", "storm.phases.0.to=T0+14s")...)
		lone, _ := b.fleet()
		b.await(200)
		lone.kill()
		r := b.ends(c, 113)
		var planned uint64
		for i, a := range r.Manifest.Agents {
			planned += a.PlannedArrivals
			if i != victim-1 && (a.Lost || a.ReportedArrivals != a.PlannedArrivals || a.PlannedArrivals <= users/fleetAgents || a.ExtraArrivals > 0) {
				t.Errorf("%+v, wanted its own share and a part of the lost one", a)
			}
		}
		lost := r.Manifest.Agents[victim-1]
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
	onBothBuses(t, func(t *testing.T, b place) {
		c := b.attack("run", b.how("--on-agent-loss", "abort", "--set", "storm.phases.0.to=T0+30s")...)
		lone, _ := b.fleet()
		b.await(200)
		lone.kill()
		r := b.ends(c, 113)
		if end := r.Manifest.End; end.Reason != record.Aborted || end.Message != "an agent was lost" {
			t.Errorf("end %+v", end)
		}
		if n := r.Counters(record.Everything, "").Done; n < 200 || n > 200*20 {
			t.Errorf("%d requests in the record, wanted those until soon after the loss", n)
		}
		for i, a := range r.Manifest.Agents {
			if i != victim-1 && (!a.Finished || a.Lost) {
				t.Errorf("%+v, wanted all that it measured", a)
			}
		}
	})
}

// TestFleetLosesItsBus kills the server in the midst of the storm and starts it again, with what it had stored and
// without: nothing is lost, for agents keep what is not confirmed.
func TestFleetLosesItsBus(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	for _, wiped := range []bool{false, true} {
		t.Run(fmt.Sprint("store wiped: ", wiped), func(t *testing.T) {
			t.Parallel()
			b := newFleetTest(t, released(t))
			server := b.bus()
			c := b.attack("run", b.dialing()...)
			b.fleet()
			b.await(200)
			server.kill()
			if wiped {
				if err := os.RemoveAll(b.path("store")); err != nil {
					t.Fatal(err)
				}
			}
			b.await(600)
			b.bus()
			b.whole(b.ends(c, 0))
		})
	}
}

// TestFleetLosesItsCoordinator kills it, with the bus that was in it, and starts another one that takes over.
func TestFleetLosesItsCoordinator(t *testing.T) {
	onBothBuses(t, func(t *testing.T, b place) {
		c := b.attack("first", b.how()...)
		b.fleet()
		b.await(200)
		c.kill()
		if said, _ := exec.Command(b.fsctl, "report", b.path("first")).CombinedOutput(); !bytes.Contains(said, []byte("attack --resume")) {
			t.Errorf("the report does not say how to go on:\n%s", said)
		}
		b.await(600)
		b.whole(b.ends(b.attack("second", b.how("--resume", b.path("first"))...), 0))
	})
}

// TestFleetLosesEverybody kills the coordinator and every agent, and starts them again: what the first ones had on their
// disks is on record in the end, and off the disks only then.
func TestFleetLosesEverybody(t *testing.T) {
	onBothBuses(t, func(t *testing.T, b place) {
		const (
			rush, users = 200 * 5, 200*5 + 20*7
			lastSeconds = 2 * 200 // of the rush, which the agents may not have on their disks yet
		)
		long := []string{"--set", `storm.phases=[{journey: visitor, from: T0, to: T0+5s, rate: 200/s, spacing: even},
			{journey: visitor, from: T0+5s, to: T0+12s, rate: 20/s, spacing: even}]`}
		c := b.attack("first", b.how(long...)...)
		lone, others := b.fleet()
		b.await(rush + 3*20)
		b.until("the coordinator has heard what the agents have on their disks", func() bool {
			r, err := record.Open(b.path("first"))
			return err == nil && r.Counters(record.Everything, "").Done >= rush-lastSeconds
		})
		c.kill()
		for _, a := range append(others, lone) {
			a.kill()
		}
		came := b.came()
		lone, others = b.fleet()
		r := b.ends(b.attack("second", b.how(append(long, "--resume", b.path("first"))...)...), 113)
		if n := r.Counters(record.Everything, "").Done; n < rush-lastSeconds {
			t.Errorf("%d requests in the record, wanted %d at least: %d were sent before all processes were killed", n, rush-lastSeconds, came)
		}
		var planned, account uint64
		for _, a := range r.Manifest.Agents {
			planned, account = planned+a.PlannedArrivals, account+a.ReportedArrivals+a.InDoubtArrivals+a.UnsentArrivals
		}
		if planned != users || account != planned {
			t.Errorf("%d users planned, %d accounted for", planned, account)
		}
		for _, a := range append(others, lone) {
			<-a.done
		}
		if left, err := filepath.Glob(b.path("spool-*/*")); err != nil || len(left) > 0 {
			t.Errorf("%v is left, %v", left, err)
		}
	})
}

// TestFleetIsStopped interrupts the coordinator: every agent stops, and what was measured is reported.
func TestFleetIsStopped(t *testing.T) {
	onBothBuses(t, func(t *testing.T, b place) {
		c := b.attack("run", b.how()...)
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
