package fleet

import (
	"context"
	"fmt"

	"fsctl/loadgen/fleet/bus"
)

// find asks for a slot until a coordinator has a storm and a slot for this agent, and connects with that slot's keys.
func (a *agent) find(ctx context.Context) error {
	a.Log("waiting for a storm")
	logged := ""
	for {
		offer, err := a.requestAny(ctx)
		switch {
		case err != nil:
			return err
		case offer.Error != "" && offer.Error != logged:
			logged = offer.Error
			a.Log("not taken: %s", logged)
		case offer.Slot > 0 && (offer.Slot == a.Slot || a.Slot == 0):
			a.run, a.slot = offer.Run, offer.Slot
			return nil
		case offer.Slot > 0:
			if a.Conn, err = a.Move(ctx, offer.Slot); err != nil {
				return err
			}
			a.Slot = offer.Slot
			continue // with the same request: to connect may have taken longer than the slot stayed reserved
		}
		if err := sleep(ctx, requestEvery, nil); err != nil {
			return err
		}
	}
}

// requestsAtOnce is for how many of its slots an agent asks in a row. Many agents with keys of many slots may be waiting
// while a storm is on, and the coordinator must not be kept busy with answers to them.
const requestsAtOnce = 20

// requestAny asks for the agent's slot, and while that is taken for some of the others. Without an answer the offer is
// the zero one.
func (a *agent) requestAny(ctx context.Context) (slotOffer, error) {
	offer, err := a.request(ctx, a.Slot)
	for range min(requestsAtOnce, len(a.Slots)) {
		if err != nil || offer.Error == "" {
			return offer, err
		}
		slot := a.Slots[a.tried%len(a.Slots)]
		a.tried++
		if slot != a.Slot {
			offer, err = a.request(ctx, slot)
		}
	}
	if offer.Error != "" && len(a.Slots) > 1 {
		offer.Error = fmt.Sprintf("none of the %d slots that there are keys for is free", len(a.Slots))
	}
	return offer, err
}

// request asks for a slot, 0 for any. Any connection may ask for any slot.
func (a *agent) request(ctx context.Context, slot int) (offer slotOffer, err error) {
	asking, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	m, err := a.Conn.RequestWithContext(asking, bus.StormAskSubject, encode(slotRequest{a.instance, slot, slot > 0 && len(a.Slots) < 2}))
	if err != nil {
		return slotOffer{}, nil // there is no storm, or the bus is away
	}
	err = decode(m.Data, &offer)
	return offer, err
}
