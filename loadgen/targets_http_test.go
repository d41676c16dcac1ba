package loadgen

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/transport"
)

// A request of a list that says Connection: close is its connection's last, though the server would keep it open.
func TestConnectionsOfListsEnd(t *testing.T) {
	for _, c := range []struct {
		header string
		conns  int32
	}{{"", 1}, {"connection: Close\n", 5}, {"Connection: keep-alive, close\n", 5}} {
		var conns atomic.Int32
		u := loadtest.Rude(t, func(nc *net.TCPConn) {
			conns.Add(1)
			in := make([]byte, 4<<10)
			for { // the first request has been read
				if _, err := io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); err != nil {
					return
				}
				if _, err := nc.Read(in); err != nil {
					return
				}
			}
		})
		run := fire(context.Background(), t, TargetOptions{File: targetFile(t, "GET "+u.String()+"/x\n"+c.header), Rate: 50, Duration: 100 * time.Millisecond, Connections: 1})
		if n := run.All(""); n.Done != 5 || n.Failed != 0 || conns.Load() != c.conns {
			t.Errorf("%q: %d done, %d failed over %d connections, wanted 5 over %d", c.header, n.Done, n.Failed, conns.Load(), c.conns)
		}
	}
}

// A status below 100 is malformed in a list too.
func TestStatusBelow100InLists(t *testing.T) {
	u := loadtest.Rude(t, loadtest.Write("HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n"))
	run := fire(context.Background(), t, TargetOptions{File: targetFile(t, "GET "+u.String()+"\n"), Rate: 100, Duration: 50 * time.Millisecond})
	if n := run.All(""); n.Failed != 5 || n.Errors[transport.ClassMalformed] != 5 {
		t.Errorf("%+v, wanted 5 malformed answers", n)
	}
}

// Cookies that answers set on the way are sent on, and a Location is percent-encoded.
func TestRedirectsOfLists(t *testing.T) {
	for _, c := range []struct {
		name, own, location string
		set                 []string
		saw                 string // request line and Cookie of the second request
	}{
		{"kept", "", "/b", []string{"s=1; Path=/", "t=2; Path=/b"}, "/b t=2; s=1"},
		{"merged", "Cookie: s=0; o=1\n", "/b", []string{"s=1; Path=/"}, "/b o=1; s=1"},
		{"named in lower case", "cookie: s=0; o=1\n", "/b", []string{"s=1; Path=/"}, "/b o=1; s=1"},
		{"deleted", "Cookie: s=0\n", "/b", []string{"s=; Max-Age=0; Path=/"}, "/b "},
		{"for elsewhere", "", "/b", []string{"s=1; Path=/c", "t=1; Domain=other.example"}, "/b "},
		{"none", "Cookie: s=0\n", "/b", nil, "/b s=0"},
		{"query with a blank and UTF-8", "", "/b?a b=é|", nil, "/b?a%20b=%C3%A9%7C "},
	} {
		var saw atomic.Value
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/a" {
				saw.Store(r.RequestURI + " " + strings.Join(r.Header["Cookie"], " | "))
				return
			}
			w.Header()["Set-Cookie"] = slices.Clone(c.set)
			w.Header().Set("Location", c.location)
			w.WriteHeader(http.StatusFound)
		}))
		run := fire(context.Background(), t, TargetOptions{File: targetFile(t, "GET "+server.URL+"/a\n"+c.own), Rate: 100, Duration: 20 * time.Millisecond})
		server.Close()
		if n := run.All(""); n.Failed != 0 || saw.Load() != c.saw {
			t.Errorf("%s: %d failed, the target saw %q, wanted %q", c.name, n.Failed, saw.Load(), c.saw)
		}
	}
}
