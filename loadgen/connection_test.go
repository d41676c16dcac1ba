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

// TestResetsAreCountedOneByOne storms a shop that resets connections, on a real network: each
// reset is one error, and the shop sees as many requests as were counted as sent.
func TestResetsAreCountedOneByOne(t *testing.T) {
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
steps: {browse: {share: 100%, request: {url: /items}}}
storm: {t0: 0s, phases: [{journey: visitor, at: T0, users: 1000, reaction: {uniform: [0ms, 200ms]}}]}
journeys: {visitor: [browse]}
`, func(o *Options) { o.Target, o.Raw = must(url.Parse(server.URL)), true })
	run := send(context.Background(), t, s, nil)
	c := run.All("")
	if c.Sent != 1000 || seen.Load() != c.Sent || run.End.Reason != record.Completed {
		t.Errorf("%d sent, but the target saw %d", c.Sent, seen.Load())
	}
	if n := c.Errors[transport.ClassReset]; n != 200 || c.Failed != 200 {
		t.Errorf("%d resets and %d failures, wanted 200: %v", n, c.Failed, c.Errors)
	}
	if codes := rawCodes(t, run.Dir); codes[0] != 200 || codes[200] != 800 || len(codes) != 2 {
		t.Errorf("the raw results have %v, wanted 800 of 200 and 200 without a status", codes)
	}
}
