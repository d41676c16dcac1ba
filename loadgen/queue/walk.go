package queue

import (
	"time"

	"fsctl/scenarios/arrivals"
)

// Walk goes through the arrivals that are a shard's own, in order of their due instants.
type Walk struct {
	cursor *arrivals.Cursor
	mine   func(arrivals.Arrival) bool
	head   arrivals.Arrival // the next
	more   bool             // head holds one
}

func newWalk(c *arrivals.Cursor, mine func(arrivals.Arrival) bool) Walk {
	w := Walk{cursor: c, mine: mine}
	w.next()
	return w
}

// next goes on to the next arrival that is mine.
func (w *Walk) next() {
	for {
		if w.head, w.more = w.cursor.Next(); !w.more || w.mine(w.head) {
			return
		}
	}
}

// due reports whether an arrival is due.
func (w *Walk) due(now time.Duration) bool { return w.more && w.head.Due <= now }

// passed reports whether the walk has gone beyond an arrival.
func (w *Walk) passed(a arrivals.Arrival) bool { return !w.more || before(a, w.head) }

// before reports whether a comes before b: arrivals of one instant come by their indices.
func before(a, b arrivals.Arrival) bool {
	return a.Due < b.Due || a.Due == b.Due && a.Index < b.Index
}

// clone returns a walk that goes on from the same arrival by itself.
func (w *Walk) clone() Walk {
	v := *w
	v.cursor = w.cursor.Clone()
	return v
}

// beyond reports whether the walk has gone so far that it does not see what changes from an instant on.
func (w *Walk) beyond(from time.Duration) bool { return !w.more || w.head.Due >= from }
