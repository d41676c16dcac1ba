// Package queue brings the users of one shard of a storm as they are due, and counts them.
package queue

import (
	"slices"
	"time"

	"fsctl/loadgen/pace"
	"fsctl/scenarios/arrivals"
)

// Source is a storm as a shard sees it.
type Source struct {
	Schedule *arrivals.Schedule
	Mine     func(arrivals.Arrival) bool // which arrivals are the shard's
	Openings []int                       // by phase, the index of the step that its users begin with; below 0 where they pause first
	Steps    int                         // of the scenario
}

// ever is before everything that is due.
const ever = -pace.Never / 2

// Queue brings a shard's users: it walks the storm's arrivals once, as they are due. The walk hand goes with the
// connections: users who begin with a request are handed to them, those who pause first begin their pause, and all are
// counted on the way.
//
// While users wait for a connection the walk stays at the first of them, so that a backlog of a billion needs no memory.
// Others come meanwhile. Once a second, those up to the second's end are claimed for a second walk, ahead of the first:
// it counts them, and has those who pause first begin their pause. What is claimed is drawn twice, and no other.
type Queue struct {
	Source
	hand    Walk
	counted arrived          // by hand
	claimed time.Duration    // what is due up to then is counted by ahead
	begun   arrivals.Arrival // ahead has let the users before it begin their pauses
	revised time.Duration    // from when on ahead must follow a change that it may have gone beyond, pace.Never for none

	// Of the run's goroutine alone, which needs no lock for them.
	ahead    Walk          // more is false where it is not needed
	lagging  bool          // ahead is needed
	restart  time.Duration // ahead must be walked anew from then on, pace.Never for not
	overtook arrived       // counted by ahead
	pausers  []arrivals.Arrival
}

// New returns the queue of a shard, whose first users are due whenever the storm begins.
func New(s Source) Queue {
	counted := arrived{phases: len(s.Openings), steps: s.Steps}
	q := Queue{Source: s, counted: counted, overtook: counted, claimed: ever, begun: arrivals.Arrival{Due: ever}, revised: pace.Never, restart: pace.Never}
	q.hand = q.From(ever)
	return q
}

// From returns a walk from an instant on, for Revise.
func (q *Queue) From(at time.Duration) Walk { return newWalk(q.Schedule.WalkFrom(at), q.Mine) }

// pausesFirst reports whether an arrival's user begins with a pause.
func (q *Queue) pausesFirst(a arrivals.Arrival) bool {
	return q.Openings[a.Phase] < 0
}

// count counts an arrival, unless it is claimed.
func (q *Queue) count(a arrivals.Arrival) {
	if a.Due > q.claimed {
		q.counted.add(a, q.Openings[a.Phase])
	}
}

// Pauser returns the next user who is due and pauses first, and who has not begun to. It goes past those who have.
func (q *Queue) Pauser(now time.Duration) (arrivals.Arrival, bool) {
	for q.hand.due(now) && q.pausesFirst(q.hand.head) {
		a := q.hand.head
		q.count(a)
		q.hand.next()
		if a.Due > q.claimed || !before(a, q.begun) {
			return a, true
		}
	}
	return arrivals.Arrival{}, false
}

// Opener returns the next user, who is due and begins with a request.
func (q *Queue) Opener() arrivals.Arrival {
	a := q.hand.head
	q.count(a)
	q.hand.next()
	return a
}

// Take moves what was counted up to the end of a second to sums.
func (q *Queue) Take(last int, sums []Second) []Second {
	return q.overtook.take(last, q.counted.take(last, sums))
}

// GiveBack takes the memory of what was taken.
func (q *Queue) GiveBack(sums []Second) { q.counted.giveBack(sums) }

// Lagging reports whether Overtake has something to count. It needs no lock after Claim.
func (q *Queue) Lagging() bool { return q.lagging }

// Stop ends it: no more users come.
func (q *Queue) Stop() { q.hand, q.ahead, q.lagging = Walk{}, Walk{}, false }

// More reports whether a user is still to come.
func (q *Queue) More() bool { return q.hand.more }

// Due returns the instant of the next arrival that is not handed out, pace.Never for none.
func (q *Queue) Due() time.Duration {
	if !q.hand.more {
		return pace.Never
	}
	return q.hand.head.Due
}

// Claim has what is due up to an instant, and not counted yet, counted by overtake.
func (q *Queue) Claim(until time.Duration) {
	revised := q.revised
	q.revised, q.restart = pace.Never, pace.Never
	q.lagging = q.hand.due(until)
	switch {
	case !q.lagging:
		q.ahead = Walk{}
		return
	case q.hand.head.Due > q.claimed: // what was claimed before is counted, and what hand went past since then as well
		q.ahead = q.hand.clone()
	case revised < pace.Never && q.ahead.beyond(revised):
		q.restart = revised
	}
	q.claimed = until
}

// claimSize is how many arrivals overtake counts before it lets those begin who pause first.
const claimSize = 1024

// Overtake counts the next part of what is claimed up to an instant, and returns those of them who pause first. It returns
// false where there is nothing left.
func (q *Queue) Overtake(until time.Duration) (pausers []arrivals.Arrival, more bool) {
	if q.restart < pace.Never {
		q.ahead, q.restart = q.From(q.restart), pace.Never
	}
	q.pausers = q.pausers[:0]
	for range claimSize {
		if !q.ahead.due(until) {
			break
		}
		a := q.ahead.head
		q.overtook.add(a, q.Openings[a.Phase])
		if q.pausesFirst(a) {
			q.pausers = append(q.pausers, a)
		}
		q.ahead.next()
	}
	return q.pausers, q.ahead.due(until)
}

// Begin keeps of those whom overtake returned the ones who have not begun to pause, and notes that they do.
func (q *Queue) Begin(pausers []arrivals.Arrival) []arrivals.Arrival {
	if len(pausers) == 0 {
		return nil
	}
	last := pausers[len(pausers)-1]
	q.begun = arrivals.Arrival{Index: last.Index + 1, Due: last.Due}
	return slices.DeleteFunc(pausers, q.hand.passed)
}

// Revise has the walks follow what mine says from an instant on, which is to come. anew begins there.
func (q *Queue) Revise(anew Walk, from time.Duration) {
	q.revised = min(q.revised, from)
	if q.hand.beyond(from) {
		q.hand = anew
	}
}
