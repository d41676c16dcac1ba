package roster

import "time"

// State is how far an agent is.
type State string

// The states of an agent, in their usual order.
const (
	Joining   State = "joining" // has no plan yet
	Armed     State = "armed"   // has the plan, its connections and the coordinator's time
	Ready     State = "ready"   // knows T0
	Sending   State = "sending"
	Sent      State = "sent"   // its sending has ended; its log may not be sealed yet
	Done      State = "done"   // its log is sealed
	Failed    State = "failed" // cannot take part; Problem says why
	Withdrawn State = "gone"   // was stopped before T0
)

// Heartbeat is what an agent reports, twice a second.
type Heartbeat struct {
	Instance  string        `json:"instance"`        // of the process, drawn at random
	Epoch     uint64        `json:"epoch,omitempty"` // 0 until it was given one
	State     State         `json:"state"`
	Version   string        `json:"version"`
	Host      string        `json:"host"`
	Machine   Machine       `json:"machine"`
	Cores     int           `json:"cores"`               // that its process may use at once
	Capacity  float64       `json:"capacity"`            // its weight against the others, above 0 to MostCapacity
	PlanHash  string        `json:"plan_hash,omitempty"` // of the plan that it has
	Key       []byte        `json:"key,omitempty"`       // that its plan is encrypted for; left out once it has one
	Revision  int           `json:"revision,omitempty"`  // how many revisions of the assignment it follows
	Offset    time.Duration `json:"offset_ns"`           // coordinator's clock minus its own
	Bound     time.Duration `json:"bound_ns"`            // largest error of Offset
	Skew      time.Duration `json:"skew_ns"`             // lateness of its first request due at or after T0
	End       string        `json:"end,omitempty"`       // how its sending ended, once it has
	Leftovers []uint64      `json:"left,omitempty"`      // epochs of the logs in its spool that earlier processes left
	Reached   string        `json:"reached,omitempty"`   // what its connections go to, where the target's URL does not say it
	Problem   string        `json:"problem,omitempty"`   // why it cannot take part, or has stopped
	Hint      string        `json:"hint,omitempty"`      // what can be done about that
}

// Reply is the answer to a heartbeat.
type Reply struct {
	Refused   string // it may not take part, and why; then nothing else is set
	Epoch     uint64
	NeedsPlan bool
	Begin     *Begin     // for an agent that does not know T0, or that knows it and does not follow the last revision
	Revisions []Revision // all there are, for an agent that sends and does not follow the last one
	Stop      string     // end now, and why
}

// Begin is what an agent sends from T0 on.
type Begin struct {
	Assignment Assignment
	From       time.Duration // what is due before is not this agent's: another one had its slot
}
