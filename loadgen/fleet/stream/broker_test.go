package stream

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// broker is a bus that tests kill and start again. Its clients find it wherever it is.
type broker struct {
	t     *testing.T
	store string
	start func(b *broker) (address string, kill func())

	mu      sync.Mutex
	address string // empty while it is down
	kill    func()
}

// onEachBroker runs a test on the embedded server, and on the one that the system has installed.
func onEachBroker(t *testing.T, test func(*testing.T, *broker)) {
	for name, start := range map[string]func(*broker) (string, func()){"embedded": startEmbedded, "external": startExternal} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name == "external" {
				t.Skip("needs nats-server")
			}
			t.Parallel()
			b := &broker{t: t, store: t.TempDir(), start: start}
			b.up()
			t.Cleanup(b.down)
			test(t, b)
		})
	}
}

func (b *broker) up() {
	address, kill := b.start(b)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.address, b.kill = address, kill
}

func (b *broker) down() {
	b.mu.Lock()
	kill := b.kill
	b.address, b.kill = "", nil
	b.mu.Unlock()
	if kill != nil {
		kill()
	}
}

// restart kills the broker and starts it again, without its store where wipe says so.
func (b *broker) restart(wipe bool) {
	b.down()
	if wipe {
		if err := os.RemoveAll(b.store); err != nil {
			b.t.Error(err)
		}
	}
	b.up()
}

// Dial lets a client that has any address find the broker of now.
func (b *broker) Dial(network, _ string) (net.Conn, error) {
	b.mu.Lock()
	address := b.address
	b.mu.Unlock()
	if address == "" {
		return nil, net.ErrClosed
	}
	return net.Dial(network, address)
}

func (b *broker) connect() *nats.Conn {
	b.t.Helper()
	conn, err := nats.Connect("nats://broker.example", nats.SetCustomDialer(b), nats.MaxReconnects(-1),
		nats.ReconnectWait(10*time.Millisecond), nats.ReconnectJitter(0, 0), nats.ReconnectBufSize(-1),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(conn.Close)
	return conn
}

func startEmbedded(b *broker) (string, func()) {
	b.t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: b.store, NoSigs: true, NoLog: true})
	if err != nil {
		b.t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		b.t.Fatal("the embedded server did not start")
	}
	return s.Addr().String(), func() {
		s.Shutdown()
		s.WaitForShutdown()
	}
}

var listening = regexp.MustCompile(`Listening for client connections on (\S+)`)

// startExternal starts the nats-server of the system, which is killed without notice.
func startExternal(b *broker) (address string, kill func()) {
	b.t.Helper()
	binary, err := exec.LookPath("nats-server")
	if err != nil {
		binary = filepath.Join("/usr/sbin", "nats-server")
	}
	if _, err := os.Stat(binary); err != nil {
		b.t.Fatal("no nats-server is installed; install it with: make deps")
	}
	command := exec.Command(binary, "-a", "127.0.0.1", "-p", "-1", "-js", "-sd", b.store)
	logs, err := command.StderrPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.t.Fatal(err)
	}
	lines, ready := bufio.NewReader(logs), false
	for !ready {
		line, err := lines.ReadString('\n')
		if err != nil {
			b.t.Fatalf("nats-server did not start: %v", command.Wait())
		}
		if found := listening.FindStringSubmatch(line); found != nil {
			address = found[1]
		}
		ready = regexp.MustCompile("Server is ready").MatchString(line)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(io.Discard, lines)
	}()
	return address, func() {
		_ = command.Process.Kill()
		<-read
		_ = command.Wait() // killed, as was wanted
	}
}
