package bus

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"fsctl/loadgen/loadtest"
)

// A link that is lost comes back by itself, with its subscriptions, and says so.
func TestLinkComesBack(t *testing.T) {
	t.Parallel()
	onEachServer(t, func(t *testing.T, b *bed) {
		lost, back := make(chan error, 1), make(chan struct{}, 1)
		agent := connect(t, Config{URL: b.url, Creds: b.creds(t, 1),
			OnDisconnect: func(err error) { lost <- err },
			OnReconnect:  func() { back <- struct{}{} },
		})
		sub := subscribe(t, agent, b.run.DownSubject())
		b.stop()
		await(t, lost, "the loss of the link")
		if err := agent.Publish(b.run.RecordSubject(1), []byte("x")); err == nil {
			t.Error("a message was buffered while the link was down")
		}
		b.start(t, b)
		await(t, back, "the link to come back")
		if err := agent.FlushWithContext(soon(t)); err != nil {
			t.Fatal(err)
		}
		publish(t, b.coordinator(t), b.run.DownSubject(), "again")
		if m := next(t, sub); string(m.Data) != "again" {
			t.Errorf("found %q", m.Data)
		}
		closed := make(chan struct{}) // the last of the callbacks
		agent.SetClosedHandler(func(*nats.Conn) { close(closed) })
		agent.Close()
		await(t, closed, "the end of the connection")
		if len(lost) > 0 {
			t.Error("the client's own Close was reported as a loss")
		}
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := startPlain(t)
	agent := connect(t, Config{URL: s.URL(), Slot: 7})
	o := agent.Opts
	if o.MaxReconnect != -1 || o.ReconnectBufSize != -1 || o.PingInterval != pingInterval || o.MaxPingsOut != pingsOut ||
		o.Name != "fsctl agent 7" || o.RetryOnFailedConnect {
		t.Errorf("found %+v", o)
	}
	if inbox := agent.NewInbox(); !strings.HasPrefix(inbox, "_INBOX_agent_7.") {
		t.Errorf("found inbox %s", inbox)
	}
	if inbox := connect(t, Config{URL: s.URL()}).NewInbox(); !strings.HasPrefix(inbox, "_INBOX_coordinator.") {
		t.Errorf("found inbox %s", inbox)
	}
}

// Only what stays on this machine may be in the clear.
func TestWhatIsEncrypted(t *testing.T) {
	t.Parallel()
	_, k := makeSet(t)
	for _, c := range []struct {
		config Config
		secure bool
	}{
		{Config{URL: "nats://127.0.0.1:4222"}, false},
		{Config{URL: "localhost"}, false},
		{Config{URL: "nats://[::1]:4222"}, false},
		{Config{URL: "tls://127.0.0.1:4222"}, true},
		{Config{URL: "nats://127.0.0.1:4222", Creds: k.Coordinator}, true},
		{Config{URL: "nats://127.0.0.1:4222", CAFile: filepath.Join(k.dir, coordinatorFile)}, true},
		{Config{URL: "nats://192.0.2.1:4222"}, true},
		{Config{URL: "nats://user:secret@bus.example"}, true},
		{Config{URL: "localhost.example"}, true},
		{Config{URL: "nats://127.0.0.1:4222,nats://bus.example:4222"}, true},
	} {
		servers, err := parseServers(c.config.URL)
		if err != nil {
			t.Fatal(err)
		}
		options, err := c.config.options(servers)
		if err != nil {
			t.Fatal(err)
		}
		var o nats.Options
		for _, set := range options {
			if err := set(&o); err != nil {
				t.Fatal(err)
			}
		}
		if o.Secure != c.secure || o.IgnoreDiscoveredServers == c.secure {
			t.Errorf("%s: secure %v, wanted %v", servers, o.Secure, c.secure)
		}
		if o.TLSConfig == nil || o.TLSConfig.MinVersion != tls.VersionTLS13 {
			t.Errorf("%s: not TLS 1.3 where the server wants TLS", servers)
		}
	}
}

func TestConfigThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	dir, k := makeSet(t)
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const local = "nats://127.0.0.1:4222"
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{URL: ""}, "without a host"},
		{Config{URL: "nats://"}, "without a host"},
		{Config{URL: local + ","}, "without a host"},
		{Config{URL: "http://user:secret@127.0.0.1"}, `"http"`},
		{Config{URL: "nats://user:secret@127.0.0.1:port"}, "cannot be read"},
		{Config{URL: "nats://user:secret@127.0.0.1/path"}, "more than a host and port"},
		{Config{URL: local, Slot: -1}, "slot: found -1"},
		{Config{URL: local, Slot: MaxAgents + 1}, "slot: found 5001"},
		{Config{URL: local, CAFile: filepath.Join(dir, "missing")}, "missing"},
		{Config{URL: local, CAFile: empty}, "no certificate"},
		{Config{URL: local, UserCredentials: filepath.Join(dir, "missing")}, "missing"},
		{Config{URL: local, UserCredentials: empty, Creds: k.Coordinator}, "wanted one identity"},
	} {
		_, err := Connect(t.Context(), c.config)
		wantInput(t, err, c.want)
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	address, _ := loadtest.Refused(t)
	_, err := Connect(t.Context(), Config{URL: "nats://user:secret@" + address, Slot: 1})
	if failed, ok := errors.AsType[*ConnectError](err); !ok || !errors.Is(err, syscall.ECONNREFUSED) || failed.URL != "nats://"+address {
		t.Errorf("found %v", err)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error shows the password: %v", err)
	}
}

// An agent may be there before its server.
func TestConnectWaitsForTheServer(t *testing.T) {
	t.Parallel()
	for !connectsToLateServer(t) {
		t.Log("another process has taken the address")
	}
}

// connectsToLateServer returns false where the address was taken before the server could have it.
func connectsToLateServer(t *testing.T) bool {
	t.Helper()
	address, free := loadtest.Refused(t)
	hook, heard := errorsIn()
	connected := make(chan error, 1)
	ctx, cancel := context.WithCancel(soon(t))
	defer cancel()
	go func() {
		c, err := Connect(ctx, Config{URL: "nats://" + address, Slot: 1, Retry: true, OnError: hook})
		if err == nil {
			c.Close()
		}
		connected <- err
	}()
	if err := await(t, heard, "why there is no connection"); !errors.Is(err, syscall.ECONNREFUSED) || !strings.Contains(err.Error(), "trying again") {
		t.Errorf("found %v", err)
	}
	free()
	s, err := StartServer(ServerOptions{Address: address, StoreDir: t.TempDir()})
	if err != nil && strings.Contains(err.Error(), "address already in use") {
		cancel()
		<-connected
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := await(t, connected, "the connection"); err != nil {
		t.Error(err)
	}
	if len(heard) > 0 {
		t.Errorf("said more than once why: %v", <-heard)
	}
	return true
}

func TestConnectEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	hook, heard := errorsIn()
	connected := make(chan error, 1)
	refusing, _ := loadtest.Refused(t)
	go func() {
		_, err := Connect(ctx, Config{URL: "nats://" + refusing, Retry: true, OnError: hook})
		connected <- err
	}()
	await(t, heard, "why there is no connection")
	cancel()
	err := await(t, connected, "the end")
	if _, ok := errors.AsType[*ConnectError](err); !ok || !errors.Is(err, context.Canceled) || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("found %v, wanted that it was canceled, and why there was no connection", err)
	}
}

// A server that accepts and says nothing holds a client up no longer than the context.
func TestConnectToSilence(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	accepted := make(chan net.Conn, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		cancel()
		accepted <- conn
	}()
	_, err = Connect(ctx, Config{URL: "nats://" + l.Addr().String()})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("found %v", err)
	}
	conn := await(t, accepted, "a connection")
	if conn != nil {
		_ = conn.Close()
	}
	_ = l.Close()
}

// The end of the context that Connect had means nothing to the connection, also when it is lost later.
func TestConnectionOutlivesItsContext(t *testing.T) {
	t.Parallel()
	s, dir := startPlain(t), t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	back := make(chan struct{}, 1)
	w := newWire(t, s.Addr().String())
	c, err := Connect(ctx, Config{URL: "nats://" + w.address(), OnReconnect: func() { back <- struct{}{} }})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cancel()
	if err := c.FlushWithContext(soon(t)); err != nil || c.Stats().Reconnects != 0 {
		t.Errorf("%v after %d reconnects", err, c.Stats().Reconnects)
	}
	s.Close()
	again, err := StartServer(ServerOptions{StoreDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	w.leadTo(again.Addr().String())
	await(t, back, "the link to come back")
}

// startNATS starts a server of the user's own kind.
func startNATS(t *testing.T, o *server.Options) string {
	t.Helper()
	o.Host, o.Port, o.NoSigs, o.NoLog = "127.0.0.1", server.RANDOM_PORT, true, true
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s.Addr().String()
}

// Users of NATS connect to their own servers by password, token or credentials file.
func TestUsersOfNATS(t *testing.T) {
	t.Parallel()
	dir, k := makeSet(t)
	password := startNATS(t, &server.Options{Username: "user", Password: "secret"})
	token := startNATS(t, &server.Options{Authorization: "s3cr3t"})
	secure := startNATS(t, &server.Options{Username: "user", Password: "secret", TLSConfig: &tls.Config{Certificates: []tls.Certificate{k.server}}})
	account, credentials := newAccount(t, filepath.Join(dir, "user.creds"))
	for _, c := range []struct {
		good, bad Config
	}{
		{Config{URL: "nats://user:secret@" + password}, Config{URL: "nats://user:wrong@" + password}},
		{Config{URL: "nats://s3cr3t@" + token}, Config{URL: "nats://wrong@" + token}},
		{Config{URL: "nats://" + account, UserCredentials: credentials}, Config{URL: "nats://" + account}},
		{Config{URL: "tls://user:secret@" + secure, CAFile: filepath.Join(dir, coordinatorFile)}, Config{URL: "tls://user:secret@" + secure}},
		{Config{URL: "nats://user:secret@" + secure, CAFile: filepath.Join(dir, coordinatorFile)}, Config{URL: "nats://user:secret@" + secure}},
	} {
		if err := connect(t, c.good).FlushWithContext(soon(t)); err != nil {
			t.Error(err)
		}
		if wantNoConnection(t, c.bad); t.Failed() {
			t.Log(c.bad.URL)
		}
	}
}

// newAccount starts a server that knows one account, and writes the credentials of a user of that account.
func newAccount(t *testing.T, path string) (address, credentials string) {
	t.Helper()
	operator, _ := newPair(t, nkeys.CreateOperator)
	account, accountPublic := newPair(t, nkeys.CreateAccount)
	user, userPublic := newPair(t, nkeys.CreateUser)
	accountJWT, err := jwt.NewAccountClaims(accountPublic).Encode(operator)
	if err != nil {
		t.Fatal(err)
	}
	userJWT, err := jwt.NewUserClaims(userPublic).Encode(account)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := user.Seed()
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.FormatUserConfig(userJWT, seed)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	operatorPublic, err := operator.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	resolver := &server.MemAccResolver{}
	if err := resolver.Store(accountPublic, accountJWT); err != nil {
		t.Fatal(err)
	}
	return startNATS(t, &server.Options{TrustedKeys: []string{operatorPublic}, AccountResolver: resolver}), path
}

func newPair(t *testing.T, create func() (nkeys.KeyPair, error)) (pair nkeys.KeyPair, public string) {
	t.Helper()
	pair, err := create()
	if err != nil {
		t.Fatal(err)
	}
	if public, err = pair.PublicKey(); err != nil {
		t.Fatal(err)
	}
	return pair, public
}

// FuzzParseServers: whatever the address of a bus is, it is accepted with ports that can be dialled, or refused in plain words that
// hold no password.
func FuzzParseServers(f *testing.F) {
	for _, seed := range []string{"nats://127.0.0.1:4222", "tls://a,b", "[::1]:1", "nats://u:p@h:99999", "%zz", "\x00", "nats://::1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseServers("nats://bob:s3cret@" + text)
		for _, s := range all {
			if port := s.Port(); s.Hostname() == "" || port != "" && !isPort(port, 1) {
				t.Fatalf("%q: accepted as %s", text, s)
			}
		}
		if err == nil {
			return
		}
		input, ok := errors.AsType[*InputError](err)
		if !ok || input.Hint == "" || !strings.Contains(err.Error(), "found ") || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "parse \"") {
			t.Fatalf("%q: found %v", text, err)
		}
	})
}
