package transport

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/loadgen/loadtest"
)

// TestEachConnIsOneConnection also holds for HTTP/2, which could put all requests on one.
func TestEachConnIsOneConnection(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		server, config, opened := loadtest.Secure(t, tls.NoClientCert, http2)
		engine := NewNetHTTP(loadtest.Must(url.Parse(server.URL)), 3, config, nil)
		conns := []Conn{engine.Conn(), engine.Conn(), engine.Conn()}
		for range 5 {
			for _, c := range conns {
				a := new(Answer)
				if c.Do(context.Background(), &Request{Method: "GET", URL: []byte("/"), Timeout: patience}, a); a.Err != nil {
					t.Error(a.Err)
				}
			}
		}
		engine.Close()
		if n := opened.Load(); n != 3 {
			t.Errorf("HTTP/2 %v: 15 requests of 3 users took %d connections, wanted 3", http2, n)
		}
	}
}

// fickle answers the first request of every connection, and does to the second what a test wants.
func fickle(p *loadtest.Pipes, second func(c net.Conn, r *bufio.Reader)) (asked *atomic.Int32, stop func()) {
	asked = new(atomic.Int32)
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			c, err := p.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				defer c.Close()
				r := bufio.NewReader(c)
				request, err := http.ReadRequest(r)
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, request.Body)
				asked.Add(1)
				body := "ok"
				if request.Method == http.MethodHead {
					body = ""
				}
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"+body)
				second(c, r)
			})
		}
	})
	return asked, func() { p.Close(); wait.Wait() }
}

// TestConnectionsThatTheServerCloses sends two requests, with a pause between them or none.
func TestConnectionsThatTheServerCloses(t *testing.T) {
	onRequest := func(c net.Conn, r *bufio.Reader) { _, _ = r.ReadByte() }         // closes when the second request begins
	whileIdle := func(c net.Conn, r *bufio.Reader) { time.Sleep(2 * time.Second) } // closes before it, if there is a pause
	inAnswer := func(c net.Conn, r *bufio.Reader) {                                // after its first bytes
		if _, err := http.ReadRequest(r); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n")
		}
	}
	for _, c := range []struct {
		name   string
		method string
		second func(net.Conn, *bufio.Reader)
		pause  time.Duration
		class  string
		asked  int32
		resent int
	}{
		{"closed while idle, GET", "GET", whileIdle, 5 * time.Second, "", 2, 0},
		{"closed while idle, POST", "POST", whileIdle, 5 * time.Second, "", 2, 0},
		{"closed at the same time after a pause, GET", "GET", onRequest, 5 * time.Second, "", 2, 1},
		// It may have been acted upon, so it is not sent again: the buyer does not know either.
		{"closed at the same time after a pause, POST", "POST", onRequest, 5 * time.Second, ClassClosed, 1, 0},
		// Without a pause too the request is sent again, as a browser does; it is counted, so that nothing is hidden.
		{"closed on the request, GET", "GET", onRequest, 0, "", 2, 1},
		{"closed on the request, GET with a body", "GET+", onRequest, 0, "", 2, 1},
		{"closed on the request, HEAD", "HEAD", onRequest, 0, "", 2, 1},
		{"closed on the request, TRACE", "TRACE", onRequest, 0, "", 2, 1},
		{"closed within the answer, GET", "GET", inAnswer, 0, ClassTruncated, 1, 0},
		{"closed on the request, POST", "POST", onRequest, 0, ClassClosed, 1, 0},
		{"closed on the request, PUT", "PUT", onRequest, 0, ClassClosed, 1, 0},
		{"closed on the request, DELETE", "DELETE", onRequest, 0, ClassClosed, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := loadtest.NewPipes()
				asked, stop := fickle(p, c.second)
				defer stop()
				engine := NewNetHTTP(loadtest.Target(), 1, nil, p.Dial)
				defer engine.Close()
				conn, a := engine.Conn(), new(Answer)
				method, withBody := strings.CutSuffix(c.method, "+")
				r := &Request{Method: method, URL: []byte("/"), Timeout: patience}
				if withBody || !MayResend(method) {
					// net/http's own pool would take this for a leave to send it again.
					r.Body, r.Header = []byte("x"), []Field{{"Idempotency-Key", []byte("k")}}
				}
				if conn.Do(context.Background(), r, a); a.Err != nil {
					t.Fatal(a.Err)
				}
				time.Sleep(c.pause)
				a.Reset()
				conn.Do(context.Background(), r, a)
				if a.Class != c.class || asked.Load() != c.asked || a.Resent != c.resent {
					t.Errorf("class %q after %d answers, resent %d, wanted %q after %d, %d: %v", a.Class, asked.Load(), a.Resent, c.class, c.asked, c.resent, a.Err)
				}
				a.Reset()
				if conn.Do(context.Background(), r, a); c.class != "" && a.Err != nil {
					t.Errorf("the connection is not opened again: %v", a.Err)
				}
			})
		})
	}
}
