package transport

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"time"

	"fsctl/loadgen/cookies"
)

// CookieValue returns the value of a cookie by the Set-Cookie fields of answers, in the order in which they came: the last that
// names it counts, and one that deletes it leaves none. Quotes around the value are not part of it.
func CookieValue(fields []Field, name string, now time.Time) (value string, ok bool) {
	for i := range fields {
		if fields[i].Name != "Set-Cookie" {
			continue
		}
		if key, text, kept := cookies.ValueOf(fields[i].Value, now); string(key) == name {
			value, ok = string(text), kept
		}
	}
	if !ok {
		return "", false
	}
	return value, true
}

// CookieHost returns the host of a scheme and host[:port] or [IPv6]:port as cookies see it.
func CookieHost(scheme, authority string) cookies.Host {
	return cookies.NewHost(scheme, originOf(scheme, authority).host)
}

// cookieHostFor returns the host that a request is for by its last Host header, or that of the target where it has none.
func cookieHostFor(scheme, target string, header []Field) cookies.Host {
	for _, f := range slices.Backward(header) {
		if name := trimSpace(string(f.Value)); f.Name == "Host" && name != "" {
			return CookieHost(scheme, name)
		}
	}
	return CookieHost(scheme, target)
}

// ownCookies returns the values of a request's own Cookie fields as one, and the other fields.
func ownCookies(header []Field) (own []byte, others []Field) {
	for _, f := range header {
		if f.Name != "Cookie" {
			others = append(others, f)
			continue
		}
		if len(own) > 0 {
			own = append(own, "; "...)
		}
		own = append(own, trimSpace(string(f.Value))...)
	}
	return own, others
}

// withCookies returns a request's header with the cookies of a jar that go to a host for a path. Of one name the request's own is sent.
func withCookies(header []Field, jar *cookies.Jar, to *cookies.Host, target string, now time.Time) []Field {
	if jar.Len() == 0 {
		return header
	}
	own, others := ownCookies(header)
	if value := jar.AppendHeader(own, len(own), to, pathOf(target), now); len(value) > 0 {
		others = append(others, Field{"Cookie", value})
	}
	return others
}

// keepCookies puts what an answer sets into a jar.
func keepCookies(jar *cookies.Jar, header http.Header, from *cookies.Host, target string, now time.Time) {
	for _, field := range header["Set-Cookie"] {
		jar.Set([]byte(field), from, pathOf(target), now)
	}
}

// pathOf returns the path of path and query.
func pathOf(target string) []byte {
	path, _, _ := strings.Cut(target, "?")
	return []byte(path)
}

func trimSpace(text string) string { return strings.Trim(text, " \t") }

// passed are the cookies that answers have set on the way along redirects, in a user's jar or in one for the way alone.
type passed struct {
	jar     *cookies.Jar
	set     []string // names
	deleted []string // names that the request's own header must not bring back
}

// take takes a Set-Cookie field of an answer from a host to a request for a path.
func (p *passed) take(field string, from *cookies.Host, path []byte, now time.Time) {
	name, _, _ := cookies.ValueOf([]byte(field), now)
	switch p.jar.Set([]byte(field), from, path, now) {
	case cookies.Kept:
		p.set = append(p.set, string(name))
	case cookies.Deleted:
		p.deleted = append(p.deleted, string(name))
	case cookies.Ignored:
	}
}

// header returns the Cookie header of a request for a path: that which the request has of its own, but for cookies that were set or
// deleted on the way, and those of the jar.
func (p *passed) header(own string, to *cookies.Host, path []byte, now time.Time) []byte {
	all := p.jar.AppendHeader(nil, 0, to, path, now)
	var kept [][]byte
	for pair := range strings.SplitSeq(own, ";") {
		name, _, _ := strings.Cut(pair, "=")
		name = trimSpace(name)
		newer := slices.Contains(p.deleted, name) || slices.Contains(p.set, name) && cookies.HasName(all, []byte(name))
		if pair = trimSpace(pair); pair != "" && !newer {
			kept = append(kept, []byte(pair))
		}
	}
	value := bytes.Join(kept, []byte("; "))
	return p.jar.AppendHeader(value, len(value), to, path, now)
}
