package wire

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fsctl/loadgen/transport"
)

func packed(t *testing.T, p []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const hello = okLine + "Content-Length: 5\r\n\r\nhello"

func TestKeepsTheConnection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, answer string
		connections  uint64
	}{
		{"1.1", hello, 1},
		{"1.1 close", okLine + "Connection: keep-alive, Close\r\nContent-Length: 0\r\n\r\n", 3},
		{"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 3},
		{"1.0 keep-alive", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n", 1},
		{"204", "HTTP/1.1 204 No Content\r\n\r\n", 1},
		{"chunks", okLine + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-T: v\r\n\r\n", 1},
		{"continue", "HTTP/1.1 100 Continue\r\n\r\n" + hello, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, Config{Address: serve(t, answering(c.answer, false))})
			conn := e.conn()
			var a transport.Answer
			for range 3 {
				do(t, conn, get(), &a)
			}
			if s := e.Stats(); s.Dialed != c.connections || s.Unasked != 0 {
				t.Errorf("%+v, want %d connections", s, c.connections)
			}
		})
	}
}

func TestClosedIdleConnectionIsNoticed(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{}, 2)
	address := serve(t, func(_ int, nc *net.TCPConn) {
		answering(hello, true)(0, nc)
		nc.Close()
		closed <- struct{}{}
	})
	e := newEngine(t, Config{Address: address})
	c := e.conn()
	var a transport.Answer
	do(t, c, post("first"), &a)
	<-closed
	c.lastByte -= time.Hour      // long idle
	do(t, c, post("second"), &a) // which may not be sent twice, and need not be
	if s := e.Stats(); s.Dialed != 2 || s.Stale != 1 || c.resent != 0 {
		t.Errorf("%+v, resent %d, want a new connection before anything was sent", s, c.resent)
	}
}

func TestLostRequestIsSentAgainWhereItMay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		q       *transport.Request
		partial string
		reset   bool
		class   string
	}{
		{name: "GET", q: get()},
		{name: "GET, reset", q: get(), reset: true},
		{name: "GET with a body", q: request("GET", "x")},
		{name: "HEAD", q: request("HEAD", "")},
		{name: "OPTIONS", q: request("OPTIONS", "")},
		{name: "TRACE", q: request("TRACE", "")},
		{name: "POST", q: post("x"), class: "closed"},
		{name: "POST, reset", q: post("x"), reset: true, class: "reset"},
		{name: "POST with a key", q: request("POST", "x", transport.Field{Name: "Idempotency-Key", Value: []byte("k")}), class: "closed"},
		{name: "PUT", q: request("PUT", "x"), class: "closed"},
		{name: "DELETE", q: request("DELETE", ""), class: "closed"},
		{name: "PATCH", q: request("PATCH", "x"), class: "closed"},
		{name: "answer begun", q: get(), partial: "H", class: "truncated"},
		{name: "answer begun, reset", q: get(), partial: "H", reset: true, class: "reset"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			answer := hello
			if c.q.Method == "HEAD" {
				answer = okLine + "Content-Length: 0\r\n\r\n"
			}
			address := serve(t, func(number int, nc *net.TCPConn) {
				r := bufio.NewReader(nc)
				for i := range 3 {
					if _, _, ok := readRequest(r); !ok {
						return
					}
					requests.Add(1)
					if number == 0 && i == 1 { // the second request on the first connection is lost
						_, _ = io.WriteString(nc, c.partial)
						if c.reset {
							time.Sleep(20 * time.Millisecond) // what was written before is to arrive first
							_ = nc.SetLinger(0)
						}
						return
					}
					_, _ = io.WriteString(nc, answer)
				}
			})
			conn := newEngine(t, Config{Address: address}).conn()
			var a transport.Answer
			do(t, conn, get(), &a)
			err := exchange(t.Context(), conn, patience, c.q, &a)
			resent := 0
			if c.class == "" {
				resent = 1
			}
			if class(err) != c.class || a.Resent != resent {
				t.Errorf("class %q, resent %d, want %q, %d", class(err), a.Resent, c.class, resent)
			}
			if want := int64(2 + resent); requests.Load() != want {
				t.Errorf("server saw %d requests, want %d", requests.Load(), want)
			}
		})
	}
}

func TestFreshConnectionIsNotTriedTwice(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	address := serve(t, func(_ int, nc *net.TCPConn) {
		connections.Add(1)
		readRequest(bufio.NewReader(nc))
	})
	var a transport.Answer
	err := exchange(t.Context(), dialed(t, address), patience, get(), &a)
	if class(err) != "closed" || connections.Load() != 1 {
		t.Errorf("class %q after %d connections, want closed after 1", class(err), connections.Load())
	}
}

// expecting is a server that sends first once it has a head, and last once it has the body.
func expecting(first, last string, body *atomic.Value) func(int, *net.TCPConn) {
	return func(_ int, nc *net.TCPConn) {
		r := bufio.NewReader(nc)
		for line := ""; line != "\r\n"; {
			var err error
			if line, err = r.ReadString('\n'); err != nil {
				return
			}
		}
		_, _ = io.WriteString(nc, first)
		p := make([]byte, 5)
		if _, err := io.ReadFull(r, p); err == nil {
			body.Store(string(p))
			_, _ = io.WriteString(nc, last)
		}
	}
}

func TestExpectContinue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, first, last string
		status            int
		body              any
	}{
		{"granted", "HTTP/1.1 100 Continue\r\n\r\n", hello, 200, "order"},
		{"granted after hints", "HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n", hello, 200, "order"},
		{"refused", "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n", "", 417, nil},
		{"silent", "", hello, 200, "order"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var body atomic.Value
			conn := dialed(t, serve(t, expecting(c.first, c.last, &body)))
			q := post("order")
			q.Header = []transport.Field{{Name: "Expect", Value: []byte("100-continue")}}
			var a transport.Answer
			do(t, conn, q, &a)
			if a.Status != c.status || body.Load() != c.body {
				t.Errorf("status %d, server got %v, want %d, %v", a.Status, body.Load(), c.status, c.body)
			}
			if refused := c.body == nil; refused != (conn.stream == nil) {
				t.Error("a connection whose body was never sent must not carry another request, and only that")
			}
		})
	}
}

func TestLargeBodies(t *testing.T) {
	t.Parallel()
	address := serve(t, func(_ int, nc *net.TCPConn) {
		r := bufio.NewReader(nc)
		for {
			_, body, ok := readRequest(r)
			if !ok {
				return
			}
			_, _ = io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: "+itoa(len(body))+"\r\n\r\n"+body)
		}
	})
	c := dialed(t, address)
	var a transport.Answer
	for _, n := range []int{0, 1, mostHeld - 100, mostHeld, mostHeld + 1, 3 << 20} {
		body := strings.Repeat("0123456789abcdef", n/16+1)[:n]
		if do(t, c, post(body), &a); string(a.Body) != body {
			t.Errorf("body of %d bytes came back as %d bytes", n, len(a.Body))
		}
	}
	if s := c.engine.Stats(); s.Dialed != 1 {
		t.Errorf("%+v, want one connection", s)
	}
}

func TestEarlyAnswerToALargeBody(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	address := serve(t, func(_ int, nc *net.TCPConn) {
		_, _ = io.WriteString(nc, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
		<-release // without reading
	})
	defer close(release)
	c := dialed(t, address)
	var a transport.Answer
	do(t, c, post(strings.Repeat("x", 16<<20)), &a)
	if a.Status != 413 || c.stream != nil {
		t.Errorf("status %d, still open: %v", a.Status, c.stream != nil)
	}
}

// Over TLS a closed connection shows as close_notify, or as none; the request is sent again all the same.
func TestLostRequestIsSentAgainOverTLS(t *testing.T) {
	t.Parallel()
	s, pool := secureServer(t, nil)
	for name, end := range map[string]func(*tls.Conn){
		"close_notify": func(c *tls.Conn) { _ = c.Close() },
		"end":          func(c *tls.Conn) { _ = c.NetConn().Close() },
		"reset": func(c *tls.Conn) {
			if nc, ok := c.NetConn().(*net.TCPConn); ok {
				_ = nc.SetLinger(0)
			}
			_ = c.NetConn().Close()
		},
	} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(name+" "+method, func(t *testing.T) {
				t.Parallel()
				address := serve(t, func(number int, nc *net.TCPConn) {
					c := tls.Server(nc, &tls.Config{Certificates: s.TLS.Certificates})
					r := bufio.NewReader(c)
					for i := range 3 {
						if _, _, ok := readRequest(r); !ok {
							return
						}
						if number == 0 && i == 1 {
							end(c)
							return
						}
						_, _ = io.WriteString(c, hello)
					}
				})
				conn := newEngine(t, Config{Address: "example.com:443", TLS: &tls.Config{RootCAs: pool}, ConnectTo: map[string]string{"example.com:443": address}}).conn()
				var a transport.Answer
				do(t, conn, request(method, "x"), &a)
				err := exchange(t.Context(), conn, patience, request(method, "x"), &a)
				if method == "GET" && (err != nil || a.Resent != 1 || a.TLS <= 0 || a.TLS > a.Connect) {
					t.Errorf("%v, resent %d, TLS took %v of %v", err, a.Resent, a.TLS, a.Connect)
				}
				if method == "POST" && (class(err) != "closed" && class(err) != "reset" || a.Resent != 0) {
					t.Errorf("%v, resent %d, wanted an error", err, a.Resent)
				}
			})
		}
	}
}
