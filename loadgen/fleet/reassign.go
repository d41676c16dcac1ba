package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fsctl/scenarios"
)

// noticed is how far ahead of now a revision begins, so that every agent that lives hears of it before.
const noticed = 2 * time.Second

// reassign gives the shares of slots that are away to the others, and those of slots that came back to them again, from
// a whole second on. Where nothing has changed, or the policy is another, it does nothing. It must be called with mu
// held.
func (c *Coordinator) reassign() {
	if c.OnLoss != OnLossReassign || c.begun == nil {
		return
	}
	var away []int
	for i, s := range c.slots {
		if s.away {
			away = append(away, i+1)
		}
	}
	before := c.begun.Assignment.Revisions
	r := Revision{From: (c.now().Sub(c.t0) + noticed).Truncate(time.Second) + time.Second, Away: away}
	if n := len(before); n > 0 {
		if slices.Equal(before[n-1].Away, away) {
			return
		}
		r.From = max(r.From, before[n-1].From)
	} else if len(away) == 0 {
		return
	}
	begun := *c.begun
	begun.Assignment.Revisions = append(slices.Clip(before), r)
	c.become(&begun)
	c.Log("users due from %s on: %s", scenarios.Instant(r.From), c.whoSends(away))
	c.call()
}

// whoSends says in words who sends what.
func (c *Coordinator) whoSends(away []int) string {
	var numbers []string
	for _, slot := range away {
		numbers = append(numbers, fmt.Sprint(slot))
	}
	switch len(away) {
	case 0:
		return "every agent sends its own share again"
	case len(c.slots):
		return "no agent is left to send any"
	}
	return fmt.Sprintf("those who are left, %d of %d, send the share of agent %s too", len(c.slots)-len(away), len(c.slots), strings.Join(numbers, ", "))
}

// become goes by another start, which is kept before any agent hears of it. It must be called with mu held.
func (c *Coordinator) become(begun *start) {
	c.begun, c.owners = begun, begun.Assignment.owners()
	if c.keep == nil {
		return
	}
	if err := c.keep(Ticket{c.Run, begun}); err != nil {
		c.Log("another coordinator could not take over as things are now: %v", err)
	}
}

// remember notes which slots were away for the coordinator before.
func (c *Coordinator) remember(a Assignment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(a.Revisions); n > 0 {
		for _, slot := range a.Revisions[n-1].Away {
			if slot >= 1 && slot <= len(c.slots) {
				c.slots[slot-1].away = true
			}
		}
	}
}

// giveUp counts slots as away whose agents have not come back to the coordinator that resumes.
func (c *Coordinator) giveUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resumed = c.now().Sub(c.t0)
	for _, s := range c.slots {
		s.away = s.away || s.Instance == ""
	}
	c.reassign()
}
