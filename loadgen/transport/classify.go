package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
)

// Classes of errors: what kept a request from a whole answer.
const (
	ClassRefused   = "refused"   // there is no listener
	ClassReset     = "reset"     // the peer broke the connection
	ClassClosed    = "closed"    // the peer closed it without an answer
	ClassTruncated = "truncated" // the peer closed it within an answer
	ClassTimeout   = "timeout"
	ClassAbandoned = "abandoned" // the user gave up waiting: see Answer.Abandon
	ClassMalformed = "malformed" // not HTTP
	ClassTooLarge  = "too-large" // an answer over the limits
	ClassRedirect  = "redirect"  // too many of them, or to a host that the user did not name
	ClassTLS       = "tls"
	ClassDNS       = "dns"
	ClassProxy     = "proxy"    // the proxy could not be reached, or refused
	ClassNetwork   = "network"  // unreachable
	ClassPorts     = "ports"    // this machine has no free port, address or file descriptor: the generator's fault
	ClassMemory    = "memory"   // this process had no memory left to keep the answer: the generator's fault
	ClassCanceled  = "canceled" // the run ended before the answer
	ClassOther     = "other"
)

// Classify returns the class of an error from an engine; empty for nil.
func Classify(err error) string {
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err // some errors are known by their text alone, and the URL's must not be taken for it
	}
	var dns *net.DNSError
	var network net.Error
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrAbandoned):
		return ClassAbandoned
	case errors.Is(err, ErrTooLarge), strings.Contains(err.Error(), "server response headers exceeded"):
		return ClassTooLarge
	case errors.Is(err, ErrMemory):
		return ClassMemory
	case errors.Is(err, ErrMalformed):
		return ClassMalformed
	case errors.Is(err, ErrTLS):
		return ClassTLS
	case errors.Is(err, ErrRedirects), errors.Is(err, ErrForeign):
		return ClassRedirect
	case errors.Is(err, context.Canceled):
		return ClassCanceled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return ClassTimeout
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EADDRINUSE), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return ClassPorts
	case isProxys(err):
		return ClassProxy
	case errors.Is(err, syscall.ECONNREFUSED):
		return ClassRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return ClassReset
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return ClassNetwork
	case errors.As(err, &dns):
		return ClassDNS
	case isTLS(err):
		return ClassTLS
	case strings.Contains(err.Error(), goAway), strings.Contains(err.Error(), "server closed idle connection"),
		strings.Contains(err.Error(), "client conn could not be established"): // HTTP/2, before the first frame
		return ClassClosed
	case isMalformed(err):
		return ClassMalformed
	case errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "unexpected EOF reading trailer"):
		return ClassTruncated
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return ClassClosed
	case errors.As(err, &network) && network.Timeout():
		return ClassTimeout
	}
	return ClassOther
}

// proxyTexts are what net/http says of connections to proxies, and through those by SOCKS5.
var proxyTexts = []string{"proxyconnect tcp: ", "socks connect tcp "}

func isProxys(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return errors.Is(err, ErrProxy) || ok && (op.Op == "proxyconnect" || op.Op == "socks connect") ||
		slices.ContainsFunc(proxyTexts, func(text string) bool { return strings.Contains(err.Error(), text) })
}

// goAway is in the errors of HTTP/2 requests that came too late on a connection which the server was closing.
const goAway = "graceful shutdown GOAWAY"

func isTLS(err error) bool {
	var header tls.RecordHeaderError
	var verify *tls.CertificateVerificationError
	var alert tls.AlertError
	var authority x509.UnknownAuthorityError
	return errors.As(err, &header) || errors.As(err, &verify) || errors.As(err, &alert) || errors.As(err, &authority) ||
		strings.Contains(err.Error(), "tls: ") || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

// malformedTexts are what net/http says of answers that are not HTTP; it has no types for them.
var malformedTexts = []string{
	"malformed", "invalid byte in chunk length", "chunk length too large", "too much chunked data", "chunked line ends with bare LF",
	"header line too long", "unsupported transfer encoding", "bad Content-Length", "invalid Content-Length",
	"too many transfer encodings", "http2: ", "stream error:", "connection error:", "trailer header",
	"invalid empty Content-Length", "multiple Content-Length", "empty hex number for chunk length", "too much non-data", "bad trailer key",
	"suspiciously long trailer", "invalid CR in chunked line",
}

func isMalformed(err error) bool {
	if errors.Is(err, http.ErrLineTooLong) {
		return true
	}
	for _, text := range malformedTexts {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// ClassifyText returns the class of an error by its text, which is all that vegeta's results hold of it.
func ClassifyText(text string) string {
	for _, c := range []struct{ text, class string }{
		{ErrProxy.Error(), ClassProxy}, {proxyTexts[0], ClassProxy}, {proxyTexts[1], ClassProxy}, {"connection refused", ClassRefused}, {"connection reset", ClassReset}, {"broken pipe", ClassReset},
		{"Timeout", ClassTimeout}, {"timeout", ClassTimeout}, {"deadline exceeded", ClassTimeout}, {"no such host", ClassDNS},
		{ErrTooLarge.Error(), ClassTooLarge}, {ErrRedirects.Error(), ClassRedirect}, {ErrForeign.Error(), ClassRedirect}, {net.ErrClosed.Error(), ClassCanceled}, {"cannot assign requested address", ClassPorts}, {"address already in use", ClassPorts}, {"too many open files", ClassPorts},
	} {
		if strings.Contains(text, c.text) {
			return c.class
		}
	}
	return Classify(textError(text))
}

// textError is an error known by its text; those that end a body are distinguished.
func textError(text string) error {
	for _, err := range []error{io.ErrUnexpectedEOF, io.EOF} {
		if strings.HasSuffix(text, err.Error()) {
			return err
		}
	}
	return errors.New(text)
}
