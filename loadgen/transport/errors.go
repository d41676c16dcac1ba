package transport

import "errors"

// What can be wrong with an answer or with a connection. Whatever an engine reports wraps one of these, or a cause
// from the standard library:
//
//	no answer before the connection ended   ErrClosed, io.EOF
//	the connection ended within an answer   io.ErrUnexpectedEOF
//	refused, reset, unreachable             syscall.ECONNREFUSED, ECONNRESET, EPIPE, EHOSTUNREACH, ...
//	too late                                os.ErrDeadlineExceeded, context.DeadlineExceeded
//	given up                                context.Canceled
//	no address for the name                 *net.DNSError
var (
	// ErrMalformed is an answer that is not HTTP, or that two readers could read in two ways.
	ErrMalformed = errors.New("malformed answer")
	// ErrTooLarge is an answer over the engine's limits for head and body.
	ErrTooLarge = errors.New("answer too large")
	// ErrClosed is a connection that the peer closed before the first byte of the answer.
	ErrClosed = errors.New("connection closed without an answer")
	// ErrTLS is a handshake that failed, or an alert of the peer.
	ErrTLS = errors.New("tls failed")
	// ErrEngineClosed is a request after Engine.Close.
	ErrEngineClosed = errors.New("engine is closed")
	// ErrRedirects is an answer that leads on and on.
	ErrRedirects = errors.New("too many redirects")
	// ErrAbandoned is a request whose user gave up waiting.
	ErrAbandoned = errors.New("the user gave up waiting")
	// ErrForeign is an answer that leads to another host, port or scheme than the target's, which the user did not name.
	ErrForeign = errors.New("redirect to another place than the target")
)
