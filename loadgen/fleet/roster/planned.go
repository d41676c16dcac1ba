package roster

import (
	"math"
	"time"

	"fsctl/scenarios/arrivals"
)

// Planned counts the arrivals that each slot is to send, by the second in which they are due.
type Planned struct {
	cursor  *arrivals.Cursor
	head    arrivals.Arrival // next one to count
	hasHead bool
	slots   int
	counts  map[int][]uint32 // by second; of slots, less 1
}

// NewPlanned returns counts of the arrivals of a schedule, none of which is counted yet, for slots 1 to slots.
func NewPlanned(c *arrivals.Cursor, slots int) *Planned {
	p := &Planned{cursor: c, slots: slots, counts: map[int][]uint32{}}
	p.head, p.hasHead = p.cursor.Next()
	return p
}

// Count counts the arrivals that are due before an instant from T0, at most so many. To be called as the run goes on, with
// the owners of the present assignment: arrivals that are not due yet may still be given to another slot.
func (p *Planned) Count(until time.Duration, o Owners, most int) {
	var counts []uint32
	for end := BeforeAll; p.hasHead && p.head.Due < until && most > 0; most-- {
		if counts == nil || p.head.Due >= end {
			counts, end = p.second(p.head.Due)
		}
		counts[o.Of(p.head)-1]++
		p.head, p.hasHead = p.cursor.Next()
	}
}

// CountRest counts all arrivals that are not counted yet.
func (p *Planned) CountRest(o Owners) { p.Count(math.MaxInt64, o, math.MaxInt) }

// second returns the counts of the second, from T0, that an instant is in, and that second's end.
func (p *Planned) second(at time.Duration) (counts []uint32, end time.Duration) {
	second := arrivals.Second(at)
	if p.counts[second] == nil {
		p.counts[second] = make([]uint32, p.slots)
	}
	return p.counts[second], time.Duration(second+1) * time.Second
}
