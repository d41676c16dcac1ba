package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"fsctl/loadgen/cookies"
)

// ClientOptions say where a client of vegeta's leads.
type ClientOptions struct {
	Route    Route
	TLS      *tls.Config
	Targets  []string // host:port that requests are for
	Allow    []string // hosts, or host:port, that redirects may lead to beside those
	MostIdle int      // connections that are kept
	// NoKeepAlive ends every connection with the answer to its first request.
	NoKeepAlive bool
	Timeout     time.Duration
	Redirects   int  // that are followed at most
	Dial        Dial // stands in for the network where it is not nil
}

// NewClient returns a client like vegeta's own but for this: it follows no redirect to a host and port that the user did
// not name, it sends the cookies that answers set on the way along redirects, it ends a connection whose request says so, it takes no status
// below 100, it goes through no proxy but the route's, it can dial IPv6, and its connections break when ctx is done, so that a run ends soon
// after it was stopped.
func NewClient(ctx context.Context, l ClientOptions) *http.Client {
	open := l.Route.Dialer(l.Dial)
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := open(dialing, network, address)
		if err != nil {
			return nil, err
		}
		return breakWith(ctx, conn), nil
	}
	through := &http.Transport{DialContext: dial, MaxIdleConnsPerHost: l.MostIdle, MaxResponseHeaderBytes: MaxHead, DisableKeepAlives: l.NoKeepAlive,
		TLSClientConfig: l.TLS.Clone(), ForceAttemptHTTP2: true} // net/http writes into the configuration
	l.Route.Proxy.use(through)
	return &http.Client{
		Timeout:   l.Timeout,
		Transport: &proxied{through, l.Route.Proxy},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if !l.leadsTo(r.URL) {
				return fmt.Errorf("%w: %s://%s", ErrForeign, r.URL.Scheme, r.URL.Host)
			}
			if len(via) > l.Redirects {
				return fmt.Errorf("%w: %d", ErrRedirects, len(via))
			}
			r.URL.RawQuery, _, _ = EncodeURL(r.URL.RawQuery, true) // net/url leaves blanks and UTF-8 in it
			carryCookies(r, via)
			return nil
		},
	}
}

// carryCookies has a request to which a redirect led after others send the cookies that answers of the same place set on the way. Its own
// Cookie header is that of the first request, or none where net/http left it out on the way to another host.
func carryCookies(r *http.Request, via []*http.Request) {
	way := passed{jar: new(cookies.Jar)}
	now := time.Now()
	hops := append(slices.Clone(via), r)
	for i, hop := range hops[1:] {
		from := hops[i] // which was answered by hop.Response
		if from.URL.Scheme != r.URL.Scheme || AddressOf(from.URL) != AddressOf(r.URL) {
			continue
		}
		host := CookieHost(from.URL.Scheme, cmp.Or(from.Host, from.URL.Host))
		for _, field := range hop.Response.Header["Set-Cookie"] {
			way.take(field, &host, []byte(from.URL.EscapedPath()), now)
		}
	}
	if len(way.set)+len(way.deleted) == 0 {
		return
	}
	host := CookieHost(r.URL.Scheme, cmp.Or(r.Host, r.URL.Host))
	header := way.header(strings.Join(r.Header["Cookie"], "; "), &host, []byte(r.URL.EscapedPath()), now)
	if r.Header.Del("Cookie"); len(header) > 0 {
		r.Header.Set("Cookie", string(header))
	}
}

// leadsTo reports whether a redirect may be followed: what it names must be one of the targets or allowed, and so must be what
// connections for it really reach. This machine is no exception: a service beside the target is not the target.
func (l *ClientOptions) leadsTo(u *url.URL) bool {
	if u.Scheme != "http" && u.Scheme != "https" || len(l.Route.ConnectTo) > 0 && !isASCII(u.Host) { // see Route.destination
		return false
	}
	meant := AddressOf(u)
	reached := l.Route.detour(meant)
	isTarget := func(t string) bool { return sameAddress(t, meant) }
	isReached := func(t string) bool { return sameAddress(l.Route.detour(t), reached) }
	return (slices.ContainsFunc(l.Targets, isTarget) || allows(l.Allow, meant)) &&
		(slices.ContainsFunc(l.Targets, isReached) || allows(l.Allow, reached))
}

// ResendCounter counts how often net/http sends a request again, which it does by rules that include MayResend's.
type ResendCounter struct {
	http.RoundTripper
	resent atomic.Uint64
}

// Take returns how many times that was since it was last asked; times is 0 or more.
func (c *ResendCounter) Take() (times uint64) { return c.resent.Swap(0) }

// RoundTrip sends a request. The errors are those of net/http.Transport.
func (c *ResendCounter) RoundTrip(r *http.Request) (*http.Response, error) {
	attempts := uint64(0) // net/http makes them one after another
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		if attempts++; attempts > 1 {
			c.resent.Add(1)
		}
	}}
	return c.RoundTripper.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
}

// CloseIdleConnections is for http.Client.CloseIdleConnections.
func (c *ResendCounter) CloseIdleConnections() {
	if t, ok := c.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// breakWith returns the connection, which breaks when ctx is done.
func breakWith(ctx context.Context, conn net.Conn) net.Conn {
	return &breakable{conn, context.AfterFunc(ctx, func() { conn.Close() })}
}

// breakable is a connection that a context may break.
type breakable struct {
	net.Conn
	forget func() bool
}

// Close closes the connection.
func (b *breakable) Close() error {
	b.forget()
	return b.Conn.Close()
}
