package journey

import (
	"time"

	"fsctl/loadgen/transport"
)

// memory is what a user needs for loops, retries, groups and a connection of its own. Most users who wait have none of it, so that it is one pointer of theirs.
type memory struct {
	frames []frame     // by depth of the program's nested parts
	groups []GroupTime // that ended since the last Start, Advance or Continue
	link   *Link       // see Hold
}

// Link is a connection that one user has for itself.
type Link struct{ transport.Conn }

// Hold gives a user a connection of its own, which it has until it is given another, or nil for none: also into the journey that it begins
// after this one.
func (u *User) Hold(l *Link) {
	if l != nil || u.memory != nil {
		u.own().link = l
	}
}

// Link returns the user's own connection, nil for none.
func (u *User) Link() *Link {
	if u.memory == nil {
		return nil
	}
	return u.memory.link
}

// frame is where a user is in a loop, a retry or a group.
type frame struct {
	count uint32        // rounds or tries that are over; of a group 1 once its first request is due
	visit uint32        // of the user when a retry began
	began time.Duration // of the loop; of the first request of a group
	start time.Duration // of the round
}

// own returns the user's memory, made where there is none.
func (u *User) own() *memory {
	if u.memory == nil {
		u.memory = &memory{}
	}
	return u.memory
}
