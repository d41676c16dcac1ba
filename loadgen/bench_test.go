package loadgen

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"fsctl/loadgen/record"
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
	engine := NewNetHTTP(answering(b), 1, nil, nil)
	defer engine.Close()
	conn, a := engine.Conn(), new(Answer)
	r := &Request{Method: "GET", URL: []byte("/items"), Timeout: time.Minute}
	b.ReportAllocs()
	for b.Loop() {
		a.reset()
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
		v.take(w, u, false)
		v.put(&sample{step: u.step(), due: u.due, sent: now, done: now}, u)
	}
}
