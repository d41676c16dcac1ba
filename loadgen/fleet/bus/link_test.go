package bus

import (
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
)

// wire passes bytes on to a server, until it is cut without notice to either side. Its address stays the same, wherever
// the server is: a server that is started again at its old address may find that taken.
type wire struct {
	l      net.Listener
	cut    chan struct{}
	copies sync.WaitGroup

	mu     sync.Mutex
	to     string
	ends   []net.Conn
	closed bool
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{l: l, to: to, cut: make(chan struct{})}
	w.copies.Go(w.accept)
	t.Cleanup(w.close)
	return w
}

func (w *wire) accept() {
	for {
		near, err := w.l.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", w.server())
		if err != nil {
			near.Close()
			continue
		}
		w.add(near, far)
		w.copies.Go(func() { w.pass(near, far) })
		w.copies.Go(func() { w.pass(far, near) })
	}
}

func (w *wire) address() string { return w.l.Addr().String() }

func (w *wire) server() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to
}

// leadTo has further connections go to another server.
func (w *wire) leadTo(server string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.to = server
}

func (w *wire) add(ends ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends = append(w.ends, ends...)
	if w.closed {
		closeAll(ends)
	}
}

func closeAll(ends []net.Conn) {
	for _, c := range ends {
		c.Close()
	}
}

func (w *wire) pass(to, from net.Conn) {
	defer closeAll([]net.Conn{to, from})
	p := make([]byte, 4096)
	for {
		n, err := from.Read(p)
		if err != nil {
			return
		}
		select {
		case <-w.cut: // swallowed
			continue
		default:
		}
		if _, err := to.Write(p[:n]); err != nil {
			return
		}
	}
}

func (w *wire) close() {
	w.l.Close()
	w.mu.Lock()
	w.closed = true
	closeAll(w.ends)
	w.mu.Unlock()
	w.copies.Wait()
}

// A link that swallows everything looks alive to TCP for many minutes. The pings notice.
func TestSilentLink(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for pings of real seconds")
	}
	t.Parallel()
	w := newWire(t, startPlain(t).Addr().String())
	lost := make(chan error, 1)
	agent := connect(t, Config{URL: "nats://" + w.address(), Slot: 1, OnDisconnect: func(err error) {
		select {
		case lost <- err:
		default: // it is lost again on each way back
		}
	}})
	close(w.cut)
	if err := await(t, lost, "the loss of the link"); !errors.Is(err, nats.ErrStaleConnection) {
		t.Errorf("found %v", err)
	}
	agent.Close()
}
