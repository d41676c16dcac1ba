// Package bus carries the messages between the coordinator and the agents of a fleet, over NATS.
//
// The server is embedded (StartServer), or one of the user's own from version 2.9 on. Each agent
// slot has a key of its own (MakeKeys), and may do what AgentPermissions says. Connect opens a connection with the
// settings that a fleet needs. All names of subjects are defined here.
package bus

import "strconv"

// MaxMessageBytes is the largest message that the embedded server takes. It is the default of an external
// one too; nats.Conn.MaxPayload returns that of the connected server.
const MaxMessageBytes = 1 << 20

// MaxAgents is the largest number of agent slots that a set of keys may have. With so many the embedded
// server takes a second to start, and 130 MB.
const MaxAgents = 5000

// Coordinator is the slot number that stands for the coordinator. Agents have the slots from 1 on.
const Coordinator = 0

// identity is how a slot is called in messages. An agent without a slot of its own has the coordinator's number: a bus
// without keys knows no difference.
func identity(slot int) string {
	if slot == Coordinator {
		return "coordinator"
	}
	return "agent " + strconv.Itoa(slot)
}
