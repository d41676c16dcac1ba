// Package loadtest holds helpers for tests that send load.
//
// They are targets inside the process, and a record in memory that is checked to add up.
package loadtest

import (
	"context"
	"net"
	"net/http"
	"sync"
	"syscall"
)

// Pipes is a network inside the process, whose time is that of a synctest bubble. It is a net.Listener too.
type Pipes struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
	dialed sync.Map // of net.Conn: the clients' ends
}

// NewPipes returns a network without connections.
func NewPipes() *Pipes { return &Pipes{accept: make(chan net.Conn), closed: make(chan struct{})} }

// Dial opens a connection as soon as it is accepted. It is a transport.Dial. The error is ECONNREFUSED
// after Close, or the context's.
func (p *Pipes) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.accept <- server:
		p.dialed.Store(client, true)
		return client, nil
	case <-p.closed:
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Connections returns how many were opened.
func (p *Pipes) Connections() (n int) {
	p.dialed.Range(func(any, any) bool { n++; return true })
	return n
}

// Accept returns the server's end of the next connection. The error is net.ErrClosed after Close.
func (p *Pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close has Dial be refused from now on. The error is always nil.
func (p *Pipes) Close() error { p.once.Do(func() { close(p.closed) }); return nil }

// Addr is an address of loopback on which nothing listens.
func (p *Pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// Serve answers requests until the function that it returns is called.
func (p *Pipes) Serve(h http.HandlerFunc) (stop func()) {
	server := &http.Server{Handler: h}
	ended := make(chan struct{})
	go func() { _ = server.Serve(p); close(ended) }()
	return func() { _ = server.Close(); <-ended }
}
