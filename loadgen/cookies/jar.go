// Package cookies keeps the cookies of a user, by RFC 6265.
//
// A million users may each have a jar, so that it costs a pointer until the first cookie, and then one piece of memory.
// Of RFC 6265bis it holds what browsers hold: limits, the prefixes __Secure- and __Host-, and that a cookie without Secure does
// not stand in the way of one that has it. SameSite says nothing here: every request of a user goes to the hosts under test
// as if it were typed in.
package cookies

import (
	"bytes"
	"math"
	"time"
	"unsafe"
)

const (
	// MostCookies is how many cookies a jar holds. Chromium and Firefox hold 180 a site; the hosts under test count as one site here.
	// Source: kDomainMaxCookies in Chromium's net/cookies/cookie_monster.cc. RFC 6265, 6.1 wants at least 50.
	MostCookies = 180
	// MostBytes is how much memory the cookies of a jar take at most, 16 KiB. No server takes more in a request: Node.js takes
	// 16 KiB of header, nginx and Apache 8 KiB a field.
	MostBytes = 16 << 10
	// MostCookieBytes is the most that name and value of a cookie have together, in bytes; what is larger is ignored.
	// Source: RFC 6265bis, 5.6, step 5.
	MostCookieBytes = 4096
)

// keptBytes is the memory that a jar keeps when it is cleared, for the next user.
const keptBytes = 1 << 10

// Jar is the cookies of one user; the zero value is an empty one, which takes no memory of its own. One goroutine at a time may use it.
type Jar struct {
	kept *kept // nil until the first cookie
}

// kept is what a jar has once it had a cookie.
type kept struct {
	entries entries
	count   uint32
	evicted uint32
}

// Outcome is what a jar made of a Set-Cookie field.
type Outcome uint8

// Outcomes.
const (
	Ignored Outcome = iota // as browsers ignore it: no cookie, too large, for another host, or against a rule of Secure or of a prefix
	Kept                   // in place of an earlier one with its name, domain and path, or beside the others
	Deleted                // an earlier one was deleted, if there was one
)

// Set takes a Set-Cookie field of an answer from a host to a request for a path, which is encoded and without the query, as RFC
// 6265, 5.3 says. Where the jar is full, cookies that have ended leave it first, and then those that were created first;
// [Jar.Evicted] counts these. The field's memory may be used again.
func (j *Jar) Set(field []byte, from *Host, path []byte, now time.Time) Outcome {
	c := parse(field, now)
	domain, hostOnly, ok := from.scope(c.domain)
	if len(c.name) == 0 || len(c.name)+len(c.value) > MostCookieBytes || !ok || c.secure && !from.secure || !prefixAllows(&c, hostOnly) {
		return Ignored
	}
	if len(c.path) == 0 || c.path[0] != '/' {
		c.path = defaultPath(path)
	}
	if len(domain) > mostDomain || len(c.path) > mostAttribute {
		return Ignored
	}
	e := entry{expires: c.expires, domain: domain, path: c.path, name: c.name, value: c.value}
	e.flag(flagHostOnly, hostOnly)
	e.flag(flagSecure, c.secure)
	e.flag(flagPersistent, c.persistent)
	gone := c.gone(now)
	if j.kept == nil {
		if gone {
			return Deleted
		}
		j.kept = new(kept)
	}
	k := j.kept
	k.count -= uint32(k.entries.removeGone(now))
	if !c.secure && !from.secure && k.guards(&e) {
		return Ignored
	}
	i, next, found := k.find(&e)
	switch {
	case gone && found:
		k.entries.remove(i, next)
		k.count--
	case !gone:
		k.put(i, next, &e)
	}
	if gone {
		return Deleted
	}
	return Kept
}

// prefixAllows reports whether a cookie keeps what its name promises. Source: RFC 6265bis, 5.7, steps 20 and 21.
func prefixAllows(c *cookie, hostOnly bool) bool {
	const secure, host = "__Secure-", "__Host-"
	switch {
	case len(c.name) >= len(secure) && isFold(c.name[:len(secure)], secure):
		return c.secure
	case len(c.name) >= len(host) && isFold(c.name[:len(host)], host):
		return c.secure && hostOnly && string(c.path) == "/"
	}
	return true
}

// guards reports whether a cookie with Secure stands against one of its name without it, which came by a way that is not secure.
// Source: RFC 6265bis, 5.7, step 16.
func (k *kept) guards(e *entry) bool {
	for i := 0; i < len(k.entries); {
		var r entry
		r, i = k.entries.at(i)
		if r.flags&flagSecure != 0 && string(r.name) == string(e.name) && pathMatches(e.path, r.path) &&
			(string(r.domain) == string(e.domain) || isBelow(r.domain, e.domain) || isBelow(e.domain, r.domain)) {
			return true
		}
	}
	return false
}

// find returns where the cookie is, and false and the end where it is not.
func (k *kept) find(e *entry) (i, next int, found bool) {
	for i < len(k.entries) {
		var r entry
		if r, next = k.entries.at(i); r.isSame(e) {
			return i, next, true
		}
		i = next
	}
	return i, i, false
}

// put puts a cookie in the place of the bytes from i to next, of which there may be none. Those that were created first make room.
func (k *kept) put(i, next int, e *entry) {
	isNew := i == next
	for len(k.entries)-(next-i)+e.size() > MostBytes || isNew && k.count == MostCookies {
		first := 0
		if i == 0 && !isNew {
			first = next // the one that is replaced stays where it is
		}
		_, end := k.entries.at(first)
		k.entries.remove(first, end)
		if first == 0 {
			i, next = i-end, next-end
		}
		k.count--
		k.evicted++
	}
	k.entries.replace(i, next, e)
	if isNew {
		k.count++
	}
}

// AppendHeader appends the value of the Cookie header of a request to a host for a path, encoded and without the query: longer
// paths first, then those that were created earlier (RFC 6265, 5.4). Where no cookie goes there, it appends nothing.
//
// The last own bytes of b are what the request says of its own, of the form of a Cookie header, 0 for nothing: what follows
// leaves out the names that are in it.
func (j *Jar) AppendHeader(b []byte, own int, to *Host, path []byte, now time.Time) []byte {
	if j.Len() == 0 {
		return b
	}
	from, said := len(b)-own, b[len(b)-own:]
	nowMilli := now.UnixMilli()
	for length := math.MaxInt; ; {
		shorter := 0
		for i := 0; i < len(j.kept.entries); {
			var r entry
			r, i = j.kept.entries.at(i)
			switch n := len(r.path); {
			case n > length || n <= shorter && n < length || !r.isFor(to, path, nowMilli) || own > 0 && HasName(said, r.name):
			case n < length:
				shorter = n
			default:
				if len(b) > from {
					b = append(b, "; "...)
				}
				b = append(append(append(b, r.name...), '='), r.value...)
			}
		}
		if shorter == 0 {
			return b
		}
		length = shorter
	}
}

// HasName reports whether a Cookie header has a cookie of a name.
func HasName(header, name []byte) bool {
	for len(header) > 0 {
		var pair []byte
		pair, header, _ = bytes.Cut(header, []byte(";"))
		key, _, _ := bytes.Cut(pair, []byte("="))
		if string(trim(key)) == string(name) {
			return true
		}
	}
	return false
}

// Value returns the value of a cookie by its name, without the quotes around it: of several hosts or paths that which was created
// last. It is good until the jar changes.
func (j *Jar) Value(name string, now time.Time) (value []byte, ok bool) {
	if j.kept == nil {
		return nil, false
	}
	for i := 0; i < len(j.kept.entries); {
		var r entry
		r, i = j.kept.entries.at(i)
		if string(r.name) == name && !r.isGone(now.UnixMilli()) {
			value, ok = unquote(r.value), true
		}
	}
	return value, ok
}

// AppendAll appends all cookies in the form of a Cookie header, whatever host and path they are for.
func (j *Jar) AppendAll(b []byte) []byte {
	for i := 0; j.kept != nil && i < len(j.kept.entries); {
		var r entry
		if i > 0 {
			b = append(b, "; "...)
		}
		r, i = j.kept.entries.at(i)
		b = append(append(append(b, r.name...), '='), r.value...)
	}
	return b
}

// Len returns how many cookies there are; some may have ended.
func (j *Jar) Len() int {
	if j.kept == nil {
		return 0
	}
	return int(j.kept.count)
}

// Evicted returns how many cookies, from 0, had to leave the jar since it was cleared because the hosts set more than it holds.
func (j *Jar) Evicted() int {
	if j.kept == nil {
		return 0
	}
	return int(j.kept.evicted)
}

// Size returns how many bytes of memory the jar has, beside itself.
func (j *Jar) Size() int {
	if j.kept == nil {
		return 0
	}
	return int(unsafe.Sizeof(*j.kept)) + cap(j.kept.entries)
}

// Clear empties the jar for another user. It keeps its memory, unless that is more than 1 KiB.
func (j *Jar) Clear() {
	if j.kept == nil {
		return
	}
	memory := j.kept.entries[:0]
	if cap(memory) > keptBytes {
		memory = nil
	}
	*j.kept = kept{entries: memory}
}
