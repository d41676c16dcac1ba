package transport

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// UserAgent is what a target sees unless a request says otherwise.
const UserAgent = "fsctl"

// MaxHead is the most that is read of an answer's head, in bytes.
const MaxHead = 256 << 10

// MaxBody is the most that is read of one answer, in bytes; a body without end must end somewhere.
const MaxBody = 64 << 20

// schemePorts are the ports of URLs that name none.
var schemePorts = map[string]string{"http": "80", "https": "443"}

// AddressOf returns host:port of a target.
func AddressOf(target *url.URL) string {
	port := cmp.Or(target.Port(), schemePorts[target.Scheme])
	return net.JoinHostPort(target.Hostname(), port)
}

// CheckTarget refuses a target that is neither on this machine nor named by allow: a storm
// against a host that the user did not name must never happen. Where the route leads connections for the target
// elsewhere, it is that host which counts. Nothing is looked up or sent.
func CheckTarget(target *url.URL, allow []string, route Route) error {
	if target == nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return InputErrorf("use --target http://HOST:PORT", "no target to send to: found %q, wanted http://HOST:PORT or https://HOST:PORT", shown(target))
	}
	if target.RawQuery != "" || target.Fragment != "" {
		return InputErrorf("put the query into the steps of the scenario", "target %s has a query, wanted http://HOST:PORT with at most a path", shown(target))
	}
	host, address, err := route.destination(target)
	if err != nil {
		return err
	}
	if allows(allow, address) {
		return nil
	}
	const hint = "if you may storm that host, say so with --allow-target "
	if !isLoopback(host) {
		return InputErrorf(hint+host, "refused to storm %s: it is not this machine's loopback, and it is not allowed", host)
	}
	if route.Proxy != nil && !route.Proxy.isLocal() {
		return InputErrorf(hint+host, "refused to storm %s: behind proxy %s that is another machine's loopback, and it is not allowed", host, route.Proxy)
	}
	return nil
}

// isLoopback reports whether a host is this machine, without a lookup.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

// allows reports whether a host:port is among those named: HOST for any port of it, HOST:PORT for that one.
func allows(named []string, address string) bool {
	host, port, err := net.SplitHostPort(address)
	return err == nil && slices.ContainsFunc(named, func(name string) bool {
		if sameHost(strings.Trim(name, "[]"), host) {
			return true
		}
		h, p, err := net.SplitHostPort(name)
		return err == nil && sameHost(h, host) && samePort(p, port)
	})
}

// sameAddress reports whether two host:port are the same place, as far as that is known without a lookup.
func sameAddress(a, b string) bool {
	host, port, err := net.SplitHostPort(a)
	host2, port2, err2 := net.SplitHostPort(b)
	return err == nil && err2 == nil && sameHost(host, host2) && samePort(port, port2)
}

// samePort compares ports by their number.
func samePort(a, b string) bool {
	x, err := strconv.ParseUint(a, 10, 16)
	y, err2 := strconv.ParseUint(b, 10, 16)
	return err == nil && err2 == nil && x == y
}

// shown is a URL as people may see it, without its user.
func shown(u *url.URL) string {
	if u == nil {
		return ""
	}
	return WithoutUser(u).String()
}
