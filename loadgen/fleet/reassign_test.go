package fleet

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen/fleet/bus"
)

// says has an agent report to the coordinator, as it would over the bus.
func says(t *testing.T, c *Coordinator, slot int, instance string, s state, change ...func(*status)) orders {
	t.Helper()
	told := status{Instance: instance, Epoch: 1, State: s, Version: "test", Host: "host", Capacity: 1}
	for _, f := range change {
		f(&told)
	}
	reply := c.report(&nats.Msg{Subject: c.Run.UpSubject(slot), Data: encode(told)}).(orders)
	if reply.Error != "" {
		t.Fatalf("slot %d, %s: %s", slot, s, reply.Error)
	}
	return reply
}

// silence lets a slot's agent be silent for so long that it is lost.
func silence(c *Coordinator, slot int) {
	c.mu.Lock()
	c.slots[slot-1].seen = time.Now().Add(-2 * lostAfter)
	c.watched, c.awake = time.Now(), time.Time{}
	c.mu.Unlock()
	c.watch(time.Now())
}

// TestPauseOfTheCoordinator: while it does not run itself, nobody is silent.
func TestPauseOfTheCoordinator(t *testing.T) {
	g := newGround(t, scenario, 1)
	c := g.coordinator(bus.NewRun())
	says(t, c, 1, "one", armed)
	now := time.Now()
	c.watch(now)
	for d := 3 * lostAfter; d < 4*lostAfter-time.Second; d += watchEvery {
		if c.watch(now.Add(d)); c.slots[0].lost {
			t.Fatalf("lost %v after a pause", d-3*lostAfter)
		}
	}
	for d := 4*lostAfter - time.Second; d < 5*lostAfter; d += watchEvery {
		c.watch(now.Add(d))
	}
	if !c.slots[0].lost {
		t.Error("not lost, though silent all the time since")
	}
}

func awayOf(revisions []Revision) (away [][]int) {
	for _, r := range revisions {
		away = append(away, r.Away)
	}
	return away
}

// TestReassigning follows an assignment through a loss, a return and a replacement, and to another coordinator.
func TestReassigning(t *testing.T) {
	g := newGround(t, scenario, 3)
	reassigning := func(o *CoordinatorOptions) { o.OnLoss = OnLossReassign }
	c := g.coordinator(bus.NewRun(), reassigning)
	for slot := range 3 {
		says(t, c, slot+1, fmt.Sprint("first ", slot+1), armed)
	}
	if _, err := c.SetT0(t.Context(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	var ticket Ticket
	if err := c.Keep(func(v Ticket) error { ticket = v; return nil }); err != nil || len(ticket.Start.Assignment.Revisions) > 0 {
		t.Fatalf("%v, %+v", err, ticket)
	}
	for slot := range 3 {
		if r := says(t, c, slot+1, fmt.Sprint("first ", slot+1), sending); len(r.Revisions) > 0 {
			t.Fatalf("slot %d is told %+v before anything happened", slot+1, r.Revisions)
		}
	}
	silence(c, 2)
	told := says(t, c, 1, "first 1", sending).Revisions
	if want := [][]int{{2}}; !slices.EqualFunc(awayOf(told), want, slices.Equal) || told[0].From < c.now().Sub(c.t0)+noticed || told[0].From%time.Second != 0 {
		t.Fatalf("%+v after a loss, wanted slot 2 away from a whole second on that is ahead", told)
	}
	if r := says(t, c, 1, "first 1", sending, func(s *status) { s.Revision = 1 }); len(r.Revisions) > 0 {
		t.Errorf("told %+v again", r.Revisions)
	}
	says(t, c, 2, "first 2", sending)
	silence(c, 2)
	second := func(s *status) { s.Epoch = 0 }
	says(t, c, 2, "second 2", joining, second)
	if n := len(ticket.Start.Assignment.Revisions); n != 3 {
		t.Errorf("%d revisions once another agent joined, wanted 3: it cannot send yet", n)
	}
	begun := says(t, c, 2, "second 2", armed, second).Start
	if begun == nil || begun.From <= c.now().Sub(c.t0) {
		t.Fatalf("%+v, wanted a start for the agent that takes over", begun)
	}
	told = begun.Assignment.Revisions
	if want := [][]int{{2}, {}, {2}, {}}; !slices.EqualFunc(awayOf(told), want, slices.Equal) {
		t.Errorf("%+v, wanted away %v", told, want)
	}
	if !slices.IsSortedFunc(told, func(a, b Revision) int { return int(a.From - b.From) }) {
		t.Errorf("%+v is out of order", told)
	}
	if len(ticket.Start.Assignment.Revisions) != 4 {
		t.Errorf("the ticket is of %+v", ticket.Start.Assignment.Revisions)
	}

	other := g.coordinator(ticket.Run, reassigning)
	says(t, other, 1, "first 1", sending)
	says(t, other, 3, "first 3", sending)
	if _, err := other.Resume(t.Context(), ticket, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	told = says(t, other, 1, "first 1", sending, func(s *status) { s.Revision = 4 }).Revisions
	if want := [][]int{{2}, {}, {2}, {}, {2}}; !slices.EqualFunc(awayOf(told), want, slices.Equal) {
		t.Errorf("%+v after another coordinator took over, wanted away %v", told, want)
	}
	says(t, other, 2, "second 2", sending)
	if told = says(t, other, 1, "first 1", sending).Revisions; len(told) != 6 || len(told[5].Away) > 0 {
		t.Errorf("%+v once all are back", told)
	}
}

// TestNotReassigning: with another policy a lost share stays its slot's.
func TestNotReassigning(t *testing.T) {
	g := newGround(t, scenario, 2)
	c := g.coordinator(bus.NewRun())
	for slot := range 2 {
		says(t, c, slot+1, fmt.Sprint(slot), armed)
	}
	if _, err := c.SetT0(t.Context(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	says(t, c, 1, "0", sending)
	silence(c, 1)
	if r := says(t, c, 2, "1", sending); len(r.Revisions) > 0 {
		t.Errorf("told %+v", r.Revisions)
	}
}
