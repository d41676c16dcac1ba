package try

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"fsctl/loadgen"
	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// byteShop answers requests and keeps every byte of them.
type byteShop struct {
	mu       sync.Mutex
	requests []string       // as they came, in their order
	asked    map[string]int // for the state of an order
}

// open serves the shop on loopback until the test ends.
func (s *byteShop) open(t *testing.T) *url.URL {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.asked = map[string]int{}
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			wait.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() { listener.Close(); wait.Wait() })
	return &url.URL{Scheme: "http", Host: listener.Addr().String()}
}

// serve answers the requests of a connection, which come one at a time: what was read is one request.
func (s *byteShop) serve(c net.Conn) {
	defer c.Close()
	var read bytes.Buffer
	in := bufio.NewReader(io.TeeReader(c, &read))
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		s.mu.Lock()
		s.requests = append(s.requests, strings.ReplaceAll(read.String(), c.LocalAddr().String(), "HOST"))
		read.Reset()
		status, header, body := s.answer(r)
		s.mu.Unlock()
		fmt.Fprintf(c, "HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n%s", status, header, len(body), body)
	}
}

// taken returns the requests so far.
func (s *byteShop) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *byteShop) answer(r *http.Request) (status int, header, body string) {
	user := r.Header.Get("X-User")
	switch page, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); page {
	case "login":
		return 200, "Set-Cookie: sid=c" + user + "; Path=/\r\n", `{"token": "t ` + user + `/\"ü"}`
	case "hop":
		return 302, "Location: /landed?from=" + user + "\r\n", ""
	case "orders":
		return 201, "Location: /state/" + user + "\r\n", `{"order_id": 900719925474099` + user + `}`
	case "state":
		if s.asked[user]++; s.asked[user]%3 != 0 {
			return 200, "", `{"state": "pending"}`
		}
		return 200, "", `{"state": "confirmed"}`
	case "soldout":
		return 409, "", `{}`
	case "broken":
		return 500, "", "no"
	}
	return 200, "", "hello " + user
}

// journeys are what the users of TestSameAsAttack do. Each request names its user.
func journeys() map[string]string {
	const users = `
feeders: {user: {from: sequence, size: 50, fields: {name: "u${n}", password: "geheim-${n}"}}}
sale: {items: 20, stock: 10, sku: "item ${n}/x", popularity: {zipf: 1}}
storm: {t0: 100ms, phases: [{journey: j, at: T0, users: 4, reaction: {uniform: [0ms, 30ms]}}], lateness: {limit: 1m}}
`
	return map[string]string{
		"plain": users + `
steps: {a: {share: 100%, request: {url: "/items/${sku}?q=${user.name}&n=${arrival}", headers: {X-User: "${arrival}", Accept: text/plain}}}}
journeys: {j: [a, {think: {uniform: [1ms, 9ms]}}, a]}`,
		"order": users + `
steps:
  login: {share: 20%, request: {method: POST, url: /login, headers: {X-User: "${arrival}"}, json: {user: "${user.name}", password: "${user.password}"}}, extract: {token: "json:$.token", sid: "cookie:sid"}}
  order:
    share: 20%
    transaction: true
    request: {method: POST, url: /orders, headers: {X-User: "${arrival}", Authorization: "Bearer ${token}", Cookie: "sid=${sid}"}, json: {sku: "${sku}", token: "${token}"}}
    extract: {order_id: "json:$.order_id", where: "header:Location"}
    outcome: {placed: "status 201"}
  state: {share: 60%, request: {url: "/state/${order_id}?at=${where}", headers: {X-User: "${arrival}"}}, extract: {state: "json:$.state"}}
journeys: {j: [login, {think: {exponential: 3ms}}, order, {repeat: {until: "state == confirmed", every: 4ms, for: 30s, do: [state]}}]}`,
		"redirects": users + `
steps:
  hop: {share: 50%, request: {method: POST, url: /hop, headers: {X-User: "${arrival}"}, body: "a=1&b=${user.name}"}}
  stay: {share: 50%, request: {url: /hop, redirects: 0, headers: {X-User: "${arrival}"}}}
journeys: {j: [hop, stay, {repeat: {times: 3, every: 2ms, do: [hop]}}]}`,
		"endings": users + `
steps:
  order:
    share: 50%
    transaction: true
    request: {method: POST, url: /soldout, headers: {X-User: "${arrival}"}}
    extract: {order_id: "json:$.order_id"}
    outcome: {placed: "status 201", sold_out: "status 409"}
  broken: {share: 25%, request: {url: /broken, headers: {X-User: "${arrival}"}}}
  pay: {share: 25%, request: {url: "/pay/${order_id}", headers: {X-User: "${arrival}"}}}
journeys: {j: [broken, {repeat: {times: 2, do: [order, broken]}}, pay]}`,
	}
}

// The server cannot tell try from an attack: for every user of a storm, by both engines, the same bytes come in the same order.
func TestSameAsAttack(t *testing.T) {
	user := regexp.MustCompile(`(?i)X-User: (\d+)`)
	for name, text := range journeys() {
		for _, engine := range []string{loadgen.EngineWire, loadgen.EngineVegeta} {
			t.Run(name+" by "+engine, func(t *testing.T) {
				attacked := byUser(t, user, storm(t, text, engine, 7))
				if len(attacked) != 4 {
					t.Fatalf("found requests of %d users, wanted 4", len(attacked))
				}
				for arrival, want := range attacked {
					shop := &byteShop{}
					o := optionsFor(t, text, shop.open(t))
					o.Engine, o.Seed = engine, 7
					if _, err := fmt.Sscan(arrival, &o.User); err != nil {
						t.Fatal(err)
					}
					o.User++
					r := run(t, o)
					if got := shop.taken(); !slices.Equal(got, want) {
						t.Errorf("user %d: try sent\n%q\nthe attack\n%q", o.User, got, want)
					}
					followed := 0
					for _, s := range r.Steps {
						followed += s.Answer.Redirects
					}
					if len(r.Steps)+followed != len(want) {
						t.Errorf("user %d: %d steps and %d redirects are shown of %d requests", o.User, len(r.Steps), followed, len(want))
					}
				}
			})
		}
	}
}

// byUser returns the requests of each user in their order.
func byUser(t *testing.T, user *regexp.Regexp, requests []string) map[string][]string {
	t.Helper()
	list := map[string][]string{}
	for _, r := range requests {
		m := user.FindStringSubmatch(r)
		if m == nil {
			t.Fatalf("a request of no user: %q", r)
		}
		list[m[1]] = append(list[m[1]], r)
	}
	return list
}

// storm sends a scenario's storm and returns the requests that came.
func storm(t *testing.T, text, engine string, seed uint64) []string {
	t.Helper()
	shop := &byteShop{}
	sc := loadtest.Parse(t, text)
	s, err := loadgen.New(loadgen.Options{Scenario: sc, Target: shop.open(t), Seed: seed, Engine: engine})
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Manifest(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w, err := record.Create(filepath.Join(t.TempDir(), "run"), m, nil)
	if err != nil {
		t.Fatal(err)
	}
	if end, err := s.Run(t.Context(), w, m.T0, nil); err != nil || end.Reason != record.Completed {
		t.Fatal(end, err)
	}
	return shop.taken()
}

// optionsFor returns options for user 1 of a scenario.
func optionsFor(t *testing.T, text string, target *url.URL) Options {
	t.Helper()
	return Options{Options: loadgen.Options{Scenario: loadtest.Parse(t, text), Target: target, Seed: 1}, User: 1, MostRequests: DefaultMostRequests}
}

// run performs a trial.
func run(t *testing.T, o Options) *Result {
	t.Helper()
	v, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return v.Run(t.Context(), Observer{})
}
