package loadtest

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// Must returns a value whose error would be a fault of the test itself.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Target is an address of loopback on which nothing listens: where Pipes lead.
func Target() *url.URL { return &url.URL{Scheme: "http", Host: "127.0.0.1:1"} }

// Rude listens on loopback and does to every connection what a test wants, once a request's header was read.
func Rude(t *testing.T, do func(c *net.TCPConn)) *url.URL {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				defer c.Close()
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					do(c.(*net.TCPConn))
				}
			})
		}
	})
	t.Cleanup(func() { listener.Close(); wait.Wait() })
	return &url.URL{Scheme: "http", Host: listener.Addr().String()}
}

// Write answers with text and closes the connection.
func Write(text string) func(*net.TCPConn) {
	return func(c *net.TCPConn) { _, _ = io.WriteString(c, text) }
}

// BreakOff answers with text and resets the connection.
func BreakOff(text string) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		_, _ = io.WriteString(c, text)
		_ = c.SetLinger(0)
	}
}

// Hang answers with text and then keeps the connection until the client closes it.
func Hang(text string) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		_, _ = io.WriteString(c, text)
		_, _ = io.Copy(io.Discard, c)
	}
}

// Secure starts a TLS server that answers with the protocol and how many certificates the client has. It returns a
// client's configuration and the number of connections so far.
func Secure(t *testing.T, clients tls.ClientAuthType, http2 bool) (*httptest.Server, *tls.Config, *atomic.Int32) {
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
