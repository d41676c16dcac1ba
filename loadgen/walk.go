package loadgen

import (
	"slices"
	"time"

	"fsctl/loadgen/journey"
	"fsctl/scenarios"
)

// walk goes through arrivals in order of their due instants.
type walk struct {
	cursor *scenarios.Cursor
	mine   func(scenarios.Arrival) bool
	head   scenarios.Arrival // the next
	more   bool              // head holds one
}

func newWalk(c *scenarios.Cursor, mine func(scenarios.Arrival) bool) walk {
	w := walk{cursor: c, mine: mine}
	w.next()
	return w
}

// next goes on to the next arrival that is mine.
func (w *walk) next() {
	for {
		if w.head, w.more = w.cursor.Next(); !w.more || w.mine(w.head) {
			return
		}
	}
}

// due tells whether an arrival is due.
func (w *walk) due(now time.Duration) bool { return w.more && w.head.Due <= now }

// part is some of the users.
type part int

const (
	everybody part = iota
	openers        // whose first request is due when they come
	pausers        // who pause first
)

// walk returns a walk through a part of the shard's own users who are due from an instant on.
func (s *shard) walk(which part, from time.Duration) walk {
	storm := s.storm
	own := func(a scenarios.Arrival) bool {
		return a.Index%uint64(storm.shards) == s.number && (storm.Owns == nil || storm.Owns(a))
	}
	opens := func(a scenarios.Arrival) bool { return storm.programs[a.Phase].Opening != nil }
	switch which {
	case openers:
		return newWalk(storm.schedule.WalkFrom(from), func(a scenarios.Arrival) bool { return own(a) && opens(a) })
	case pausers:
		if !slices.ContainsFunc(storm.programs, func(p *journey.Program) bool { return p.Opening == nil }) {
			return walk{}
		}
		return newWalk(storm.schedule.WalkFrom(from), func(a scenarios.Arrival) bool { return own(a) && !opens(a) })
	}
	return newWalk(storm.schedule.WalkFrom(from), own)
}

// revise goes on with another walk, which begins at from, where it has gone beyond that already.
func (w *walk) revise(anew walk, from time.Duration) {
	if !w.more || w.head.Due >= from {
		*w = anew
	}
}

// revise has the shard's walks follow Owns from an instant on. Those that have not got there will by themselves.
func (s *shard) revise(from time.Duration) {
	opening, pausing := s.walk(openers, from), s.walk(pausers, from)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return
	}
	s.opening.revise(opening, from)
	s.pausing.revise(pausing, from)
	s.revised = min(s.revised, from)
	if len(s.idle) > 0 {
		s.wakeBy(s.handOutAt(), s.now())
	}
}
