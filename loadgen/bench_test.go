package loadgen

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/record"
	"fsctl/loadgen/tally"
	"fsctl/loadgen/transport"
	"fsctl/loadgen/wheel"
)

// answering returns a target that answers every request with a few bytes.
func answering(b *testing.B) *url.URL {
	b.Helper()
	body := []byte(`{"items":[{"sku":"sku-1","stock":1000,"left":1000}],"total":1}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
	b.Cleanup(server.Close)
	return must(url.Parse(server.URL))
}

// BenchmarkRequest is one request on an open connection; the target's own allocations are in it.
func BenchmarkRequest(b *testing.B) {
	engine := transport.NewNetHTTP(answering(b), 1, nil, nil)
	defer engine.Close()
	conn, a := engine.Conn(), new(transport.Answer)
	r := &transport.Request{Method: "GET", URL: []byte("/items"), Timeout: time.Minute}
	b.ReportAllocs()
	for b.Loop() {
		if conn.Do(context.Background(), r, a); a.Err != nil {
			b.Fatal(a.Err)
		}
	}
}

// BenchmarkStorm is the whole path: a crowd that comes at once, so that every connection is always
// busy, to a target in the same process. Allocations are those of both sides.
func BenchmarkStorm(b *testing.B) {
	where := answering(b)
	s := compile(b, `
steps: {browse: {share: 100%, request: {url: "/items?u=${user.id}", headers: {X-User: "${user.id}"}}}}
storm: {t0: 0s, phases: [{journey: visitor, at: T0, users: 50k}]}
journeys: {visitor: [browse]}
`, func(o *Options) { o.Target, o.Connections = where, 64 })
	var before, after runtime.MemStats
	var requests uint64
	b.ResetTimer()
	for b.Loop() {
		runtime.ReadMemStats(&before)
		m := must(s.Manifest(time.Now()))
		w := must(record.Create(filepath.Join(b.TempDir(), "run"), m, nil))
		if end, err := s.Run(context.Background(), w, m.T0, nil); err != nil || end.Reason != record.Completed {
			b.Fatal(end, err)
		}
		runtime.ReadMemStats(&after)
		requests += s.Arrivals()
	}
	b.ReportMetric(float64(requests)/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(s.Arrivals()), "allocs/request")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(s.Arrivals()), "B/request")
}

// BenchmarkPop is what the pacer itself costs: users who come, get a connection and are answered at once.
func BenchmarkPop(b *testing.B) {
	s := compile(b, `
steps: {browse: {share: 100%, request: {url: /items}}}
storm: {t0: 0s, phases: [{journey: visitor, at: T0, users: 500M}]}
journeys: {visitor: [browse, {think: {exponential: 1ms}}, browse]}
`)
	v := newShard(s, 0, time.Now().Add(-time.Second))
	w := &worker{shard: v}
	b.ReportAllocs()
	for b.Loop() {
		now := v.now()
		u := v.pop(now)
		if u == nil {
			continue
		}
		v.take(w, u, now)
		v.put(&tally.Request{Step: u.Step(), Due: u.Due, Sent: now, Done: now}, u)
	}
}

// BenchmarkWaitingUsers is what a user who waits costs: a million of them at once, with nothing extracted, with two variables that the
// answer lacked, and with a token of 200 bytes as those have it who signed in before T0.
func BenchmarkWaitingUsers(b *testing.B) {
	token := transport.Field{Name: "Token", Value: bytes.Repeat([]byte("t"), 200)}
	for _, c := range []struct {
		name, extract string
		header        []transport.Field
	}{
		{"bare", "", nil},
		{"lacking", `, extract: {id: "header:Id", state: "header:State"}`, nil},
		{"token", `, extract: {token: "header:Token"}`, []transport.Field{token}},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := compile(b, `
steps: {a: {share: 100%, request: {url: /}`+c.extract+`}}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 1}]}
journeys: {j: [a, {think: 1s}, a]}
`).programs[0]
			waitingUsers(b, p, &transport.Answer{Status: 200, Header: c.header})
		})
	}
}

func waitingUsers(b *testing.B, p *journey.Program, answer *transport.Answer) {
	const users = 1_000_000
	random := rand.New(rand.NewPCG(1, 2))
	values := new(journey.ValueReader)
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		w := new(wheel.Wheel)
		for i := range uint64(users) {
			u := new(journey.User)
			u.Start(i, 0, p).Judge(u, answer, values)
			u.Due = time.Duration(random.Int64N(int64(time.Minute)))
			w.Add(u)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/users, "B/user")
		left := users
		for range w.Drain() {
			left--
		}
		if left != 0 {
			b.Fatal("users were lost")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/users, "ns/user")
}

// parrot is a target that costs little and allocates nothing: it answers every piece that it reads.
func parrot(t testing.TB, answer string) *url.URL {
	t.Helper()
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		piece, reply := make([]byte, 16<<10), []byte(answer)
		for {
			if _, err := c.Read(piece); err != nil {
				return
			}
			if _, err := c.Write(reply); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return &url.URL{Scheme: "http", Host: l.Addr().String()}
}

// steadyState returns one request of the whole path after the other: arrivals, templates, the wire, extraction,
// checks, histograms.
func steadyState(t testing.TB) func() {
	return steadyStateOf(t, func(text string) string { return text }, func(o *Options) { o.Connections = 1 })
}

// steadyStateOf is steadyState with another text and other options.
func steadyStateOf(t testing.TB, edit func(text string) string, change func(*Options)) func() {
	where := parrot(t, "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 46\r\n\r\n"+
		`{"order_id":"o-1234567890","state":"accepted"}`)
	s := compile(t, edit(`
sale: {items: 100, stock: 1k, popularity: {zipf: 0.9}}
steps:
  order:
    share: 100%
    request: {method: POST, url: "/items/${sku}/orders", headers: {Authorization: "Bearer ${user.token}"}, json: {sku: "${sku}", user: "${user.id}"}}
    extract: {order_id: "json:$.order_id", state: "json:$.state"}
    check: ["status in 200,201", "body contains order", "state == accepted"]
    outcome: {placed: "status 201"}
storm: {t0: 0s, phases: [{journey: buyer, at: T0, users: 200M}]}
journeys: {buyer: [order]}
feeders: {user: {from: sequence, size: 200M, fields: {token: "t${n}"}}}
`), func(o *Options) { o.Target = where }, change)
	engine := must(s.NewEngine(t.Context()))
	v := newShard(s, 0, time.Now().Add(-time.Hour)) // everybody is due
	v.pool.dial = func() *link { return &link{Conn: engine.Conn()} }
	w := &worker{shard: v, conn: &link{Conn: engine.Conn()}}
	t.Cleanup(func() { v.pacer.Close(); engine.Close() })
	var u *journey.User
	var done *tally.Request
	return func() {
		u = v.next(w, done, u)
		done = w.perform(context.Background(), u)
		if w.answer.Err != nil || done.Failed > 0 {
			t.Fatal(w.answer.Err, done.Judgement)
		}
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	request := steadyState(t)
	for range 3000 { // past the first block of arrivals
		request()
	}
	if n := testing.AllocsPerRun(5000, request); n != 0 {
		t.Errorf("%v allocations a request, wanted 0", n)
	}
}

// ownState is steadyState of a user who has a connection of its own, and takes it for one request after the other.
func ownState(t testing.TB) func() {
	return steadyStateOf(t, func(text string) string {
		text = strings.Replace(text, "buyer: [order]", "buyer: [{repeat: {for: 100h, every: 1us, do: [order]}}]", 1)
		return strings.Replace(text, "users: 200M", "users: 1", 1) + "defaults: {connections: per-user}\n"
	}, func(*Options) {})
}

func TestOwnConnectionsAllocateNothing(t *testing.T) {
	request := ownState(t)
	for range 3000 {
		request()
	}
	if n := testing.AllocsPerRun(5000, request); n != 0 {
		t.Errorf("%v allocations a request, wanted 0", n)
	}
}

// BenchmarkTemplatedPostOwn is BenchmarkTemplatedPost by a user's own connection.
func BenchmarkTemplatedPostOwn(b *testing.B) {
	request := ownState(b)
	b.ReportAllocs()
	for b.Loop() {
		request()
	}
}

// BenchmarkTemplatedPost is the whole path of a request, beside the target's share of the core.
func BenchmarkTemplatedPost(b *testing.B) {
	request := steadyState(b)
	b.ReportAllocs()
	for b.Loop() {
		request()
	}
}
