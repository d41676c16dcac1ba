package transport

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Reached says what connections for a target really go to.
type Reached struct {
	Target    string       // host of the target, with its port unless that is the scheme's own
	Addresses []string     // IP:port that are connected to, in their turn; none where the name could not be looked up
	Detour    string       // host:port where --connect-to leads; empty for none
	Proxy     *Proxy       // that connects to the target; nil for none
	Sources   []netip.Addr // local addresses that are used in turn; none for the machine's choice
	Secure    bool         // over TLS
	Unchecked bool         // its certificate is not checked
	Problem   error        // why there are no Addresses
}

// Reach looks up what connections for a target go to. Nothing is sent to it.
func (r Route) Reach(ctx context.Context, target *url.URL, unchecked bool) Reached {
	meant := AddressOf(target)
	secure := target.Scheme == "https"
	to := Reached{Target: strings.TrimSuffix(meant, ":"+schemePorts[target.Scheme]), Proxy: r.Proxy, Sources: r.Sources, Secure: secure, Unchecked: secure && unchecked}
	if led := r.detour(meant); led != meant {
		to.Detour = led
	}
	to.Addresses, to.Problem = r.Addresses(ctx, meant)
	return to
}

// IsPlain reports whether the target's URL says all of it: connections go to its own address.
func (r Reached) IsPlain() bool {
	at, err := netip.ParseAddr(strings.Trim(r.Target, "[]"))
	if err != nil {
		if withPort, err := netip.ParseAddrPort(r.Target); err == nil {
			at = withPort.Addr()
		}
	}
	return at.IsValid() && r.Detour == "" && r.Proxy == nil && len(r.Sources) == 0 && !r.Unchecked && r.Problem == nil
}

// mostShown is how many addresses of a name are shown.
const mostShown = 8

// String says it in a line, such as: shop.example is 10.0.0.7:443, 10.0.0.8:443, over TLS.
func (r Reached) String() string {
	var line strings.Builder
	line.WriteString(r.Target)
	led, verb := r.Target, " is "
	switch {
	case r.Proxy != nil:
		led, verb = r.Proxy.Address(), ", which is "
		fmt.Fprintf(&line, " by way of proxy %s (--proxy)", r.Proxy)
	case r.Detour != "":
		led, verb = r.Detour, ", which is "
		fmt.Fprintf(&line, " by way of %s (--connect-to)", r.Detour)
	}
	shown := r.Addresses
	more := ""
	if len(shown) > mostShown {
		shown, more = shown[:mostShown], fmt.Sprintf(" and %d more", len(r.Addresses)-mostShown)
	}
	switch {
	case r.Problem != nil:
		fmt.Fprintf(&line, ": %v", r.Problem)
	case !slices.Equal(r.Addresses, []string{led}):
		line.WriteString(verb + strings.Join(shown, ", ") + more)
	}
	if len(r.Sources) > 0 {
		var from []string
		for _, s := range r.Sources {
			from = append(from, s.String())
		}
		line.WriteString(", from " + strings.Join(from, ", ") + " (--source)")
	}
	if r.Secure {
		line.WriteString(", over TLS")
	}
	if r.Unchecked {
		line.WriteString(" without a look at its certificate (--insecure)")
	}
	return line.String()
}
