package shop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"fsctl/scenarios/quantity"
)

const (
	headerTimeout  = 5 * time.Second  // a client has this long to send its headers
	idleTimeout    = 2 * time.Minute  // longer than any think time, so that users keep their connections
	shutdownGrace  = 10 * time.Second // requests under way have this long to end
	maxHeaderBytes = 64 << 10
)

// Serve answers HTTP/1.1 and unencrypted HTTP/2 requests on the listener until ctx ends. It
// then stops listening and lets the requests under way end, those in the queue included. The
// error is nil after such a graceful end; else it says that listening failed, or that requests
// were cut off because they took longer than 10 s to end. The listener is closed either way.
func (s *Shop) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(io.Discard, "", 0), // what a broken client does is not news
		Protocols:         new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)

	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve shop on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	err := server.Shutdown(grace)
	<-ended
	if err == nil {
		return nil
	}
	return fmt.Errorf("shut down shop on %s: requests were still under way after %s: %w",
		listener.Addr(), quantity.Exact(shutdownGrace), errors.Join(err, server.Close()))
}

// reset ends the connection as a crashed back end would: the client reads a TCP reset and not
// an answer. HTTP/2 shares a connection among requests, so there only the stream is reset.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's way to reset a stream; it recovers this value silently
	}
	if secured, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = secured.NetConn() // below TLS, which would send close_notify first
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		// Without it the close is an orderly one, which is as much as can be done if it fails.
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close() // the connection is given up either way
}
