// Package links keeps the connections of users who each have one of their own.
package links

import (
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/transport"
	"fsctl/loadgen/wheel"
)

// Links are the connections of a shard's users. A user gets one when it begins, with its first request, and has it until its journey is
// over, also while it thinks. It is used under the shard's lock, and nothing in it waits for a network: the shard closes a link without
// its lock. Most and Dial are set before the first use.
type Links struct {
	Most int                   // users who may have one at once, 1 or more
	Dial func() transport.Conn // makes a connection, which its first request opens

	open    int             // that users have, or that are being closed
	free    []*journey.Link // closed, for whoever begins next
	closing []*journey.Link // of users whose journey is over
	waiting wheel.Wheel     // users who are due to begin and found none free; all are in order
}

// Open returns how many users have a connection, 0 to Most.
func (l *Links) Open() int { return l.open }

// HasRoom reports whether another user may begin.
func (l *Links) HasRoom() bool { return l.open < l.Most }

// Give gives a user a connection, which is not open yet, where it has none, and reports whether it had none. There is room then.
func (l *Links) Give(u *journey.User) (begins bool) {
	if u.Link() != nil {
		return false
	}
	l.open++
	var link *journey.Link
	if last := len(l.free) - 1; last >= 0 {
		link, l.free = l.free[last], l.free[:last]
	} else {
		link = &journey.Link{Conn: l.Dial()}
	}
	u.Hold(link)
	return true
}

// Take takes the connection of a user who needs none any more. It counts as open until it was closed: see Closing.
func (l *Links) Take(u *journey.User) {
	if link := u.Link(); link != nil {
		u.Hold(nil)
		l.closing = append(l.closing, link)
	}
}

// Closing returns a connection that was taken and is to be closed, each once; nil for none.
func (l *Links) Closing() *journey.Link {
	last := len(l.closing) - 1
	if last < 0 {
		return nil
	}
	link := l.closing[last]
	l.closing = l.closing[:last]
	return link
}

// Closed says that a connection which Closing returned is closed: there is room for another user.
func (l *Links) Closed(link *journey.Link) {
	l.open--
	l.free = append(l.free, link)
}

// Wait lets a user without a connection, whose request is due by now, wait for one.
func (l *Links) Wait(u *journey.User, now time.Duration) {
	l.waiting.Turn(now)
	l.waiting.Add(u)
}

// Waiting returns how many users wait for a connection, 0 or more.
func (l *Links) Waiting() int { return l.waiting.Len() }

// First returns since when the first of those who wait for a connection is due, the largest time.Duration for none.
func (l *Links) First() time.Duration { return l.waiting.First() }

// Pop takes the first of those who wait for a connection. There is one.
func (l *Links) Pop() *journey.User { return l.waiting.Pop() }

// Forget hands everyone who waits for a connection over.
func (l *Links) Forget(to func(*journey.User)) {
	for l.Waiting() > 0 {
		to(l.waiting.Pop())
	}
}
