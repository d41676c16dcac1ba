package bus

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/nats-io/nats.go"
)

// dialer opens the sockets of a connection: under the caller's context, which nats.go does not support, until it is
// connected for the first time, and without one later.
type dialer struct {
	mu      sync.Mutex
	ctx     context.Context
	release func() bool // lets the context's end close the newest socket no more
	failure error       // of the newest attempt; nats.go says only that there is no server
}

// Dial is how nats.go asks for a socket. The error is that of net.Dialer, or of the context.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: attemptTimeout}).DialContext(d.context(), network, address)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failure = err; err != nil {
		return nil, err
	}
	if d.release != nil {
		d.release() // the socket before this one is closed
	}
	// The handshake does not look at the context either.
	d.release = context.AfterFunc(d.ctx, func() { _ = conn.Close() })
	return conn, nil
}

func (d *dialer) context() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ctx
}

// connected frees the connection from the context. It is false if the context has ended already.
func (d *dialer) connected() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ctx = context.Background()
	return d.release()
}

// reason is what kept nats.go from connecting.
func (d *dialer) reason(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errors.Is(err, nats.ErrNoServers) && d.failure != nil {
		return d.failure
	}
	return err
}
