package bus

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Settings of the embedded server. An agent whose machine is busy with the storm is slow to answer, so the
// times are longer than those of its own pings, which find a failed link first.
const (
	serverPingInterval = 5 * time.Second
	serverPingsOut     = 3
	writeDeadline      = 5 * time.Second // a client that takes nothing for so long is cut off
	handshakeSeconds   = 5
)

// ServerOptions say how the embedded server runs.
type ServerOptions struct {
	// Address is HOST:PORT to listen on; port 0 means a free one. Empty means a free port of 127.0.0.1.
	// An address other than loopback needs Keys.
	Address string
	// StoreDir is where JetStream keeps its files. The caller removes it.
	StoreDir string
	// Keys turns on TLS 1.3 and lets in only the identities of this set, each with its permissions.
	// Nil means no TLS, and every client may do everything.
	Keys *Keys
	// OnError gets what the server would log as an error, such as a publication that it denied. It is called
	// from the server's goroutines, several at once, and may be nil.
	OnError func(error)
}

// Server is a NATS server with JetStream in this process.
type Server struct {
	nats *server.Server
	addr net.Addr
	url  string
}

// StartServer starts a server. When it returns, clients can connect. The errors are an *InputError for
// options that cannot be used, such as an address that may not be listened on without keys; or say why the
// server did not start.
func StartServer(o ServerOptions) (*Server, error) {
	settings, err := o.settings()
	if err != nil {
		return nil, err
	}
	s, err := server.NewServer(settings)
	if err != nil {
		return nil, fmt.Errorf("start bus: %w", err)
	}
	log := &serverLog{onError: o.OnError}
	s.SetLoggerV2(log, false, false, false)
	s.Start()
	started := &Server{nats: s}
	if err := log.failed(); err != nil {
		started.Close()
		return nil, fmt.Errorf("start bus on %s: %w", net.JoinHostPort(settings.Host, strconv.Itoa(max(settings.Port, 0))), err)
	}
	started.addr = s.Addr()
	started.url = dialURL(started.addr, o.Keys != nil)
	return started, nil
}

// URL returns what clients on this machine dial. It stays good after Close, for a server in its place.
func (s *Server) URL() string { return s.url }

// Addr returns the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.addr }

// Close ends all connections, syncs the store and returns when nothing of the server is left. Closing twice
// does no harm.
func (s *Server) Close() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}

func (o ServerOptions) settings() (*server.Options, error) {
	if o.StoreDir == "" {
		return nil, inputError("", "start bus: found no directory for its store")
	}
	host, port, err := o.listen()
	if err != nil {
		return nil, err
	}
	settings := &server.Options{}
	if o.Keys != nil {
		if err := settings.ProcessConfigString(o.Keys.ServerConf()); err != nil {
			return nil, inputError(renewHint, "start bus: %w", err)
		}
		settings.TLSConfig.MinVersion = tls.VersionTLS13
	}
	settings.ServerName = "fsctl"
	settings.Host, settings.Port = host, port
	settings.NoSigs = true // signals are the command's
	settings.JetStream = true
	settings.StoreDir = o.StoreDir
	settings.MaxPayload = MaxMessageBytes
	settings.PingInterval = serverPingInterval
	settings.MaxPingsOut = serverPingsOut
	settings.WriteDeadline = writeDeadline
	settings.TLSTimeout = handshakeSeconds
	settings.AuthTimeout = 2 * handshakeSeconds
	settings.Cluster.NoAdvertise = true // agents use the address that they were given, which the certificate names
	return settings, nil
}

// listen returns where to listen, in the terms of nats-server.
func (o ServerOptions) listen() (host string, port int, err error) {
	address := o.Address
	if address == "" {
		address = "127.0.0.1:0"
	}
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, inputError(listenHint, "listen: found %.80q, wanted HOST:PORT", address)
	}
	if !isPort(portText, 0) {
		return "", 0, inputError(listenHint, "listen: found port %.80q, wanted 0 to 65535, 0 for a free one", portText)
	}
	number, _ := strconv.Atoi(portText)
	if host != "" && !isHost(host) {
		return "", 0, inputError(listenHint, "listen: found the host %.80q in %.80q, wanted a name or an address of this machine", host, address)
	}
	if host == "" {
		host = "0.0.0.0"
	}
	if o.Keys == nil && !isLoopback(host) {
		return "", 0, inputError("make keys with: fsctl agent-keys",
			"listen on %s: found no keys, wanted them: only an address of this machine (127.0.0.1) may be listened on in the clear", address)
	}
	if number == 0 {
		return host, server.RANDOM_PORT, nil
	}
	return host, number, nil
}

const listenHint = "for example 127.0.0.1:4222 for agents of this machine, or 0.0.0.0:4222 with --keys"

// isLoopback reports whether a host cannot be reached from other machines.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// dialURL is how clients on this machine reach what listens on an address.
func dialURL(listening net.Addr, secure bool) string {
	scheme := "nats://"
	if secure {
		scheme = "tls://"
	}
	host, port, err := net.SplitHostPort(listening.String())
	if err != nil {
		return scheme + listening.String()
	}
	if address, err := netip.ParseAddr(host); err == nil && address.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + net.JoinHostPort(host, port)
}

// serverLog passes on what nats-server logs as an error, and keeps what it would exit for.
type serverLog struct {
	onError func(error)

	mu    sync.Mutex
	fatal error
}

func (l *serverLog) Errorf(format string, args ...any) {
	if l.onError != nil {
		l.onError(fmt.Errorf("nats server: "+format, args...))
	}
}

func (l *serverLog) Fatalf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fatal = errors.Join(l.fatal, fmt.Errorf(format, args...))
}

func (l *serverLog) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}

func (l *serverLog) Noticef(string, ...any) {}
func (l *serverLog) Warnf(string, ...any)   {}
func (l *serverLog) Debugf(string, ...any)  {}
func (l *serverLog) Tracef(string, ...any)  {}
