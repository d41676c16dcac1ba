package bus

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what should come at once.
const patience = 30 * time.Second

func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// await returns what comes next on a channel.
func await[T any](t testing.TB, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// errorsIn returns a hook and what it has got.
func errorsIn() (func(error), <-chan error) {
	heard := make(chan error, 1000)
	return func(err error) {
		select {
		case heard <- err:
		default: // more than any test asks for
		}
	}, heard
}

// bed is a server with the keys of three agents, on which tests lie.
type bed struct {
	dir    string
	keys   *Keys
	url    string
	run    Run
	errors <-chan error // of the server; none of an external one
	start  func(t *testing.T, b *bed)
	stop   func()
	front  *wire // to the server, at an address that stays
}

// onEachServer runs a test on the embedded server, and on the one that the system has installed.
func onEachServer(t *testing.T, test func(*testing.T, *bed)) {
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, newBed(t, startEmbedded))
	})
	t.Run("external", func(t *testing.T) {
		if testing.Short() {
			t.Skip("needs nats-server")
		}
		t.Parallel()
		test(t, newBed(t, startExternal))
	})
}

func newBed(t *testing.T, start func(*testing.T, *bed)) *bed {
	t.Helper()
	b := &bed{dir: t.TempDir(), run: NewRun(), start: start}
	var err error
	if b.keys, err = MakeKeys(b.path("keys"), 3, []string{"bus.example", "192.0.2.1"}); err != nil {
		t.Fatal(err)
	}
	b.front = newWire(t, "")
	b.url = "tls://" + b.front.address()
	b.start(t, b)
	t.Cleanup(func() { b.stop() })
	return b
}

func (b *bed) path(name string) string { return filepath.Join(b.dir, name) }

func startEmbedded(t *testing.T, b *bed) {
	t.Helper()
	hook, heard := errorsIn()
	s, err := StartServer(ServerOptions{StoreDir: b.path("store"), Keys: b.keys, OnError: hook})
	if err != nil {
		t.Fatal(err)
	}
	b.errors, b.stop = heard, s.Close
	b.front.leadTo(s.Addr().String())
}

var listening = regexp.MustCompile(`Listening for client connections on (\S+)`)

func startExternal(t *testing.T, b *bed) {
	t.Helper()
	conf := fmt.Sprintf("listen: \"127.0.0.1:-1\"\njetstream { store_dir: %q }\n%s", b.path("store"), b.keys.ServerConf())
	address, stop := startBinary(t, conf, b.path("nats-server.conf"))
	b.stop = stop
	b.front.leadTo(address)
}

// startBinary starts the nats-server of the system and returns its address.
func startBinary(t *testing.T, conf, path string) (address string, stop func()) {
	t.Helper()
	binary, err := exec.LookPath("nats-server")
	if err != nil {
		binary = "/usr/sbin/nats-server"
	}
	if _, err := os.Stat(binary); err != nil {
		t.Fatal("no nats-server is installed; install it with: make deps")
	}
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(binary, "-c", path)
	logs, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	lines := bufio.NewScanner(logs)
	for lines.Scan() && !strings.Contains(lines.Text(), "Server is ready") {
		fmt.Fprintln(&said, lines.Text())
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			address = m[1]
		}
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(io.Discard, logs)
	}()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		_ = c.Process.Kill() // it is gone, or it goes
		<-read
		_ = c.Wait() // killed, as was wanted
	}
	if address == "" {
		stop()
		t.Fatalf("nats-server did not start:\n%s", &said)
	}
	return address, stop
}

// connect connects and fails the test if it cannot.
func connect(t *testing.T, c Config) *nats.Conn {
	t.Helper()
	c.Retry = true // on a machine that is busy, a handshake may take too long
	connection, err := Connect(soon(t), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(connection.Close)
	return connection
}

func (b *bed) coordinator(t *testing.T) *nats.Conn {
	t.Helper()
	return connect(t, Config{URL: b.url, Creds: b.keys.Coordinator})
}

// agent connects a slot, and returns what its error hook hears.
func (b *bed) agent(t *testing.T, slot int) (*nats.Conn, <-chan error) {
	t.Helper()
	hook, heard := errorsIn()
	return connect(t, Config{URL: b.url, Creds: b.creds(t, slot), OnError: hook}), heard
}

func (b *bed) creds(t *testing.T, slot int) *Creds {
	t.Helper()
	c, err := LoadCreds(filepath.Join(b.path("keys"), AgentFile(slot)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// subscribe returns once the server knows of the subscription.
func subscribe(t *testing.T, c *nats.Conn, subject string) *nats.Subscription {
	t.Helper()
	sub, err := c.SubscribeSync(subject)
	if err == nil {
		err = c.FlushWithContext(soon(t))
	}
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func next(t *testing.T, sub *nats.Subscription) *nats.Msg {
	t.Helper()
	m, err := sub.NextMsgWithContext(soon(t))
	if err != nil {
		t.Fatalf("%s: %v", sub.Subject, err)
	}
	return m
}

func publish(t *testing.T, c *nats.Conn, subject, text string) {
	t.Helper()
	if err := c.Publish(subject, []byte(text)); err != nil {
		t.Fatal(err)
	}
}
