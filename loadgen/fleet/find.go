package fleet

import (
	"context"
	"fmt"

	"fsctl/loadgen/fleet/bus"
)

// find asks until a coordinator has a storm and a slot for this agent, and connects with the keys of that slot.
func (a *agent) find(ctx context.Context) error {
	a.Log("waiting for a storm")
	told := ""
	for {
		found, err := a.askAround(ctx)
		switch {
		case err != nil:
			return err
		case found.Error != "" && found.Error != told:
			told = found.Error
			a.Log("not taken: %s", told)
		case found.Slot > 0 && (found.Slot == a.Slot || a.Slot == 0):
			a.run, a.slot = found.Run, found.Slot
			return nil
		case found.Slot > 0:
			if a.Conn, err = a.Move(ctx, found.Slot); err != nil {
				return err
			}
			a.Slot = found.Slot
			continue // with the same question: the way here may have taken longer than the slot was kept
		}
		if err := pause(ctx, askEvery, nil); err != nil {
			return err
		}
	}
}

// asksAtOnce is for how many of its slots an agent asks in a row. Many agents with keys of many slots may be waiting
// while a storm is on, and the coordinator has other things to do than to answer them.
const asksAtOnce = 20

// askAround asks for the agent's slot, and while that is taken for some of the others. Without an answer the offer is
// the zero one.
func (a *agent) askAround(ctx context.Context) (offer, error) {
	found, err := a.ask(ctx, a.Slot)
	for range min(asksAtOnce, len(a.Slots)) {
		if err != nil || found.Error == "" {
			return found, err
		}
		slot := a.Slots[a.tried%len(a.Slots)]
		a.tried++
		if slot != a.Slot {
			found, err = a.ask(ctx, slot)
		}
	}
	if found.Error != "" && len(a.Slots) > 1 {
		found.Error = fmt.Sprintf("none of the %d slots that there are keys for is free", len(a.Slots))
	}
	return found, err
}

// ask asks for a slot, 0 for any. What keys the connection is of does not matter for that.
func (a *agent) ask(ctx context.Context, slot int) (found offer, err error) {
	asking, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	m, err := a.Conn.RequestWithContext(asking, bus.StormAskSubject, encode(ask{a.instance, slot}))
	if err != nil {
		return offer{}, nil // nobody has a storm, or the bus is away
	}
	err = decode(m.Data, &found)
	return found, err
}
