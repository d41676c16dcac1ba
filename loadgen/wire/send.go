package wire

import (
	"errors"
	"os"
	"time"
)

// mostHeld is the largest request that is sent in one piece, together with the wait for its answer. An
// idle connection's send buffer has room for it.
const mostHeld = 16 << 10

// send sends the request, or leaves it to the next read.
func (c *Conn) send(q *message) error {
	if q.expect && q.bodyBytes() > 0 {
		return c.sendExpecting(q)
	}
	body := q.bodyBytes()
	if len(q.head)+body > mostHeld {
		return c.sendLarge(q)
	}
	p := q.head
	if body > 0 {
		c.out = append(append(c.out[:0], q.head...), q.body...)
		for _, piece := range q.rest {
			c.out = append(c.out, piece...)
		}
		p = c.out
	}
	c.put += len(p)
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

func (c *Conn) sendLarge(q *message) error {
	c.put += len(q.head)
	if err := c.write(q.head); err != nil || c.cut {
		return err
	}
	return c.writeBody(q)
}

// writeBody sends the body piece by piece, until the server answers without reading all of it.
func (c *Conn) writeBody(q *message) error {
	if err := c.writePiece(q.body); err != nil {
		return err
	}
	for _, piece := range q.rest {
		if err := c.writePiece(piece); err != nil {
			return err
		}
	}
	return nil
}

func (c *Conn) writePiece(p []byte) error {
	if len(p) == 0 || c.cut {
		return nil
	}
	c.put += len(p)
	return c.write(p)
}

// sendExpecting sends the head and waits for leave to send the body.
func (c *Conn) sendExpecting(q *message) error {
	c.put += len(q.head)
	if err := c.hand(q.head); err != nil {
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
			return c.sendOwed(q)
		}
	}
	return err
}

// sendOwed sends the body that waited.
func (c *Conn) sendOwed(q *message) error {
	c.owed = false
	return c.writeBody(q)
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

// answered reports whether an answer has begun.
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
