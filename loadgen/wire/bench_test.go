package wire

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"testing"

	"fsctl/loadgen/transport"
)

// quick is a server that costs little: it answers every piece that it reads.
func quick(answer []byte) func(int, *net.TCPConn) {
	return func(_ int, nc *net.TCPConn) {
		p := make([]byte, 8<<10)
		for {
			if _, err := nc.Read(p); err != nil {
				return
			}
			if _, err := nc.Write(answer); err != nil {
				return
			}
		}
	}
}

// typical is an answer such as nginx gives.
var typical = []byte("HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 03:16:02 GMT\r\nContent-Type: application/json\r\n" +
	"Content-Length: 34\r\nConnection: keep-alive\r\n\r\n" + `{"order":"0123456789","status":"ok"}`[:34])

func requests() map[string]*transport.Request {
	q := get()
	q.WantBody = false
	return map[string]*transport.Request{"GET": q, "POST": post(`{"sku":"12345","quantity":1,"user":"u-1234567"}`)}
}

func TestNoAllocations(t *testing.T) {
	for name, q := range requests() {
		c := dialed(t, serve(t, quick(typical)))
		ctx, cancel := context.WithCancel(t.Context())
		var a transport.Answer
		n := testing.AllocsPerRun(1000, func() {
			if err := exchange(ctx, c, patience, q, &a); err != nil || a.Status != 200 {
				t.Fatal(a.Status, err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations a request, want 0", name, n)
		}
		cancel()
	}
}

// BenchmarkDo measures a request to a small server within the process, which is most of the time.
func BenchmarkDo(b *testing.B) {
	for name, q := range requests() {
		b.Run(name, func(b *testing.B) {
			c := dialed(b, serve(b, quick(typical)))
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			var a transport.Answer
			b.ReportAllocs()
			for b.Loop() {
				if err := exchange(ctx, c, patience, q, &a); err != nil || a.Status != 200 {
					b.Fatal(a.Status, err)
				}
			}
		})
	}
}

// BenchmarkRead measures the reader alone.
func BenchmarkRead(b *testing.B) {
	e := newEngineFor(Config{MaxHead: DefaultMaxHead, MaxBody: DefaultMaxBody}, &url.URL{Scheme: "http", Host: "shop.test"})
	for name, answer := range map[string][]byte{
		"length": typical,
		"chunks": bytes.Replace(typical, []byte("Content-Length: 34\r\n"), []byte("Transfer-Encoding: chunked\r\n"), 1),
	} {
		if name == "chunks" {
			i := bytes.Index(answer, []byte("\r\n\r\n")) + 4
			answer = append(append(append(bytes.Clone(answer[:i]), "22\r\n"...), answer[i:]...), "\r\n0\r\n\r\n"...)
		}
		b.Run(name, func(b *testing.B) {
			sc := &script{}
			c := newConn(e, 0)
			c.stream = sc
			q := get()
			var a transport.Answer
			pieces := [][]byte{answer}
			b.ReportAllocs()
			for b.Loop() {
				pieces[0] = answer
				sc.pieces = pieces
				if err := exchange(context.Background(), c, 0, q, &a); err != nil || len(a.Body) != 34 {
					b.Fatal(len(a.Body), err)
				}
			}
		})
	}
}
