package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// Redirects in a target list for 127.0.0.1:8080 and shop.example.
func TestWhereRedirectsMayLead(t *testing.T) {
	for _, c := range []struct {
		to, allow, detour string
		ok                bool
	}{
		{"http://127.0.0.1:8080/x", "", "", true},
		{"https://127.0.0.1:8080", "", "", true}, // the same port by another scheme
		{"http://user:secret@127.0.0.1:8080", "", "", true},
		{"http://[::ffff:127.0.0.1]:8080", "", "", true},
		{"http://127.0.0.1:08080", "", "", true},
		{"http://127.0.0.1:22", "", "", false},
		{"http://127.0.0.1", "", "", false},
		{"http://[::1]:9", "", "", false},
		{"http://[::1]:8080", "", "", false},
		{"http://localhost:8080", "", "", false}, // which may be another server's address
		{"http://localhost:8080", "localhost", "", true},
		{"http://127.0.0.2:8080", "", "", false},
		{"http://2130706433:8080", "", "", false},
		{"http://0177.0.0.1:8080", "", "", false},
		{"http://127.1:8080", "", "", false},
		{"http://127.0.0.1.:8080", "", "", false},
		{"http://0.0.0.0:8080", "", "", false},
		{"http://127.0.0.1:8080@10.0.0.1/", "", "", false},
		{"ftp://127.0.0.1:8080", "", "", false},
		{"http://shop.example", "", "", true},
		{"http://SHOP.example:80/x", "", "", true},
		{"http://shop.example.", "", "", false}, // another name
		{"http://shop.example.evil.example", "", "", false},
		{"http://ſhop.example", "", "", false}, // folds into an s
		{"https://shop.example", "", "", false},
		{"https://shop.example", "shop.example", "", true},
		{"https://shop.example", "shop.example:443", "", true},
		{"https://shop.example", "shop.example:80", "", false},
		{"https://shop.example:8443", "SHOP.EXAMPLE:8443", "", true},
		{"http://10.0.0.1", "10.0.0.1:80", "", true},
		{"http://10.0.0.1:81", "10.0.0.1:80", "", false},
		{"http://[2001:db8::1]", "2001:DB8:0::1", "", true},
		{"http://[2001:db8::1]:81", "[2001:db8::1]:81", "", true},
		{"http://[2001:db8::1]:82", "[2001:db8::1]:81", "", false},
		{"http://[2001:db8::1]:82", "[2001:db8::1]", "", true},
		// What a detour reaches must be what one of the targets reaches too, or allowed.
		{"http://shop.example/x", "", "shop.example:80:127.0.0.1:8080", true},
		{"http://shop.example:81/x", "shop.example", "shop.example::127.0.0.1:", false},
		{"http://shop.example:81/x", "shop.example,127.0.0.1:81", "shop.example::127.0.0.1:", true},
		{"http://other.example", "", "other.example::127.0.0.1:8080", false},
		{"http://other.example", "other.example", "other.example::127.0.0.1:8080", true},
		{"http://other.example", "other.example", "other.example::127.0.0.1:22", false},
		{"http://other.example:080", "other.example", "other.example:80:127.0.0.1:8080", true}, // no detour: it is the host that was allowed
		{"http://bücher.example", "bücher.example", "xn--bcher-kva.example::127.0.0.1:22", false},
	} {
		o := ClientOptions{Targets: []string{"127.0.0.1:8080", "shop.example:80"}, Allow: strings.Split(c.allow, ",")}
		if c.detour != "" {
			o.Route = detours(c.detour)
		}
		u, err := url.Parse(c.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := o.leadsTo(u); got != c.ok {
			t.Errorf("%s, allowed %q, connect-to %q: %t, wanted %t", c.to, c.allow, c.detour, got, c.ok)
		}
	}
}

// Whatever a server says, connections go to the list's targets and to what was allowed, and to nothing else.
func TestRedirectsStayWhereTheyMay(t *testing.T) {
	var location string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(http.StatusFound)
	}))
	defer server.Close()
	own := netip.MustParseAddrPort(server.Listener.Addr().String())
	const allowed = "10.1.1.1:80"
	var mu sync.Mutex
	var dialed []string
	direct := Route{}.Dialer(nil)
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		mu.Lock()
		dialed = append(dialed, address)
		mu.Unlock()
		if address == own.String() {
			return direct(ctx, network, address)
		}
		return nil, errors.New("not dialled")
	}
	client := NewClient(context.Background(), ClientOptions{Targets: []string{own.String()}, Allow: []string{allowed}, Redirects: 3, Timeout: patience, Dial: dial})
	defer client.CloseIdleConnections()
	port := own.String()[strings.LastIndex(own.String(), ":")+1:]
	parts := func(texts ...string) *rapid.Generator[string] { return rapid.SampledFrom(texts) }
	hosts := parts("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "LOCALHOST", "127.0.0.2", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "0.0.0.0", "[::]",
		"127.0.0.1.", "10.1.1.1", "10.1.1.2", "shop.example", "%31%32%37.0.0.1", "[::1%25lo]", "①②⑦.0.0.1", "")
	rapid.Check(t, func(rt *rapid.T) {
		location = parts("http://", "https://", "//", "HTTP://", "", "ftp://", "http:", "http:/", "http:\\\\").Draw(rt, "scheme") +
			parts("", "a@", "a:b@", "127.0.0.1:"+port+"@", "127.0.0.1:"+port+"%40").Draw(rt, "user") + hosts.Draw(rt, "host") +
			parts("", ":", ":"+port, ":0"+port, ":22", ":80", ":443", ":9", ":99999").Draw(rt, "port") + parts("", "/", "/x", "?y", "#z", "@10.1.1.2/").Draw(rt, "path")
		mu.Lock()
		dialed = nil
		mu.Unlock()
		if answer, err := client.Get(server.URL); err == nil {
			_ = answer.Body.Close()
		}
		mu.Lock()
		defer mu.Unlock()
		for _, address := range dialed {
			host, port, _ := net.SplitHostPort(address)
			at, err := netip.ParseAddrPort(net.JoinHostPort(host, strings.TrimLeft(port, "0")))
			place := netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
			if err != nil || !slices.Contains([]netip.AddrPort{own, netip.MustParseAddrPort(allowed)}, place) {
				rt.Errorf("Location %q led to %s", location, address)
			}
		}
	})
}
