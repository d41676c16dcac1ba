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
	"sync"
	"testing"
	"time"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
)

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
		_, err := New(Options{Scenario: parse(t, steady), Target: loadtest.Target(), Seed: 1, Route: detours(c.detours...)})
		if _, input := errors.AsType[*transport.InputError](err); (err == nil) != c.ok || err != nil && !input {
			t.Errorf("%q: %v, wanted it accepted: %t", c.detours, err, c.ok)
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
steps: {item: {share: 100%, transaction: true, request: {url: /item}, outcome: {placed: "status == 299"}, extract: {order_id: {from: "json:$.id", optional: true}}}}
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
			if c := run.All(""); c.Done != 20 || c.Failed != 0 || run.Err != nil {
				t.Errorf("%s, TLS %t: %d done, %d failed by %v, %v", engine, secure, c.Done, c.Failed, c.Errors, run.Err)
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
		e := must(must(New(Options{Scenario: parse(t, steady), Target: must(url.Parse(w.URL)), Seed: 1, Engine: engine, Route: transport.Route{Sources: sources}})).NewEngine(context.Background()))
		for range 6 {
			a := new(transport.Answer)
			e.Conn().Do(context.Background(), &transport.Request{Method: "GET", URL: []byte("/"), Timeout: 20 * time.Second}, a)
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

func detours(texts ...string) (r transport.Route) {
	for _, text := range texts {
		r.ConnectTo = append(r.ConnectTo, must(transport.ParseDetour(text)))
	}
	return r
}

// lookedUp stands in for DNS: every name has these addresses.
func lookedUp(addresses ...string) transport.Lookup {
	return func(context.Context, string) (list []netip.Addr, err error) {
		for _, a := range addresses {
			list = append(list, netip.MustParseAddr(a))
		}
		return list, nil
	}
}
