package transport

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strings"
)

// UserAgent is what a target sees unless a request says otherwise.
const UserAgent = "fsctl"

// MaxBody is the most that is read of one answer, in bytes; a body without end must end somewhere.
const MaxBody = 64 << 20

// AddressOf returns host:port of a target.
func AddressOf(target *url.URL) string {
	port := cmp.Or(target.Port(), map[string]string{"http": "80", "https": "443"}[target.Scheme])
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
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() || strings.EqualFold(host, "localhost") {
		return nil
	}
	if slices.ContainsFunc(allow, func(a string) bool { return strings.EqualFold(a, host) || strings.EqualFold(a, address) }) {
		return nil
	}
	return InputErrorf("if you may storm that host, say so with --allow-target "+host,
		"refused to storm %s: it is not this machine's loopback, and it is not allowed", host)
}

// shown is a URL as people may see it, without its password.
func shown(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.Redacted()
}
