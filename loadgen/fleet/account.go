package fleet

import (
	"math"
	"slices"
	"time"

	"fsctl/loadgen/fleet/stream"
	"fsctl/scenarios"
)

// census counts the users whom each slot is to send, by the second in which they are due.
type census struct {
	cursor *scenarios.Cursor
	head   scenarios.Arrival
	more   bool
	slots  int
	counts map[int][]uint32 // by second; of slots, less 1
}

func newCensus(arrivals *scenarios.Cursor, slots int) *census {
	n := &census{cursor: arrivals, slots: slots, counts: map[int][]uint32{}}
	n.head, n.more = n.cursor.Next()
	return n
}

// count goes on to the users due before an instant. Those due later may still become another's. It stops after as many
// as most, so as not to keep others waiting.
func (n *census) count(until time.Duration, o owners, most int) {
	var counts []uint32
	for end := -always; n.more && n.head.Due < until && most > 0; most-- {
		if counts == nil || n.head.Due >= end {
			counts, end = n.second(n.head.Due)
		}
		counts[o.of(n.head)-1]++
		n.head, n.more = n.cursor.Next()
	}
}

// second returns the counts of the second, from T0, that an instant is in, and that second's end.
func (n *census) second(at time.Duration) (counts []uint32, end time.Duration) {
	second := int(math.Floor(at.Seconds()))
	if n.counts[second] == nil {
		n.counts[second] = make([]uint32, n.slots)
	}
	return n.counts[second], time.Duration(second+1) * time.Second
}

// tally says what became of the users of a slot: reported, inDoubt and unsent add up to planned.
type tally struct {
	planned      uint64
	reported     uint64 // they came, and what they did is in the record
	inDoubt      uint64 // due in seconds that were not told, and in which its agent lived: sent, perhaps
	unsent       uint64 // nobody was there to send them
	extra        uint64 // came beyond those planned: its agent had not heard that they were another's
	doubtSeconds int    // in which users are in doubt
	extraSeconds int    // in which more came than were planned
}

// doubt is a stretch of time that a process lived through and never told of.
type doubt struct{ from, to time.Duration }

// tally compares second by second what a slot was to send with what its tapes tell.
func (n *census) tally(slot int, tapes []stream.Progress, doubts []doubt) (t tally) {
	came := map[int]uint64{}
	for _, p := range tapes {
		if p.Slot == slot {
			for _, c := range p.Arrivals {
				came[int(c.Second)] += uint64(c.Users)
			}
		}
	}
	for second, counts := range n.counts {
		t.add(second, uint64(counts[slot-1]), came[second], doubts)
		delete(came, second)
	}
	for second, users := range came {
		t.add(second, 0, users, nil)
	}
	return t
}

// add adds a second.
func (t *tally) add(second int, planned, came uint64, doubts []doubt) {
	t.planned += planned
	t.reported += min(came, planned)
	switch {
	case came > planned:
		t.extra += came - planned
		t.extraSeconds++
	case came == planned:
	case isIn(second, doubts):
		t.inDoubt += planned - came
		t.doubtSeconds++
	default:
		t.unsent += planned - came
	}
}

// isIn tells whether any part of a second is in doubt.
func isIn(second int, doubts []doubt) bool {
	begin := time.Duration(second) * time.Second
	for _, d := range doubts {
		if d.from < begin+time.Second && begin < d.to && d.from < d.to {
			return true
		}
	}
	return false
}

// doubts returns what the processes of a slot did not tell of their lives. Those that another coordinator knew lived until
// this one took over, at resumed, or until another one took their place.
func (s *slot) doubts(number int, tapes []stream.Progress, resumed time.Duration) (all []doubt) {
	for _, p := range tapes {
		isKnown := slices.ContainsFunc(s.lives, func(l life) bool { return l.epoch == p.Epoch })
		if p.Slot != number || isKnown || p.Complete && !p.Fin.Recovered {
			continue
		}
		d := doubt{always, resumed}
		if p.HasSecond {
			d.from = time.Duration(p.Second+1) * time.Second
		}
		if len(s.lives) > 0 && s.lives[0].late {
			d.to = min(d.to, s.lives[0].from)
		}
		all = append(all, d)
	}
	for i, l := range s.lives {
		d := doubt{l.from, l.alive}
		if i+1 < len(s.lives) {
			d.to = min(d.to, s.lives[i+1].from)
		}
		finished := false
		for _, p := range tapes {
			if p.Slot != number || p.Epoch != l.epoch {
				continue
			}
			finished = p.Complete && !p.Fin.Recovered
			if p.HasSecond {
				d.from = max(d.from, time.Duration(p.Second+1)*time.Second)
			}
		}
		if !finished {
			all = append(all, d)
		}
	}
	return all
}
