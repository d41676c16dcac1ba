package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/roster"
)

// TestFindAmongManySlots has an agent with keys of all slots find the one that gets free. It says once that it waits,
// and connects with those keys only.
func TestFindAmongManySlots(t *testing.T) {
	if testing.Short() {
		t.Skip("asks at intervals of a second")
	}
	t.Parallel()
	const count, free = 3 * requestsAtOnce, 2*requestsAtOnce + 7
	g := newGround(t, scenario, count)
	c := g.coordinator(bus.NewRun())
	holder := func(slot int) string { return fmt.Sprint("holder of ", slot) }
	for slot := 1; slot <= count; slot++ {
		says(t, c, slot, holder(slot), roster.Armed)
	}
	leave := func(slot int) { says(t, c, slot, holder(slot), roster.Withdrawn) }
	var said []string
	var moved []int
	a := agent{instance: "new", AgentOptions: AgentOptions{Conn: c.Conn, Slot: 2, Log: func(format string, args ...any) {
		if said = append(said, fmt.Sprintf(format, args...)); len(said) == 2 {
			leave(free)
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
	leave(3)
	a.Move = func(context.Context, int) (*nats.Conn, error) { return nil, errors.New("no way in") }
	if err := a.find(t.Context()); err == nil || err.Error() != "no way in" {
		t.Errorf("error %v of an agent that cannot connect", err)
	}
}
