package wire

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"fsctl/loadgen/transport"
)

// secureServer answers hello over TLS; adjust changes its settings.
func secureServer(t *testing.T, adjust func(*tls.Config)) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/close" {
			w.Header().Set("Connection", "close")
		}
		_, _ = io.WriteString(w, r.TLS.NegotiatedProtocol+" "+r.TLS.ServerName)
	}))
	s.TLS = &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
	s.Config.ErrorLog = nil
	if adjust != nil {
		adjust(s.TLS)
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return s, pool
}

func TestTLS(t *testing.T) {
	t.Parallel()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			s, pool := secureServer(t, func(c *tls.Config) { c.MaxVersion = version })
			e := newEngine(t, Config{Address: "example.com:443", TLS: &tls.Config{RootCAs: pool},
				ConnectTo: map[string]string{"example.com:443": s.Listener.Addr().String()}})
			c := e.conn()
			if err := c.Connect(t.Context()); err != nil {
				t.Fatal(err)
			}
			var a transport.Answer
			for i := range 4 {
				q := get()
				if i == 1 {
					q.URL = []byte("/close")
				}
				c.lastByte -= time.Hour // looks at the connection before each request
				do(t, c, q, &a)
				if string(a.Body) != "http/1.1 example.com" {
					t.Errorf("protocol and name %q", a.Body)
				}
				if c.resumed != (i == 2) {
					t.Errorf("request %d: resumed %v", i, c.resumed)
				}
			}
			if s := e.Stats(); s.Dialed != 2 || s.Resumed != 1 || s.Stale != 0 {
				t.Errorf("%+v, want 2 connections, one of them resumed", s)
			}
		})
	}
}

func TestTLSCloseEndsRequests(t *testing.T) {
	t.Parallel()
	s, pool := secureServer(t, nil)
	e := newEngine(t, Config{Address: s.Listener.Addr().String(), TLS: &tls.Config{RootCAs: pool}})
	var answered, ended sync.WaitGroup
	for range 8 {
		c := e.conn()
		answered.Add(1)
		ended.Go(func() {
			var a transport.Answer
			err := exchange(t.Context(), c, patience, get(), &a)
			answered.Done()
			for err == nil {
				err = exchange(t.Context(), c, patience, get(), &a)
			}
			if err := exchange(t.Context(), c, patience, get(), &a); !errors.Is(err, transport.ErrEngineClosed) {
				t.Errorf("%v, want %v", err, transport.ErrEngineClosed)
			}
		})
	}
	answered.Wait()
	e.Close()
	ended.Wait()
}

func TestTLSLargeBody(t *testing.T) {
	t.Parallel()
	s, pool := secureServer(t, nil)
	c := newEngine(t, Config{Address: s.Listener.Addr().String(), TLS: &tls.Config{RootCAs: pool}}).conn()
	var a transport.Answer
	for _, n := range []int{10, 10_000, 100_000} {
		if do(t, c, post(string(make([]byte, n))), &a); a.Status != 200 {
			t.Errorf("status %d to %d bytes", a.Status, n)
		}
	}
}

func TestTLSFailures(t *testing.T) {
	t.Parallel()
	s, pool := secureServer(t, nil)
	strict, strictPool := secureServer(t, func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert })
	mine := strict.TLS.Certificates
	plain := serve(t, func(_ int, nc *net.TCPConn) {
		_, _ = nc.Read(make([]byte, 10))
		_, _ = io.WriteString(nc, "HTTP/1.1 400 Bad Request\r\n\r\n")
		_, _ = io.Copy(io.Discard, nc)
	})
	gone := serve(t, func(_ int, nc *net.TCPConn) {
		_, _ = bufio.NewReader(nc).ReadByte()
		_ = nc.CloseWrite()
		_, _ = io.Copy(io.Discard, nc)
	})
	silent := serve(t, func(_ int, nc *net.TCPConn) { _, _ = io.Copy(io.Discard, nc) })
	for _, c := range []struct {
		name, address string
		config        *tls.Config
		class         string
	}{
		{"unknown CA", s.Listener.Addr().String(), &tls.Config{RootCAs: x509.NewCertPool()}, "tls"},
		{"insecure", s.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true}, ""},
		{"wrong name", s.Listener.Addr().String(), &tls.Config{RootCAs: pool, ServerName: "other.test"}, "tls"},
		{"no certificate of ours", strict.Listener.Addr().String(), &tls.Config{RootCAs: strictPool}, "tls"},
		{"certificate of ours", strict.Listener.Addr().String(), &tls.Config{RootCAs: strictPool, Certificates: mine}, ""},
		{"plain server", plain, &tls.Config{RootCAs: pool}, "tls"},
		{"closes in the handshake", gone, &tls.Config{RootCAs: pool}, "closed"},
		{"silent in the handshake", silent, &tls.Config{RootCAs: pool}, "timeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			limit := patience
			if c.class == "timeout" {
				limit = 100 * time.Millisecond
			}
			var a transport.Answer
			err := exchange(t.Context(), newEngine(t, Config{Address: c.address, TLS: c.config}).conn(), limit, get(), &a)
			if class(err) != c.class {
				t.Errorf("%v, want class %q", err, c.class)
			}
		})
	}
}
