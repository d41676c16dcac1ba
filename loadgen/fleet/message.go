package fleet

import (
	"encoding/json"
	"fmt"
	"time"

	"fsctl/loadgen/fleet/bus"
)

// Everything that agents and coordinator say to each other, but for measurements: an agent asks for a slot, then
// reports its state again and again, and is told in the answer what to do. An answer that is lost, or asked for twice,
// changes nothing.

// ask is an agent's question for a storm to join.
type ask struct {
	Instance string `json:"instance"`
	Slot     int    `json:"slot,omitempty"` // that its keys are for; 0 for any
}

// offer is the coordinator's answer.
type offer struct {
	Run   bus.Run `json:"run"`
	Slot  int     `json:"slot"`
	Error string  `json:"error,omitempty"`
}

// state is how far an agent is.
type state string

const (
	joining state = "joining" // wants the plan
	armed   state = "armed"   // has the plan, the connections and the time
	ready   state = "ready"   // knows T0
	sending state = "sending"
	sent    state = "sent"   // all that is its own; the tape may not be sealed yet
	done    state = "done"   // the tape is sealed
	failed  state = "failed" // cannot take part; Problem says why
	gone    state = "gone"   // was stopped before T0
)

// status is what an agent reports.
type status struct {
	Instance string        `json:"instance"`
	Epoch    uint64        `json:"epoch,omitempty"` // 0 until it was given one
	State    state         `json:"state"`
	Version  string        `json:"version"`
	Host     string        `json:"host"`
	Cores    int           `json:"cores"`
	Capacity float64       `json:"capacity"`
	PlanHash string        `json:"plan_hash,omitempty"` // of the plan that it has
	Revision int           `json:"revision,omitempty"`  // how many revisions of the assignment it follows
	Offset   time.Duration `json:"offset_ns"`           // coordinator's clock minus its own
	Bound    time.Duration `json:"bound_ns"`            // largest error of the offset
	Skew     time.Duration `json:"skew_ns"`             // lateness of its first request due at or after T0
	End      string        `json:"end,omitempty"`       // how its sending ended, once it has
	Left     []uint64      `json:"left,omitempty"`      // epochs of tapes in its spool that processes before it left
	Problem  string        `json:"problem,omitempty"`
}

// orders are the answer to a status.
type orders struct {
	Error string `json:"error,omitempty"` // it may not take part, and why
	Epoch uint64 `json:"epoch,omitempty"`
	Plan  []byte `json:"plan,omitempty"` // for an agent that has none yet
	Start *start `json:"start,omitempty"`
	// Revisions are all there are, for an agent that sends and does not follow the last one yet.
	Revisions []Revision `json:"revisions,omitempty"`
	Stop      string     `json:"stop,omitempty"` // end now, and why
}

// start is T0, which everybody has the same.
type start struct {
	PlanHash   string        `json:"plan_hash"`
	T0         int64         `json:"t0_unix_ns"` // by the coordinator's clock
	Assignment Assignment    `json:"assignment"`
	From       time.Duration `json:"from_ns"` // what is due before is not this agent's: another one had its slot
}

func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("fleet: message %T: %v", v, err)) // plain data always has a JSON form
	}
	return data
}

func decode(data []byte, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("message %.80q: %w", data, err)
	}
	return nil
}
