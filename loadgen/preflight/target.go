package preflight

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"fsctl/loadgen/transport"
	"fsctl/scenarios/quantity"
)

// Target is a host and port that requests go to, with all that decides how a connection to it is opened.
type Target struct {
	URL       *url.URL // its scheme and host
	Route     transport.Route
	TLS       *tls.Config    // for https; nil for the default
	Protocols []string       // that the engine offers in the handshake, the best first
	Dial      transport.Dial // stands in for the network; nil for the machine's
}

// Found is what a connection to a target came to.
type Found struct {
	Target    string        // scheme, host and port as they were given, without user and password
	Connected string        // IP:PORT at the other end of the connection
	TLS       string        // version, such as TLS 1.3; empty for http
	Protocol  string        // agreed in the handshake, such as h2; empty for none
	Took      time.Duration // from the look-up to the end of the handshake
}

// reach opens a connection, from every source of the route, and returns the first one's findings.
func (t *Target) reach(ctx context.Context) (f Found, missed *Reason) {
	public := url.URL{Scheme: t.URL.Scheme, Host: t.URL.Host}
	f.Target = public.String()
	began := time.Now()
	var err error
	dial := t.Route.Dialer(t.Dial)
	for i := 0; err == nil && i < max(1, len(t.Route.Sources)); i++ {
		at := Found{Target: f.Target}
		if err = t.open(ctx, dial, &at); i == 0 {
			f = at
			f.Took = time.Since(began)
		}
	}
	if err == nil {
		return f, nil
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %s: %w", quantity.Exact(Within), err)
	}
	return f, &Reason{fmt.Errorf("target %s: found no connection, wanted one before T0: %w", f.Target, err), t.hint(err)}
}

// open opens one connection, shakes hands where the target is https, and closes it.
func (t *Target) open(ctx context.Context, dial transport.Dial, f *Found) error {
	if t.Route.Proxy != nil {
		engine := transport.NewNetHTTP(t.URL, 1, t.TLS, dial).Through(t.Route.Proxy)
		defer engine.Close()
		return engine.Conn().Connect(ctx)
	}
	conn, err := dial(ctx, "tcp", transport.AddressOf(t.URL))
	if err != nil {
		return err
	}
	defer conn.Close() // nothing was sent on it
	f.Connected = conn.RemoteAddr().String()
	if t.URL.Scheme != "https" {
		return nil
	}
	began := time.Now()
	asked := false
	secure := tls.Client(conn, t.config(&asked))
	if err := secure.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("handshake with %s: %w", f.Connected, err)
	}
	state := secure.ConnectionState()
	f.TLS, f.Protocol = tls.VersionName(state.Version), state.NegotiatedProtocol
	if asked && state.Version >= tls.VersionTLS13 {
		return awaitVerdict(secure, max(leastWait, 3*time.Since(began)))
	}
	return nil
}

// leastWait is how long a server may take at the least to refuse a client's certificate.
const leastWait = 300 * time.Millisecond

// awaitVerdict fails where the server refuses the client's certificate. In TLS 1.3 the client's handshake is over before the
// server has seen it: a refusal comes as an alert after it. A server that is content sends nothing, or HTTP/2's settings.
func awaitVerdict(secure *tls.Conn, within time.Duration) error {
	if err := secure.SetReadDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	if _, err := secure.Read(make([]byte, 1)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("the server asked for a client certificate and ended the connection: %w", err)
	}
	return nil
}

// config returns the configuration of a handshake. asked becomes true where the server asks for a certificate.
func (t *Target) config(asked *bool) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.TLS != nil {
		config = t.TLS.Clone()
	}
	config.ServerName = cmp.Or(config.ServerName, t.URL.Hostname())
	config.NextProtos = t.Protocols
	certificates := config.Certificates
	config.GetClientCertificate = func(request *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		*asked = true
		fits := func(c tls.Certificate) bool { return request.SupportsCertificate(&c) == nil }
		if i := slices.IndexFunc(certificates, fits); i >= 0 {
			return &certificates[i], nil
		}
		return &tls.Certificate{}, nil // none, as without this function
	}
	return config
}

// hint says what can be done about an error of reach.
func (t *Target) hint(err error) string {
	public := url.URL{Scheme: t.URL.Scheme, Host: t.URL.Host}
	look := "see from this machine: curl -v " + public.String()
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	const later = "; --no-preflight is for a target that comes up only at T0"
	switch class := transport.Classify(err); {
	case plain:
		public.Scheme = "http"
		return "the server does not speak TLS: use " + public.String()
	case strings.Contains(err.Error(), "client certificate"), strings.Contains(err.Error(), "certificate required"):
		return "show the server a certificate that it trusts, with --cert FILE --key FILE"
	case class == transport.ClassTLS:
		return "trust its authority with --cacert FILE, or any certificate with --insecure"
	case class == transport.ClassPorts:
		return "this machine has no port or file descriptor left for a connection: see what uses them with ss -tan, send from more addresses with --source, or raise ulimit -n"
	case class == transport.ClassRefused:
		return "start the target, or mend --target; " + look + later
	case class == transport.ClassProxy:
		return "mend --proxy, with USER:PASSWORD@ before its host where it asks for it; see: curl -v -x " + t.Route.Proxy.String() + " " + public.String()
	case class == transport.ClassDNS:
		return "mend the name in --target or this machine's name servers, or go round them with --connect-to; " + look
	}
	return look + later
}
