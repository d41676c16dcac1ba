package transport

import (
	"cmp"
	"encoding/base64"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// HostOf returns a target's host as the Host header names it: in ASCII and small letters, without an IPv6 zone, and without
// the port where that is the scheme's own, as browsers write it.
func HostOf(target *url.URL) string {
	host, _, _ := strings.Cut(strings.ToLower(ASCIIHost(target.Hostname())), "%")
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := target.Port(); port != "" && port != defaultPort(target.Scheme) {
		host += ":" + port
	}
	return host
}

// ASCIIHost returns a host name as DNS and certificates have it: a name in other letters as xn--..., anything else as it is.
func ASCIIHost(host string) string {
	for i := range len(host) {
		if host[i] >= 0x80 {
			if ascii, err := idna.Lookup.ToASCII(host); err == nil {
				return ascii
			}
			break // DNS will say what is wrong with it
		}
	}
	return host
}

// BasicAuth returns the value of the Authorization header that a target's user and password ask for, empty for a target
// without them.
func BasicAuth(target *url.URL) string {
	if target.User == nil {
		return ""
	}
	password, _ := target.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(target.User.Username()+":"+password))
}

// origin is what must be equal for two URLs to lead to the same place.
type origin struct{ scheme, host, port string }

// originOf returns the origin of a scheme and host[:port] or [IPv6]:port. Equal are the default port and none, names in any case, in
// Unicode or as xn--..., with or without a dot at the end, and all forms of an IP address.
func originOf(scheme, authority string) origin {
	u := url.URL{Host: authority}
	host := strings.TrimSuffix(strings.ToLower(ASCIIHost(u.Hostname())), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
	}
	return origin{scheme, host, cmp.Or(u.Port(), defaultPort(scheme))}
}

func (o origin) String() string {
	text := o.scheme + "://" + o.host
	switch {
	case o.port != defaultPort(o.scheme):
		text = o.scheme + "://" + net.JoinHostPort(o.host, o.port)
	case strings.Contains(o.host, ":"):
		text = o.scheme + "://[" + o.host + "]"
	}
	return text
}

func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	}
	return ""
}
