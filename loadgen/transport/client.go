package transport

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// ClientOptions say where a client of vegeta's leads.
type ClientOptions struct {
	Route     Route
	TLS       *tls.Config
	Allow     []string // hosts beyond this machine
	MostIdle  int      // connections that are kept
	Timeout   time.Duration
	Redirects int // that are followed at most
}

// NewClient returns a client like vegeta's own but for three things: it follows no redirect to a host that the user did not name,
// it can dial IPv6, and its connections break when ctx is done, so that a run ends soon after it was stopped.
func NewClient(ctx context.Context, l ClientOptions) *http.Client {
	open := l.Route.Dialer(nil)
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := open(dialing, network, address)
		if err != nil {
			return nil, err
		}
		return breakWith(ctx, conn), nil
	}
	proxy := http.ProxyFromEnvironment
	if len(l.Route.ConnectTo) > 0 {
		proxy = nil // it would know nothing of the detour
	}
	return &http.Client{
		Timeout: l.Timeout,
		Transport: &http.Transport{Proxy: proxy, DialContext: dial, MaxIdleConnsPerHost: l.MostIdle,
			TLSClientConfig: l.TLS.Clone(), ForceAttemptHTTP2: true}, // net/http writes into the configuration
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if CheckTarget(&url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host}, l.Allow, l.Route) != nil {
				return fmt.Errorf("%w: %s", ErrForeign, r.URL.Host)
			}
			if len(via) > l.Redirects {
				return fmt.Errorf("%w: %d", ErrRedirects, len(via))
			}
			return nil
		},
	}
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
	if t, ok := c.RoundTripper.(*http.Transport); ok {
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
