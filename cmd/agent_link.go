package cmd

import (
	"context"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen/fleet/bus"
)

// agentLink is an agent's connection to the bus. An agent with keys of several slots can move to another slot, which needs
// another connection: to the bus each slot is a client of its own.
type agentLink struct {
	options *linkOptions
	keys    keyring
	log     func(format string, args ...any)
	refused func(error) // called when the bus does not let the agent in any more

	conn *nats.Conn
	slot int // 0 for none in particular
}

// move connects as a slot, and closes the connection that there was.
func (l *agentLink) move(ctx context.Context, slot int) (*nats.Conn, error) {
	conn, err := l.options.connect(ctx, slot, l.keys[slot], func(c *bus.Config) {
		c.Retry = true
		if slot == 0 {
			c.Name = "an agent"
		}
		c.OnError = func(err error) { l.log("%v", err) }
		c.OnDisconnect = func(err error) { l.log("the link to the bus is gone: %v", err) }
		c.OnReconnect = func() { l.log("the link to the bus is back") }
		c.OnRefused = l.refused
	})
	if err != nil {
		return nil, err
	}
	l.close()
	l.conn, l.slot = conn, slot
	return conn, nil
}

func (l *agentLink) close() {
	if l.conn != nil {
		l.conn.Close()
	}
}
