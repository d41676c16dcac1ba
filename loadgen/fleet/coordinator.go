package fleet

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/clock"
	"fsctl/loadgen/fleet/roster"
	"fsctl/loadgen/record"
	"fsctl/scenarios/quantity"
)

// CoordinatorOptions say what storm a coordinator leads.
type CoordinatorOptions struct {
	Conn     *nats.Conn
	Run      bus.Run
	Plan     *Plan
	Version  string        // of fsctl; agents of another are refused
	MaxSkew  time.Duration // an agent whose clock offset has a larger error is refused; 0 accepts any
	OnLoss   string        // one of roster.LossPolicies
	Replicas int           // copies of what the bus stores, on a cluster, 1 to 5; 0 for 1
	Log      func(format string, args ...any)
}

// Coordinator leads the agents of one storm: it translates between messages of the bus and calls of a roster. All that it
// knows can be learned again from the agents and the bus, so that another one may take over its run.
type Coordinator struct {
	CoordinatorOptions
	plan []byte
	hash string
	now  func() time.Time // the clock that the fleet goes by

	mu      sync.Mutex // guards what follows
	roster  *roster.Roster
	start   *Start // without the roster's assignment; nil until T0 is set
	t0      time.Time
	store   func(Ticket) error      // nil for nowhere
	setLost func(slot int, is bool) // told of agents that are lost or back; nil until the measurements are collected
	changed chan struct{}           // closed at the next change of the roster
}

// New returns a coordinator. It fails with a *RefusedError for a plan that is too large for one message of the bus.
func New(o CoordinatorOptions) (*Coordinator, error) {
	c := &Coordinator{CoordinatorOptions: o, now: clock.Steady(), changed: make(chan struct{})}
	c.plan, c.hash = o.Plan.Encode()
	if limit := int(o.Conn.MaxPayload()) * 7 / 10; len(c.plan) > limit { // it travels in base 64, with a little around it
		what := "its scenario alone is too large"
		if name, size := o.Plan.largest(); size > 0 {
			what = fmt.Sprintf("%s has %s; a feeder from: sequence needs no file, and a server with a larger max_payload carries more", name, quantity.Of(size, "byte"))
		}
		return nil, &RefusedError{Reason: fmt.Sprintf("the plan has %s, and the bus carries %s at once: %s", quantity.Of(len(c.plan), "byte"), quantity.Count(limit), what)}
	}
	// A coordinator that takes over must give higher epochs than the one before.
	lastEpoch := uint64(time.Now().Unix()) << 20
	c.roster = roster.New(roster.Options{Slots: o.Plan.Slots, Version: o.Version, PlanHash: c.hash, MaxSkew: o.MaxSkew, OnLoss: o.OnLoss, LastEpoch: lastEpoch})
	return c, nil
}

// Listen answers agents until the function that it returns is called. It fails where the bus takes no subscription: the
// connection is closed.
func (c *Coordinator) Listen() (close func(), err error) {
	var subs []*nats.Subscription
	close = func() {
		for _, s := range subs {
			_ = s.Unsubscribe() // fails where the connection is gone, and the subscription with it
		}
	}
	add := func(s *nats.Subscription, problem error) {
		subs = append(subs, s)
		err = errors.Join(err, problem)
	}
	add(clock.Answer(c.Conn, c.Run, c.now))
	add(c.Conn.Subscribe(bus.StormAskSubject, c.answerRequest))
	add(c.Conn.Subscribe(c.Run.UpSubjects(), c.answerHeartbeat))
	if err != nil {
		close()
		return nil, fmt.Errorf("listen to agents: %w", err)
	}
	return close, nil
}

// Link reports whether its own connection to the bus is up. While it is down, no agent is lost.
func (c *Coordinator) Link(up bool) {
	c.update(func(r *roster.Roster) { r.SetLink(c.now(), up) })
}

// Stop has every agent end now.
func (c *Coordinator) Stop(reason string) {
	c.update(func(r *roster.Roster) { r.Stop(reason) })
}

// Agents returns what the record says of the agents before the storm.
func (c *Coordinator) Agents() []record.Agent {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.roster.Agents()
}

// Cores returns how many cores the agents may use. The cores of a machine with several agents count once.
func (c *Coordinator) Cores() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.roster.Cores()
}

// answerRequest answers an agent that asks for a slot.
func (c *Coordinator) answerRequest(m *nats.Msg) {
	var q slotRequest
	if decode(m.Data, &q) != nil {
		return
	}
	if offer, ok := c.offer(q); ok {
		_ = m.Respond(encode(offer)) // an agent that gets no answer asks again
	}
}

// offer returns a slot for an agent; ok is false where the storm is over.
func (c *Coordinator) offer(q slotRequest) (offer slotOffer, ok bool) {
	offer.Run = c.Run
	c.update(func(r *roster.Roster) {
		if offer.Slot, offer.Error, ok = r.Offer(c.now(), q.Instance, q.Slot); offer.Error != "" && q.Only {
			r.TurnAway(q.Slot, offer.Error)
		}
	})
	return offer, ok
}

// answerHeartbeat answers an agent's heartbeat.
func (c *Coordinator) answerHeartbeat(m *nats.Msg) {
	slot, err := bus.SlotOf(m.Subject)
	var h roster.Heartbeat
	if err == nil {
		err = decode(m.Data, &h)
	}
	if err != nil {
		slot = 0 // which the roster refuses
	}
	reply := c.report(slot, h)
	_ = m.Respond(encode(reply)) // an agent that gets no answer sends the next heartbeat
	if reply.Stop != "" {
		c.update(func(r *roster.Roster) { r.StopSent(slot) })
	}
}

// report returns what the agent of a slot is to do.
func (c *Coordinator) report(slot int, h roster.Heartbeat) (answer heartbeatReply) {
	needsPlan := false
	c.update(func(r *roster.Roster) {
		reply := r.Report(c.now(), slot, h)
		answer = heartbeatReply{Error: reply.Refused, Epoch: reply.Epoch, Revisions: reply.Revisions, Stop: reply.Stop}
		needsPlan = reply.NeedsPlan && len(h.Key) > 0 && reply.Refused == ""
		if reply.Begin != nil {
			answer.Start = &Start{c.start.PlanHash, c.start.T0, reply.Begin.Assignment, reply.Begin.From}
		}
	})
	if needsPlan {
		var err error
		if answer.Plan, err = sealPlan(h.Key, c.plan, c.Plan.Environment); err != nil {
			return heartbeatReply{Error: err.Error()}
		}
	}
	return answer
}

// update calls f with the roster under the lock, and does what follows from it.
func (c *Coordinator) update(f func(*roster.Roster)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(c.roster)
	changes := c.roster.Drain()
	if changes.Revised && c.store != nil {
		if err := c.store(c.ticket()); err != nil {
			c.Log("another coordinator could not take over as things are now: %v", err)
		}
	}
	for _, line := range changes.Log {
		c.Log("%s", line)
	}
	for _, s := range changes.Slots {
		if c.setLost != nil {
			c.setLost(s.Slot, s.Lost)
		}
	}
	if changes.Call {
		_ = c.Conn.Publish(c.Run.DownSubject(), nil) // where that fails, agents report within half a second
	}
	if changes.Woken {
		close(c.changed)
		c.changed = make(chan struct{})
	}
}

// ticket returns the ticket as of now. It must be called with mu held.
func (c *Coordinator) ticket() Ticket {
	return Ticket{c.Run, &Start{PlanHash: c.start.PlanHash, T0: c.start.T0, Assignment: c.roster.Assignment()}}
}
