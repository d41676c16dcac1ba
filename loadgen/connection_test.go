package loadgen

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/loadgen/record"
	"fsctl/scenarios/shop"
)

// secure starts a TLS server that answers with the protocol and the client's name.
func secure(t *testing.T, clients tls.ClientAuthType, http2 bool) (*httptest.Server, *tls.Config, *atomic.Int32) {
	t.Helper()
	var opened atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "%s, %d certificates", r.Proto, len(r.TLS.PeerCertificates))
	}))
	server.EnableHTTP2 = http2
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	roots := x509.NewCertPool()
	server.TLS = &tls.Config{ClientAuth: clients, ClientCAs: roots}
	server.StartTLS()
	roots.AddCert(server.Certificate())
	t.Cleanup(server.Close)
	return server, &tls.Config{RootCAs: roots}, &opened
}

func TestTLS(t *testing.T) {
	// The server tells why after the handshake, and closes; a client that was writing may see only that.
	const turnedAway = "tls, closed or reset"
	for _, c := range []struct {
		name    string
		clients tls.ClientAuthType
		http2   bool
		change  func(client *tls.Config, server *httptest.Server)
		class   string
		body    string
	}{
		{"HTTP/1.1", tls.NoClientCert, false, nil, "", "HTTP/1.1, 0 certificates"},
		{"HTTP/2", tls.NoClientCert, true, nil, "", "HTTP/2.0, 0 certificates"},
		{"an unknown authority", tls.NoClientCert, true, func(c *tls.Config, _ *httptest.Server) { c.RootCAs = x509.NewCertPool() }, ClassTLS, ""},
		{"another host's certificate", tls.NoClientCert, true, func(c *tls.Config, _ *httptest.Server) { c.ServerName = "shop.invalid" }, ClassTLS, ""},
		{"nothing verified on request", tls.NoClientCert, true, func(c *tls.Config, _ *httptest.Server) { c.RootCAs, c.InsecureSkipVerify = nil, true }, "", "HTTP/2.0, 0 certificates"},
		{"too old a version", tls.NoClientCert, false, func(c *tls.Config, s *httptest.Server) { c.MaxVersion = tls.VersionTLS11 }, ClassTLS, ""},
		{"no client certificate", tls.RequireAnyClientCert, false, nil, turnedAway, ""},
		{"no client certificate over HTTP/2", tls.RequireAnyClientCert, true, nil, turnedAway, ""},
		{"a client certificate", tls.RequireAnyClientCert, true, func(c *tls.Config, s *httptest.Server) { c.Certificates = s.TLS.Certificates }, "", "HTTP/2.0, 1 certificates"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, config, _ := secure(t, c.clients, c.http2)
			if c.change != nil {
				c.change(config, server)
			}
			target := must(url.Parse(server.URL))
			for _, engine := range []Engine{NewNetHTTP(target, 1, config, nil), must(newWireEngine(context.Background(), target, 1, config, Route{}, nil))} {
				class, body := c.class, c.body
				if _, ours := engine.(*wireEngine); ours {
					body = strings.Replace(body, "HTTP/2.0", "HTTP/1.1", 1) // all it speaks
				}
				a := new(Answer)
				engine.Conn().Do(context.Background(), &Request{Method: "POST", URL: []byte("/"), Body: []byte("x"), Timeout: patience, WantBody: true}, a)
				if class == turnedAway && slices.Contains([]string{ClassTLS, ClassClosed, ClassReset}, a.Class) {
					class = a.Class
				}
				if a.Class != class || string(a.Body) != body {
					t.Errorf("%T: class %q, body %q, wanted %q and %q: %v", engine, a.Class, a.Body, class, body, a.Err)
				}
				engine.Close()
			}
			if len(config.NextProtos) > 0 {
				t.Error("the caller's configuration was changed")
			}
		})
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	if a := ask(must(url.Parse("https"+plain.URL[len("http"):])), patience); a.Class != ClassTLS {
		t.Errorf("TLS to a plain port: class %q: %v", a.Class, a.Err)
	}
}

// TestEachConnIsOneConnection also holds for HTTP/2, which could put all requests on one.
func TestEachConnIsOneConnection(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		server, config, opened := secure(t, tls.NoClientCert, http2)
		engine := NewNetHTTP(must(url.Parse(server.URL)), 3, config, nil)
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
func fickle(p *pipes, second func(c net.Conn, r *bufio.Reader)) (asked *atomic.Int32, stop func()) {
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
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
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
	for _, c := range []struct {
		name   string
		method string
		second func(net.Conn, *bufio.Reader)
		pause  time.Duration
		class  string
		asked  int32
	}{
		{"closed while idle, GET", "GET", whileIdle, 5 * time.Second, "", 2},
		{"closed while idle, POST", "POST", whileIdle, 5 * time.Second, "", 2},
		{"closed at the same time after a pause, GET", "GET", onRequest, 5 * time.Second, "", 2},
		// It may have been acted upon, so it is not sent again: the buyer does not know either.
		{"closed at the same time after a pause, POST", "POST", onRequest, 5 * time.Second, ClassClosed, 1},
		// Without a pause the server broke it, and that must not be hidden.
		{"closed on the request, GET", "GET", onRequest, 0, ClassClosed, 1},
		{"closed on the request, POST", "POST", onRequest, 0, ClassClosed, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipes()
				asked, stop := fickle(p, c.second)
				defer stop()
				engine := NewNetHTTP(target(), 1, nil, p.dial)
				defer engine.Close()
				conn, a := engine.Conn(), new(Answer)
				r := &Request{Method: c.method, URL: []byte("/"), Timeout: patience}
				if c.method == "POST" {
					// net/http's own pool would take this for a leave to send it again.
					r.Body, r.Header = []byte("x"), []Field{{"Idempotency-Key", []byte("k")}}
				}
				if conn.Do(context.Background(), r, a); a.Err != nil {
					t.Fatal(a.Err)
				}
				time.Sleep(c.pause)
				a.reset()
				conn.Do(context.Background(), r, a)
				if a.Class != c.class || asked.Load() != c.asked {
					t.Errorf("class %q after %d answers, wanted %q after %d: %v", a.Class, asked.Load(), c.class, c.asked, a.Err)
				}
				a.reset()
				if conn.Do(context.Background(), r, a); c.class != "" && a.Err != nil {
					t.Errorf("the connection is not opened again: %v", a.Err)
				}
			})
		})
	}
}

// TestResetsAreCountedOneByOne storms a shop that resets connections, on a real network: each
// reset is one error, and the shop sees as many requests as were counted as sent.
func TestResetsAreCountedOneByOne(t *testing.T) {
	store, err := shop.New(shop.Config{Items: 1, Stock: 1, Faults: shop.Faults{ResetRatio: 0.2}, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	var seen atomic.Uint64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Add(1)
		store.ServeHTTP(w, r)
	}))
	defer server.Close()
	s := compile(t, `
steps: {browse: {share: 100%, request: {url: /items}}}
storm: {t0: 0s, phases: [{journey: visitor, at: T0, users: 1000, reaction: {uniform: [0ms, 200ms]}}]}
journeys: {visitor: [browse]}
`, func(o *Options) { o.Target, o.Raw = must(url.Parse(server.URL)), true })
	run := send(context.Background(), t, s, nil)
	c := run.all("")
	if c.Sent != 1000 || seen.Load() != c.Sent || run.end.Reason != record.Completed {
		t.Errorf("%d sent, but the target saw %d", c.Sent, seen.Load())
	}
	if n := c.Errors[ClassReset]; n != 200 || c.Failed != 200 {
		t.Errorf("%d resets and %d failures, wanted 200: %v", n, c.Failed, c.Errors)
	}
	if codes := rawCodes(t, run.Dir); codes[0] != 200 || codes[200] != 800 || len(codes) != 2 {
		t.Errorf("the raw results have %v, wanted 800 of 200 and 200 without a status", codes)
	}
}
