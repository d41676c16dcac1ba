package transport

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// NetHTTP is the engine on net/http: HTTP/1.1 and, over TLS, HTTP/2. Users ask for it by --engine vegeta, because
// vegeta sends by net/http too; a storm's arrivals, connections and times are this program's own all the same.
type NetHTTP struct {
	base      *url.URL
	transport *http.Transport

	mu    sync.Mutex
	conns []*netConn
}

// NewNetHTTP returns an engine on the target. connections is how many requests outside Conn's own
// connections may keep one open. Dial stands in for the network where it is not nil.
func NewNetHTTP(target *url.URL, connections int, config *tls.Config, dial Dial) *NetHTTP {
	if dial == nil {
		dial = Route{}.Dialer(nil)
	}
	return &NetHTTP{base: target, transport: &http.Transport{
		DialContext:         dial,
		TLSClientConfig:     config.Clone(), // net/http writes into it
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: connections,
		DisableCompression:  true, // bytes are counted as they came
		// How long a request that expects 100 Continue keeps its body back; without it, not at all.
		ExpectContinueTimeout: time.Second,
	}}
}

// Close closes the connections, which must be idle.
func (e *NetHTTP) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.conns {
		c.shut()
	}
	e.transport.CloseIdleConnections()
}

// RoundTrip sends a request outside of any Conn, on a connection that others may use after it. The errors are those of
// net/http.Transport.
func (e *NetHTTP) RoundTrip(r *http.Request) (*http.Response, error) { return e.transport.RoundTrip(r) }

// Conn returns a connection that is opened when it is first needed.
func (e *NetHTTP) Conn() Conn {
	c := &netConn{engine: e, prefix: strings.TrimSuffix(e.base.String(), "/"), address: AddressOf(e.base)}
	c.client = http.Client{Transport: c, CheckRedirect: c.redirect}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.conns = append(e.conns, c)
	return c
}

// netConn is one connection, which sends one request at a time and is opened anew when it broke.
//
// It does not use net/http's pool: that sends a request again, unasked and uncounted, when a used
// connection breaks before the answer, and so hides that the target broke it.
type netConn struct {
	engine    *NetHTTP
	prefix    string // of every URL
	address   string
	client    http.Client
	redirects int // that the request at hand may follow

	open    *http.ClientConn // nil where there is none
	connect time.Duration    // of the request at hand
	resent  int              // of the request at hand
	secure  time.Duration    // of connect, TLS
	first   *atomic.Int64    // when its answer began, in nanoseconds since it was sent; 0 before

	last  *http.Response // of the last request, nil for none
	start []byte         // of its body
}

// RoundTrip sends one request on the connection; it is for http.Client. Where the server closed a connection that was open
// before, the request goes out again on a new one if [MayResend] allows it. The errors are those of net/http.Transport.
func (c *netConn) RoundTrip(r *http.Request) (*http.Response, error) {
	c.first.Store(0)
	used := c.open != nil && c.open.Available() > 0
	if !used {
		if err := c.connectTo(r.Context()); err != nil {
			return nil, err
		}
	}
	response, err := c.open.RoundTrip(r)
	if err != nil && used && c.first.Load() == 0 && mayResend(r, err) {
		if r.GetBody != nil {
			again := *r // RoundTrip may not change a request
			if again.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
			r = &again
		}
		c.resent++
		if err := c.connectTo(r.Context()); err != nil {
			return nil, err
		}
		response, err = c.open.RoundTrip(r)
	}
	return response, err
}

// mayResend reports whether a request failed because its connection was closed, or was refused by HTTP/2 before the server
// looked at it, and may be sent again.
func mayResend(r *http.Request, err error) bool {
	class := Classify(err)
	return MayResend(r.Method) && (class == ClassClosed || class == ClassReset) && r.Context().Err() == nil
}

// connectTo opens a new connection in place of the old one.
func (c *netConn) connectTo(ctx context.Context) error {
	c.shut()
	began := time.Now()
	handshake := new(handshake) // which may outlast the request
	open, err := c.engine.transport.NewClientConn(httptrace.WithClientTrace(ctx, handshake.trace()), c.engine.base.Scheme, c.address)
	if err != nil {
		return err
	}
	c.open = open
	c.connect += time.Since(began)
	c.secure += time.Duration(handshake.took.Load())
	return nil
}

// handshake measures the TLS part of opening a connection.
type handshake struct {
	began time.Time
	took  atomic.Int64 // nanoseconds
}

func (h *handshake) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		TLSHandshakeStart: func() { h.began = time.Now() },
		TLSHandshakeDone:  func(tls.ConnectionState, error) { h.took.Store(int64(time.Since(h.began))) },
	}
}

func (c *netConn) shut() {
	if c.open != nil {
		_ = c.open.Close() // it is given up either way
		c.open = nil
	}
}

func (c *netConn) redirect(r *http.Request, via []*http.Request) error {
	base := c.engine.base
	switch {
	case c.redirects == 0:
		return http.ErrUseLastResponse
	case !strings.EqualFold(r.URL.Host, base.Host) || r.URL.Scheme != base.Scheme:
		return fmt.Errorf("%w: %s://%s", ErrForeign, r.URL.Scheme, r.URL.Host)
	case len(via) > c.redirects:
		return fmt.Errorf("%w: %d", ErrRedirects, len(via))
	}
	return nil
}

// connectPatience is how long a connection that is opened ahead may take.
const connectPatience = 10 * time.Second

// Connect opens the connection if it is not open, so that the first request finds it ready. It fails where the target
// refuses it, TLS fails, or ctx ends; Classify names the class.
func (c *netConn) Connect(ctx context.Context) error {
	if c.open != nil && c.open.Available() > 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	return c.connectTo(ctx)
}

// Do sends a request and reads the whole answer.
func (c *netConn) Do(ctx context.Context, r *Request, a *Answer) {
	a.Reset()
	c.redirects, c.connect, c.secure, c.resent, c.last, c.start = r.Redirects, 0, 0, 0, nil, c.start[:0]
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	began := r.Sent
	if began.IsZero() {
		began = time.Now()
	}
	defer func() { a.Took = time.Since(began) }()
	first := new(atomic.Int64) // a request that is given up may still be answered: a is another's then
	c.first = first
	trace := &httptrace.ClientTrace{GotFirstResponseByte: func() { first.Store(int64(time.Since(began))) }}
	request, err := newRequest(httptrace.WithClientTrace(ctx, trace), r, c.prefix+string(r.URL))
	if err != nil {
		a.Fail(err)
		return
	}
	a.BytesOut = uint64(len(r.Body))
	response, err := c.client.Do(request)
	a.Connect, a.TLS, a.Resent = c.connect, c.secure, c.resent
	c.last = response // also one that leads on too often, with its error
	if err != nil {
		a.Fail(err)
		return
	}
	defer response.Body.Close()
	a.Waiting = time.Duration(first.Load())
	a.Status = response.StatusCode
	for _, name := range r.WantHeader {
		for _, value := range response.Header[name] {
			a.AddField(name, []byte(value))
		}
	}
	if response.StatusCode != http.StatusSwitchingProtocols { // what follows is no body, and need not end
		c.readBody(a, response.Body, r.WantBody)
	}
	if len(a.Body) > 0 && a.Err == nil && strings.EqualFold(response.Header.Get("Content-Encoding"), "gzip") &&
		strings.Contains(strings.ToLower(request.Header.Get("Accept-Encoding")), "gzip") {
		unpack(a)
	}
	if r.WantBody {
		c.start = append(c.start[:0], a.Body[:min(len(a.Body), MostStart)]...)
	}
}

// Last returns head and beginning of the body of the last answer. Its fields are sorted.
func (c *netConn) Last() Exchange {
	if c.last == nil {
		return Exchange{}
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "%s %s\r\n", c.last.Proto, c.last.Status)
	_ = c.last.Header.Write(&head) // never fails
	head.WriteString("\r\n")
	return Exchange{Head: head.Bytes(), Body: c.start}
}

func newRequest(ctx context.Context, r *Request, address string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, address, nil)
	if err != nil {
		return nil, err
	}
	for _, f := range r.Header {
		if f.Name == "Host" {
			request.Host = string(f.Value)
			continue
		}
		request.Header.Add(f.Name, string(f.Value))
	}
	if request.Header.Get("User-Agent") == "" {
		request.Header.Set("User-Agent", UserAgent)
	}
	if len(r.Body) > 0 {
		body := bytes.Clone(r.Body) // the connection may still read it after an early answer
		request.Body = io.NopCloser(bytes.NewReader(body))
		request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		request.ContentLength = int64(len(body))
	}
	return request, nil
}

// readBody reads a whole body, and keeps it where it is wanted, else its beginning.
func (c *netConn) readBody(a *Answer, body io.Reader, want bool) {
	limited := io.LimitReader(body, MaxBody+1)
	var n int64
	var err error
	if want {
		buffer := bytes.NewBuffer(a.Body)
		n, err = buffer.ReadFrom(limited)
		a.Body = buffer.Bytes()
	} else {
		if err = c.readStart(limited); err == nil {
			n, err = io.Copy(io.Discard, limited)
		}
		if n += int64(len(c.start)); err == io.EOF {
			err = nil
		}
	}
	a.BytesIn = uint64(n)
	if err == nil && n > MaxBody {
		err = fmt.Errorf("%w: over %d MiB", ErrTooLarge, MaxBody>>20)
	}
	if err != nil {
		a.Fail(err)
	}
}

// readStart reads the beginning of a body. The error is io.EOF where that is all of it.
func (c *netConn) readStart(body io.Reader) error {
	c.start = slices.Grow(c.start[:0], MostStart)
	for len(c.start) < MostStart {
		n, err := body.Read(c.start[len(c.start):MostStart])
		c.start = c.start[:len(c.start)+n]
		if err != nil {
			return err
		}
	}
	return nil
}

// unpack unpacks a body in gzip.
func unpack(a *Answer) {
	packed, err := gzip.NewReader(bytes.NewReader(a.Body))
	if err == nil {
		a.Body, err = io.ReadAll(io.LimitReader(packed, MaxBody+1))
	}
	switch {
	case err != nil:
		a.Fail(fmt.Errorf("%w: body is not gzip: %w", ErrMalformed, err))
	case len(a.Body) > MaxBody:
		a.Fail(fmt.Errorf("%w: over %d MiB unpacked", ErrTooLarge, MaxBody>>20))
	}
}
