package wire

import (
	"errors"
	"os"
	"time"
)

// Request is one request as it goes over the wire.
type Request struct {
	// Head is everything up to and with the blank line. Its Content-Length must be Body's.
	Head []byte
	Body []byte
	// HEAD says that the method is HEAD, whose answers have no body.
	HEAD bool
	// Idempotent says that the request may be sent again when its connection turned out to be closed.
	Idempotent bool
	// WantBody keeps the answer's body; otherwise it is read and only counted.
	WantBody bool
	// Expect says that the head asks for 100-continue: the body is sent when the server agrees, or says nothing for a second.
	Expect bool
	// Sent is the instant from which the times of the Response count, that of the call of Do where it is zero.
	// A caller who has just looked at the clock saves another look.
	Sent time.Time
}

// mostHeld is the largest request that is sent in one piece, together with the wait for its answer. An
// idle connection's send buffer has room for it.
const mostHeld = 16 << 10

// send sends the request, or leaves it to the next read.
func (c *Conn) send(q *Request, a *Response) error {
	if q.Expect && len(q.Body) > 0 {
		return c.sendExpecting(q, a)
	}
	if len(q.Head)+len(q.Body) > mostHeld {
		return c.sendLarge(q, a)
	}
	p := q.Head
	if len(q.Body) > 0 {
		c.out = append(append(c.out[:0], q.Head...), q.Body...)
		p = c.out
	}
	a.BytesOut += len(p)
	return c.hand(p)
}

// hand gives a small request to the connection.
func (c *Conn) hand(p []byte) error {
	switch {
	case c.socket == nil:
		return c.write(p)
	case c.secure == nil:
		c.socket.out, c.socket.writeBy = p, c.until
		return nil
	}
	c.socket.held, c.socket.writeBy = c.socket.held[:0], c.until
	c.socket.hold = true
	_, err := c.secure.Write(p)
	c.socket.hold = false
	return err
}

func (c *Conn) sendLarge(q *Request, a *Response) error {
	a.BytesOut += len(q.Head)
	if err := c.write(q.Head); err != nil || c.cut {
		return err
	}
	a.BytesOut += len(q.Body)
	return c.write(q.Body)
}

// sendExpecting sends the head and waits for leave to send the body.
func (c *Conn) sendExpecting(q *Request, a *Response) error {
	a.BytesOut += len(q.Head)
	if err := c.hand(q.Head); err != nil {
		return err
	}
	deadline := c.deadline
	c.deadline = min(deadline, c.engine.now()+look)
	err := c.rearm()
	if err == nil {
		err = c.fill()
	}
	c.deadline = deadline
	if err == nil {
		c.owed = true
		return nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if err = c.rearm(); err == nil {
			return c.sendOwed(q, a)
		}
	}
	return err
}

// sendOwed sends the body that waited.
func (c *Conn) sendOwed(q *Request, a *Response) error {
	c.owed = false
	a.BytesOut += len(q.Body)
	return c.write(q.Body)
}

// write sends p, unless the server answers without reading it: then it stops, and sets cut.
func (c *Conn) write(p []byte) error {
	for {
		by := c.until
		sliced := c.secure == nil && c.socket != nil // TLS does not survive a write that was cut short
		if slice := time.Now().Add(look); sliced && (by.IsZero() || slice.Before(by)) {
			by = slice
		}
		if err := c.stream.SetWriteDeadline(by); err != nil {
			return err
		}
		if err := c.ctx.Err(); err != nil {
			return err
		}
		n, err := c.stream.Write(p)
		p = p[n:]
		if err == nil {
			return nil
		}
		if isLost(err) || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		if err := c.rearm(); err != nil || !sliced {
			return errors.Join(err, errLate)
		}
		if c.cut = c.answered(); c.cut {
			return nil
		}
	}
}

// answered tells whether an answer has begun.
func (c *Conn) answered() bool {
	if c.got > 0 {
		return false // what came was 100 Continue
	}
	n, _ := c.poll() // an error comes again when the answer is read
	if n == 0 {
		return false
	}
	c.arrived(n)
	return true
}
