package roster

import (
	"slices"
	"time"

	"fsctl/scenarios/arrivals"
)

// Assignment says which slot sends which arrival: all processes with the same one agree on every arrival.
type Assignment struct {
	Shares    Shares     `json:"shares"`
	Revisions []Revision `json:"revisions,omitempty"` // From ascends
}

// Revision takes slots out of the assignment: their shares go to the other slots, in proportion to the shares of these.
type Revision struct {
	From time.Duration `json:"from_ns"` // from T0; arrivals due before stay with the slot that had them
	Away []int         `json:"away"`    // all slots that are out from then on; empty when all are back
}

// Owners is an assignment prepared for lookups of many arrivals.
type Owners []era

// era is how the arrivals are divided from an instant on.
type era struct {
	from   time.Duration
	ranges []ownedRange
}

// ownedRange is a range of fractions of 2^64 whose arrivals are a slot's. It begins where the one before ends.
type ownedRange struct {
	upTo uint64
	slot int
}

// Owners prepares the assignment for lookups.
func (a Assignment) Owners() Owners {
	o := Owners{{BeforeAll, a.Shares.without(nil)}}
	for _, r := range a.Revisions {
		o = append(o, era{r.From, a.Shares.without(r.Away)})
	}
	return o
}

// Of returns the slot, from 1, that sends an arrival.
func (o Owners) Of(a arrivals.Arrival) int {
	last := len(o) - 1
	for last > 0 && a.Due < o[last].from {
		last--
	}
	return find(o[last].ranges, a.Index*golden)
}

func find(ranges []ownedRange, at uint64) int {
	low, high := 0, len(ranges)-1
	for low < high {
		if middle := (low + high) / 2; at > ranges[middle].upTo {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return ranges[low].slot
}

// without returns the ranges of the slots, with those of the slots that are away divided among the rest. Where all are
// away they stay as they are.
func (s Shares) without(away []int) []ownedRange {
	var left []int
	var sum float64
	for i := range s {
		if !slices.Contains(away, i+1) {
			left = append(left, i+1)
			sum += s.Ratio(i + 1)
		}
	}
	var all []ownedRange
	var begin uint64
	for i, end := range s {
		if len(left) > 0 && slices.Contains(away, i+1) {
			var part float64
			for _, slot := range left {
				part += s.Ratio(slot) / sum
				all = append(all, ownedRange{min(begin+uint64(min(part, 1-1e-16)*float64(end-begin)), end), slot})
			}
			all[len(all)-1].upTo = end
		} else {
			all = append(all, ownedRange{end, i + 1})
		}
		begin = end
	}
	return all
}

// Merge adds the revisions that are new; revisions holds the known ones too. Arrivals due before soonest stay with their
// slot, because they may have been sent already. It returns the instant from which anything changed; ok is false where
// nothing did.
func (a *Assignment) Merge(revisions []Revision, soonest time.Duration) (from time.Duration, ok bool) {
	known := len(a.Revisions)
	if len(revisions) <= known {
		return 0, false
	}
	all := slices.Clone(a.Revisions)
	for _, r := range revisions[known:] {
		r.From = max(r.From, soonest)
		all = append(all, r)
	}
	a.Revisions = all
	return all[known].From, true
}
