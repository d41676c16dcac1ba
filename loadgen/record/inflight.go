package record

import (
	"encoding/json"
	"fmt"
	"math/bits"
)

// Levels sums answered requests by how many were in flight when they were sent, themselves included: level n holds those sent
// with 2^n to 2^(n+1)-1. A target that answers slower the more it is asked shows as a mean that grows with the level.
type Levels [MostLevels]Load

// MostLevels is the number of levels: the last one begins at 2^19 requests in flight.
const MostLevels = 20

// LevelOf returns the level of a request that was sent with inFlight requests in flight, 1 or more; it is 0 to MostLevels-1.
func LevelOf(inFlight int) int {
	return min(max(bits.Len(uint(max(inFlight, 1)))-1, 0), MostLevels-1)
}

// Add adds other's requests and their seconds.
func (l *Levels) Add(other *Levels) {
	for i := range other {
		if other[i].Requests > 0 {
			l[i].Add(other[i])
		}
	}
}

// Between returns the sum of the levels from one to another, both included. from and to are 0 to MostLevels-1; levels that do not
// exist hold nothing.
func (l *Levels) Between(from, to int) (sum Load) {
	for i := max(from, 0); i <= min(to, MostLevels-1); i++ {
		sum.Add(l[i])
	}
	return sum
}

// MarshalJSON writes the levels up to the highest in use. It never fails.
func (l Levels) MarshalJSON() ([]byte, error) {
	n := 0
	for i := range l {
		if l[i].Requests > 0 {
			n = i + 1
		}
	}
	return json.Marshal(l[:n])
}

// UnmarshalJSON reads what MarshalJSON writes. It fails for what is no list of levels, and for more levels than there are.
func (l *Levels) UnmarshalJSON(text []byte) error {
	var list []Load
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	if len(list) > MostLevels {
		return fmt.Errorf("found %d levels of requests in flight, wanted at most %d", len(list), MostLevels)
	}
	*l = Levels{}
	copy(l[:], list)
	return nil
}

// Gap is a time in which a generator did not run, though it had something to do; both ends are seconds from T0.
type Gap struct {
	From     float64 `json:"from_seconds"`   // [s]
	To       float64 `json:"to_seconds"`     // [s], not before From
	Requests uint64  `json:"requests"`       // that were due, or answered, meanwhile: 1 or more
	Slot     int     `json:"slot,omitempty"` // of the agent, from 1 in the manifest's order; 0 where there are none
}

// Length returns the gap's length in seconds, 0 or more.
func (g Gap) Length() float64 { return max(g.To-g.From, 0) }
