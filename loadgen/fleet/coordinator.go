package fleet

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/clock"
	"fsctl/loadgen/record"
)

// What happens to a lost agent's share.
const (
	OnLossAccount  = "account"  // it is not sent, and the record says so
	OnLossReassign = "reassign" // from a second that is ahead on, the others send it
	OnLossAbort    = "abort"    // the run ends
)

// LossPolicies are the values of CoordinatorOptions.OnLoss.
var LossPolicies = []string{OnLossAccount, OnLossReassign, OnLossAbort}

// CoordinatorOptions say what storm a coordinator leads.
type CoordinatorOptions struct {
	Conn     *nats.Conn
	Run      bus.Run
	Plan     *Plan
	Version  string        // of fsctl; agents of another are refused
	MaxSkew  time.Duration // an agent whose clock is known less well is refused
	OnLoss   string        // a policy
	Replicas int           // of what the bus stores, on a cluster; 0 for 1
	Log      func(format string, args ...any)
}

// Coordinator leads the agents of one storm. What it knows can be learned again from them and from the bus, so that
// another one may take its place.
type Coordinator struct {
	CoordinatorOptions
	plan []byte
	hash string
	now  func() time.Time // the clock that the fleet goes by
	link link

	mu      sync.Mutex // guards what follows
	slots   []*slot
	epochs  uint64 // given so far
	begun   *start // nil until T0 is set; never changed, but replaced
	owners  owners // by begun
	keep    func(Ticket) error
	resumed time.Duration // when another coordinator's run was taken over, from T0
	t0      time.Time
	stop    string    // why everybody is to end
	watched time.Time // when silence was last looked for
	awake   time.Time // since when that has been without a pause
	sealed  bool      // the record is closed: nobody is needed any more
	changed chan struct{}
	lose    func(slot int) // told of agents that are lost and come back, once the storm is under way
	revive  func(slot int)
}

// New returns a coordinator. The errors are about the plan.
func New(o CoordinatorOptions) (*Coordinator, error) {
	c := &Coordinator{CoordinatorOptions: o, now: clock.Steady(), changed: make(chan struct{})}
	c.plan, c.hash = o.Plan.Encode()
	if limit := int(o.Conn.MaxPayload()) * 7 / 10; len(c.plan) > limit { // it travels in base 64, with a little around it
		what := "its scenario alone is too large"
		if name, size := o.Plan.largest(); size > 0 {
			what = fmt.Sprintf("%s has %d bytes; a feeder from: sequence needs no file, and a server with a larger max_payload carries more", name, size)
		}
		return nil, &RefusedError{Reason: fmt.Sprintf("the plan has %d bytes, and the bus carries %d at once: %s", len(c.plan), limit, what)}
	}
	// Epochs of a coordinator that takes over must be above those that the one before gave.
	c.epochs = uint64(time.Now().Unix()) << 20
	for range o.Plan.Slots {
		c.slots = append(c.slots, &slot{})
	}
	return c, nil
}

// Listen answers agents until the function that it returns is called.
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
	add(c.Conn.Subscribe(bus.StormAskSubject, c.answer(c.offer)))
	add(c.Conn.Subscribe(c.Run.UpSubjects(), c.answer(c.report)))
	if err != nil {
		close()
		return nil, fmt.Errorf("listen to agents: %w", err)
	}
	return close, nil
}

func (c *Coordinator) answer(f func(*nats.Msg) any) nats.MsgHandler {
	return func(m *nats.Msg) {
		reply := f(m)
		if reply == nil {
			return
		}
		_ = m.Respond(encode(reply)) // an agent that gets no answer asks again
		if told, ok := reply.(orders); ok && told.Stop != "" {
			c.dismiss(m.Subject)
		}
	}
}

// dismiss notes that a slot's agent has been told to stop.
func (c *Coordinator) dismiss(subject string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if number, err := bus.SlotOf(subject); err == nil && number <= len(c.slots) && !c.slots[number-1].dismissed {
		c.slots[number-1].dismissed = true
		c.wake()
	}
}

// Link tells the coordinator that its own way to the bus is gone, or back: nobody is lost for that.
func (c *Coordinator) Link(up bool) { c.link.set(up, time.Now()) }

// wake tells everybody who waits that something has changed. It must be called with mu held.
func (c *Coordinator) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// notice is how long before the first arrival T0 is told at the least.
const notice = 3 * time.Second

// Notice returns how long before T0 everything must be ready, for a storm whose first arrival is due lead before T0.
func Notice(lead time.Duration) time.Duration { return lead + notice }

// SetT0 fixes T0, for ever: another coordinator of the same run gets an error. at is T0 on the wall clock, zero for as
// soon as may be. It returns T0 by this machine's clock.
func (c *Coordinator) SetT0(ctx context.Context, at time.Time) (time.Time, error) {
	c.mu.Lock()
	weights := make([]float64, len(c.slots))
	for i, s := range c.slots {
		weights[i] = s.Capacity
	}
	c.mu.Unlock()
	shares, err := NewShares(weights)
	if err != nil {
		return time.Time{}, err
	}
	t0 := c.now().Add(Notice(c.Plan.Lead))
	if !at.IsZero() {
		if at.Before(t0) {
			return time.Time{}, &RefusedError{Reason: fmt.Sprintf("T0 is %s, and the agents were ready too late for it: that is to be %v before", at.Format(time.RFC3339), Notice(c.Plan.Lead)),
				Hint: "set storm.t0 to a later time"}
		}
		t0 = t0.Add(at.Sub(t0))
	}
	begun := &start{PlanHash: c.hash, T0: t0.UnixNano(), Assignment: Assignment{Shares: shares}}
	if err := c.claimT0(ctx, begun); err != nil {
		return time.Time{}, err
	}
	c.begin(begun, t0)
	return t0, nil
}

// Ticket is what another coordinator needs to take over a run whose T0 is set. It is to be kept beside the record, where
// Keep has it written.
type Ticket struct {
	Run   bus.Run `json:"run"`
	Start *start  `json:"start"`
}

// Keep hands the run's ticket to keep, now, where T0 is set, and as soon as there is another, before any agent goes by that. The error is
// that of now; later ones go to the log.
func (c *Coordinator) Keep(keep func(Ticket) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep = keep
	if c.begun == nil {
		return nil
	}
	return keep(Ticket{c.Run, c.begun})
}

// Fits tells, by an error, that a ticket is of another storm than this coordinator's. To be asked before Listen: agents of
// another plan are refused, and stop.
func (c *Coordinator) Fits(t Ticket) error {
	switch {
	case t.Start == nil || len(t.Start.Assignment.Shares) != len(c.slots):
		return &RefusedError{Reason: fmt.Sprintf("the run to resume has %d agents, and this is for %d", t.slots(), len(c.slots))}
	case t.Start.PlanHash != c.hash:
		return &RefusedError{Reason: fmt.Sprintf("the run to resume has plan %.12s, and this is plan %.12s: give the same scenario, target and flags", t.Start.PlanHash, c.hash)}
	}
	return nil
}

// Resume takes over a run from a coordinator that is gone, and returns T0 by this machine's clock. It waits for the
// agents to come back, no longer than within; those that do not are lost.
func (c *Coordinator) Resume(ctx context.Context, t Ticket, within time.Duration) (time.Time, error) {
	if err := c.Fits(t); err != nil {
		return time.Time{}, err
	}
	now := c.now()
	t0 := now.Add(time.Unix(0, t.Start.T0).Sub(now.Round(0)))
	c.remember(t.Start.Assignment)
	c.hold()
	c.begin(t.Start, t0)
	err := c.until(ctx, wish{within: within, met: func(s *slot) bool { return s.Instance != "" }, late: func(missing []string) error {
		if len(missing) == len(c.slots) && !c.hasStored(ctx) {
			return &RefusedError{Reason: fmt.Sprintf("none of the %d agents came back within %v, and the bus has nothing of them", len(missing), within)}
		}
		c.Log("%s", strings.Join(missing, "; "))
		return nil
	}})
	c.giveUp()
	return t0, err
}

// hasStored tells whether the bus still has something that the agents measured.
func (c *Coordinator) hasStored(ctx context.Context) bool {
	js, err := jetstream.New(c.Conn)
	if err != nil {
		return false
	}
	stream, err := js.Stream(ctx, c.Run.Stream())
	return err == nil && stream.CachedInfo().State.Msgs > 0
}

func (t Ticket) slots() int {
	if t.Start == nil {
		return 0
	}
	return len(t.Start.Assignment.Shares)
}

func (c *Coordinator) begin(begun *start, t0 time.Time) {
	c.mu.Lock()
	c.t0 = t0
	c.become(begun)
	c.wake()
	c.mu.Unlock()
	c.call()
}

// claimT0 writes T0 where only the first coordinator can.
func (c *Coordinator) claimT0(ctx context.Context, begun *start) error {
	js, err := jetstream.New(c.Conn)
	if err != nil {
		return fmt.Errorf("set T0: %w", err)
	}
	kv, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: c.Run.Bucket(), Replicas: max(c.Replicas, 1)})
	if err != nil {
		return fmt.Errorf("set T0: %w", err)
	}
	if _, err := kv.Create(ctx, "t0", encode(begun)); errors.Is(err, jetstream.ErrKeyExists) {
		return &RefusedError{Reason: fmt.Sprintf("run %s has its T0 already: another coordinator leads it", c.Run)}
	} else if err != nil {
		return fmt.Errorf("set T0: %w", err)
	}
	return nil
}

// Stop has every agent end now.
func (c *Coordinator) Stop(reason string) {
	c.mu.Lock()
	if c.stop == "" {
		c.stop = reason
	}
	c.wake()
	c.mu.Unlock()
	c.call()
}

// dismissed is how long agents may take to hear that the storm does not begin. They report twice a second.
const dismissed = 3 * time.Second

// Dismiss calls the storm off before it begins, and waits until every agent that lives has heard of it: to be called
// while the bus is still there.
func (c *Coordinator) Dismiss(reason string) {
	c.Stop(reason)
	_ = c.until(context.Background(), wish{within: dismissed, met: func(s *slot) bool {
		return s.Instance == "" || s.lost || s.dismissed || s.State == failed
	}}) // those that have not heard by then will find that nobody answers
	_ = c.Conn.FlushTimeout(time.Second)
}

// call has every agent report at once.
func (c *Coordinator) call() {
	_ = c.Conn.Publish(c.Run.DownSubject(), nil) // else they do within the second
}

// Agents returns what the record says of the agents.
func (c *Coordinator) Agents() []record.Agent {
	c.mu.Lock()
	defer c.mu.Unlock()
	var agents []record.Agent
	for i, s := range c.slots {
		a := record.Agent{Name: s.name(i + 1), OffsetSeconds: -s.Offset.Seconds(), BoundSeconds: s.Bound.Seconds(), T0SkewSeconds: s.Skew.Seconds(), Lost: s.lost}
		if c.begun != nil {
			a.ShareRatio = c.begun.Assignment.Shares.Ratio(i + 1)
		}
		agents = append(agents, a)
	}
	return agents
}

// Cores returns how many cores the agents may use, those of a machine counted once.
func (c *Coordinator) Cores() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	hosts := map[string]int{}
	sum := 0
	for _, s := range c.slots {
		sum += max(0, s.Cores-hosts[s.Host])
		hosts[s.Host] = max(hosts[s.Host], s.Cores)
	}
	return sum
}
