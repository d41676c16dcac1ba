package journey

import (
	"iter"
	"time"
)

// group is actions whose time is measured, with their place in the program.
type group struct {
	index int // of Program.Groups
	depth int
	outer *group // that it is in; nil for none
}

// GroupTime is how long a user took for a group of its journey.
type GroupTime struct {
	Group    int           // of Program.Groups
	Begin    time.Duration // when its first request was due, from T0
	End      time.Duration // of its last action, from T0
	Finished bool          // false where the user left within it, or began a new try
}

// Groups yields the groups that ended since the last call of Start, Advance or Continue. One in which no request was due is none.
func (u *User) Groups() iter.Seq[GroupTime] {
	return func(yield func(GroupTime) bool) {
		if u.memory == nil {
			return
		}
		for _, g := range u.memory.groups {
			if !yield(g) {
				return
			}
		}
	}
}

func (u *User) clearGroups() {
	if u.memory != nil {
		u.memory.groups = u.memory.groups[:0]
	}
}

// enterGroups notes that a request of these groups is due: for those in which it is the first they begin with it.
func (u *User) enterGroups(g *group) {
	for ; g != nil; g = g.outer {
		if f := &u.memory.frames[g.depth]; f.count == 0 {
			f.count, f.began = 1, u.Due
		}
	}
}

// endGroups ends a group and those around it whose depth is at least so much.
func (u *User) endGroups(g *group, depth int, finished bool) {
	for ; g != nil && g.depth >= depth; g = g.outer {
		if f := &u.memory.frames[g.depth]; f.count > 0 {
			u.memory.groups = append(u.memory.groups, GroupTime{g.index, f.began, u.Due, finished})
			*f = frame{}
		}
	}
}
