package loadgen

import (
	"slices"
	"time"

	"fsctl/scenarios/arrivals"
)

// arrivalQueue brings a shard's users: it walks the storm's arrivals once, as they are due. The walk hand goes with the
// connections: users who begin with a request are handed to them, those who pause first begin their pause, and all are
// counted on the way.
//
// While users wait for a connection the walk stays at the first of them, so that a backlog of a billion needs no memory.
// Others come meanwhile. Once a second, those up to the second's end are claimed for a second walk, ahead of the first:
// it counts them, and has those who pause first begin their pause. What is claimed is drawn twice, and no other.
type arrivalQueue struct {
	storm   *Storm
	mine    func(arrivals.Arrival) bool
	hand    walk
	counted arrived          // by hand
	claimed time.Duration    // what is due up to then is counted by ahead
	begun   arrivals.Arrival // ahead has let the users before it begin their pauses
	revised time.Duration    // from when on ahead must follow a change that it may have gone beyond, never for none

	// Of the run's goroutine alone, which needs no lock for them.
	ahead    walk          // more is false where it is not needed
	lagging  bool          // ahead is needed
	restart  time.Duration // ahead must be walked anew from then on, never for not
	overtook arrived       // counted by ahead
	pausers  []arrivals.Arrival
}

func newArrivalQueue(s *Storm, shard uint64) arrivalQueue {
	v := arrivalQueue{storm: s, counted: newArrived(s), overtook: newArrived(s), claimed: ever, begun: arrivals.Arrival{Due: ever},
		revised: never, restart: never}
	v.mine = func(a arrivals.Arrival) bool {
		return a.Index%uint64(s.shards) == shard && (s.Owns == nil || s.Owns(a))
	}
	v.hand = v.from(ever)
	return v
}

// from returns a walk from an instant on.
func (q *arrivalQueue) from(at time.Duration) walk {
	return newWalk(q.storm.schedule.WalkFrom(at), q.mine)
}

// pausesFirst reports whether an arrival's user begins with a pause.
func (q *arrivalQueue) pausesFirst(a arrivals.Arrival) bool {
	return q.storm.programs[a.Phase].Opening == nil
}

// count counts an arrival, unless it is claimed.
func (q *arrivalQueue) count(a arrivals.Arrival) {
	if a.Due > q.claimed {
		q.counted.add(a, q.opening(a))
	}
}

// opening returns the step that an arrival's user begins with, -1 for a pause.
func (q *arrivalQueue) opening(a arrivals.Arrival) int {
	if first := q.storm.programs[a.Phase].Opening; first != nil {
		return first.Index
	}
	return -1
}

// pauser returns the next user who is due and pauses first, and who has not begun to. It goes past those who have.
func (q *arrivalQueue) pauser(now time.Duration) (arrivals.Arrival, bool) {
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

// opener returns the next user, who is due and begins with a request.
func (q *arrivalQueue) opener() arrivals.Arrival {
	a := q.hand.head
	q.count(a)
	q.hand.next()
	return a
}

// take moves what was counted up to the end of a second to sums.
func (q *arrivalQueue) take(last int, sums []arrivedSecond) []arrivedSecond {
	return q.overtook.take(last, q.counted.take(last, sums))
}

// giveBack takes the memory of what was taken.
func (q *arrivalQueue) giveBack(sums []arrivedSecond) { q.counted.giveBack(sums) }

// stop ends it: no more users come.
func (q *arrivalQueue) stop() { q.hand, q.ahead, q.lagging = walk{}, walk{}, false }

// due returns the instant of the next arrival that is not handed out, never for none.
func (q *arrivalQueue) due() time.Duration {
	if !q.hand.more {
		return never
	}
	return q.hand.head.Due
}

// claim has what is due up to an instant, and not counted yet, counted by overtake.
func (q *arrivalQueue) claim(until time.Duration) {
	revised := q.revised
	q.revised, q.restart = never, never
	q.lagging = q.hand.due(until)
	switch {
	case !q.lagging:
		q.ahead = walk{}
		return
	case q.hand.head.Due > q.claimed: // what was claimed before is counted, and what hand went past since then as well
		q.ahead = q.hand.clone()
	case revised < never && q.ahead.beyond(revised):
		q.restart = revised
	}
	q.claimed = until
}

// claimSize is how many arrivals overtake counts before it lets those begin who pause first.
const claimSize = 1024

// overtake counts the next part of what is claimed up to an instant, and returns those of them who pause first. It returns
// false where there is nothing left.
func (q *arrivalQueue) overtake(until time.Duration) (pausers []arrivals.Arrival, more bool) {
	if q.restart < never {
		q.ahead, q.restart = q.from(q.restart), never
	}
	q.pausers = q.pausers[:0]
	for range claimSize {
		if !q.ahead.due(until) {
			break
		}
		a := q.ahead.head
		q.overtook.add(a, q.opening(a))
		if q.pausesFirst(a) {
			q.pausers = append(q.pausers, a)
		}
		q.ahead.next()
	}
	return q.pausers, q.ahead.due(until)
}

// begin keeps of those whom overtake returned the ones who have not begun to pause, and notes that they do.
func (q *arrivalQueue) begin(pausers []arrivals.Arrival) []arrivals.Arrival {
	if len(pausers) == 0 {
		return nil
	}
	last := pausers[len(pausers)-1]
	q.begun = arrivals.Arrival{Index: last.Index + 1, Due: last.Due}
	return slices.DeleteFunc(pausers, q.hand.passed)
}

// revise has the walks follow what mine says from an instant on, which is to come. anew begins there.
func (q *arrivalQueue) revise(anew walk, from time.Duration) {
	q.revised = min(q.revised, from)
	if q.hand.beyond(from) {
		q.hand = anew
	}
}
