package bus

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"fsctl/scenarios/inputfile"

	"github.com/nats-io/nats.go"
)

// Settings of a connection. A link that fails silently is noticed after three pings' time, and
// tried anew four times a second.
const (
	attemptTimeout = 4 * time.Second // for one attempt; a handshake beside a storm takes its time
	pingInterval   = time.Second
	pingsOut       = 2
	reconnectWait  = 250 * time.Millisecond
	writeTimeout   = 5 * time.Second
)

// Config says how to connect to the bus, embedded or of the user's own.
type Config struct {
	// URL of one server, or of several of a cluster, separated by commas: nats://HOST:PORT or tls://HOST:PORT.
	// It may hold a user and password of NATS, or a token, before the host.
	URL string
	// Slot is who connects where Creds do not say it: Coordinator, or an agent's slot from 1 on.
	Slot int
	// Name is who connects, for messages; that of the slot where it is empty.
	Name string
	// Creds are keys of fsctl. With them, or to another machine, the connection is TLS 1.3 or none at all.
	Creds *Creds
	// UserCredentials names a .creds file of NATS itself, with a JWT and a seed. Empty where not used.
	UserCredentials string
	// CAFile names a PEM file of the CAs to trust. Empty means that of Creds, else those of the system.
	CAFile string
	// Retry makes Connect try until its context ends while no server can be reached. A server that refuses
	// is an error at once.
	Retry bool

	// The hooks may be nil. They run one at a time, on a goroutine of the connection; before the first
	// connection on that of Connect.

	// OnError gets the errors that no call returns: a *DeniedError where the server's permissions do not allow something,
	// messages dropped by a slow subscriber, and why Connect has to try again.
	OnError func(error)
	// OnDisconnect is called when the link is lost; NATS connects again by itself.
	OnDisconnect func(error)
	// OnReconnect is called when the link is back, with its subscriptions.
	OnReconnect func()
	// OnRefused is called when the server, on the way back, does not let this identity in any more. The
	// connection is closed for good then.
	OnRefused func(error)
}

// Connect connects to the bus. Nothing is buffered while the link is down: publishing is an error then, and
// what must not be lost is published again by its sender. The link comes back by itself, however long it
// takes.
//
// The context bounds the first connection only. The errors are an *InputError for a URL or a file that
// cannot be used, and a *ConnectError where no connection came about.
func Connect(ctx context.Context, c Config) (*nats.Conn, error) {
	if c.Creds != nil {
		c.Slot = c.Creds.Slot
	}
	if c.Name == "" {
		c.Name = identity(c.Slot)
	}
	servers, err := parseServers(c.URL)
	if err != nil {
		return nil, err
	}
	options, err := c.options(servers)
	if err != nil {
		return nil, err
	}
	d := &dialer{ctx: ctx}
	connection, err := c.connect(ctx, servers, append(options, nats.SetCustomDialer(d)), d)
	if err != nil {
		return nil, &ConnectError{URL: servers.String(), Name: c.Name, Err: err, Hint: c.hint(err)}
	}
	return connection, nil
}

// connect tries once, or until it is of no use.
func (c Config) connect(ctx context.Context, servers servers, options []nats.Option, d *dialer) (*nats.Conn, error) {
	var last error
	for {
		connection, err := nats.Connect(servers.dial(), options...)
		if err == nil && d.connected() {
			return connection, nil
		}
		if err == nil {
			connection.Close() // the context ended at the last moment
		}
		err = d.reason(err)
		if ctx.Err() != nil {
			return nil, endedBy(ctx, last)
		}
		if !c.Retry || !isAbsent(err) {
			return nil, err
		}
		if c.OnError != nil && (last == nil || last.Error() != err.Error()) {
			c.OnError(fmt.Errorf("connect to %s as %s, trying again: %w", servers, c.Name, err))
		}
		last = err
		pause(ctx, reconnectWait)
	}
}

// endedBy says that a context ended, and what was in the way until then.
func endedBy(ctx context.Context, last error) error {
	if last == nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w: %w", context.Cause(ctx), last)
}

// isAbsent reports whether no server was reached, so that it is worth trying again.
func isAbsent(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Op == "dial" || op.Op == "read" || op.Op == "write" // else it is an alert of TLS
	}
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, nats.ErrNoServers) || errors.Is(err, nats.ErrTimeout) ||
		errors.As(err, &network) && network.Timeout()
}

func pause(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (c Config) options(servers servers) ([]nats.Option, error) {
	if c.Slot < 0 || c.Slot > MaxAgents {
		return nil, inputError("", "slot: found %d, wanted 1 to %d", c.Slot, MaxAgents)
	}
	options := []nats.Option{
		nats.Name("fsctl " + c.Name),
		nats.CustomInboxPrefix(inboxPrefix(c.Slot)),
		nats.Timeout(attemptTimeout),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(reconnectWait),
		nats.ReconnectJitter(reconnectWait/4, reconnectWait/4), // else all agents come back at one instant
		nats.ReconnectBufSize(-1),                              // the spool sends again, in order
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(pingsOut),
		nats.FlusherTimeout(writeTimeout),
		nats.PermissionErrOnSubscribe(true),
	}
	secured, err := c.security(servers)
	if err != nil {
		return nil, err
	}
	return append(append(options, secured...), c.hooks(servers)...), nil
}

// security returns the options for the client's identity and the server's certificate.
func (c Config) security(servers servers) ([]nats.Option, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS13}
	var options []nats.Option
	if c.Creds != nil {
		trust.RootCAs = c.Creds.roots
		options = append(options, nats.Nkey(c.Creds.public, c.Creds.pair.Sign))
	}
	if c.UserCredentials != "" {
		if c.Creds != nil {
			return nil, inputError("use one of them", "found credentials of fsctl and of NATS, wanted one identity")
		}
		if _, err := os.Stat(c.UserCredentials); err != nil {
			return nil, inputError("", "read credentials: %w", err)
		}
		options = append(options, nats.UserCredentials(c.UserCredentials))
	}
	if c.CAFile != "" {
		var err error
		if trust.RootCAs, err = readAuthorities(c.CAFile); err != nil {
			return nil, err
		}
	}
	// Given without nats.Secure, the settings are for a server on this machine that wants TLS.
	options = append(options, func(o *nats.Options) error { o.TLSConfig = trust; return nil })
	if c.Creds != nil || c.CAFile != "" || servers.elsewhere() {
		return append(options, nats.Secure()), nil
	}
	// A server in the clear may name others of its cluster, which are not on this machine.
	return append(options, nats.IgnoreDiscoveredServers()), nil
}

func readAuthorities(path string) (*x509.CertPool, error) {
	content, err := inputfile.Read(path, inputfile.MostText)
	if err != nil {
		return nil, inputError("", "read CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, inputError("", "read CA: found no certificate in %s, wanted at least one in PEM", path)
	}
	return pool, nil
}

// hooks are the options that say what happens on the link.
func (c Config) hooks(servers servers) []nats.Option {
	return []nats.Option{
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			if c.OnError == nil {
				return
			}
			if sub != nil {
				err = fmt.Errorf("subscription %s: %w", sub.Subject, err)
			}
			c.OnError(denied(c.Slot, err))
		}),
		nats.DisconnectErrHandler(func(connection *nats.Conn, err error) {
			if c.OnDisconnect != nil && !connection.IsClosed() { // a Close of one's own is not news
				c.OnDisconnect(err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			if c.OnReconnect != nil {
				c.OnReconnect()
			}
		}),
		nats.ClosedHandler(func(connection *nats.Conn) {
			if err := connection.LastError(); c.OnRefused != nil && isRefused(err) {
				c.OnRefused(&ConnectError{URL: servers.String(), Name: c.Name, Err: err, Hint: c.hint(err)})
			}
		}),
	}
}
