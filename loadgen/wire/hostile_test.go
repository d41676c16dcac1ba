package wire

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/transport"
)

func TestGivesUpOnHostileServers(t *testing.T) {
	t.Parallel()
	write := func(nc net.Conn, s string) bool { _, err := io.WriteString(nc, s); return err == nil }
	wait := func(nc net.Conn) { _, _ = io.Copy(io.Discard, nc) } // until the client is gone
	for _, c := range []struct {
		name     string
		class    string
		deadline time.Duration
		handle   func(nc *net.TCPConn)
	}{
		{"says nothing", "timeout", 100 * time.Millisecond, func(nc *net.TCPConn) { wait(nc) }},
		{"says nothing after the head", "timeout", 100 * time.Millisecond, func(nc *net.TCPConn) {
			write(nc, okLine+"Content-Length: 5\r\n\r\nhel")
			wait(nc)
		}},
		{"a byte at a time, and never done", "timeout", 300 * time.Millisecond, func(nc *net.TCPConn) {
			for i := 0; write(nc, (okLine + "X-A: " + strings.Repeat("b", 1000))[i%1000:][:1]); i++ {
				time.Sleep(20 * time.Millisecond)
			}
		}},
		{"resets at once", "reset", patience, func(nc *net.TCPConn) { _ = nc.SetLinger(0) }},
		{"resets half-way", "reset", patience, func(nc *net.TCPConn) {
			write(nc, okLine+"Content-Length: 5\r\n\r\nhel")
			_ = nc.SetLinger(0)
			time.Sleep(20 * time.Millisecond) // a reset may overtake what was sent just before
		}},
		{"closes at once", "closed", patience, func(nc *net.TCPConn) { _ = nc.CloseWrite(); wait(nc) }},
		{"closes half-way", "truncated", patience, func(nc *net.TCPConn) { write(nc, okLine) }},
		{"head of 1 MiB", "too-large", patience, func(nc *net.TCPConn) { write(nc, okLine+"X: "+strings.Repeat("x", 1<<20)+"\r\n\r\n") }},
		{"head without end", "too-large", patience, func(nc *net.TCPConn) {
			write(nc, okLine)
			for write(nc, "X-A: "+strings.Repeat("b", 500)+"\r\n") {
			}
		}},
		{"body without end", "too-large", patience, func(nc *net.TCPConn) {
			write(nc, okLine+"\r\n")
			for write(nc, strings.Repeat("b", 5000)) {
			}
		}},
		{"chunks without end", "too-large", patience, func(nc *net.TCPConn) {
			write(nc, okLine+"Transfer-Encoding: chunked\r\n\r\n")
			for write(nc, "400\r\n"+strings.Repeat("b", 0x400)+"\r\n") {
			}
		}},
		{"body announced too large", "too-large", patience, func(nc *net.TCPConn) { write(nc, okLine+"Content-Length: 1000001\r\n\r\n"); wait(nc) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			address := serve(t, func(_ int, nc *net.TCPConn) {
				if _, _, ok := readRequest(bufio.NewReader(nc)); ok {
					c.handle(nc)
				}
			})
			conn := newEngine(t, Config{Address: address, MaxBody: 1e6}).conn()
			for range 2 { // the second shows that the first left the connection in order
				a := transport.Answer{Status: 7}
				err := exchange(t.Context(), conn, c.deadline, get(), &a)
				if class(err) != c.class || a.Status != 0 {
					t.Errorf("status %d, class %q, want 0, %q: %v", a.Status, class(err), c.class, err)
				}
				if conn.stream != nil {
					t.Error("the connection is still there")
				}
			}
		})
	}
}

func TestHalfClosedBeforeTheRequestIsNoticed(t *testing.T) {
	t.Parallel()
	// The end of the connection arrives before the request is sent, and the server never resets.
	// Nothing new happens on the connection then: only the look that ends a slice of the wait finds it.
	shut := make(chan struct{})
	address := serve(t, func(_ int, nc *net.TCPConn) {
		_ = nc.CloseWrite()
		close(shut)
		_, _ = io.Copy(io.Discard, nc)
	})
	c := dialed(t, address)
	if err := c.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-shut
	time.Sleep(10 * time.Millisecond)
	c.lastByte = c.engine.now() + time.Hour // as if it had just carried an answer
	q := get()
	q.Method = "DELETE" // which must not be sent twice
	var a transport.Answer
	if err := exchange(t.Context(), c, patience, q, &a); class(err) != "closed" {
		t.Errorf("class %q, want closed: %v", class(err), err)
	}
}

func TestUnaskedAnswerClosesTheConnection(t *testing.T) {
	t.Parallel()
	one := okLine + "Content-Length: 5\r\n\r\nhello"
	address := serve(t, answering(one+one, false))
	e := newEngine(t, Config{Address: address})
	c := e.conn()
	var a transport.Answer
	for range 3 {
		do(t, c, get(), &a)
		if a.Status != 200 || string(a.Body) != "hello" {
			t.Errorf("status %d, body %q", a.Status, a.Body)
		}
	}
	if s := e.Stats(); s.Unasked != 3 || s.Dialed != 3 {
		t.Errorf("%+v, want 3 connections, each closed because of the second answer", s)
	}
}

func TestUnaskedAnswerToAnIdleConnection(t *testing.T) {
	t.Parallel()
	more, sent := make(chan bool), make(chan bool)
	address := serve(t, func(number int, nc *net.TCPConn) {
		r := bufio.NewReader(nc)
		for range 2 {
			if _, _, ok := readRequest(r); !ok {
				return
			}
			_, _ = io.WriteString(nc, okLine+"Content-Length: 5\r\n\r\nhello")
			if number == 0 {
				<-more
				_, _ = io.WriteString(nc, "HTTP/1.1 500 Wrong\r\nContent-Length: 0\r\n\r\n")
				sent <- true
			}
		}
	})
	e := newEngine(t, Config{Address: address})
	c := e.conn()
	var a transport.Answer
	do(t, c, get(), &a)
	more <- true
	<-sent
	c.lastByte -= time.Hour // long idle
	do(t, c, post("x"), &a)
	if s := e.Stats(); a.Status != 200 || s.Unasked != 1 || s.Dialed != 2 {
		t.Errorf("status %d, %+v, want 200 on a second connection", a.Status, s)
	}
}

func TestEndOfContextEndsTheWait(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	address := serve(t, func(_ int, nc *net.TCPConn) {
		if _, _, ok := readRequest(bufio.NewReader(nc)); ok {
			close(arrived)
			_, _ = io.Copy(io.Discard, nc)
		}
	})
	c := dialed(t, address)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	var a transport.Answer
	if err := exchange(ctx, c, 0, get(), &a); class(err) != "canceled" {
		t.Errorf("%v, want canceled", err)
	}
	if err := exchange(ctx, c, 0, get(), &a); class(err) != "canceled" {
		t.Errorf("%v, want canceled", err)
	}
}

func TestCloseEndsARequest(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	address := serve(t, func(_ int, nc *net.TCPConn) {
		if _, _, ok := readRequest(bufio.NewReader(nc)); ok {
			close(arrived)
			_, _ = io.Copy(io.Discard, nc)
		}
	})
	e := newEngine(t, Config{Address: address})
	c := e.conn()
	go func() { <-arrived; e.Close() }()
	var a transport.Answer
	if err := exchange(t.Context(), c, 0, post("x"), &a); err == nil {
		t.Error("no error from a closed connection")
	}
	if err := c.Connect(t.Context()); err == nil {
		t.Error("a closed engine connected")
	}
}

func TestPacked(t *testing.T) {
	t.Parallel()
	asks := get()
	asks.Header = []transport.Field{{Name: "Accept-Encoding", Value: []byte("gzip")}}
	head := func(p []byte) string {
		return okLine + "Content-Encoding: gzip\r\nContent-Length: " + itoa(len(p)) + "\r\n\r\n" + string(p)
	}
	good := packed(t, []byte("hello"))
	for _, c := range []struct {
		name, answer string
		q            *transport.Request
		body, class  string
	}{
		{"asked", head(good), asks, "hello", ""},
		{"not asked", head(good), get(), string(good), ""},
		{"cut", head(good[:len(good)-3]), asks, "", "malformed"},
		{"not packed", head([]byte("hello")), asks, "", "malformed"},
		{"bomb", head(packed(t, make([]byte, 1<<20))), asks, "", "too-large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn := newEngine(t, Config{Address: serve(t, answering(c.answer, false)), MaxBody: 1 << 16}).conn()
			var a transport.Answer
			for range 2 {
				err := exchange(t.Context(), conn, patience, c.q, &a)
				if class(err) != c.class || err == nil && string(a.Body) != c.body {
					t.Errorf("body %q, class %q, want %q, %q", a.Body, class(err), c.body, c.class)
				}
			}
		})
	}
}

func TestCountsBytes(t *testing.T) {
	t.Parallel()
	answer := okLine + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
	c := dialed(t, serve(t, answering(answer, false)))
	q := post("order")
	q.WantBody = false
	var a transport.Answer
	do(t, c, q, &a)
	if c.got != len(answer) || c.put != len(c.message.head)+5 || a.BytesOut != 5 || a.BytesIn != 5 || len(a.Body) != 0 {
		t.Errorf("%d in, %d out, bodies of %d and %d, kept %q", c.got, c.put, a.BytesIn, a.BytesOut, a.Body)
	}
	if a.Connect <= 0 || a.Waiting < a.Connect {
		t.Errorf("connected in %v, first byte after %v", a.Connect, a.Waiting)
	}
	if do(t, c, q, &a); a.Connect != 0 {
		t.Errorf("connected in %v, but was connected", a.Connect)
	}
	if !bytes.Equal(c.reply.value("TRANSFER-encoding"), []byte("chunked")) || c.reply.value("transfer_encoding") != nil {
		t.Error("header fields are not found by name")
	}
}
