package transport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// ErrProxy is what the proxy refused, before the target was asked.
var ErrProxy = errors.New("the proxy refused")

// Proxy is a proxy that connections go through. Requests to http:// are sent to it in absolute form, those to https:// through a
// tunnel by CONNECT; a SOCKS5 proxy leads every connection on. Names are looked up by the proxy.
type Proxy struct{ url *url.URL }

// proxyPorts are the schemes that a proxy can have, with the ports that they stand for.
var proxyPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// ParseProxy reads a proxy's URL: http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT, with USER:PASSWORD@ before the
// host where the proxy asks for it. It fails with an *InputError, which does not show the password.
func ParseProxy(text string) (*Proxy, error) {
	wrong := func(why string) error {
		return InputErrorf("write for example --proxy http://proxy.example:3128, or --proxy env for that of the environment",
			"found %q (%s), wanted http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT, with USER:PASSWORD@ before HOST where it asks for it", withoutPassword(text), why)
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, wrong("not a URL") // the error's text would show the password
	}
	port, err := strconv.ParseUint(cmp.Or(u.Port(), proxyPorts[u.Scheme]), 10, 16)
	switch {
	case proxyPorts[u.Scheme] == "":
		return nil, wrong("not such a scheme")
	case u.Hostname() == "":
		return nil, wrong("no host")
	case err != nil || port == 0:
		return nil, wrong("not a port from 1 to 65535")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, wrong("more than a host and a port")
	}
	u.Path = ""
	return &Proxy{u}, nil
}

// withoutPassword returns what may be a URL, without what may be a password in it.
func withoutPassword(text string) string {
	at := strings.LastIndex(text, "@")
	if at < 0 {
		return text
	}
	scheme, _, found := strings.Cut(text, "://")
	if !found || len(scheme) > at {
		return "xxxxx" + text[at:]
	}
	return scheme + "://xxxxx" + text[at:]
}

// URL returns the proxy's URL, its password included.
func (p *Proxy) URL() *url.URL { return p.url }

// String returns the proxy's URL as people may see it, without its password.
func (p *Proxy) String() string { return p.url.Redacted() }

// Address returns host:port of the proxy.
func (p *Proxy) Address() string {
	return net.JoinHostPort(p.url.Hostname(), cmp.Or(p.url.Port(), proxyPorts[p.url.Scheme]))
}

// MarshalText returns the proxy's URL, its password included, for the agents who go through it.
func (p *Proxy) MarshalText() ([]byte, error) { return []byte(p.url.String()), nil }

// UnmarshalText reads what MarshalText wrote. It fails as ParseProxy does.
func (p *Proxy) UnmarshalText(text []byte) error {
	read, err := ParseProxy(string(text))
	if err == nil {
		*p = *read
	}
	return err
}

// isLocal reports whether the proxy is on this machine, so that its loopback is this machine's.
func (p *Proxy) isLocal() bool { return isLoopback(p.url.Hostname()) }

// CheckProxy fails with an *InputError where the route leads through a proxy that is neither on this machine nor named by allow:
// for whoever sends a storm whose proxy somebody else named.
func (r Route) CheckProxy(allow []string) error {
	if r.Proxy == nil || r.Proxy.isLocal() || allows(allow, r.Proxy.Address()) {
		return nil
	}
	return InputErrorf("if you may send load through it, say so with --allow-target "+r.Proxy.Address(),
		"refused to send through proxy %s: it is not this machine's loopback, and it is not allowed", r.Proxy)
}

// EnvProxy returns the proxy that the environment names for a target, nil for none, and the variable that names it: HTTP_PROXY for
// http:// and HTTPS_PROXY for https://, else ALL_PROXY, in capitals or not; none for hosts in NO_PROXY and for this machine. It
// fails with an *InputError where what the variable holds is no proxy.
func EnvProxy(target *url.URL, getenv func(string) string) (p *Proxy, variable string, err error) {
	first := func(names ...string) (variable, value string) {
		for _, name := range names {
			if value := getenv(name); value != "" {
				return name, value
			}
		}
		return "", ""
	}
	variable, value := first("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
	if target.Scheme == "https" {
		variable, value = first("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
	}
	if value == "" {
		return nil, "", nil
	}
	_, no := first("NO_PROXY", "no_proxy")
	// Which hosts have one is net/http's rule; where that reads no proxy, ParseProxy says why.
	const some = "http://127.0.0.1:1"
	rule := httpproxy.Config{HTTPProxy: some, HTTPSProxy: some, NoProxy: no}
	if through, err := rule.ProxyFunc()(target); err != nil || through == nil {
		return nil, "", nil
	}
	if !strings.Contains(value, "://") {
		value = "http://" + value // as net/http and curl read it
	}
	if p, err = ParseProxy(value); err != nil {
		return nil, variable, fmt.Errorf("environment variable %s: %w", variable, err)
	}
	return p, variable, nil
}

// Through has the engine go through a proxy, nil for none, and returns the engine. Call it before anything is sent.
func (e *NetHTTP) Through(p *Proxy) *NetHTTP {
	e.proxy = p
	p.use(e.transport)
	return e
}

// use has a transport of net/http's go through the proxy; nil for none.
func (p *Proxy) use(t *http.Transport) {
	if p == nil {
		return
	}
	t.Proxy = http.ProxyURL(p.url)
	t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
		if answer.StatusCode == http.StatusOK {
			return nil
		}
		return p.refused(answer.Status + ", to CONNECT")
	}
}

// check returns the error of an answer that is the proxy's own: no target asks for a proxy's password.
func (p *Proxy) check(answer *http.Response) error {
	if p == nil || answer.StatusCode != http.StatusProxyAuthRequired {
		return nil
	}
	return p.refused(answer.Status)
}

func (p *Proxy) refused(status string) error {
	return fmt.Errorf("%w: %s answered %s", ErrProxy, p, status)
}

// proxied sends requests through a proxy, and by the rules of both engines: a request that says Connection: close is its connection's
// last, which net/http leaves to the server, and a status below 100 is none.
type proxied struct {
	*http.Transport
	proxy *Proxy
}

// RoundTrip sends a request. The errors are those of net/http.Transport, ErrProxy, and ErrMalformed for a status below 100.
func (t *proxied) RoundTrip(r *http.Request) (*http.Response, error) {
	if !r.Close && slices.ContainsFunc(r.Header["Connection"], endsConnection) {
		last := *r // RoundTrip may not change a request
		last.Close = true
		r = &last
	}
	answer, err := t.Transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if err = checkStatus(answer); err == nil {
		err = t.proxy.check(answer)
	}
	if err != nil {
		_ = answer.Body.Close() // it is given up
		return nil, err
	}
	return answer, nil
}
