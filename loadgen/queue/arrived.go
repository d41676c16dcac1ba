package queue

import (
	"time"

	"fsctl/scenarios/arrivals"
)

// arrived counts who came, and the requests that they came with, by the second in which they were due. Arrivals are added
// in order, so that all but the last second are complete.
type arrived struct {
	phases  int
	steps   int
	until   time.Duration // the last second's end
	seconds []Second
	spare   []Second
}

// Second counts who came in one second.
type Second struct {
	Second int      // from T0
	Users  []uint64 // by phase of the storm
	Due    []uint64 // requests by step
}

// add counts an arrival whose user is in a program.
func (c *arrived) add(a arrivals.Arrival, opening int) {
	if len(c.seconds) == 0 || a.Due >= c.until {
		c.begin(arrivals.Second(a.Due))
	}
	last := &c.seconds[len(c.seconds)-1]
	last.Users[a.Phase]++
	if opening >= 0 {
		last.Due[opening]++
	}
}

func (c *arrived) begin(at int) {
	v := Second{Second: at}
	if last := len(c.spare) - 1; last >= 0 {
		v.Users, v.Due, c.spare = c.spare[last].Users, c.spare[last].Due, c.spare[:last]
		clear(v.Users)
		clear(v.Due)
	} else {
		v.Users, v.Due = make([]uint64, c.phases), make([]uint64, c.steps)
	}
	c.seconds = append(c.seconds, v)
	c.until = time.Duration(at+1) * time.Second
}

// take moves what came up to the end of a second to sums.
func (c *arrived) take(last int, sums []Second) []Second {
	n := 0
	for n < len(c.seconds) && c.seconds[n].Second <= last {
		n++
	}
	sums = append(sums, c.seconds[:n]...)
	c.seconds = append(c.seconds[:0], c.seconds[n:]...)
	return sums
}

// mostSpare is for how many seconds memory is kept.
const mostSpare = 16

// giveBack takes the memory of what was taken.
func (c *arrived) giveBack(sums []Second) {
	c.spare = append(c.spare, sums[:min(len(sums), mostSpare-min(len(c.spare), mostSpare))]...)
}
