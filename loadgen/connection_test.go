package loadgen

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"

	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/shop"
)

// TestResetsAreCountedOneByOne storms a shop that resets connections, on a real network: each reset of a POST is one error, each of a
// GET is one error or one request that was sent again, and the shop sees as many requests as were counted as sent and sent again.
func TestResetsAreCountedOneByOne(t *testing.T) {
	for _, method := range []string{"POST", "GET"} {
		store, err := shop.New(shop.Config{Items: 1, Stock: 1, Faults: shop.Faults{ResetRatio: 0.2}, Seed: 5})
		if err != nil {
			t.Fatal(err)
		}
		var seen atomic.Uint64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen.Add(1)
			store.ServeHTTP(w, r)
		}))
		defer server.Close()
		s := compile(t, `
steps: {browse: {share: 100%, request: {method: `+method+`, url: /items}, check: ["status in 200,405"]}}
storm: {t0: 0s, phases: [{journey: visitor, at: T0, users: 1000, reaction: {uniform: [0ms, 200ms]}}]}
journeys: {visitor: [browse]}
`, func(o *Options) { o.Target, o.Raw = must(url.Parse(server.URL)), true })
		run := send(context.Background(), t, s, nil)
		c := run.All("")
		if c.Sent != 1000 || seen.Load() != c.Sent+c.Resent || run.End.Reason != record.Completed {
			t.Errorf("%s: %d sent, %d sent again, but the target saw %d", method, c.Sent, c.Resent, seen.Load())
		}
		resets := c.Errors[transport.ClassReset]
		if c.Failed != resets || method == "POST" && (c.Resent > 0 || resets != 200) || method == "GET" && (c.Resent < 20 || resets < 10) {
			t.Errorf("%s: %d resets, %d sent again and %d failures: %v", method, resets, c.Resent, c.Failed, c.Errors)
		}
		if codes := rawCodes(t, run.Dir); len(codes) != 2 || uint64(codes[0]) != resets || codes[200]+codes[405] != 1000-codes[0] {
			t.Errorf("%s: the raw results have %v, wanted %d without a status", method, codes, resets)
		}
	}
}
