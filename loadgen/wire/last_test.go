package wire_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/transport"
	"fsctl/loadgen/wire"
)

// TestLastOfBothEngines holds what both engines still have of an answer that was not wanted, whole or not.
func TestLastOfBothEngines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 10_000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Case", r.URL.Path)
		switch r.URL.Path {
		case "/long":
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, long)
		case "/pieces":
			for i := range 5 {
				fmt.Fprintf(w, "piece %d;", i)
				w.(http.Flusher).Flush()
				time.Sleep(time.Millisecond)
			}
		case "/header":
			w.Header().Set("X-Long", long[:60_000])
			fmt.Fprint(w, "body")
		case "/broken":
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "half")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case "/hop":
			http.Redirect(w, r, "/broken", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/none":
			panic(http.ErrAbortHandler)
		}
	}))
	defer server.Close()
	where, _ := url.Parse(server.URL) // httptest's are sound
	fast, err := wire.New(t.Context(), wire.ConfigFor(where, transport.Route{}))
	if err != nil {
		t.Fatal(err)
	}
	for name, engine := range map[string]transport.Engine{"wire": fast, "net/http": transport.NewNetHTTP(where, 1, nil, nil)} {
		defer engine.Close()
		conn, a := engine.Conn(), new(transport.Answer)
		redirects := map[string]int{"/hop": 1, "/round": 3}
		for _, c := range []struct{ path, line, header, body, class string }{
			{"/long", "HTTP/1.1 404 Not Found", "X-Case: /long", long[:transport.MostStart], ""},
			{"/pieces", "HTTP/1.1 200 OK", "X-Case: /pieces", "piece 0;piece 1;piece 2;piece 3;piece 4;", ""},
			{"/header", "HTTP/1.1 200 OK", "X-Long: " + long[:60_000], "body", ""},
			{"/broken", "HTTP/1.1 200 OK", "X-Case: /broken", "half", transport.ClassTruncated},
			{"/hop", "HTTP/1.1 200 OK", "X-Case: /broken", "half", transport.ClassTruncated},
			{"/round", "HTTP/1.1 302 Found", "Location: /round", "", transport.ClassRedirect},
			{"/none", "", "", "", transport.ClassClosed},
		} {
			for _, want := range []bool{false, true} {
				conn.Do(context.Background(), &transport.Request{Method: "GET", URL: []byte(c.path), Timeout: time.Minute, Redirects: 3, WantBody: want}, a)
				last := conn.Last()
				if a.Followed != redirects[c.path] {
					t.Errorf("%s %s: followed %d redirects, wanted %d", name, c.path, a.Followed, redirects[c.path])
				}
				if path := strings.Replace(c.path, "/hop", "/broken", 1); name == "wire" && !bytes.HasPrefix(last.Sent, []byte("GET "+path+" HTTP/1.1\r\nHost: ")) {
					t.Errorf("%s: sent %q, wanted the last request", c.path, last.Sent)
				}
				line, rest, _ := bytes.Cut(last.Head, []byte("\r\n"))
				if a.Class != c.class || string(line) != c.line || !bytes.Contains(rest, []byte(c.header)) || string(last.Body) != c.body && c.path != "/round" {
					t.Errorf("%s %s, body wanted: %v: class %q, %q, %d bytes of header, body %.60q; wanted class %q, %q with %.60q and body %.60q",
						name, c.path, want, a.Class, line, len(rest), last.Body, c.class, c.line, c.header, c.body)
				}
			}
		}
	}
}
