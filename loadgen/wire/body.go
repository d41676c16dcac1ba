package wire

import (
	"bytes"
	"io"

	"fsctl/loadgen/transport"
)

const (
	// mostInformational is how many 1xx answers may come before the answer.
	mostInformational = 8
	// mostLine bounds a line within a chunked body, and all trailers together, in bytes.
	mostLine = 4 << 10
	// mostFraming is how much more framing than data a chunked body may have, in bytes.
	mostFraming = 16 << 10
	// largeBuffer is what a body that is longer than the buffer is read through.
	largeBuffer = 32 << 10
)

// receive reads the answer.
func (c *Conn) receive(q *message, a *transport.Answer) error {
	for informational := 0; ; informational++ {
		if informational > mostInformational {
			return malformed("more than %d informational answers", mostInformational)
		}
		if err := c.receiveHead(); err != nil {
			return err
		}
		if c.head.status == 101 { // no request asks for it
			return malformed("another protocol: status 101")
		}
		if c.head.status >= 200 {
			break
		}
		if c.owed && c.head.status == 100 {
			if err := c.sendOwed(q); err != nil {
				return err
			}
		}
	}
	if c.socket != nil && len(c.socket.out) > 0 {
		return malformed("an answer before the request")
	}
	c.cut = c.cut || c.owed
	a.Status = c.head.status
	if err := c.receiveBody(q, a); err != nil {
		return err
	}
	if err := a.Kept(); err != nil {
		return err
	}
	if q.wantBody && len(a.Body) > 0 && c.reply.value("content-encoding") != nil {
		return c.reply.unpack(&c.engine.unpacker, a, q.accepted, c.engine.config.MaxBody)
	}
	return nil
}

// receiveHead reads a head and keeps it in c.reply.
func (c *Conn) receiveHead() error {
	if c.r == c.w {
		if err := c.fill(); err != nil {
			return err
		}
	}
	if k := &c.reply.before; len(k.head) > 0 && bytes.HasPrefix(c.in[c.r:c.w], k.head) {
		c.head, c.reply.head, c.reply.fields = k.says, k.head, k.fields
		c.r += len(k.head)
		return nil
	}
	return c.parseHead(&c.reply)
}

// parseHead reads a head that is not the last one.
func (c *Conn) parseHead(a *reply) error {
	c.head = head{}
	a.before.head = a.before.head[:0]
	a.fields = a.before.fields[:0]
	limit := c.engine.config.MaxHead
	for {
		if c.r < c.w {
			whole, err := c.head.parse(c.in[c.r:c.w], a)
			if err != nil {
				return err
			}
			if c.head.next > limit || !whole && c.w-c.r > limit {
				return tooLarge("head", limit)
			}
			if whole {
				raw := c.in[c.r : c.r+c.head.next]
				c.r += len(raw)
				if c.head.folded {
					return c.parseFolded(a, raw)
				}
				a.before = known{append(a.before.head, raw...), a.fields, c.head}
				a.head = a.before.head
				return nil
			}
		}
		if err := c.fill(); err != nil {
			return err
		}
	}
}

// parseFolded reads a head with folded lines, once they are joined. It is no known head: the next such is joined again.
func (c *Conn) parseFolded(a *reply, raw []byte) error {
	flat := unfold(raw)
	c.head, a.fields = head{}, a.before.fields[:0]
	if _, err := c.head.parse(flat, a); err != nil {
		return err
	}
	a.before = known{fields: a.fields}
	a.head = flat
	return nil
}

// receiveBody reads the body, whose end is by RFC 9112 section 6.3.
func (c *Conn) receiveBody(q *message, a *transport.Answer) error {
	h, limit := &c.head, c.engine.config.MaxBody
	switch {
	case q.isHEAD || h.status == 204 || h.status == 304:
		return nil
	case h.chunked:
		return c.receiveChunks(q.wantBody, a, limit)
	case h.length > int64(limit):
		return tooLarge("body", limit)
	case h.length >= 0:
		return c.take(q.wantBody, a, int(h.length))
	}
	h.close = true
	return c.takeAll(q.wantBody, a, limit)
}

// take reads n bytes of body.
func (c *Conn) take(want bool, a *transport.Answer, n int) error {
	for {
		have := min(n, c.w-c.r)
		c.keep(want, a, have)
		if n -= have; n == 0 {
			return nil
		}
		if n > len(c.in) && len(c.in) < largeBuffer {
			c.in, c.r, c.w = make([]byte, largeBuffer), 0, 0
		}
		if err := c.fill(); err != nil {
			return err
		}
	}
}

// takeAll reads a body up to the end of the connection.
func (c *Conn) takeAll(want bool, a *transport.Answer, limit int) error {
	for {
		c.keep(want, a, c.w-c.r)
		if a.BytesIn > uint64(limit) {
			return tooLarge("body", limit)
		}
		if err := c.fill(); err != nil {
			if err == io.EOF { // not the unexpected one, which is a record of TLS cut in two
				return nil
			}
			return err
		}
	}
}

// keep moves n bytes that have been read into the body.
func (c *Conn) keep(want bool, a *transport.Answer, n int) {
	if want {
		a.Append(c.in[c.r:c.r+n], c.engine.config.MaxBody)
	} else {
		c.start.add(c.in[c.r : c.r+n : c.r+n])
	}
	a.BytesIn += uint64(n)
	c.r += n
}

// receiveChunks reads a chunked body.
func (c *Conn) receiveChunks(want bool, a *transport.Answer, limit int) error {
	framing := 0 // more than what the data excuses
	for {
		line, err := c.line(mostLine)
		if err != nil {
			return err
		}
		overhead := len(line) + 2
		size, err := chunkSize(line)
		switch {
		case err != nil:
			return err
		case size == 0:
			return c.receiveTrailers()
		case size > uint64(limit)-a.BytesIn:
			return tooLarge("body", limit)
		}
		// One byte a chunk is odd and must pass; extensions without data must not go on for ever.
		if framing = max(framing+overhead-16-2*int(size), 0); framing > mostFraming {
			return malformed("too much chunked data that is not data")
		}
		if err := c.take(want, a, int(size)); err != nil {
			return err
		}
		if err := c.chunkEnd(); err != nil {
			return err
		}
	}
}

// chunkEnd reads the end of line after a chunk.
func (c *Conn) chunkEnd() error {
	for c.w-c.r < 2 {
		if err := c.fill(); err != nil {
			return err
		}
	}
	if c.in[c.r] != '\r' || c.in[c.r+1] != '\n' {
		return malformed("found %q after a chunk, wanted the end of the line", c.in[c.r:c.r+2])
	}
	c.r += 2
	return nil
}

// chunkSize reads the line before a chunk: hexadecimal digits, and extensions that are left out.
func chunkSize(line []byte) (uint64, error) {
	line = bytes.TrimRight(line, " \t")
	digits, _, _ := bytes.Cut(line, []byte(";"))
	if len(digits) == 0 || len(digits) > 16 {
		return 0, malformed("chunk size %.40q, wanted 1 to 16 hexadecimal digits", line)
	}
	var size uint64
	for _, b := range digits {
		switch {
		case isDigit(b):
			b -= '0'
		case 'a' <= b|0x20 && b|0x20 <= 'f':
			b = b | 0x20 - 'a' + 10
		default:
			return 0, malformed("invalid byte in chunk size %.40q", line)
		}
		size = size<<4 | uint64(b)
	}
	return size, nil
}

// receiveTrailers reads the fields after the last chunk, and forgets them.
func (c *Conn) receiveTrailers() error {
	for left := mostLine; ; {
		line, err := c.line(left)
		switch {
		case err != nil:
			return err
		case len(line) == 0:
			return nil
		case left < mostLine && isSpace(line[0]): // the trailer before it goes on
			if !isText(line) {
				return malformed("found a control byte in %.40q", line)
			}
		default:
			if _, err := cutField(line, 0, len(line)); err != nil {
				return err
			}
		}
		left -= len(line) + 2
	}
}

// line reads a line of a chunked body, which ends in CR LF and holds no other CR.
func (c *Conn) line(limit int) ([]byte, error) {
	for seen := 0; ; {
		if i := bytes.IndexByte(c.in[c.r+seen:c.w], '\n'); i >= 0 {
			line := c.in[c.r : c.r+seen+i]
			c.r += len(line) + 1
			if cr := bytes.IndexByte(line, '\r'); cr < 0 || cr != len(line)-1 || len(line) > limit {
				return nil, malformed("bad end or length of chunked line %.40q", line)
			}
			return line[:len(line)-1], nil
		}
		if seen = c.w - c.r; seen > limit {
			return nil, malformed("line in a chunked body over %d bytes", limit)
		}
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
}
