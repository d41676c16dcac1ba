package loadgen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fsctl/loadgen/record"
)

func TestParseDetour(t *testing.T) {
	for text, want := range map[string]Detour{
		"shop.example:443:127.0.0.1:8443": {"shop.example", "443", "127.0.0.1", "8443"},
		"::127.0.0.1:8443":                {"", "", "127.0.0.1", "8443"},
		"shop.example::127.0.0.1:":        {"shop.example", "", "127.0.0.1", ""},
		":80::8080":                       {"", "80", "", "8080"},
		":::":                             {},
		"[::1]:80:[2001:db8::1]:8080":     {"::1", "80", "2001:db8::1", "8080"},
		"[::1]:80:[2001:db8::1]:":         {"::1", "80", "2001:db8::1", ""},
		"[::1]:80::":                      {"::1", "80", "", ""},
		"a:80:localhost:81":               {"a", "80", "localhost", "81"},
	} {
		got, err := ParseDetour(text)
		if err != nil || got != want {
			t.Errorf("%s: found %+v, %v, wanted %+v", text, got, err, want)
		}
		if again, err := ParseDetour(got.String()); err != nil || again != want {
			t.Errorf("%s: written as %s and read as %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "a", "a:80", "a:80:b", "a:80:b:81:c", "a:x:b:81", "a:80:b:0", "a:80:b:65536", "a:80:b:-1", "::1:80:b:81", "[a]:80:b:81", "[::1:80:b:81", "[::1]x:80:b:81", "a:80:[::1]",
		"http://a:80:b:81", "u@a:80:b:81", "a b:80:c:81"} {
		if got, err := ParseDetour(text); err == nil {
			t.Errorf("%s: found %+v, wanted an error", text, got)
		} else if _, ok := errors.AsType[*InputError](err); !ok {
			t.Errorf("%s: %v is no InputError", text, err)
		}
	}
}

func detours(texts ...string) (r Route) {
	for _, text := range texts {
		r.ConnectTo = append(r.ConnectTo, must(ParseDetour(text)))
	}
	return r
}

// Wherever connections really go must be this machine or allowed.
func TestCheckTargetWithDetours(t *testing.T) {
	for _, c := range []struct {
		target, detour, allow string
		ok                    bool
	}{
		{"http://127.0.0.1:80", "127.0.0.1:80:10.0.0.1:80", "", false},
		{"http://127.0.0.1:80", "127.0.0.1:80:10.0.0.1:80", "127.0.0.1", false},
		{"http://127.0.0.1:80", "127.0.0.1:80:10.0.0.1:80", "10.0.0.1", true},
		{"http://127.0.0.1:80", "127.0.0.1:80:10.0.0.1:81", "10.0.0.1:81", true},
		{"http://127.0.0.1:80", "127.0.0.1:80:10.0.0.1:81", "10.0.0.1:80", false},
		{"http://127.0.0.1:80", "::shop.example:", "", false},
		{"http://127.0.0.1:80", "::shop.example:", "shop.example", true},
		{"http://127.0.0.1:80", "::[2001:db8::1]:", "", false},
		{"http://127.0.0.1:80", "::[2001:db8::1]:", "2001:db8::1", true},
		{"http://127.0.0.1:80", "::0.0.0.0:", "", false},
		{"http://127.0.0.1:80", "::localhost:8080", "", true},
		{"http://127.0.0.1:80", "::[::1]:8080", "", true},
		{"http://127.0.0.1:80", ":::8080", "", true},
		{"https://shop.example", "shop.example:443:127.0.0.1:8443", "", true}, // nothing goes to shop.example
		{"https://shop.example", "SHOP.EXAMPLE:443:127.0.0.1:8443", "", true},
		{"https://shop.example", "shop.example:80:127.0.0.1:8443", "", false}, // is not the port meant
		{"https://shop.example", "other.example:443:127.0.0.1:8443", "", false},
		{"https://shop.example", ":::8443", "", false},
		{"https://shop.example", ":::8443", "shop.example", true},
		{"http://[::1]:80", "[0:0:0:0:0:0:0:1]:80:10.0.0.1:80", "", false},
		{"http://[::ffff:127.0.0.1]:80", "127.0.0.1:80:10.0.0.1:80", "", false},
		{"http://bücher.example", "bücher.example:80:127.0.0.1:80", "", false}, // net/http would dial xn--bcher-kva.example
		{"http://xn--bcher-kva.example", "xn--bcher-kva.example:80:127.0.0.1:80", "", true},
	} {
		err := CheckTarget(must(url.Parse(c.target)), []string{c.allow}, detours(c.detour))
		if (err == nil) != c.ok {
			t.Errorf("%s by %s, allowed %q: %v, wanted it allowed: %t", c.target, c.detour, c.allow, err, c.ok)
		}
	}
}

func TestDetourThatMatchesNothing(t *testing.T) {
	for _, c := range []struct {
		detours []string
		ok      bool
	}{
		{nil, true},
		{[]string{"::127.0.0.1:1"}, true},
		{[]string{"127.0.0.1:1:127.0.0.1:2"}, true},
		{[]string{"127.0.0.1:2:127.0.0.1:1"}, false},
		{[]string{"::127.0.0.1:1", "shop.example::127.0.0.1:2"}, false},
	} {
		_, err := New(Options{Scenario: parse(t, steady), Target: target(), Seed: 1, Route: detours(c.detours...)})
		if _, input := errors.AsType[*InputError](err); (err == nil) != c.ok || err != nil && !input {
			t.Errorf("%q: %v, wanted it accepted: %t", c.detours, err, c.ok)
		}
	}
}

func TestFirstDetourHolds(t *testing.T) {
	r := detours("shop.example:80:127.0.0.1:1", "shop.example::127.0.0.1:2", "::[::1]:")
	for from, to := range map[string]string{
		"shop.example:80": "127.0.0.1:1", "shop.example:81": "127.0.0.1:2", "other.example:80": "[::1]:80", "[2001:db8::1]:7": "[::1]:7",
		"no port": "no port",
	} {
		if got := r.lead(from); got != to {
			t.Errorf("%s leads to %s, wanted %s", from, got, to)
		}
	}
}

func TestParseSource(t *testing.T) {
	for _, text := range []string{"127.0.0.1", "127.9.8.7", " 127.0.0.2 "} {
		if a, err := ParseSource(text); err != nil || a.String() != strings.TrimSpace(text) {
			t.Errorf("%q: %v, %v", text, a, err)
		}
	}
	for _, text := range []string{"", "localhost", "0.0.0.0", "::", "224.0.0.1", "192.0.2.1", "127.0.0.1:80", "2001:db8::1"} {
		_, err := ParseSource(text)
		if input, ok := errors.AsType[*InputError](err); !ok || input.Hint == "" {
			t.Errorf("%q: %v, wanted an InputError with a hint", text, err)
		}
	}
}

// witness is a server that notes who asked whom.
type witness struct {
	*httptest.Server
	mu      sync.Mutex
	hosts   map[string]int
	sources map[string]int
}

func newWitness(t *testing.T, secure bool) *witness {
	w := &witness{hosts: map[string]int{}, sources: map[string]int{}}
	w.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.hosts[r.Host]++
		from, _, _ := net.SplitHostPort(r.RemoteAddr)
		w.sources[from]++
		fmt.Fprint(rw, `{"stock": {}, "orders": []}`)
	}))
	if secure {
		w.StartTLS()
	} else {
		w.Start()
	}
	t.Cleanup(w.Close)
	return w
}

// saw returns how many requests named each host, and how many came from each address.
func (w *witness) saw() (hosts, sources map[string]int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.hosts), maps.Clone(w.sources)
}

func (w *witness) port() string { return must(url.Parse(w.URL)).Port() }

const detoured = `
sale: {items: 1, stock: 1}
steps: {item: {share: 100%, transaction: true, request: {url: /item}, outcome: {placed: "status == 299"}, extract: {order_id: "json:$.id"}}}
storm: {t0: 0s, phases: [{journey: j, from: T0, to: T0+200ms, rate: 100/s, spacing: even}]}
journeys: {j: [item]}
ledger: {url: /ledger}
`

// A storm by detours reaches the other host under the target's name, its certificate and its ledger included.
func TestDetourByBothEngines(t *testing.T) {
	for _, engine := range []string{EngineWire, EngineVegeta} {
		for _, secure := range []bool{false, true} {
			w := newWitness(t, secure)
			o := Options{Scenario: parse(t, detoured), Target: must(url.Parse("http://example.com:7")), Seed: 1, Connections: 2, Engine: engine,
				Route: detours("example.com:7:127.0.0.1:" + w.port())}
			if secure { // httptest's certificate is for example.com too
				o.Target.Scheme = "https"
				o.TLS = &tls.Config{RootCAs: w.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12}
			}
			run := send(context.Background(), t, must(New(o)), nil)
			if c := run.all(""); c.Done != 20 || c.Failed != 0 || run.err != nil {
				t.Errorf("%s, TLS %t: %d done, %d failed by %v, %v", engine, secure, c.Done, c.Failed, c.Errors, run.err)
			}
			if hosts, _ := w.saw(); !run.Ledger.Read || hosts["example.com:7"] != 21 || len(hosts) != 1 {
				t.Errorf("%s, TLS %t: hosts %v, ledger read %t (%s)", engine, secure, hosts, run.Ledger.Read, run.Ledger.Error)
			}
		}
	}
}

func TestSourcesInTurnByBothEngines(t *testing.T) {
	sources := []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("::1"), netip.MustParseAddr("127.0.0.3")}
	for _, engine := range []string{EngineWire, EngineVegeta} {
		w := newWitness(t, false)
		e := must(must(New(Options{Scenario: parse(t, steady), Target: must(url.Parse(w.URL)), Seed: 1, Engine: engine, Route: Route{Sources: sources}})).newEngine(context.Background()))
		for range 6 {
			a := new(Answer)
			e.Conn().Do(context.Background(), &Request{Method: "GET", URL: []byte("/"), Timeout: patience}, a)
			if a.Err != nil {
				t.Errorf("%s: %v", engine, a.Err)
			}
		}
		e.Close()
		if _, sources := w.saw(); sources["127.0.0.2"] < 2 || sources["127.0.0.3"] < 2 || len(sources) != 2 {
			t.Errorf("%s: requests by source %v, wanted 127.0.0.2 and 127.0.0.3 in turn", engine, sources)
		}
	}
}

func TestRouteOfTargetLists(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // which would know nothing of the detour
	w := newWitness(t, false)
	file := filepath.Join(t.TempDir(), "targets.txt")
	if err := os.WriteFile(file, []byte("GET http://shop.example:7/item\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := TargetOptions{File: file, Rate: 50, Duration: 200 * time.Millisecond, Connections: 4}
	if _, err := NewTargetList(o); err == nil {
		t.Error("shop.example was accepted without a detour")
	}
	o.Route = detours("other.example::127.0.0.1:1", "::127.0.0.1:"+w.port())
	if _, err := NewTargetList(o); err == nil {
		t.Error("a detour that matches no target was accepted")
	}
	o.Route = detours("shop.example::127.0.0.1:" + w.port())
	o.Route.Sources = []netip.Addr{netip.MustParseAddr("127.0.0.9")}
	l := must(NewTargetList(o))
	now := time.Now()
	if _, err := l.Run(context.Background(), must(record.Create(filepath.Join(t.TempDir(), "run"), l.Manifest(now), nil)), now, nil); err != nil {
		t.Fatal(err)
	}
	if hosts, sources := w.saw(); hosts["shop.example:7"] != 10 || sources["127.0.0.9"] != 10 {
		t.Errorf("hosts %v, sources %v", hosts, sources)
	}
}
