package loadgen

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
)

// perUser is a journey of three requests and two pauses.
const perUser = `
defaults: {connections: per-user}
steps:
  login: {request: {method: POST, url: /login, headers: {X-User: "${arrival}"}}}
  page:  {request: {url: /page, headers: {X-User: "${arrival}"}}}
  order: {request: {method: POST, url: /order, headers: {X-User: "${arrival}"}, json: {a: 1}}}
storm: {t0: 0s, phases: [{journey: j, from: T0, to: T0+500ms, rate: 80/s, spacing: even}], drain: 5s}
journeys: {j: [login, {think: 150ms}, page, {think: 150ms}, order]}
`

// counter is a server that keeps what came over each of its connections.
type counter struct {
	*httptest.Server
	pause time.Duration // before each answer

	mu    sync.Mutex
	conns []*counted // in the order in which they were opened
	open  int
}

// clientEnds counts the connections that are open at once as the client sees them: a server hears a moment later that one was closed.
type clientEnds struct {
	dial       transport.Dial
	mu         sync.Mutex
	open, most int
}

func (e *clientEnds) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := e.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	e.count(1)
	return &clientEnd{Conn: c, closed: sync.OnceFunc(func() { e.count(-1) })}, nil
}

func (e *clientEnds) count(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open += n
	e.most = max(e.most, e.open)
}

type clientEnd struct {
	net.Conn
	closed func()
}

func (c *clientEnd) Close() error { c.closed(); return c.Conn.Close() }

// counted is a connection as its server sees it.
type counted struct {
	conn     net.Conn
	users    []string // of its requests
	at, over time.Time
	last     time.Time // when the last request came
	resumed  bool      // by the TLS session of another
}

type connKey struct{}

// newCounter returns a server that is not started.
func newCounter() *counter {
	c := &counter{}
	c.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		c.mu.Lock()
		v := r.Context().Value(connKey{}).(*counted)
		v.users, v.last = append(v.users, r.Header.Get("X-User")), time.Now()
		v.resumed = r.TLS != nil && r.TLS.DidResume
		c.mu.Unlock()
		time.Sleep(c.pause)
	}))
	c.Config.ErrorLog = log.New(io.Discard, "", 0)
	c.Config.ConnContext = func(ctx context.Context, nc net.Conn) context.Context {
		c.mu.Lock()
		defer c.mu.Unlock()
		v := &counted{conn: nc, at: time.Now()}
		c.conns = append(c.conns, v)
		c.open++
		return context.WithValue(ctx, connKey{}, v)
	}
	c.Config.ConnState = func(nc net.Conn, state http.ConnState) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if i := slices.IndexFunc(c.conns, func(v *counted) bool { return v.conn == nc }); state == http.StateClosed && i >= 0 {
			c.conns[i].over = time.Now()
			c.open--
		}
	}
	return c
}

// serve answers on a network in the process until stop is called.
func (c *counter) serve(p *loadtest.Pipes) (stop func()) {
	ended := make(chan struct{})
	go func() { _ = c.Config.Serve(p); close(ended) }()
	return func() { _ = c.Config.Close(); <-ended }
}

// settled waits until every connection was closed, as the server sees it, and returns them all.
func (c *counter) settled(t *testing.T) []*counted {
	t.Helper()
	for range 500 {
		c.mu.Lock()
		open, conns := c.open, c.conns
		c.mu.Unlock()
		if open == 0 {
			return conns
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%d of %d connections are still open", c.open, len(c.conns))
	return nil
}

// checkOwn fails unless each of so many users had a connection of its own, which carried so many requests, all of that user.
func checkOwn(t *testing.T, what string, conns []*counted, users, requests int) {
	t.Helper()
	seen := map[string]bool{}
	for _, v := range conns {
		if len(v.users) != requests || len(slices.Compact(slices.Clone(v.users))) != 1 || seen[v.users[0]] {
			t.Errorf("%s: a connection carried requests of the users %q, wanted %d of one, who has no other", what, v.users, requests)
			continue
		}
		seen[v.users[0]] = true
	}
	if len(conns) != users {
		t.Errorf("%s: found %d connections, wanted one for each of %d users", what, len(conns), users)
	}
}

// opened returns how many connections the generator says to have opened, and how many were open at once at the end of a second.
func opened(run loadtest.Run) (all uint64, most int) {
	for _, g := range run.Generators() {
		all += g.Opened
		most = max(most, g.Connections)
	}
	return all, most
}

func TestEachUserOpensItsOwnConnection(t *testing.T) {
	for _, engine := range []string{EngineWire, EngineVegeta} {
		for _, secure := range []string{"", "TLS", "HTTP/2"} {
			server := newCounter()
			o := Options{Scenario: parse(t, perUser), Seed: 1, Engine: engine}
			if secure == "" {
				server.Start()
			} else {
				server.EnableHTTP2 = secure == "HTTP/2"
				server.StartTLS()
				roots := x509.NewCertPool()
				roots.AddCert(server.Certificate())
				o.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
			}
			o.Target = must(url.Parse(server.URL))
			what := engine + " " + cmp.Or(secure, "plain")
			run := send(t.Context(), t, must(New(o)), nil)
			conns := server.settled(t)
			checkOwn(t, what, conns, 40, 3)
			if slices.ContainsFunc(conns, func(v *counted) bool { return v.resumed }) {
				t.Errorf("%s: a user took up the TLS session of another", what)
			}
			server.Close()
			if c := run.All(""); c.Done != 120 || c.Failed > 0 || c.Resent > 0 || c.Opening > 0 || !run.Manifest.PerUser {
				t.Errorf("%s: counters are %+v, wanted 120 done", what, c)
			}
			if all, _ := opened(run); all != 40 {
				t.Errorf("%s: %d connections opened, wanted one a user", what, all)
			}
			if problem := run.Unbalanced(40); problem != "" {
				t.Errorf("%s: %s", what, problem)
			}
		}
	}
}

// The connection is closed when the journey is over, at once; it is kept over all pauses before.
func TestUsersKeepTheirConnectionsAndCloseThem(t *testing.T) {
	const withBefore = `
defaults: {connections: per-user}
steps:
  login: {request: {url: /login, headers: {X-User: "${arrival}"}}}
  page:  {request: {url: /page, headers: {X-User: "${arrival}"}}}
storm: {t0: 20s, phases: [{journey: j, at: T0, users: 30, before: {journey: signin, from: T0-15s, to: T0-5s}}], drain: 20s}
journeys: {signin: [login, {think: 1s}, page], j: [page, {think: 3s}, page]}
`
	for _, engine := range []string{EngineWire, EngineVegeta} {
		synctest.Test(t, func(t *testing.T) {
			p, server := loadtest.NewPipes(), newCounter()
			stop := server.serve(p)
			s := compile(t, withBefore, func(o *Options) { o.Dial, o.Engine = p.Dial, engine })
			run := send(t.Context(), t, s, nil)
			conns := server.settled(t)
			checkOwn(t, engine, conns, 30, 4)
			for _, v := range conns {
				if before := run.Manifest.T0.Sub(v.at); before < 5*time.Second || !v.over.Equal(v.last) || v.over.Sub(run.Manifest.T0) < 3*time.Second {
					t.Errorf("%s: opened %v before T0, last used %v after it and closed %v after that", engine, before, v.last.Sub(run.Manifest.T0), v.over.Sub(v.last))
				}
			}
			if _, most := opened(run); most != 30 {
				t.Errorf("%s: at most %d connections were open, wanted 30 while all wait for T0", engine, most)
			}
			if problem := run.Unbalanced(30); problem != "" {
				t.Error(problem)
			}
			stop()
		})
	}
}

// Where as many connections are open as may be, who comes waits until another user's journey is over, and users who have one do not.
func TestUsersWaitForAConnectionOfTheirOwn(t *testing.T) {
	for _, engine := range []string{EngineWire, EngineVegeta} {
		for _, opening := range []string{"", "{think: 10ms}, "} { // in the queue, and on the wheel
			synctest.Test(t, func(t *testing.T) {
				p, server := loadtest.NewPipes(), newCounter()
				server.pause = 20 * time.Millisecond
				stop := server.serve(p)
				text := strings.Replace(perUser, "from: T0, to: T0+500ms, rate: 80/s, spacing: even", "at: T0, users: 30", 1)
				text = strings.Replace(text, "[login", "["+opening+"login", 1)
				ends := &clientEnds{dial: p.Dial}
				s := compile(t, text, func(o *Options) { o.Dial, o.Engine, o.MaxConnections = ends.Dial, engine, 10 })
				run := send(t.Context(), t, s, nil)
				checkOwn(t, engine, server.settled(t), 30, 3)
				if _, most := opened(run); ends.most != 10 || most > 10 {
					t.Errorf("%s: %d connections were open at once, and %d by the record, wanted 10", engine, ends.most, most)
				}
				c, login := run.All(""), run.All("login")
				if c.Waited != 20 || login.Waited != 20 || c.Late > 0 || c.Opening > 0 || c.Frozen > 0 || c.Done != 90 || c.Failed > 0 {
					t.Errorf("%s: counters are %+v, wanted 20 that waited, all of them first requests", engine, c)
				}
				// Each of the three rounds takes 360 ms.
				longest := time.Duration(run.Packed(record.Everything, func(t record.Tag) bool { return t.Metric == record.ResponseTime }).Max())
				if !near(longest, 740*ms, 0.03) {
					t.Errorf("%s: the longest response time is %v, wanted 740ms", engine, longest)
				}
				if problem := run.Unbalanced(30); problem != "" {
					t.Error(problem)
				}
				stop()
			})
		}
	}
}

// Users who wait for a connection of their own give up as those who wait for any other do.
func TestUsersGiveUpWaitingForAConnectionOfTheirOwn(t *testing.T) {
	for _, opening := range []string{"", "{think: 10ms}, "} {
		synctest.Test(t, func(t *testing.T) {
			p, server := loadtest.NewPipes(), newCounter()
			server.pause = 20 * time.Millisecond
			stop := server.serve(p)
			text := strings.Replace(perUser, "from: T0, to: T0+500ms, rate: 80/s, spacing: even", "at: T0, users: 30", 1)
			text = strings.Replace(strings.Replace(text, "[login", "["+opening+"login", 1), "login: {", "login: {patience: 200ms, ", 1)
			s := compile(t, text, func(o *Options) { o.Dial, o.MaxConnections = p.Dial, 10 })
			run := send(t.Context(), t, s, nil)
			checkOwn(t, "patient", server.settled(t), 10, 3)
			if c := run.All(""); run.End.Reason != record.Completed || c.Done != 30 || c.GivenUp != 20 || c.Unsent > 0 || c.Waited > 0 || c.Failed > 0 {
				t.Errorf("end %+v, counters are %+v; wanted 20 who gave up", run.End, c)
			}
			if arrivals, iterations := run.Users(); arrivals != 30 || iterations != 30 {
				t.Errorf("%d users came and %d ended, wanted 30", arrivals, iterations)
			}
			stop()
		})
	}
}

// A server that closes idle connections makes users open others, each request one, by the rules of what may be sent again.
func TestServerClosesIdleConnectionsOfUsers(t *testing.T) {
	for _, engine := range []string{EngineWire, EngineVegeta} {
		server := newCounter()
		server.Config.IdleTimeout = 20 * time.Millisecond
		server.Start()
		s := compile(t, strings.ReplaceAll(perUser, "think: 150ms", "think: 1s"), func(o *Options) { o.Target, o.Engine = must(url.Parse(server.URL)), engine })
		run := send(t.Context(), t, s, nil)
		conns := server.settled(t)
		server.Close()
		all, most := opened(run)
		if c := run.All(""); len(conns) <= 80 || int(all) != len(conns) || c.Done != 120 || c.Failed > 0 || most > 40 {
			t.Errorf("%s: %d connections, %d opened and at most %d open, %d sent again, %d of %d failed: wanted 120 connections, or a few less where the server was slow to close, and no failure", engine, len(conns), all, most, c.Resent, c.Failed, c.Done)
		}
	}
}

// Users who give up, leave, or cannot go on close their connections too.
func TestUsersWhoEndEarlyCloseTheirConnections(t *testing.T) {
	const text = `
defaults: {connections: per-user}
steps:
  page: {request: {url: /page, headers: {X-User: "${arrival}"}}}
  slow: {request: {url: /slow, headers: {X-User: "${arrival}"}}, patience: 50ms}
  take: {request: {url: /page, headers: {X-User: "${arrival}"}}, extract: {token: {from: "json:$.token", optional: true}}}
  use:  {request: {url: "/use/${token}"}}
storm: {t0: 0s, phases: [{journey: gives, at: T0, users: 10}, {journey: leaves, at: T0, users: 10}, {journey: lacks, at: T0, users: 10}], drain: 5s}
journeys:
  gives: [slow, {think: 1s}, page]
  leaves: [page, {if: status == 200, do: [leave]}, {think: 1s}, page]
  lacks: [take, {think: 1s}, use]
`
	for _, engine := range []string{EngineWire, EngineVegeta} {
		synctest.Test(t, func(t *testing.T) {
			p, server := loadtest.NewPipes(), newCounter()
			server.pause = 100 * time.Millisecond
			stop := server.serve(p)
			s := compile(t, text, func(o *Options) { o.Dial, o.Engine = p.Dial, engine })
			run := send(t.Context(), t, s, nil)
			checkOwn(t, engine, server.settled(t), 30, 1)
			if c := run.All(""); c.Done != 30 || c.Errors[transport.ClassAbandoned] != 10 || c.Failed != 10 {
				t.Errorf("%s: counters are %+v, wanted 30 requests, 10 of them abandoned", engine, c)
			}
			if problem := run.Unbalanced(30); problem != "" {
				t.Error(problem)
			}
			stop()
		})
	}
}

// A storm that is called off closes the connections of users in flight, who think, and who wait for T0.
func TestCallingOffClosesTheConnectionsOfUsers(t *testing.T) {
	for _, engine := range []string{EngineWire, EngineVegeta} {
		server := newCounter()
		server.pause = 20 * time.Millisecond
		server.Start()
		text := strings.ReplaceAll(perUser, "think: 150ms", "think: 1m")
		before := openFiles(t)
		s := compile(t, text, func(o *Options) { o.Target, o.Engine, o.MaxConnections = must(url.Parse(server.URL)), engine, 12 })
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		run := send(ctx, t, s, nil)
		cancel()
		conns := server.settled(t)
		if c := run.All(""); run.End.Reason != record.Interrupted || len(conns) != 12 || c.Sent != 12 || c.Done != 12 || c.Unsent == 0 {
			t.Errorf("%s: end %+v, %d connections, counters %+v; wanted 12 users, and others unsent", engine, run.End, len(conns), c)
		}
		if problem := run.Unbalanced(40); problem != "" {
			t.Error(problem)
		}
		server.Close()
		if after := openFiles(t); after > before {
			t.Errorf("%s: %d files are open after the run, %d were before", engine, after, before)
		}
	}
}

// A user has a connection to each host that it calls, and none to others.
func TestUsersHaveAConnectionToEachHost(t *testing.T) {
	const text = `
targets: {api: "http://api.example", pay: "http://pay.example"}
defaults: {connections: per-user}
steps:
  page: {request: {url: /page, headers: {X-User: "${arrival}"}}}
  cart: {request: {host: api, url: /cart, headers: {X-User: "${arrival}"}}}
  pay:  {request: {host: pay, url: /pay, headers: {X-User: "${arrival}"}}}
storm: {t0: 0s, phases: [{journey: both, at: T0, users: 8}, {journey: one, at: T0, users: 5}], drain: 5s}
journeys: {both: [page, cart, {think: 100ms}, cart, page], one: [cart, cart], never: [pay]}
`
	for _, engine := range []string{EngineWire, EngineVegeta} {
		shop, api, pay := newCounter(), newCounter(), newCounter()
		for _, server := range []*counter{shop, api, pay} {
			server.Start()
		}
		o := Options{Scenario: parse(t, text), Target: must(url.Parse(shop.URL)), Others: map[string]*url.URL{"api": must(url.Parse(api.URL)), "pay": must(url.Parse(pay.URL))}, Seed: 1, Engine: engine}
		run := send(t.Context(), t, must(New(o)), nil)
		checkOwn(t, engine+" shop", shop.settled(t), 8, 2)
		checkOwn(t, engine+" api", api.settled(t), 13, 2)
		checkOwn(t, engine+" pay", pay.settled(t), 0, 0)
		if all, _ := opened(run); all != 21 || run.All("").Done != 42 || run.All("").Failed > 0 {
			t.Errorf("%s: %d opened, counters are %+v; wanted 21 and 42 requests", engine, all, run.All(""))
		}
		for _, server := range []*counter{shop, api, pay} {
			server.Close()
		}
	}
}

// With --no-keepalive each request has a connection of its own, whatever users have; a fixed number of connections is refused.
func TestOwnConnectionsBesideOtherSettings(t *testing.T) {
	server := newCounter()
	server.Start()
	defer server.Close()
	s := compile(t, perUser, func(o *Options) { o.Target, o.NoKeepAlive, o.Connections = must(url.Parse(server.URL)), true, 20 })
	run := send(t.Context(), t, s, nil)
	if conns := server.settled(t); len(conns) != 120 || run.Manifest.PerUser || run.All("").Done != 120 {
		t.Errorf("%d connections, wanted one for each of 120 requests", len(conns))
	}
	_, err := New(Options{Scenario: parse(t, perUser), Target: loadtest.Target(), Connections: 20})
	if err == nil || !strings.Contains(err.Error(), "found --connections 20, but the scenario has each user open a connection of its own") {
		t.Errorf("found %v, wanted a fixed number to be refused", err)
	}
	if text := compile(t, perUser, func(o *Options) { o.MaxConnections = 20 }).ConnectionsText(); text != "up to 20 connections, one for each user" {
		t.Errorf("found %q", text)
	}
}

// openFiles returns how many descriptors this process has, 0 where the system does not say.
func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}
