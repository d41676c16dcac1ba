package cookies

import (
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Host is a host that requests are for, as cookies see it. It is made once and used for every request: what it says of a name
// takes memory to find out.
type Host struct {
	name    string
	text    []byte // the name
	secure  bool   // cookies with Secure go there
	address bool   // the name is an IP address
	suffix  int    // how many bytes of the name, at its end, are a public suffix: anyone may register names below it
}

// NewHost returns the host of a scheme and a name: in ASCII and small letters, without port, without the brackets of IPv6 and without
// a dot at its end. Requests by https are secure, and so are those to this machine, which browsers and curl trust without TLS.
func NewHost(scheme, name string) Host {
	ip, err := netip.ParseAddr(name)
	local := err == nil && ip.Unmap().IsLoopback() || name == "localhost" || strings.HasSuffix(name, ".localhost")
	h := Host{name: name, text: []byte(name), secure: scheme == "https" || local, address: err == nil}
	if !h.address {
		suffix, _ := publicsuffix.PublicSuffix(name)
		h.suffix = len(suffix)
	}
	return h
}

// scope returns the domain that a cookie of the host is for by its Domain attribute, and whether it is for that host alone. ok is
// false where the host may not set cookies for it: another's domain, or a public suffix such as com or co.uk. A host that is a
// public suffix itself, as localhost is, sets cookies for itself alone, and so does an IP address. Source: RFC 6265, 5.3, steps 5 and 6.
func (h *Host) scope(attribute []byte) (domain []byte, hostOnly, ok bool) {
	from := len(h.name) - len(attribute)
	switch {
	case len(attribute) == 0:
		return h.text, true, true
	case from < 0 || !isFold(attribute, h.name[from:]):
		return nil, false, false
	case from == 0:
		return h.text, h.address || len(attribute) == h.suffix, true
	case h.address || h.name[from-1] != '.' || len(attribute) <= h.suffix:
		return nil, false, false
	}
	return h.text[from:], false, true
}

// isWithin reports whether the host is a domain or below it (RFC 6265, 5.1.3).
func (h *Host) isWithin(domain []byte) bool {
	from := len(h.name) - len(domain)
	return from >= 0 && h.name[from:] == string(domain) && (from == 0 || h.name[from-1] == '.' && !h.address)
}

// isBelow reports whether a domain is below another.
func isBelow(domain, above []byte) bool {
	from := len(domain) - len(above)
	return from > 0 && domain[from-1] == '.' && string(domain[from:]) == string(above)
}

// defaultPath returns the path of a cookie that names none: that of the request up to its last slash (RFC 6265, 5.1.4).
func defaultPath(path []byte) []byte {
	if len(path) > 0 && path[0] == '/' {
		for i := len(path) - 1; i > 0; i-- {
			if path[i] == '/' {
				return path[:i]
			}
		}
	}
	return root
}

var root = []byte("/")

// pathMatches reports whether a cookie is sent to a path (RFC 6265, 5.1.4). A request without a path is for /.
func pathMatches(path, cookiePath []byte) bool {
	if len(path) == 0 {
		path = root
	}
	n := len(cookiePath)
	return len(path) >= n && string(path[:n]) == string(cookiePath) && (len(path) == n || cookiePath[n-1] == '/' || path[n] == '/')
}
