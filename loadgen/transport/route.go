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
	Proxy     *Proxy       `json:",omitempty"` // that connections go through; nil for none
	Names     *Resolver    `json:"-"`          // looks names up; nil for a new one each time it is needed
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
			return Detour{}, InputErrorf("leave a port empty for the one that is meant", "found port %q in %q, wanted 1 to 65535; %s", port, text, wanted)
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
	if err == nil && err2 == nil {
		return x.Unmap() == y.Unmap()
	}
	return a == b || isASCII(a) && isASCII(b) && strings.EqualFold(a, b) // beyond ASCII, some letters fold into it
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c > unicode.MaxASCII })
}

// Lead returns the host:port that connections for host:port go to: the proxy's where there is one, itself where no detour matches.
func (r Route) Lead(address string) string {
	if r.Proxy != nil {
		return r.Proxy.Address()
	}
	return r.detour(address)
}

// detour returns where connections for host:port are led, itself where no detour matches.
func (r Route) detour(address string) string {
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

// destination returns the host that connections for a target reach, beyond any proxy: alone and as host:port.
func (r Route) destination(target *url.URL) (host, address string, err error) {
	meant := AddressOf(target)
	to := r.detour(meant)
	if to == meant {
		return target.Hostname(), meant, nil
	}
	// net/http dials the ASCII form of such a name, which no detour would match.
	if !isASCII(meant) {
		return "", "", InputErrorf("write it in its ASCII form, xn--...", "found target %s beside a detour, wanted a host in ASCII", target.Hostname())
	}
	host, _, err = net.SplitHostPort(to)
	return host, to, err
}

// Check fails with an *InputError where a detour matches none of these host:port: it would be left out
// without a word; and where there are detours beside a proxy, which connects to the targets itself.
func (r Route) Check(addresses []string) error {
	if r.Proxy != nil && len(r.ConnectTo) > 0 {
		return InputErrorf("leave out one of them", "found connect-to %s beside proxy %s, wanted one: through a proxy, it is the proxy that connects to the target", r.ConnectTo[0], r.Proxy)
	}
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

// names returns what looks names up.
func (r Route) names() *Resolver {
	if r.Names != nil {
		return r.Names
	}
	return NewResolver(nil, nil)
}

// Addresses returns where connections for host:port go: IP:port, at least one, and only those that a source can reach, where
// there are sources. It fails as Resolver.Lookup does, and with an *InputError where no source reaches any.
func (r Route) Addresses(ctx context.Context, address string) ([]string, error) {
	host, port, err := net.SplitHostPort(r.Lead(address))
	if err != nil {
		return nil, err
	}
	found, err := r.names().Lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, a := range found {
		if len(r.Sources) == 0 || len(ofFamily(r.Sources, a)) > 0 {
			list = append(list, net.JoinHostPort(a.String(), port))
		}
	}
	if len(list) == 0 {
		return nil, InputErrorf("name a --source address of the target's family", "target %s: found addresses %v, which none of the sources %v reaches", host, found, r.Sources)
	}
	return list, nil
}

// Dial opens a connection, as net/http has it done.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// dialTimeout is how long a connection may take to be opened, its lookup included.
const dialTimeout = 10 * time.Second

// Dialer returns a Dial that goes by the route; dial stands in for the network where it is not nil.
func (r Route) Dialer(dial Dial) Dial {
	turn := new(atomic.Uint64)
	r.Names = r.names() // one for all connections
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if dial != nil {
			return dial(ctx, network, r.Lead(address))
		}
		ctx, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		addresses, err := r.Addresses(ctx, address)
		if err != nil {
			return nil, err
		}
		return InTurn(ctx, addresses, turn.Add(1)-1, func(ctx context.Context, address string, round uint64) (net.Conn, error) {
			d := net.Dialer{KeepAlive: 30 * time.Second}
			if from, ok := SourceFor(r.Sources, address, round); ok {
				d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
			}
			return d.DialContext(ctx, network, address)
		})
	}
}
