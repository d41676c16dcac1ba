package wire

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"time"

	"fsctl/loadgen/transport"
)

// The back-off after failed connections: the first wait, and the longest.
const (
	firstPause = 5 * time.Millisecond
	mostPause  = time.Second
)

// connect opens a connection, after the pause that earlier failures ask for.
func (c *Conn) connect(ctx context.Context, deadline time.Time) error {
	if err := c.pause(ctx, deadline); err != nil {
		return err
	}
	if c.isClosed() {
		return transport.ErrEngineClosed
	}
	began := c.engine.now()
	until := time.Now().Add(c.engine.config.DialTimeout)
	if !deadline.IsZero() && deadline.Before(until) {
		until = deadline
	}
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	err := c.open(ctx)
	if err != nil { // no connection was made, so that it took no time to make one
		c.failed()
		return err
	}
	c.took += c.engine.now() - began
	return nil
}

// open dials and shakes hands.
func (c *Conn) open(ctx context.Context) error {
	nc, err := c.engine.dial(ctx)
	if err != nil {
		return err
	}
	socket := newSocket(nc)
	if socket != nil {
		nc = socket
	}
	var secure *tls.Conn
	if config := c.engine.config.TLS; config != nil {
		secure = tls.Client(nc, config)
		began := c.engine.now()
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = nc.Close() // the handshake's error says more
			if ctx.Err() != nil {
				err = fmt.Errorf("%w: %w", ctx.Err(), err)
			}
			return fmt.Errorf("handshake with %s: %w", nc.RemoteAddr(), asTLS(err))
		}
		c.secured += c.engine.now() - began
		if secure.ConnectionState().DidResume {
			c.resumed = true
			c.engine.resumed.Add(1)
		}
		nc = secure
	}
	c.engine.dialed.Add(1)
	return c.adopt(nc, socket, secure)
}

// adopt makes nc the connection, unless the engine was closed meanwhile.
func (c *Conn) adopt(nc net.Conn, socket *socket, secure *tls.Conn) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = nc.Close() // nothing was sent on it
		return transport.ErrEngineClosed
	}
	c.stream, c.socket, c.secure = nc, socket, secure
	c.used, c.armed = false, 0
	c.r, c.w = 0, 0
	c.lastByte = c.engine.now()
	return nil
}

// failed notes that a connection could not be had, or broke before its first answer.
func (c *Conn) failed() {
	wait := min(firstPause<<min(c.failures, 16), mostPause)
	wait = wait/2 + time.Duration(c.jitter.Int64N(int64(wait/2)))
	c.failures++
	c.notBefore = c.engine.now() + wait
}

// pause waits until the next attempt is due. It leaves half of the time to the deadline for the attempt.
func (c *Conn) pause(ctx context.Context, deadline time.Time) error {
	if c.failures == 0 {
		return nil
	}
	wait := c.notBefore - c.engine.now()
	if !deadline.IsZero() {
		wait = min(wait, time.Until(deadline)/2)
	}
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// dial connects to the next address, or to one after it where that fails.
func (e *Engine) dial(ctx context.Context) (net.Conn, error) {
	addresses, err := e.resolve(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", e.config.Address, err)
	}
	nc, err := transport.InTurn(ctx, addresses, e.turn.Add(1)-1, e.dialOne)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", e.config.Address, err)
	}
	return nc, nil
}

// dialOne connects to an address.
func (e *Engine) dialOne(ctx context.Context, address string, round uint64) (net.Conn, error) {
	if e.config.Dial != nil {
		return e.config.Dial(ctx, "tcp", address)
	}
	// Probes of idle connections would be traffic beside the requests.
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: false}, KeepAlive: -1}
	if source, ok := transport.SourceFor(e.config.Sources, address, round); ok {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
		dialer.Control = lateBind
	}
	return dialer.DialContext(ctx, "tcp", address)
}
