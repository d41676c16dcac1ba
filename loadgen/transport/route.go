package transport

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
)

// Route is how connections reach a target. The zero Route is the direct one.
type Route struct {
	ConnectTo []Detour     // the first that matches holds
	Sources   []netip.Addr // local addresses, used in turn, each for targets of its own family
}

// Detour leads connections that are meant for one host and port to another, as curl's --connect-to does.
// Requests and certificates go by the name that is meant.
type Detour struct {
	Host, Port     string // that is meant; empty for any
	ToHost, ToPort string // that is dialled; empty for the one that is meant
}

// ParseDetour reads HOST1:PORT1:HOST2:PORT2. Each part may be empty; IPv6 addresses stand in brackets. It
// fails with an *InputError for another form and for a port outside 1 to 65535.
func ParseDetour(text string) (Detour, error) {
	const wanted = "wanted HOST1:PORT1:HOST2:PORT2, IPv6 addresses in brackets"
	parts, ok := cutColons(text)
	if !ok || len(parts) != 4 {
		return Detour{}, InputErrorf("for example shop.example:443:127.0.0.1:8443, or ::127.0.0.1:8443 for any", "found %q, %s", text, wanted)
	}
	for _, port := range []string{parts[1], parts[3]} {
		if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
			return Detour{}, InputErrorf("", "found port %q in %q, wanted 1 to 65535; %s", port, text, wanted)
		}
	}
	return Detour{parts[0], parts[1], parts[2], parts[3]}, nil
}

// cutColons cuts a text at its colons, but not at those in brackets, and takes the brackets away.
func cutColons(text string) (parts []string, ok bool) {
	for {
		if rest, found := strings.CutPrefix(text, "["); found {
			host, after, closed := strings.Cut(rest, "]")
			if _, err := netip.ParseAddr(host); err != nil || !closed || after != "" && after[0] != ':' {
				return nil, false
			}
			parts = append(parts, host)
			if after == "" {
				return parts, true
			}
			text = after[1:]
			continue
		}
		part, after, more := strings.Cut(text, ":")
		if strings.ContainsAny(part, "[]/@ ") {
			return nil, false
		}
		if parts = append(parts, part); !more {
			return parts, true
		}
		text = after
	}
}

// String returns the detour as ParseDetour reads it.
func (d Detour) String() string {
	bracketed := func(host string) string {
		if strings.Contains(host, ":") {
			return "[" + host + "]"
		}
		return host
	}
	return bracketed(d.Host) + ":" + d.Port + ":" + bracketed(d.ToHost) + ":" + d.ToPort
}

// matches reports whether a detour is meant for a host and port.
func (d Detour) matches(host, port string) bool {
	return (d.Host == "" || sameHost(d.Host, host)) && (d.Port == "" || d.Port == port)
}

// sameHost compares names without case, and addresses by their value.
func sameHost(a, b string) bool {
	x, err := netip.ParseAddr(a)
	y, err2 := netip.ParseAddr(b)
	return err == nil && err2 == nil && x.Unmap() == y.Unmap() || strings.EqualFold(a, b)
}

// Lead returns where connections for host:port go, itself where no detour matches.
func (r Route) Lead(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	for _, d := range r.ConnectTo {
		if !d.matches(host, port) {
			continue
		}
		if d.ToHost != "" {
			host = d.ToHost
		}
		if d.ToPort != "" {
			port = d.ToPort
		}
		break
	}
	return net.JoinHostPort(host, port)
}

// destination returns the host that connections for a target reach, alone and as it would stand in a URL.
func (r Route) destination(target *url.URL) (host, address string, err error) {
	meant := AddressOf(target)
	to := r.Lead(meant)
	if to == meant {
		return target.Hostname(), target.Host, nil
	}
	// net/http dials the ASCII form of such a name, which no detour would match.
	if strings.ContainsFunc(meant, func(c rune) bool { return c > unicode.MaxASCII }) {
		return "", "", InputErrorf("write it in its ASCII form, xn--...", "found target %s beside a detour, wanted a host in ASCII", target.Hostname())
	}
	host, _, err = net.SplitHostPort(to)
	return host, to, err
}

// Check fails with an *InputError where a detour matches none of these host:port: it would be left out
// without a word.
func (r Route) Check(addresses []string) error {
	for _, d := range r.ConnectTo {
		used := false
		for _, a := range addresses {
			host, port, _ := net.SplitHostPort(a)
			used = used || d.matches(host, port)
		}
		if !used {
			return InputErrorf("leave its first two parts empty to match any host and port",
				"connect-to %s: found no such target, wanted %s", d, strings.Join(addresses, " or "))
		}
	}
	return nil
}

// ParseSource reads a local address to send from. It fails with an *InputError for what is no address,
// and where this machine cannot listen on it.
func ParseSource(text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil || a.IsUnspecified() || a.IsMulticast() {
		return netip.Addr{}, InputErrorf("see them with: ip address", "found %q, wanted an address of this machine such as 127.0.0.2", text)
	}
	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(a, 0)))
	if err != nil {
		return netip.Addr{}, InputErrorf("see those of this machine with: ip address", "cannot send from %s: %v", a, err)
	}
	return a.Unmap(), listener.Close()
}

// source returns the local address for one connection to an address, ok false for any.
func (r Route) source(address string, turn uint64) (from netip.Addr, ok bool) {
	to, err := netip.ParseAddrPort(address)
	n := uint64(len(r.Sources))
	for i := range n {
		if s := r.Sources[(turn+i)%n]; err != nil || s.Is4() == to.Addr().Unmap().Is4() {
			return s, true // of a name, the dialer takes an address of the source's family
		}
	}
	return netip.Addr{}, false
}

// Dial opens a connection, as net/http has it done.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Dialer returns a Dial that goes by the route; dial stands in for the network where it is not nil.
func (r Route) Dialer(dial Dial) Dial {
	turn := new(atomic.Uint64)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		address = r.Lead(address)
		if dial != nil {
			return dial(ctx, network, address)
		}
		d := net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
		if from, ok := r.source(address, turn.Add(1)-1); ok {
			d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
		}
		return d.DialContext(ctx, network, address)
	}
}
