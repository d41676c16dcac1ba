package loadgen

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"fsctl/loadgen/wire"
)

// The engines that a storm can be sent by.
const (
	EngineAuto   = "auto"   // wire
	EngineWire   = "wire"   // HTTP/1.1, plain or TLS, at the least cost a request
	EngineVegeta = "vegeta" // net/http, as vegeta uses it: HTTP/2 too
)

// userAgent is what the target sees unless a step says otherwise.
const userAgent = "fsctl"

// newEngine returns the engine that the options name, and looks the target up.
func (s *Storm) newEngine(ctx context.Context) (Engine, error) {
	if s.engineName() == EngineVegeta {
		return NewNetHTTP(s.Target, s.Connections, s.TLS, s.Route.dialer(s.Dial)), nil
	}
	return newWireEngine(ctx, s.Target, s.Seed, s.TLS, s.Route, s.Dial)
}

// engineName returns the engine that the record names.
func (s *Storm) engineName() string {
	if s.Engine == EngineVegeta {
		return EngineVegeta
	}
	return EngineWire
}

// wireEngine is the engine on package wire.
type wireEngine struct {
	engine *wire.Engine
	base   *url.URL
	path   string // of the target, which stands before that of every step
}

func newWireEngine(ctx context.Context, target *url.URL, seed uint64, config *tls.Config, route Route, dial func(ctx context.Context, network, address string) (net.Conn, error)) (*wireEngine, error) {
	if target.Scheme == "http" {
		config = nil
	} else if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	address := addressOf(target)
	engine, err := wire.New(ctx, wire.Config{Address: address, ConnectTo: map[string]string{address: route.lead(address)}, Sources: route.Sources,
		TLS: config, Seed: seed, Dial: dial, ResendAfter: idleAtLeast, MaxBody: mostBody})
	if err != nil {
		return nil, fmt.Errorf("look up the target: %w", err)
	}
	return &wireEngine{engine, target, strings.TrimSuffix(target.EscapedPath(), "/")}, nil
}

// addressOf returns host:port of a target.
func addressOf(target *url.URL) string {
	port := cmp.Or(target.Port(), map[string]string{"http": "80", "https": "443"}[target.Scheme])
	return net.JoinHostPort(target.Hostname(), port)
}

// Close frees every connection.
func (e *wireEngine) Close() { e.engine.Close() }

// Conn returns a connection, to be used by one goroutine.
func (e *wireEngine) Conn() Conn { return &wireConn{engine: e, conn: e.engine.Conn()} }

// wireConn writes a request's head into a buffer of its own and reads the answer from the wire.
type wireConn struct {
	engine   *wireEngine
	conn     *wire.Conn
	request  wire.Request
	response wire.Response
}

// Connect opens the connection ahead of its first request.
func (c *wireConn) Connect(ctx context.Context) { _ = c.conn.Connect(ctx) } // the first request tries again, and tells

// Do sends a request, follows redirects, and reads the whole answer.
func (c *wireConn) Do(ctx context.Context, r *Request, a *Answer) {
	if c.request.Sent = r.Sent; r.Sent.IsZero() {
		c.request.Sent = time.Now()
	}
	deadline := c.request.Sent.Add(r.Timeout)
	c.write(r.Method, c.engine.path, r.URL, r.Header, r.Body)
	c.request.WantBody = r.WantBody
	a.BytesOut = uint64(len(r.Body))
	if c.send(ctx, deadline, a); a.Err == nil && r.Redirects > 0 && a.Status >= 300 && a.Status < 400 {
		c.follow(ctx, deadline, r, a)
	}
	a.Took = c.response.Took
	if a.Err != nil {
		return
	}
	a.Body, a.BytesIn = c.response.Body, uint64(c.response.BodyBytes)
	for _, name := range r.WantHeader {
		for field, value := range c.response.Headers() {
			if len(field) == len(name) && strings.EqualFold(string(field), name) {
				a.addHeader(name, value)
			}
		}
	}
}

func (c *wireConn) send(ctx context.Context, deadline time.Time, a *Answer) {
	err := c.conn.Do(ctx, deadline, &c.request, &c.response)
	a.Connect += c.response.Connect
	if err != nil {
		a.fail(err)
		return
	}
	a.Status, a.Waiting = c.response.Status, c.response.FirstByte
}

// write puts the head of a request together. Values hold no line ends; see escapeHeader.
func (c *wireConn) write(method, path string, rest []byte, header []Field, body []byte) {
	b := append(c.request.Head[:0], method...)
	b = append(b, ' ')
	b = append(b, path...)
	b = append(b, rest...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	host, agent, expect := []byte(nil), false, false
	for i := range header {
		switch header[i].Name {
		case "Host":
			host = header[i].Value
		case "User-Agent":
			agent = true
		case "Expect":
			expect = strings.EqualFold(string(header[i].Value), "100-continue")
		}
	}
	if host != nil {
		b = append(b, host...)
	} else {
		b = append(b, c.engine.base.Host...)
	}
	b = append(b, "\r\n"...)
	for i := range header {
		if f := &header[i]; f.Name != "Host" && (f.Name != "Content-Type" || len(body) > 0) {
			b = append(b, f.Name...)
			b = append(b, ": "...)
			b = append(b, f.Value...)
			b = append(b, "\r\n"...)
		}
	}
	if !agent {
		b = append(b, "User-Agent: "+userAgent+"\r\n"...)
	}
	safe := method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
	if len(body) > 0 || method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(body)), 10)
		b = append(b, "\r\n"...)
	}
	b = append(b, "\r\n"...)
	c.request.Head, c.request.Body, c.request.Expect = b, body, expect
	c.request.HEAD, c.request.Idempotent = method == http.MethodHead, safe && len(body) == 0
}

// follow goes where redirects lead, as browsers do: 301, 302 and 303 turn into a GET without a body.
func (c *wireConn) follow(ctx context.Context, deadline time.Time, r *Request, a *Answer) {
	method, body := r.Method, r.Body
	at, err := c.engine.base.Parse(c.engine.path + string(r.URL))
	for hops := 1; err == nil && a.Err == nil; hops++ {
		switch a.Status {
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
			if method != http.MethodHead {
				method = http.MethodGet
			}
			body = nil
		case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		default:
			return
		}
		location := c.response.Header("Location")
		if len(location) == 0 {
			return
		}
		if hops > r.Redirects {
			err = fmt.Errorf("%w: %d", errRedirects, hops)
			break
		}
		if at, err = at.Parse(string(location)); err != nil {
			err = fmt.Errorf("%w: Location: %w", wire.ErrMalformed, err)
			break
		}
		if base := c.engine.base; !strings.EqualFold(at.Host, base.Host) || at.Scheme != base.Scheme {
			err = fmt.Errorf("%w: %s://%s", errForeign, at.Scheme, at.Host)
			break
		}
		c.write(method, "", []byte(at.RequestURI()), r.Header, body)
		c.send(ctx, deadline, a)
	}
	if err != nil {
		a.fail(err)
	}
}

// isWire classifies the errors that are wire's own.
func isWire(err error) (class string, ok bool) {
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		return ClassTooLarge, true
	case errors.Is(err, wire.ErrMalformed):
		return ClassMalformed, true
	case errors.Is(err, wire.ErrTLS):
		return ClassTLS, true
	}
	return "", false
}
