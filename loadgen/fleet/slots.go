package fleet

import (
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen/fleet/bus"
)

// Leases: how long an agent may be silent. It reports twice a second.
const (
	suspectAfter = 2 * time.Second
	lostAfter    = 4 * time.Second
)

// slot is a share of the storm and the agent that has it.
type slot struct {
	status              // as last reported; the zero status where nobody has come
	seen      time.Time // when, by the monotonic clock
	promised  string    // instance that was offered the slot and has not come yet
	until     time.Time // for how long
	suspected bool
	lost      bool
	away      bool   // its share is the others'
	lives     []life // of the processes that had it, the present one last
}

// life is one process in a slot, for the account of what was lost.
type life struct {
	epoch uint64
	late  bool          // it came once T0 was set, in place of another
	from  time.Duration // what is due from here on is its to send
	alive time.Duration // last proof of life, from T0
}

// hasChanged tells that one process took the place of another while the storm was on.
func (s *slot) hasChanged() bool { return len(s.lives) > 1 || len(s.lives) == 1 && s.lives[0].late }

// always is before everything that is due.
const always = time.Duration(-1 << 62)

func (s *slot) name(number int) string {
	if s.Host == "" {
		return fmt.Sprint("agent-", number)
	}
	return fmt.Sprintf("agent-%d@%s", number, s.Host)
}

// whatIsMissing says how far the slot's agent is.
func (s *slot) whatIsMissing() string {
	switch {
	case s.Instance == "":
		return "has no agent"
	case s.lost:
		return "has lost its agent on " + s.Host
	}
	return fmt.Sprintf("(%s) is %s", s.Host, s.State)
}

// offered is how long a slot is kept for an agent that was offered it.
const offered = 5 * time.Second

// offer answers an agent that looks for a storm.
func (c *Coordinator) offer(m *nats.Msg) any {
	var q ask
	if decode(m.Data, &q) != nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if q.Slot > len(c.slots) {
		return offer{Run: c.Run, Error: fmt.Sprintf("keys are for slot %d, and the storm has %d", q.Slot, len(c.slots))}
	}
	for i, s := range c.slots {
		if q.Slot > 0 && q.Slot != i+1 || c.stop != "" {
			continue
		}
		if s.isFree() && (s.promised == "" || s.promised == q.Instance || now.After(s.until)) {
			s.promised, s.until = q.Instance, now.Add(offered)
			return offer{Run: c.Run, Slot: i + 1}
		}
	}
	return offer{Run: c.Run, Error: "the storm has all its agents"}
}

// hold keeps every slot for the agent that had it under the coordinator before, who reports without asking. Else one that
// waits for a slot could have it first.
func (c *Coordinator) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.slots {
		s.promised, s.until = "whoever had it", time.Now().Add(lostAfter)
	}
}

// isFree tells whether an agent may claim the slot.
func (s *slot) isFree() bool { return s.Instance == "" || s.lost || s.State == failed }

// report answers an agent's status.
func (c *Coordinator) report(m *nats.Msg) any {
	number, err := bus.SlotOf(m.Subject)
	var told status
	if err == nil {
		err = decode(m.Data, &told)
	}
	if err != nil || number < 1 || number > len(c.slots) {
		return orders{Error: "the storm has no such slot"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.slots[number-1]
	if refused := c.refuses(s, told); refused != "" {
		return orders{Error: refused}
	}
	if told.Instance != s.Instance {
		c.claim(s, number, &told)
	}
	c.heard(s, number, told)
	reply := orders{Epoch: s.lives[len(s.lives)-1].epoch, Stop: c.stop}
	if told.PlanHash == "" {
		reply.Plan = c.plan
	}
	if c.begun != nil && (told.State == armed || told.State == ready) {
		begun := *c.begun
		begun.From = s.lives[len(s.lives)-1].from
		reply.Start = &begun
	} else if c.begun != nil && told.Revision < len(c.begun.Assignment.Revisions) {
		reply.Revisions = c.begun.Assignment.Revisions
	}
	return reply
}

// refuses says why an agent may not take part, empty where it may.
func (c *Coordinator) refuses(s *slot, told status) string {
	switch {
	case told.Version != c.Version:
		return fmt.Sprintf("this is fsctl %s, and the coordinator's is %s: use the same version everywhere", told.Version, c.Version)
	case told.PlanHash != "" && told.PlanHash != c.hash:
		return fmt.Sprintf("the agent has plan %.12s, and the storm is of plan %.12s", told.PlanHash, c.hash)
	case told.Instance != s.Instance && !s.isFree():
		return "another agent has the slot"
	case told.Instance != s.Instance && told.Epoch == 0 && c.stop != "":
		return "the storm is over"
	case told.State == armed && c.MaxSkew > 0 && told.Bound > c.MaxSkew:
		return fmt.Sprintf("its clock is known to %v only, and %v is allowed (--max-skew)", told.Bound.Round(time.Microsecond), c.MaxSkew)
	case !(told.Capacity > 0):
		return fmt.Sprintf("found capacity %v, wanted above 0", told.Capacity)
	}
	return ""
}

// claim gives a slot to an agent: one that comes, one that comes in place of a lost one, or one that another
// coordinator had taken in already.
func (c *Coordinator) claim(s *slot, number int, told *status) {
	l := life{epoch: told.Epoch, from: always}
	if told.Epoch == 0 {
		c.epochs++
		l.epoch = c.epochs
		if l.late = c.begun != nil; l.late {
			l.from = c.now().Sub(c.t0) + replaced // later still once it is armed; where it never is, nothing was its to send
		}
	}
	s.lives = append(s.lives, l)
	if s.Instance != "" {
		c.Log("agent %d: %s takes the place of %s", number, told.Host, s.Host)
	}
	s.status = status{Instance: told.Instance}
}

// replaced is how long after being armed an agent that came late begins to send.
const replaced = 2 * time.Second

// heard notes an agent's status.
func (c *Coordinator) heard(s *slot, number int, told status) {
	current := &s.lives[len(s.lives)-1]
	since := c.now().Sub(c.t0)
	if c.begun != nil {
		current.alive = since
		comes := told.State == armed && s.State != armed && current.late
		if comes {
			current.from = since + replaced
		}
		if s.away && (comes || told.State == sending) {
			s.away = false
			c.reassign()
		}
	}
	changed := s.State != told.State
	s.status, s.seen, s.promised = told, time.Now(), ""
	if s.suspected {
		c.Log("agent %d (%s) is back", number, s.Host)
	}
	if s.lost && c.revive != nil {
		c.revive(number)
	}
	s.suspected, s.lost = false, false
	if changed {
		c.wake()
	}
}

// watch finds agents that fell silent. Silence while the coordinator's own link was down proves nothing.
func (c *Coordinator) watch(now time.Time) {
	since, up := c.link.since()
	if !up {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.reassign()
	for i, s := range c.slots {
		if s.Instance == "" || s.lost {
			continue
		}
		silent := min(now.Sub(s.seen), now.Sub(since))
		switch {
		case silent >= lostAfter:
			s.lost, s.away = true, true
			c.Log("agent %d (%s) is lost: nothing heard for %v", i+1, s.Host, now.Sub(s.seen).Round(100*time.Millisecond))
			if c.lose != nil {
				c.lose(i + 1)
			}
			c.wake()
		case silent >= suspectAfter && !s.suspected:
			s.suspected = true
			c.Log("agent %d (%s) is silent", i+1, s.Host)
		}
	}
}

// link is the coordinator's own way to the bus.
type link struct {
	mu   sync.Mutex
	down bool
	from time.Time // since when it has been as it is
}

func (l *link) set(up bool, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down, l.from = !up, now
}

func (l *link) since() (from time.Time, up bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.from, !l.down
}
