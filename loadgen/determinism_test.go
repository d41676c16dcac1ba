package loadgen

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/loadgen/loadtest"
)

const storming = `
sale: {items: 5, stock: 10, popularity: {zipf: 1}}
steps:
  browse: {share: 50%, request: {url: /browse, headers: {X-User: "${user.token}", X-SKU: "${sku}"}}}
  order: {share: 50%, request: {method: POST, url: "/order?n=${random.int(1, 1000)}", headers: {X-User: "${user.token}", X-SKU: "${sku}", X-Key: "${uuid} ${hmac('sha256', user.token, body)}"}, json: {t: "${random.text(9)}"}}, extract: {state: "json:$.state"}}
storm:
  t0: 2s
  phases:
    - {journey: visitor, from: T0-2s, to: T0+1s, rate: [20/s, 120/s]}
    - {journey: buyer, at: T0, users: 150, reaction: {lognormal: {median: 300ms, sigma: 0.6}}}
    - {journey: sleeper, at: T0-1s, users: 40, reaction: {uniform: [0s, 1s]}}
journeys:
  visitor: [browse, {think: {exponential: 400ms}}, browse]
  buyer: [order, {repeat: {until: "state == done", every: 100ms, times: 3, do: [order]}}]
  sleeper: [{think: {uniform: [0s, 500ms]}}, browse]
feeders: {user: {from: sequence, size: 1k, fields: {token: "t${n}"}}}
`

// hit is one request as the target sees it.
type hit struct {
	due             time.Duration // when it arrived, from T0, which in a bubble is when it was due
	user, sku, step string
	drawn           string // what random functions gave
}

// hitsOf sends the storm to a target that answers at once, by so many shards, and returns what it saw.
func hitsOf(t *testing.T, seed uint64, shards int) (hits []hit) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.NewPipes()
		var mu sync.Mutex
		t0 := time.Now().Add(2 * time.Second)
		stop := p.Serve(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			body, _ := io.ReadAll(r.Body) // what is missing of it differs from run to run
			hits = append(hits, hit{time.Since(t0), r.Header.Get("X-User"), r.Header.Get("X-SKU"), r.URL.Path, r.URL.RawQuery + r.Header.Get("X-Key") + string(body)})
			fmt.Fprint(w, `{"state":"pending"}`)
		})
		defer stop()
		s := compile(t, storming, func(o *Options) { o.Seed, o.Connections, o.Dial = seed, 64, p.Dial })
		s.shards = shards
		run := send(context.Background(), t, s, nil)
		if problem := run.Unbalanced(s.Arrivals()); problem != "" || run.Err != nil {
			t.Fatal(problem, run.Err)
		}
		if c := run.All(""); c.Late+c.Waited+c.Unsent > 0 {
			t.Errorf("%d late, %d waited, %d unsent: wanted every request at its instant", c.Late, c.Waited, c.Unsent)
		}
	})
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.user, b.user), cmp.Compare(a.step, b.step))
	})
	return hits
}

// TestSameStormOnAnyNumberOfShards holds what the target sees against a run on one shard.
func TestSameStormOnAnyNumberOfShards(t *testing.T) {
	want := hitsOf(t, 1, 1)
	if len(want) < 500 {
		t.Fatalf("only %d requests", len(want))
	}
	for _, shards := range []int{1, 2, 3, 4, 8} {
		if got := hitsOf(t, 1, shards); !slices.Equal(got, want) {
			t.Errorf("%d shards send %d requests, one sends %d, or they differ", shards, len(got), len(want))
		}
	}
	if slices.Equal(hitsOf(t, 2, 2), want) {
		t.Error("another seed makes the same storm")
	}
}
