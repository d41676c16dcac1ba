package stream

import (
	"cmp"
	"slices"
)

// Range is the snapshots numbered From to To, without To itself; numbers begin at 0.
type Range struct{ From, To uint64 }

// rangeSet is a set of numbers as ascending ranges that do not touch.
type rangeSet []Range

// add adds the numbers of r.
func (s *rangeSet) add(r Range) {
	if r.From >= r.To {
		return
	}
	first, _ := slices.BinarySearchFunc(*s, r.From, func(have Range, from uint64) int { return cmp.Compare(have.To, from) })
	end := first
	for end < len(*s) && (*s)[end].From <= r.To {
		r.From, r.To = min(r.From, (*s)[end].From), max(r.To, (*s)[end].To)
		end++
	}
	*s = slices.Replace(*s, first, end, r)
}

// has reports whether a number is in the set.
func (s rangeSet) has(number uint64) bool {
	at, _ := slices.BinarySearchFunc(s, number, func(have Range, n uint64) int { return cmp.Compare(have.To, n+1) })
	return at < len(s) && s[at].From <= number
}

// takeFirst removes the low number and returns it; false where there is none.
func (s *rangeSet) takeFirst() (uint64, bool) {
	if len(*s) == 0 {
		return 0, false
	}
	number := (*s)[0].From
	if (*s)[0].From++; (*s)[0].From == (*s)[0].To {
		*s = slices.Delete(*s, 0, 1)
	}
	return number, true
}
