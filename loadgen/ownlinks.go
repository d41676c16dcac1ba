package loadgen

import (
	"math"
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/links"
	"fsctl/loadgen/transport"
)

// This file is the part of a shard that differs where each user has a connection of its own. A worker is then a goroutine alone: it takes the
// connection of the user whose request it sends, so that users who think hold a connection and no goroutine. Workers are made as they
// are needed, no more than users have connections.

// ownLinks has each user of the shard open a connection of its own, by the pool's dial.
func (s *shard) ownLinks(most int) {
	p := &s.pool
	p.own = &links.Links{Most: most, Dial: func() transport.Conn { return p.dial().Conn }}
	p.firstOpen = ever // no request waits for a connection that is opened ahead
}

// popOwn is pop where users have connections of their own: users who have one go on at once, and while as many are open as may be, no
// other user begins.
func (s *shard) popOwn(now time.Duration) *journey.User {
	s.wheel.Turn(now)
	s.admit(now)
	own := s.pool.own
	if own.HasRoom() && min(own.First(), s.queue.Due()) > now { // no user waits for one
		s.pool.full = never
	}
	for {
		begins, first := s.begins(), s.wheel.First()
		switch {
		case min(begins, first) > now:
			return nil
		case first < begins:
			u := s.wheel.Pop()
			if u.Link() != nil || own.HasRoom() {
				return u
			}
			own.Wait(u, now)
		case begins == own.First():
			return own.Pop()
		default:
			return s.user(s.queue.Opener())
		}
	}
}

// begins returns when the first user is due who needs a connection that may be opened, never for none; where users share connections,
// the first who comes.
func (s *shard) begins() time.Duration {
	switch own := s.pool.own; {
	case own == nil:
		return s.queue.Due()
	case !own.HasRoom():
		return never
	default:
		return min(s.queue.Due(), own.First())
	}
}

// takeOwn has a worker send by the user's connection. It reports whether the user begins with it, and so may have waited for it.
func (s *shard) takeOwn(w *worker, u *journey.User) (begins bool) {
	begins = s.pool.own.Give(u)
	w.conn.Conn = u.Link().Conn
	return begins
}

// dropLink takes the connection of a user who sends nothing any more.
func (s *shard) dropLink(u *journey.User) {
	if s.pool.own != nil {
		s.pool.own.Take(u)
	}
}

// closeLinks closes the connections of users whose journey is over. The lock, which is held, is given up meanwhile: closing asks the system.
func (s *shard) closeLinks() {
	own := s.pool.own
	if own == nil {
		return
	}
	for link := own.Closing(); link != nil; link = own.Closing() {
		s.mu.Unlock()
		link.Disconnect()
		s.mu.Lock()
		own.Closed(link)
	}
}

// ownUsers returns how many users have a connection at once at the storm's peak, 1 or more, if every answer comes at once: those who are
// between two requests, or wait for T0, and those who come within the time that a request takes at least.
func (s *Storm) ownUsers() int {
	present := int(math.Ceil(min(s.forecast().thinking*s.shareOfUsers(), float64(s.most()))))
	return max(present, s.connectionsFor(leastService), 1)
}
