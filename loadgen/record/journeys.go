package record

import (
	"fmt"
	"strings"
)

// Journey counts users of one journey: who came in a second, and who ended in it. They add up over seconds and agents. Who
// came and has not ended was cut off by the end of the run.
type Journey struct {
	Users    uint64            `json:"users,omitempty"`     // who came
	Ready    uint64            `json:"ready,omitempty"`     // of them, who had done something before, and came as it was over
	NotReady uint64            `json:"not_ready,omitempty"` // of those, who were still at it when they were due
	Finished uint64            `json:"finished,omitempty"`  // who did all of it
	Ended    map[string]uint64 `json:"ended,omitempty"`     // by the outcome, named in the scenario, that took what the next step needed
	Left     map[Left]uint64   `json:"left,omitempty"`      // who lacked a variable that the next step needed
}

// Left says before which step users left, which variable was missing (qty:number and cart:json where its value was no number or no JSON), and the outcome of the request whose answer lacked
// it: empty where none was sent. No part holds a dot.
type Left struct{ Step, Variable, After string }

// MarshalText returns step.variable.outcome.
func (l Left) MarshalText() ([]byte, error) {
	return []byte(l.Step + "." + l.Variable + "." + l.After), nil
}

// UnmarshalText reads what MarshalText returns. It fails for any other number of parts.
func (l *Left) UnmarshalText(text []byte) error {
	parts := strings.Split(string(text), ".")
	if len(parts) != 3 {
		return fmt.Errorf("found %q, wanted step.variable.outcome", text)
	}
	*l = Left{parts[0], parts[1], parts[2]}
	return nil
}

// Add adds other's users.
func (j *Journey) Add(other Journey) {
	j.Users += other.Users
	j.Ready += other.Ready
	j.NotReady += other.NotReady
	j.Finished += other.Finished
	j.Ended, j.Left = addCounts(j.Ended, other.Ended), addCounts(j.Left, other.Left)
}

// Cut returns the users who came and did not end, 0 or more.
func (j *Journey) Cut() uint64 {
	over := j.Finished
	for _, n := range j.Ended {
		over += n
	}
	for _, n := range j.Left {
		over += n
	}
	return j.Users - min(j.Users, over)
}

// addCounts adds what is counted by name. Both maps are the caller's own; sum may be nil, and is then made where needed.
func addCounts[K comparable](sum, more map[K]uint64) map[K]uint64 {
	if len(more) > 0 && sum == nil {
		sum = make(map[K]uint64, len(more))
	}
	for name, n := range more {
		sum[name] += n
	}
	return sum
}

// addJourneys adds users by the journey's name. Nothing of more is kept.
func addJourneys(sum, more map[string]Journey) map[string]Journey {
	if len(more) > 0 && sum == nil {
		sum = make(map[string]Journey, len(more))
	}
	for name, j := range more {
		total := sum[name]
		total.Add(j)
		sum[name] = total
	}
	return sum
}
