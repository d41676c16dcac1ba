package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"fsctl/loadgen/transport"
)

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", transport.ErrMalformed, fmt.Sprintf(format, args...))
}

func tooLarge(what string, limit int) error {
	return fmt.Errorf("%w: %s over %d bytes", transport.ErrTooLarge, what, limit)
}

// ended is what the end of a connection means once got bytes of the answer have come.
func ended(err error, got int) error {
	switch {
	case !isEOF(err):
		return err
	case got > 0:
		return io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: %w", transport.ErrClosed, io.EOF)
}

// isEOF reports the end of a connection, with or without the close_notify of TLS.
func isEOF(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// isLost reports that the peer has given the connection up.
func isLost(err error) bool {
	return isEOF(err) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// asTLS marks an error as one of TLS, unless it is the network's or the clock's.
func asTLS(err error) error {
	var network net.Error
	switch {
	case isLost(err), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return err
	}
	return fmt.Errorf("%w: %w", transport.ErrTLS, err)
}

// isAlert reports an error that crypto/tls found while reading or writing.
func isAlert(err error) bool {
	var op *net.OpError
	var header tls.RecordHeaderError
	return errors.As(err, &header) || errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error")
}
