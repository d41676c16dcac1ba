package fleet

import (
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/record"
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
	refused   string    // why the last one that wanted it was not taken
	promised  string    // instance that was offered the slot and has not come yet
	until     time.Time // for how long
	suspected bool
	lost      bool
	quit      bool   // it was stopped before its share was sent, and has said so
	dismissed bool   // it has been told to stop
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
	case s.refused != "":
		return "has no agent: " + s.refused
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
	if c.stop != "" || c.sealed {
		return nil // there is no storm any more
	}
	now := time.Now()
	if q.Slot > len(c.slots) {
		return offer{Run: c.Run, Error: fmt.Sprintf("keys are for slot %d, and the storm has %d", q.Slot, len(c.slots))}
	}
	for i, s := range c.slots {
		if q.Slot > 0 && q.Slot != i+1 {
			continue
		}
		if s.Instance == q.Instance || s.isFree() && (s.promised == "" || s.promised == q.Instance || now.After(s.until)) {
			s.promised, s.until = q.Instance, now.Add(offered)
			return offer{Run: c.Run, Slot: i + 1}
		}
	}
	if q.Slot > 0 {
		return offer{Run: c.Run, Error: fmt.Sprintf("slot %d has an agent already%s", q.Slot, c.slots[q.Slot-1].where())}
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

// where says on which machine the slot's agent is, once that is known.
func (s *slot) where() string {
	if s.Host == "" {
		return ""
	}
	return ", on " + s.Host
}

// isExcused tells that the slot's agent has been told to stop before it sent anything: it just goes.
func (s *slot) isExcused() bool {
	return s.dismissed && (s.State == joining || s.State == armed || s.State == ready)
}

// isFree tells whether an agent may claim the slot.
func (s *slot) isFree() bool { return s.Instance == "" || s.lost || s.quit || s.State == failed }

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
		c.refused(s, number, told, refused)
		return orders{Error: refused}
	}
	if told.State == gone {
		c.leave(s, number)
		return orders{}
	}
	if told.Instance != s.Instance {
		c.claim(s, number, &told)
	}
	c.heard(s, number, told)
	reply := orders{Epoch: s.lives[len(s.lives)-1].epoch, Stop: c.stop}
	if told.PlanHash == "" {
		reply.Plan = c.plan
	}
	if c.begun != nil && (told.State == armed || told.State == ready && told.Revision < len(c.begun.Assignment.Revisions)) {
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
	case !isPlain(told.Instance) || !isPlain(told.Host) || !isPlain(told.Version):
		return "found a name that is empty, too long or not text"
	case told.Version != c.Version:
		return fmt.Sprintf("this is fsctl %s, and the coordinator's is %s: use the same version everywhere", told.Version, c.Version)
	case told.PlanHash != "" && told.PlanHash != c.hash:
		return fmt.Sprintf("the agent has plan %.12s, and the storm is of plan %.12s", told.PlanHash, c.hash)
	case told.Instance != s.Instance && (!s.isFree() || told.State == gone):
		return "another agent has the slot"
	case told.Instance != s.Instance && told.Epoch == 0 && c.stop != "":
		return "the storm is over"
	case told.State == armed && c.MaxSkew > 0 && told.Bound > c.MaxSkew:
		return fmt.Sprintf("its clock is known to %v only, and %v is allowed (--max-skew)", told.Bound.Round(time.Microsecond), c.MaxSkew)
	case !(told.Capacity > 0) || told.Capacity > MostCapacity:
		return fmt.Sprintf("found capacity %v, wanted above 0, up to %v", told.Capacity, float64(MostCapacity))
	}
	return ""
}

// refused notes why an agent was not taken, or is not kept: it goes then.
func (c *Coordinator) refused(s *slot, number int, told status, why string) {
	has := told.Instance != "" && s.Instance == told.Instance && !s.lost
	if has || s.isFree() && s.refused != why {
		c.Log("an agent for slot %d was not taken: %s", number, why)
	}
	if has || s.isFree() {
		s.refused = why
	}
	if has {
		c.loses(s, number)
	}
}

// MostCapacity is the highest capacity of an agent.
const MostCapacity = 1e6

// isPlain tells that what an agent says of itself can be shown.
func isPlain(text string) bool {
	const longest = 255
	return text != "" && len(text) <= longest && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
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
	s.status, s.refused, s.quit = status{Instance: told.Instance}, "", false
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
		if s.away && (comes || told.State == ready || told.State == sending) {
			s.away = false
			c.reassign()
		}
	}
	changed := s.State != told.State
	s.status, s.seen, s.promised = told, time.Now(), ""
	if told.State == sent && told.End != "" && told.End != record.Completed && c.stop == "" && !s.quit {
		s.quit, s.away = true, true
		c.Log("agent %d (%s) was stopped before it had sent its share", number, s.Host)
		c.reassign()
	}
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

// watch finds agents that fell silent. It is called all the time. Silence while the coordinator's own link was down, or
// while it did not run itself, proves nothing.
func (c *Coordinator) watch(now time.Time) {
	since, up := c.link.since()
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.watched) > suspectAfter/2 {
		c.awake = now
	}
	c.watched = now
	if !up {
		return
	}
	if c.awake.After(since) {
		since = c.awake
	}
	defer c.reassign()
	for i, s := range c.slots {
		if s.Instance == "" || s.lost || s.isExcused() {
			continue
		}
		silent := min(now.Sub(s.seen), now.Sub(since))
		switch {
		case silent >= lostAfter:
			if !s.quit {
				c.Log("agent %d (%s) is lost: nothing heard for %v%s", i+1, s.Host, now.Sub(s.seen).Round(100*time.Millisecond), c.consequence())
			}
			c.loses(s, i+1)
		case silent >= suspectAfter && !s.suspected && !s.quit:
			s.suspected = true
			c.Log("agent %d (%s) is silent", i+1, s.Host)
		}
	}
}

// loses notes that a slot has no agent any more.
func (c *Coordinator) loses(s *slot, number int) {
	s.lost, s.away = true, c.begun != nil
	if c.lose != nil {
		c.lose(number)
	}
	c.wake()
}

// leave frees the slot of an agent that was stopped before T0.
func (c *Coordinator) leave(s *slot, number int) {
	if s.lost {
		return
	}
	c.Log("agent %d (%s) has left%s", number, s.Host, c.consequence())
	c.loses(s, number)
	c.reassign()
}

// consequence says what becomes of a lost agent's users.
func (c *Coordinator) consequence() string {
	if c.begun == nil || c.OnLoss != OnLossAccount {
		return ""
	}
	return "; its users are not sent unless another agent takes its slot"
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
