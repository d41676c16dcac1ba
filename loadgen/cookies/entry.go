package cookies

import (
	"encoding/binary"
	"math"
	"slices"
	"time"
)

// entries are the cookies of a jar, one after another in the order in which they were created:
//
//	| bytes | what                                        |
//	| 2     | of the whole entry, how many                |
//	| 1     | flags                                       |
//	| 2     | of the name, how many                       |
//	| 2     | of the path, how many                       |
//	| 1     | of the domain, how many                     |
//	| 8     | with flag persistent: ends, ms since 1970   |
//	|       | domain, path, name, value                   |
//
// Numbers are little-endian.
type entries []byte

const (
	flagHostOnly byte = 1 << iota
	flagSecure
	flagPersistent
)

// entryHead is how many bytes of an entry come before its end and its texts.
const entryHead = 8

// mostDomain is the longest domain that an entry has room for, in bytes; DNS has none of more than 253.
const mostDomain = math.MaxUint8

// entry is one of them; its texts are parts of it.
type entry struct {
	flags                     byte
	expires                   int64 // with flagPersistent, milliseconds since 1970
	domain, path, name, value []byte
}

// at returns the entry that begins at a byte, and where the next begins.
func (e entries) at(i int) (r entry, next int) {
	b := e[i:]
	next = i + int(binary.LittleEndian.Uint16(b))
	r.flags = b[2]
	name, path, domain := int(binary.LittleEndian.Uint16(b[3:])), int(binary.LittleEndian.Uint16(b[5:])), int(b[7])
	b = b[entryHead : next-i]
	if r.flags&flagPersistent != 0 {
		r.expires, b = int64(binary.LittleEndian.Uint64(b)), b[8:]
	}
	r.domain, b = b[:domain], b[domain:]
	r.path, b = b[:path], b[path:]
	r.name, r.value = b[:name], b[name:]
	return r, next
}

// size returns how many bytes the entry takes.
func (r *entry) size() int {
	n := entryHead + len(r.domain) + len(r.path) + len(r.name) + len(r.value)
	if r.flags&flagPersistent != 0 {
		n += 8
	}
	return n
}

// flag sets a flag where it is to be set.
func (r *entry) flag(flag byte, set bool) {
	if set {
		r.flags |= flag
	}
}

// isGone reports whether the cookie has ended.
func (r *entry) isGone(nowMilli int64) bool {
	return r.flags&flagPersistent != 0 && r.expires <= nowMilli
}

// isSame reports whether two entries are the same cookie, maybe with another value (RFC 6265bis, 5.7, step 23).
func (r *entry) isSame(o *entry) bool {
	return (r.flags^o.flags)&flagHostOnly == 0 && string(r.name) == string(o.name) && string(r.path) == string(o.path) && string(r.domain) == string(o.domain)
}

// isFor reports whether the cookie goes with a request to a host for a path (RFC 6265, 5.4, step 1).
func (r *entry) isFor(at *Host, path []byte, nowMilli int64) bool {
	if r.flags&flagSecure != 0 && !at.secure || r.isGone(nowMilli) {
		return false
	}
	if r.flags&flagHostOnly != 0 {
		return string(r.domain) == at.name && pathMatches(path, r.path)
	}
	return at.isWithin(r.domain) && pathMatches(path, r.path)
}

// replace puts an entry of size r.size() in the place of the bytes from i to next.
func (e *entries) replace(i, next int, r *entry) {
	size, old := r.size(), len(*e)
	b := *e
	if whole := old + size - (next - i); whole > cap(b) {
		b = append(slices.Grow(entries(nil), whole), b...) // no more than is needed: another cookie is rare, and users are many
	}
	b = b[:max(old, old+size-(next-i))]
	copy(b[i+size:], b[next:old])
	*e = b[:old+size-(next-i)]
	b = append(binary.LittleEndian.AppendUint16(b[:i], uint16(size)), r.flags)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(r.name)))
	b = append(binary.LittleEndian.AppendUint16(b, uint16(len(r.path))), byte(len(r.domain)))
	if r.flags&flagPersistent != 0 {
		b = binary.LittleEndian.AppendUint64(b, uint64(r.expires))
	}
	b = append(append(b, r.domain...), r.path...)
	_ = append(append(b, r.name...), r.value...) // within the memory that was made room for
}

// remove takes the bytes from i to next out.
func (e *entries) remove(i, next int) {
	b := *e
	*e = b[:i+copy(b[i:], b[next:])]
}

// removeGone takes out the cookies that have ended and returns how many those are.
func (e *entries) removeGone(now time.Time) (n int) {
	for i := 0; i < len(*e); {
		r, next := e.at(i)
		if r.isGone(now.UnixMilli()) {
			e.remove(i, next)
			n++
			continue
		}
		i = next
	}
	return n
}
