package transport

import (
	"bytes"
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

	"fsctl/loadgen/cookies"
)

// NetHTTP is the engine on net/http: HTTP/1.1 and, over TLS, HTTP/2. Users ask for it by --engine vegeta, because
// vegeta sends by net/http too; a storm's arrivals, connections and times are this program's own all the same.
type NetHTTP struct {
	base          *url.URL
	path          string // of base, which stands before that of every request
	host          string // of base, as the Host header has it
	authorization string // that base's user and password ask for, empty without
	transport     *http.Transport
	unpacker      Unpacker
	proxy         *Proxy // nil for none

	mu    sync.Mutex
	conns []*netConn
}

// NewNetHTTP returns an engine on the target. connections is how many requests outside Conn's own
// connections may keep one open. Dial stands in for the network where it is not nil. [NetHTTP.EndConnections] makes every
// request one connection's last.
func NewNetHTTP(target *url.URL, connections int, config *tls.Config, dial Dial) *NetHTTP {
	if dial == nil {
		dial = Route{}.Dialer(nil)
	}
	return &NetHTTP{base: target, path: PathOf(target), host: HostOf(target), authorization: BasicAuth(target), transport: &http.Transport{
		DialContext:         dial,
		TLSClientConfig:     config.Clone(), // net/http writes into it
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: connections,
		// The default is 10 MiB, on each connection.
		MaxResponseHeaderBytes: MaxHead,
		DisableCompression:     true, // bytes are counted as they came
		// How long a request that expects 100 Continue keeps its body back; without it, not at all.
		ExpectContinueTimeout: time.Second,
	}}
}

// EndConnections makes every connection end with the answer to its first request, and every request say so. It is to be called before the
// first of them.
func (e *NetHTTP) EndConnections() { e.transport.DisableKeepAlives = true }

// Close closes the connections, which must be idle.
func (e *NetHTTP) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.conns {
		c.Disconnect()
	}
	e.transport.CloseIdleConnections()
}

// RoundTrip sends a request outside of any Conn, on a connection that others may use after it. The errors are those of
// net/http.Transport.
func (e *NetHTTP) RoundTrip(r *http.Request) (*http.Response, error) {
	return (&proxied{e.transport, e.proxy}).RoundTrip(r)
}

// Conn returns a connection that is opened when it is first needed.
func (e *NetHTTP) Conn() Conn {
	c := &netConn{engine: e, address: AddressOf(e.base)}
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
	engine  *NetHTTP
	address string

	open    *http.ClientConn // nil where there is none
	connect time.Duration    // of the request at hand
	resent  int              // of the request at hand
	secure  time.Duration    // of connect, TLS
	first   *atomic.Int64    // when its answer began, in nanoseconds since it was sent; 0 before

	last  *http.Response // of the last request, nil for none
	start []byte         // of its body
}

// send sends one request on the connection. Where the server closed a connection that was open
// before, the request goes out again on a new one if [MayResend] allows it. The errors are those of net/http.Transport.
func (c *netConn) send(r *http.Request) (*http.Response, error) {
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
	c.Disconnect()
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

// Disconnect closes the connection.
func (c *netConn) Disconnect() {
	if c.open != nil {
		_ = c.open.Close() // it is given up either way
		c.open = nil
	}
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

// Do sends a request, follows redirects and reads the whole answer.
func (c *netConn) Do(ctx context.Context, r *Request, a *Answer) {
	a.Reset()
	c.connect, c.secure, c.resent, c.last, c.start = 0, 0, 0, nil, c.start[:0]
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
	a.BytesOut = uint64(r.BodyBytes())
	response, err := c.follow(httptrace.WithClientTrace(ctx, trace), r, a)
	a.Connect, a.TLS, a.Resent = c.connect, c.secure, c.resent
	if err != nil {
		a.Fail(err)
		return
	}
	defer response.Body.Close()
	a.Waiting = time.Duration(first.Load())
	if response.StatusCode == http.StatusSwitchingProtocols { // no request asks for it
		a.Fail(fmt.Errorf("%w: another protocol: status 101", ErrMalformed))
		return
	}
	a.Status = response.StatusCode
	for _, name := range r.WantHeader {
		for _, value := range response.Header[name] {
			a.AddField(name, []byte(trimSpace(value))) // folds may leave a space at the end
		}
	}
	c.readBody(a, response.Body, r.WantBody)
	if a.Err == nil && len(a.Body) > 0 {
		c.unpack(a, strings.Join(response.Header["Content-Encoding"], ","), r.Header)
	}
	if r.WantBody {
		c.start = append(c.start[:0], a.Start(a.Err == nil)...)
	}
	if a.Err != nil {
		a.Body, a.BytesIn = a.Body[:0], 0
	}
}

// follow sends a request, follows redirects, and returns the answer at their end, whose body is to be read.
func (c *netConn) follow(ctx context.Context, r *Request, a *Answer) (*http.Response, error) {
	target, header := c.engine.path+string(r.URL), r.Header
	var host cookies.Host
	if r.Jar != nil {
		host = cookieHostFor(c.engine.base.Scheme, c.engine.base.Host, r.Header)
		header = withCookies(header, r.Jar, &host, target, time.Now())
	}
	request, err := c.engine.request(ctx, r.Method, target, header, r.Body, r.Rest)
	if err != nil {
		return nil, err
	}
	var redirects *Redirects
	for {
		response, err := c.answer(request)
		if err != nil {
			return nil, err
		}
		if r.Redirects == 0 || !IsRedirect(response.StatusCode) {
			if r.Jar != nil {
				keepCookies(r.Jar, response.Header, &host, target, time.Now())
			}
			return response, nil
		}
		if redirects == nil {
			redirects = NewRedirects(c.engine.base, r)
		}
		on, err := redirects.Next(response.StatusCode, trimSpace(response.Header.Get("Location")), response.Header["Set-Cookie"])
		if err == nil && !on {
			return response, nil
		}
		a.Passed = redirects.Cookies
		if err == nil {
			_, err = io.Copy(io.Discard, &limited{response.Body, MaxBody})
		}
		_ = response.Body.Close() // what it says of the body was said before
		if err != nil {
			return nil, err
		}
		a.Followed++
		target = redirects.Target
		if request, err = c.engine.request(ctx, redirects.Method, target, redirects.Header, redirects.Body, redirects.Rest); err != nil {
			return nil, err
		}
	}
}

// answer sends a request and returns its answer, which has a status.
func (c *netConn) answer(request *http.Request) (*http.Response, error) {
	response, err := c.send(request)
	c.last = response
	if err != nil {
		return nil, err
	}
	if err = checkStatus(response); err != nil {
		c.Disconnect()
	} else {
		err = c.engine.proxy.check(response)
	}
	if err != nil {
		_ = response.Body.Close() // it is given up
		return nil, err
	}
	return response, nil
}

// checkStatus fails where a status is none, which net/http lets pass.
func checkStatus(response *http.Response) error {
	if response.StatusCode < 100 {
		return fmt.Errorf("%w: found status %q, wanted 100 to 999", ErrMalformed, response.Status)
	}
	return nil
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

// request returns a request for path and query, which are encoded.
func (e *NetHTTP) request(ctx context.Context, method, target string, header []Field, body []byte, rest [][]byte) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, method, "/", nil)
	if err != nil {
		return nil, err
	}
	request.URL, request.Host = URLOf(e.base, target), e.host
	for _, f := range header {
		if value := trimSpace(string(f.Value)); f.Name != "Host" {
			request.Header.Add(f.Name, value)
			request.Close = request.Close || f.Name == "Connection" && endsConnection(value)
		} else if value != "" {
			request.Host = value
		}
	}
	if request.Header["User-Agent"] == nil { // one without a value is not sent
		request.Header.Set("User-Agent", UserAgent)
	}
	if e.authorization != "" && request.Header["Authorization"] == nil {
		request.Header.Set("Authorization", e.authorization)
	}
	if e.transport.DisableKeepAlives {
		request.Header.Set("Connection", "close")
	}
	if length := bodyBytes(body, rest); length > 0 {
		pieces := keptPieces(body, rest)
		request.GetBody = func() (io.ReadCloser, error) {
			if len(pieces) == 1 { // which net/http writes together with the head
				return io.NopCloser(bytes.NewReader(pieces[0])), nil
			}
			readers := make([]io.Reader, len(pieces))
			for i, piece := range pieces {
				readers[i] = bytes.NewReader(piece)
			}
			return io.NopCloser(io.MultiReader(readers...)), nil
		}
		request.Body, _ = request.GetBody()
		request.ContentLength = int64(length)
	}
	return request, nil
}

// keptPieces returns the pieces of a body for a connection that may still read them after an early answer: copies but for files, which
// requests share.
func keptPieces(body []byte, rest [][]byte) [][]byte {
	pieces := append(make([][]byte, 0, 1+len(rest)), bytes.Clone(body))
	for i, piece := range rest {
		if i%2 == 1 {
			piece = bytes.Clone(piece)
		}
		pieces = append(pieces, piece)
	}
	return pieces
}

// endsConnection reports whether a Connection header says that the connection ends with the answer.
func endsConnection(value string) bool {
	for token := range strings.SplitSeq(value, ",") {
		if strings.EqualFold(trimSpace(token), "close") {
			return true
		}
	}
	return false
}

// limited is a body that fails once more than so many bytes of it were read.
type limited struct {
	io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n, fmt.Errorf("%w: over %d MiB", ErrTooLarge, MaxBody>>20)
	}
	return n, err
}

// readBody reads a whole body, and keeps it where it is wanted, else its beginning.
func (c *netConn) readBody(a *Answer, body io.Reader, want bool) {
	limited := io.LimitReader(body, MaxBody+1)
	var n int64
	var err error
	if want {
		n, err = a.readFrom(limited, MaxBody)
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
	if err == nil {
		err = a.Kept()
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

// unpack takes the content encodings off a body that the request asks for.
func (c *netConn) unpack(a *Answer, encodings string, header []Field) {
	accepted := ""
	for _, f := range header {
		if f.Name == "Accept-Encoding" {
			accepted = string(f.Value)
		}
	}
	if err := c.engine.unpacker.Unpack(a, encodings, accepted, MaxBody); err != nil {
		a.Fail(err)
	}
}
