package wire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"fsctl/loadgen/transport"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // net/http's remarks on hostile answers
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what should come at once.
const patience = 20 * time.Second

// get is a request for / with no body.
func get() *transport.Request {
	return &transport.Request{Method: "GET", URL: []byte("/"), WantBody: true}
}

func post(body string) *transport.Request {
	return &transport.Request{Method: "POST", URL: []byte("/"), Body: []byte(body), WantBody: true}
}

func request(method, body string, header ...transport.Field) *transport.Request {
	return &transport.Request{Method: method, URL: []byte("/"), Header: header, Body: []byte(body), WantBody: true}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

// serve listens on a free port and gives each connection, numbered from 0, to handle.
func serve(t testing.TB, handle func(number int, nc *net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, l, handle)
	return l.Addr().String()
}

func serveOn(t testing.TB, l net.Listener, handle func(number int, nc *net.TCPConn)) {
	var done []chan struct{}
	var open []net.Conn
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for number := 0; ; number++ {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			d := make(chan struct{})
			done, open = append(done, d), append(open, nc)
			go func() {
				defer close(d)
				defer nc.Close()
				handle(number, nc.(*net.TCPConn))
			}()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-finished
		for i := range open {
			open[i].Close()
			<-done[i]
		}
	})
}

// readRequest reads one request with its body; false at the end of the connection.
func readRequest(r *bufio.Reader) (*http.Request, string, bool) {
	q, err := http.ReadRequest(r)
	if err != nil {
		return nil, "", false
	}
	body, err := io.ReadAll(q.Body)
	return q, string(body), err == nil
}

// answering serves every request with the same bytes, and closes if they are all that there is to say.
func answering(answer string, closes bool) func(int, *net.TCPConn) {
	return func(_ int, nc *net.TCPConn) {
		r := bufio.NewReader(nc)
		for {
			if _, _, ok := readRequest(r); !ok {
				return
			}
			if _, err := io.WriteString(nc, answer); err != nil || closes {
				return
			}
		}
	}
}

func newEngine(t testing.TB, config Config) *Engine {
	t.Helper()
	e, err := New(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// dialed returns a connection to an address.
func dialed(t testing.TB, address string) *Conn {
	t.Helper()
	return newEngine(t, Config{Address: address}).conn()
}

// exchange sends a request on a connection, with so much time, 0 for all of it.
func exchange(ctx context.Context, c *Conn, limit time.Duration, q *transport.Request, a *transport.Answer) error {
	again := *q // the test's own may be shared
	again.Timeout = limit
	c.Do(ctx, &again, a)
	return a.Err
}

// do sends a request and fails the test if there is no answer.
func do(t testing.TB, c *Conn, q *transport.Request, a *transport.Answer) {
	t.Helper()
	if err := exchange(context.Background(), c, patience, q, a); err != nil {
		t.Fatal(err)
	}
}

// class classifies errors of this package and of net/http in the same way.
func class(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, transport.ErrTooLarge), strings.Contains(err.Error(), "server response headers exceeded"):
		return "too-large"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, transport.ErrMalformed):
		return "malformed"
	case errors.Is(err, transport.ErrTLS):
		return "tls"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "truncated"
	case errors.Is(err, io.EOF):
		return "closed"
	}
	for _, text := range []string{"malformed", "invalid", "bad Content-Length", "transfer encoding", "multiple Content-Length",
		"too much", "too long", "chunked line", "trailer", "CR in chunked", "chunk length"} {
		if strings.Contains(err.Error(), text) {
			return "malformed"
		}
	}
	return err.Error()
}
