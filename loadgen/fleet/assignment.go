package fleet

import (
	"slices"
	"time"

	"fsctl/scenarios"
)

// Assignment says who sends what: everybody who has the same one agrees on every arrival.
type Assignment struct {
	Shares    Shares     `json:"shares"`
	Revisions []Revision `json:"revisions,omitempty"` // From ascends
}

// Revision leaves slots out: their shares become the others', in proportion to what these have already.
type Revision struct {
	From time.Duration `json:"from_ns"` // of T0: whoever is due before comes to the one that was to send it
	Away []int         `json:"away"`    // all slots that are left out from then on; none when all are back
}

// owners is an assignment made ready for many arrivals.
type owners []era

// era is an assignment's shares as they are divided from an instant on.
type era struct {
	from      time.Duration
	stretches []stretch
}

// stretch is a part of the fractions whose arrivals are a slot's. It begins where the one before ends.
type stretch struct {
	upTo uint64
	slot int
}

func (a Assignment) owners() owners {
	o := owners{{always, a.Shares.without(nil)}}
	for _, r := range a.Revisions {
		o = append(o, era{r.From, a.Shares.without(r.Away)})
	}
	return o
}

// of returns the slot, from 1, that sends an arrival.
func (o owners) of(a scenarios.Arrival) int {
	last := len(o) - 1
	for last > 0 && a.Due < o[last].from {
		last--
	}
	return find(o[last].stretches, a.Index*golden)
}

func find(stretches []stretch, at uint64) int {
	low, high := 0, len(stretches)-1
	for low < high {
		if middle := (low + high) / 2; at > stretches[middle].upTo {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return stretches[low].slot
}

// without returns the stretches of the slots, those of the ones that are away cut up among the rest. With all away,
// they stay as they are: nobody is there to take them.
func (s Shares) without(away []int) []stretch {
	var left []int
	var sum float64
	for i := range s {
		if !slices.Contains(away, i+1) {
			left = append(left, i+1)
			sum += s.Ratio(i + 1)
		}
	}
	var all []stretch
	var begin uint64
	for i, end := range s {
		if len(left) > 0 && slices.Contains(away, i+1) {
			var part float64
			for _, heir := range left {
				part += s.Ratio(heir) / sum
				all = append(all, stretch{min(begin+uint64(min(part, 1-1e-16)*float64(end-begin)), end), heir})
			}
			all[len(all)-1].upTo = end
		} else {
			all = append(all, stretch{end, i + 1})
		}
		begin = end
	}
	return all
}

// merge adds revisions that are new to those known. What is due before soonest stays as it was, for it may be on its
// way already. It returns the instant from which anything changed; ok is false where nothing did.
func (a *Assignment) merge(revisions []Revision, soonest time.Duration) (from time.Duration, ok bool) {
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
