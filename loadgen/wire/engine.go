package wire

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"fsctl/loadgen/cookies"
	"fsctl/loadgen/transport"
)

// Limits where a Config gives none.
const (
	DefaultMaxHead     = transport.MaxHead
	DefaultMaxBody     = transport.MaxBody
	DefaultDialTimeout = 10 * time.Second
)

// Config says where the connections of an Engine lead.
type Config struct {
	// Address is host:port of the target.
	Address string
	// Base is the target's URL: requests name its host, go below its path and are not redirected to another host.
	// Where it is nil, it is that of the Address alone.
	Base *url.URL
	// TLS is for a Base of https, where nil stands for the default; without a Base it says that connections are not
	// plain. It is cloned; ALPN is http/1.1, the server's name and the
	// cache of sessions are filled in where they are missing.
	TLS *tls.Config
	// ConnectTo leads connections for a host:port to another one; the name that TLS checks stays.
	ConnectTo map[string]string
	// Sources are local addresses, used in turn, each for targets of its own family.
	Sources []netip.Addr
	// DialTimeout bounds a connection and its handshake, DefaultDialTimeout where it is 0.
	DialTimeout time.Duration
	// MaxHead and MaxBody bound an answer's head and its body, as sent and as unpacked, in bytes.
	MaxHead, MaxBody int
	// EndConnections makes every connection end with the answer to its first request, and every request say so.
	EndConnections bool
	// FullHandshakes has no connection take up the TLS session of an earlier one.
	FullHandshakes bool
	// Seed makes the jitter of the back-off.
	Seed uint64
	// Dial stands in for the network in tests.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Lookup stands in for DNS in tests.
	Lookup transport.Lookup
	// Names looks the target's name up each time a connection is opened; nil for a resolver of the engine's own, by Lookup.
	Names *transport.Resolver
}

// Engine makes connections to one target.
type Engine struct {
	config   Config
	base     *url.URL
	path     string // of base, which stands before that of every request
	host     string // of base, as the Host header has it
	unpacker transport.Unpacker

	site          cookies.Host    // base, as cookies see it
	authorization string          // that base's user and password ask for, empty without
	address       string          // host:port that connections lead to
	route         transport.Route // of them, but for detours
	epoch         time.Time       // of the instants that connections keep
	turn          atomic.Uint64   // of addresses and sources

	dialed, resumed, stale, unasked atomic.Uint64

	mu     sync.Mutex
	conns  []*Conn
	closed bool
}

// Stats counts what happened to the connections of an Engine.
type Stats struct {
	Dialed  uint64 // connections opened, handshake and all
	Resumed uint64 // of them, with a TLS session of an earlier one
	Stale   uint64 // connections that the server had closed while they were idle, seen before a request was sent
	Unasked uint64 // connections closed because more came than the answer
}

// ConfigFor returns what leads to a target by a route.
func ConfigFor(target *url.URL, route transport.Route) Config {
	address := transport.AddressOf(target)
	return Config{Address: address, Base: target, ConnectTo: map[string]string{address: route.Lead(address)}, Sources: route.Sources, Names: route.Names}
}

// New returns an engine. It looks the target's name up; connections that are opened later do so again, as transport.Resolver says.
//
// Errors: an address without a port, *net.DNSError for a name without addresses, and *transport.InputError for addresses that no
// source reaches.
func New(ctx context.Context, config Config) (*Engine, error) {
	host, _, err := net.SplitHostPort(config.Address)
	if err != nil {
		return nil, fmt.Errorf("target %q: found no host:port: %w", config.Address, err)
	}
	config.DialTimeout = cmp.Or(config.DialTimeout, DefaultDialTimeout)
	config.MaxHead, config.MaxBody = cmp.Or(config.MaxHead, DefaultMaxHead), cmp.Or(config.MaxBody, DefaultMaxBody)
	base := baseOf(&config)
	if base.Scheme == "https" && config.TLS == nil {
		config.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if base.Scheme == "http" {
		config.TLS = nil
	}
	if config.TLS != nil {
		config.TLS = clientTLS(config.TLS, transport.ASCIIHost(host), config.FullHandshakes)
	}
	e := newEngineFor(config, base)
	if e.address, err = config.leadsTo(); err != nil {
		return nil, err
	}
	e.route = transport.Route{Sources: config.Sources, Names: cmp.Or(config.Names, transport.NewResolver(config.Lookup, nil))}
	_, err = e.resolve(ctx)
	return e, err
}

// newEngineFor returns an engine without addresses.
func newEngineFor(config Config, base *url.URL) *Engine {
	return &Engine{config: config, base: base, path: transport.PathOf(base), host: transport.HostOf(base), site: transport.CookieHost(base.Scheme, base.Host), authorization: transport.BasicAuth(base), epoch: time.Now()}
}

// baseOf returns the URL that requests are for.
func baseOf(config *Config) *url.URL {
	switch {
	case config.Base != nil:
		return config.Base
	case config.TLS != nil:
		return &url.URL{Scheme: "https", Host: config.Address}
	}
	return &url.URL{Scheme: "http", Host: config.Address}
}

func clientTLS(config *tls.Config, host string, full bool) *tls.Config {
	config = config.Clone()
	config.NextProtos = []string{"http/1.1"}
	config.ServerName = cmp.Or(config.ServerName, host)
	switch {
	case full:
		config.ClientSessionCache = nil
	case config.ClientSessionCache == nil:
		config.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	}
	return config
}

// leadsTo returns host:port that connections lead to, the host as DNS has it.
func (c *Config) leadsTo() (string, error) {
	target, ok := c.ConnectTo[c.Address]
	if !ok {
		target = c.Address
	}
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		return "", fmt.Errorf("connect %s to %q: found no host:port: %w", c.Address, target, err)
	}
	return net.JoinHostPort(transport.ASCIIHost(host), port), nil
}

// resolve returns every address that a connection may lead to now.
func (e *Engine) resolve(ctx context.Context) ([]string, error) {
	if e.config.Dial != nil && e.config.Lookup == nil { // another network than this machine's
		return []string{e.address}, nil
	}
	return e.route.Addresses(ctx, e.address)
}

// Conn returns a connection that is opened when it is first needed.
func (e *Engine) Conn() transport.Conn { return e.conn() }

func (e *Engine) conn() *Conn {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := newConn(e, uint64(len(e.conns)))
	c.closed = e.closed
	e.conns = append(e.conns, c)
	return c
}

// Close closes every connection; a request under way fails.
func (e *Engine) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	for _, c := range e.conns {
		c.close()
	}
}

// Stats returns the counts so far.
func (e *Engine) Stats() Stats {
	return Stats{e.dialed.Load(), e.resumed.Load(), e.stale.Load(), e.unasked.Load()}
}

// now is the time since the engine began; it costs half of what time.Now does.
func (e *Engine) now() time.Duration { return time.Since(e.epoch) }

// instant is the time from the engine's beginning to t, or to now where t is zero.
func (e *Engine) instant(t time.Time) time.Duration {
	if t.IsZero() {
		return e.now()
	}
	return t.Sub(e.epoch)
}
