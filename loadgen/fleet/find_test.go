package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen/fleet/bus"
)

// TestFindAmongManySlots has an agent with keys of all slots find the one that gets free. It says once that it waits,
// and connects with those keys only.
func TestFindAmongManySlots(t *testing.T) {
	const count, free = 3 * asksAtOnce, 2*asksAtOnce + 7
	g := newGround(t, scenario, count)
	c := g.coordinator(bus.NewRun())
	for _, s := range c.slots { // nobody has asked yet
		s.Instance = "somebody"
	}
	lose := func(slot int) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.slots[slot-1].lost = true
	}
	var said []string
	var moved []int
	a := agent{instance: "new", AgentOptions: AgentOptions{Conn: c.Conn, Slot: 2, Log: func(format string, args ...any) {
		if said = append(said, fmt.Sprintf(format, args...)); len(said) == 2 {
			lose(free)
		}
	}, Move: func(_ context.Context, slot int) (*nats.Conn, error) {
		moved = append(moved, slot)
		return c.Conn, nil
	}}}
	for slot := 1; slot <= count; slot++ {
		a.Slots = append(a.Slots, slot)
	}
	if err := a.find(t.Context()); err != nil || a.slot != free || a.run != c.Run || !slices.Equal(moved, []int{free}) {
		t.Errorf("found slot %d of run %s (%v) and moved to %v, wanted slot %d of run %s", a.slot, a.run, err, moved, free, c.Run)
	}
	if len(said) != 2 || !strings.Contains(said[1], fmt.Sprintf("none of the %d slots", count)) {
		t.Errorf("said %q", said)
	}
	a.Slot = 1
	lose(3)
	a.Move = func(context.Context, int) (*nats.Conn, error) { return nil, errors.New("no way in") }
	if err := a.find(t.Context()); err == nil || err.Error() != "no way in" {
		t.Errorf("error %v of an agent that cannot connect", err)
	}
}

// TestResumeHoldsSlots has a coordinator take over: the slots are those of the agents that report to it, and not of one
// that waits for a slot, until they would be lost anyway.
func TestResumeHoldsSlots(t *testing.T) {
	g := newGround(t, scenario, 2)
	c := g.coordinator(bus.NewRun())
	shares, err := NewShares([]float64{1, 1})
	if err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithCancel(t.Context())
	cancel()
	begun := &start{PlanHash: c.hash, T0: time.Now().UnixNano(), Assignment: Assignment{Shares: shares}}
	if _, err := c.Resume(soon, Ticket{c.Run, begun}, time.Minute); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	asked := func(slot int) offer {
		return c.offer(&nats.Msg{Data: encode(ask{"waiting", slot})}).(offer)
	}
	if o := asked(0); o.Error == "" {
		t.Errorf("offered %+v to an agent that waits", o)
	}
	old := status{Host: "host", Instance: "old", Epoch: 5, State: sending, Version: "test", Capacity: 1, PlanHash: c.hash}
	if told := c.report(&nats.Msg{Subject: c.Run.UpSubject(1), Data: encode(old)}).(orders); told.Error != "" || told.Epoch != old.Epoch {
		t.Errorf("told %+v to the agent that has the slot", told)
	}
	c.slots[0].until, c.slots[1].until = time.Time{}, time.Time{} // long over
	if first, second := asked(1), asked(2); first.Error == "" || second.Slot != 2 {
		t.Errorf("offered %+v and %+v once nobody else is to come, wanted slot 2", first, second)
	}
}
