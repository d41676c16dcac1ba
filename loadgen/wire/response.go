package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"iter"
	"time"
)

// keptMemory is the largest buffer that an answer keeps for the next one, in bytes.
const keptMemory = 1 << 20

// Response is an answer. Its memory, and what its methods return, belong to the next call of Do.
type Response struct {
	// Status is 100 to 999, and 0 if there is no whole answer.
	Status int
	// Body is the body where it was wanted, unpacked where the request's head accepts gzip.
	Body []byte
	// BodyBytes is the size of the body as it was sent, without the framing of chunks.
	BodyBytes int
	// BytesIn and BytesOut count head, body and framing, before TLS; in the last attempt and in all of them.
	BytesIn, BytesOut int
	// FirstByte is the time from the request's Sent to the first byte of the answer, Took that to the last
	// one or to the error, Connect that for opening a connection, pauses apart; 0 if it was open.
	FirstByte, Took, Connect time.Duration
	// Resumed says that the connection opened for this request took up an earlier TLS session.
	Resumed bool
	// Resent says that the request was sent twice because its first connection was closed.
	Resent bool

	head   []byte // of this answer; shares the memory of before
	fields []field
	before known
	source bytes.Reader
	unzip  *gzip.Reader
	spare  []byte
}

// known is the last head that was read, with what it says. Servers say the same again and again, but for
// the date once a second: a head equal to the last one needs no reading.
type known struct {
	head   []byte
	fields []field
	says   head
}

// field is where a header field is in the head: name from:colon, value value:to.
type field struct{ from, colon, value, to int }

// reset makes the answer ready for another one.
func (a *Response) reset() {
	a.Status, a.BodyBytes, a.BytesIn, a.BytesOut = 0, 0, 0, 0
	a.FirstByte, a.Took, a.Connect, a.Resumed, a.Resent = 0, 0, 0, false, false
	if cap(a.Body) > keptMemory {
		a.Body = nil
	}
	if cap(a.spare) > keptMemory {
		a.spare = nil
	}
	if cap(a.before.fields) > keptMemory/64 || cap(a.before.head) > keptMemory {
		a.before = known{}
	}
	a.Body, a.head, a.fields = a.Body[:0], nil, nil
}

// Header returns the first value of a header field, nil if there is none. Case does not matter.
func (a *Response) Header(name string) []byte {
	for _, f := range a.fields {
		if f.colon-f.from == len(name) && sameFold(a.head[f.from:f.colon], name) {
			return a.head[f.value:f.to:f.to]
		}
	}
	return nil
}

// Headers walks names and values of the header fields, in the order and case in which they came.
func (a *Response) Headers() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for _, f := range a.fields {
			if !yield(a.head[f.from:f.colon:f.colon], a.head[f.value:f.to:f.to]) {
				return
			}
		}
	}
}

// sameFold compares two names of one length; letters differ from their other case in one bit.
func sameFold(p []byte, name string) bool {
	for i, b := range p {
		c := name[i]
		if b != c && (b^c != 0x20 || 'a' > b|0x20 || b|0x20 > 'z') {
			return false
		}
	}
	return true
}

// unpack unpacks a body in gzip if the request had asked for gzip.
func (a *Response) unpack(q *Request, limit int) error {
	if !isFold(a.Header("content-encoding"), "gzip") || !acceptsGzip(q.Head) {
		return nil
	}
	a.source.Reset(a.Body)
	var err error
	if a.unzip == nil {
		a.unzip, err = gzip.NewReader(&a.source)
	} else {
		err = a.unzip.Reset(&a.source)
	}
	if err != nil {
		return malformed("body is not gzip: %v", err)
	}
	plain, err := readUpTo(a.unzip, a.spare[:0], limit)
	a.spare, a.Body = a.Body, plain
	if err != nil && !errors.Is(err, ErrTooLarge) {
		return malformed("body is not gzip: %v", err)
	}
	return err
}

// readUpTo appends all of r to p.
func readUpTo(r io.Reader, p []byte, limit int) ([]byte, error) {
	for {
		if len(p) == cap(p) {
			p = append(p, 0)[:len(p)]
		}
		n, err := r.Read(p[len(p):cap(p)])
		p = p[:len(p)+n]
		switch {
		case len(p) > limit:
			return p, tooLarge("unpacked body", limit)
		case err == io.EOF:
			return p, nil
		case err != nil:
			return p, err
		}
	}
}

// acceptsGzip tells whether a request's head asks for gzip.
func acceptsGzip(head []byte) bool {
	const name = "accept-encoding"
	for len(head) > 0 {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte("\n"))
		if i := bytes.IndexByte(line, ':'); i == len(name) && isFold(line[:i], name) {
			return bytes.Contains(bytes.ToLower(line[i:]), []byte("gzip"))
		}
	}
	return false
}
