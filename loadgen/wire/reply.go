package wire

import (
	"bytes"
	"iter"

	"fsctl/loadgen/transport"
)

// keptHead is the largest head that is kept to know the next one by it, in bytes.
const keptHead = 16 << 10

// reply is what a connection keeps of the answer at hand, and of the one before it, beside what the Answer holds.
type reply struct {
	head   []byte // shares the memory of before
	fields []field
	before known
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
	if cap(r.before.fields) > keptHead/8 || cap(r.before.head) > 2*keptHead {
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

// unpack takes the content encodings off a body that the request asks for.
func (r *reply) unpack(u *transport.Unpacker, into *transport.Answer, accepted []byte, limit int) error {
	var encodings []byte
	for name, value := range r.all() {
		if isFold(name, "content-encoding") {
			encodings = append(append(encodings, value...), ',')
		}
	}
	return u.Unpack(into, string(bytes.TrimSuffix(encodings, []byte(","))), string(accepted), limit)
}
