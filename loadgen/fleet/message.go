package fleet

import (
	"encoding/json"
	"fmt"
	"time"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/roster"
)

// The messages between agents and coordinator, except measurements. An agent asks for a slot, then sends heartbeats and
// gets in each answer what it is to do. Every message may be lost or repeated without effect.

// slotRequest is an agent's request for a slot in any storm.
type slotRequest struct {
	Instance string `json:"instance"`
	Slot     int    `json:"slot,omitempty"` // that its keys are for; 0 for any
	Only     bool   `json:"only,omitempty"` // it has keys for no other
}

// slotOffer is the coordinator's answer: the slot stays reserved for some seconds.
type slotOffer struct {
	Run   bus.Run `json:"run"`
	Slot  int     `json:"slot"`
	Error string  `json:"error,omitempty"` // why there is no slot
}

// heartbeatReply is the answer to a roster.Heartbeat.
type heartbeatReply struct {
	Error string `json:"error,omitempty"` // it may not take part, and why
	Epoch uint64 `json:"epoch,omitempty"`
	Plan  []byte `json:"plan,omitempty"` // for an agent that has none yet: by sealPlan, with the values of the environment
	Start *Start `json:"start,omitempty"`
	// Revisions are all there are, for an agent that sends and does not follow the last one yet.
	Revisions []roster.Revision `json:"revisions,omitempty"`
	Stop      string            `json:"stop,omitempty"` // end now, and why
}

// Start is T0 with what is sent from then on. All agents get the same one, but for From.
type Start struct {
	PlanHash   string            `json:"plan_hash"`
	T0         int64             `json:"t0_unix_ns"` // by the coordinator's clock
	Assignment roster.Assignment `json:"assignment"`
	From       time.Duration     `json:"from_ns"` // what is due before is not this agent's: another one had its slot
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
