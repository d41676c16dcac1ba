package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"iter"

	"fsctl/loadgen/transport"
)

// keptMemory is the largest buffer that is kept for the next answer, in bytes.
const keptMemory = 1 << 20

// reply is what a connection keeps of the answer at hand, and of the one before it, beside what the Answer holds.
type reply struct {
	head   []byte // shares the memory of before
	fields []field
	before known
	source bytes.Reader
	unzip  *gzip.Reader
	spare  []byte // memory for unpacking
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

// reset makes it ready for another answer.
func (r *reply) reset() {
	if cap(r.spare) > keptMemory {
		r.spare = nil
	}
	if cap(r.before.fields) > keptMemory/64 || cap(r.before.head) > keptMemory {
		r.before = known{}
	}
	r.head, r.fields = nil, nil
}

// value returns the first value of a header field, nil if there is none. Case does not matter.
func (r *reply) value(name string) []byte {
	for _, f := range r.fields {
		if f.colon-f.from == len(name) && sameFold(r.head[f.from:f.colon], name) {
			return r.head[f.value:f.to:f.to]
		}
	}
	return nil
}

// all walks names and values of the header fields, in the order and case in which they came.
func (r *reply) all() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for _, f := range r.fields {
			if !yield(r.head[f.from:f.colon:f.colon], r.head[f.value:f.to:f.to]) {
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

// unpack unpacks a body in gzip.
func (r *reply) unpack(into *transport.Answer, limit int) error {
	r.source.Reset(into.Body)
	var err error
	if r.unzip == nil {
		r.unzip, err = gzip.NewReader(&r.source)
	} else {
		err = r.unzip.Reset(&r.source)
	}
	if err != nil {
		return malformed("body is not gzip: %v", err)
	}
	plain, err := readUpTo(r.unzip, r.spare[:0], limit)
	r.spare, into.Body = into.Body, plain
	if err != nil && !errors.Is(err, transport.ErrTooLarge) {
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
