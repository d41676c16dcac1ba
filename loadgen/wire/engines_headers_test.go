package wire

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/transport"
)

// A step that expects 100 Continue keeps its body back until the target wants it.
func TestExpectContinueByBothEngines(t *testing.T) {
	const size = 100
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/unread" {
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		n, _ := io.Copy(io.Discard, r.Body) // asks for the body
		fmt.Fprint(w, r.Header.Get("Expect"), " ", n)
	}))
	defer server.Close()
	for name, engine := range engines {
		for path, status := range map[string]int{"/read": 200, "/unread": 417} {
			a := askBy(engine(loadtest.Must(url.Parse(server.URL))), patience, func(r *transport.Request) {
				r.Method, r.URL, r.Body = "POST", []byte(path), make([]byte, size)
				r.Header, r.WantBody = []transport.Field{{Name: "Expect", Value: []byte("100-Continue")}}, true
			})
			if a.Status != status || a.Err != nil || status == 200 && string(a.Body) != "100-Continue 100" {
				t.Errorf("%s %s: status %d, body %q, wanted %d: %v", name, path, a.Status, a.Body, status, a.Err)
			}
		}
	}
	for name, engine := range engines {
		target, early := patient(t, size)
		a := askBy(engine(target), patience, func(r *transport.Request) {
			r.Method, r.Body, r.Header = "POST", make([]byte, size), []transport.Field{{Name: "Expect", Value: []byte("100-continue")}}
		})
		if a.Status != 200 {
			t.Fatalf("%s: status %d: %v", name, a.Status, a.Err)
		}
		if n := <-early; n != 0 {
			t.Errorf("%s: %d bytes of the body came with the head", name, n)
		}
	}
}

// patient is a target that looks at a request's head before it asks for the body. It reports how much of the
// body came with the head.
func patient(t *testing.T, size int) (target *url.URL, early chan int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	early = make(chan int, 1)
	var wait sync.WaitGroup
	wait.Go(func() {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		in := bufio.NewReader(c)
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		early <- in.Buffered()
		_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		_, _ = io.CopyN(io.Discard, in, int64(size))
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	t.Cleanup(func() { listener.Close(); wait.Wait() })
	return loadtest.Must(url.Parse("http://" + listener.Addr().String())), early
}

// A body in gzip that a step asked for is unpacked where the step looks at it, and counted as it came.
func TestGzipByBothEngines(t *testing.T) {
	const plain = `{"filler": "` + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" + `", "id": "17"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/broken":
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, plain)
		case strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"):
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			fmt.Fprint(z, plain)
			z.Close()
		default:
			fmt.Fprint(w, plain)
		}
	}))
	defer server.Close()
	accepting := []transport.Field{{Name: "Accept-Encoding", Value: []byte("gzip")}}
	for name, engine := range engines {
		ask := func(path string, want bool, header []transport.Field) *transport.Answer {
			return askBy(engine(loadtest.Must(url.Parse(server.URL))), patience, func(r *transport.Request) { r.URL, r.WantBody, r.Header = []byte(path), want, header })
		}
		if a := ask("/", true, nil); string(a.Body) != plain || a.BytesIn != uint64(len(plain)) {
			t.Errorf("%s, gzip not asked for: %d bytes, body %s, %v", name, a.BytesIn, a.Body, a.Err)
		}
		if a := ask("/", true, accepting); string(a.Body) != plain || a.BytesIn == 0 || a.BytesIn >= uint64(len(plain)) {
			t.Errorf("%s, gzip asked for: %d bytes, body %s, %v", name, a.BytesIn, a.Body, a.Err)
		}
		if a := ask("/", false, accepting); len(a.Body) != 0 || a.BytesIn == 0 || a.Err != nil {
			t.Errorf("%s, body not wanted: %d bytes, body %s, %v", name, a.BytesIn, a.Body, a.Err)
		}
		if a := ask("/broken", true, accepting); a.Class != transport.ClassMalformed || a.Status != 0 {
			t.Errorf("%s, no gzip after all: class %q, status %d: %v", name, a.Class, a.Status, a.Err)
		}
		if a := ask("/broken", false, accepting); a.Err != nil || a.Status != 200 {
			t.Errorf("%s, no gzip after all, and not wanted: %v", name, a.Err)
		}
	}
}
