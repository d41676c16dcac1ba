package loadgen

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
	"fsctl/scenarios"
	"fsctl/scenarios/shop"
)

const shopping = `
sale: {items: 3, stock: 20, per_user: 1}
steps:
  browse: {share: 50%, request: {url: /items, timeout: TIMEOUT}, extract: {ticket: {from: "header:X-Ticket", optional: true}}}
  item: {share: 25%, request: {url: "/items/${sku}", timeout: 1s}}
  order:
    share: 25%
    transaction: true
    request: {method: POST, url: /orders, headers: {Authorization: "Bearer ${user.token}", Idempotency-Key: "${user.id}"}, json: {sku: "${sku}", quantity: 1}}
    extract: {order_id: "json:$.order_id", state: "json:$.state"}
    check: ["status in 200,202,409"]
    outcome: {placed: "status in 200,202", sold_out: "status 409"}
  enter: {share: 0%, request: {url: "/items/${ticket}"}}
  status:
    share: 0%
    request: {url: "/orders/${order_id}"}
    extract: {state: "json:$.state"}
storm:
  t0: 2s
  phases: [PHASES]
  drain: DRAIN
journeys:
  visitor: [browse, {think: {exponential: 300ms}}, item]
  buyer: [order, {repeat: {until: "state == confirmed", every: 200ms, for: 1s, do: [status]}}]
  bot: [{repeat: {times: 4, every: 5ms, do: [order]}}]
  sleeper: [{think: {uniform: [0s, 1s]}}, browse]
  lost: [{think: 10ms}, browse, enter]
feeders: {user: {from: sequence, size: 10k, fields: {token: "t${n}"}}}
ledger: {url: /ledger}
`

// weather is a storm drawn at random, with the shop it goes to.
type weather struct {
	scenario    string
	shop        shop.Config
	connections int
	shards      int
	seed        uint64
	stopAfter   time.Duration // 0 for not
	abortAt     int           // second
	own         bool          // each user has a connection of its own
}

func drawWeather(t *rapid.T) weather {
	milliseconds := func(name string, most int) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Millisecond
	}
	var phases []string
	for range rapid.IntRange(1, 3).Draw(t, "phases") {
		journey := rapid.SampledFrom([]string{"visitor", "buyer", "bot", "sleeper", "lost"}).Draw(t, "journey")
		if rapid.Bool().Draw(t, "crowd") {
			phases = append(phases, fmt.Sprintf("{journey: %s, at: T0, users: %d, reaction: {uniform: [0ms, %v]}}",
				journey, rapid.IntRange(1, 60).Draw(t, "users"), milliseconds("reaction", 500)))
		} else {
			phases = append(phases, fmt.Sprintf("{journey: %s, from: T0-%v, to: T0+1s, rate: %d/s}",
				journey, milliseconds("lead", 2000), rapid.IntRange(1, 60).Draw(t, "rate")))
		}
	}
	text := strings.NewReplacer("PHASES", strings.Join(phases, ", "), "DRAIN", milliseconds("drain", 2000).String(),
		"TIMEOUT", (milliseconds("timeout", 100) + time.Millisecond).String()).Replace(shopping)
	faults := shop.Faults{}
	if rapid.Bool().Draw(t, "faulty") {
		faults = shop.Faults{ErrorRatio: 0.1, ResetRatio: 0.1, SlowRatio: 0.2, SlowBy: 300 * time.Millisecond}
	}
	w := weather{scenario: text, connections: rapid.IntRange(1, 12).Draw(t, "connections"), seed: rapid.Uint64().Draw(t, "seed"),
		shop: shop.Config{Items: 3, Stock: 20, PerUser: 1, Faults: faults, Workers: rapid.IntRange(0, 4).Draw(t, "workers"),
			ServiceTime: milliseconds("service", 100), ConfirmAfter: milliseconds("confirm", 800)}, abortAt: 1000}
	w.shards = rapid.IntRange(1, min(3, w.connections)).Draw(t, "shards")
	switch rapid.IntRange(0, 3).Draw(t, "end") {
	case 0:
		w.stopAfter = milliseconds("stop", 5000) + 1
	case 1:
		w.abortAt = rapid.IntRange(-2, 2).Draw(t, "abort")
	}
	w.own = rapid.Bool().Draw(t, "own")
	return w
}

// TestBooksBalanceInAnyWeather holds the accounts of random storms against what must always be true.
func TestBooksBalanceInAnyWeather(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWeather(rt)
		var problem string
		synctest.Test(t, func(t *testing.T) { problem = w.run(t) })
		if problem != "" {
			rt.Fatalf("%s\n%+v", problem, w)
		}
	})
}

// run sends the storm and returns what is wrong with its record, empty for nothing.
func (w weather) run(t *testing.T) string {
	p := loadtest.NewPipes()
	ends := &clientEnds{dial: p.Dial}
	o := Options{Scenario: parse(t, w.scenario), Target: loadtest.Target(), Seed: w.seed, Connections: w.connections, Dial: ends.Dial}
	if w.own {
		o.Scenario.Defaults.Connections, o.Connections, o.MaxConnections = scenarios.ConnectionsPerUser, 0, w.connections
	}
	s, err := New(o)
	if err != nil {
		if strings.Contains(err.Error(), "no arrivals") {
			return "" // a slow phase may be over before anybody comes
		}
		return err.Error()
	}
	store, stop := loadtest.Open(t, p, w.shop)
	defer stop()
	s.shards = w.shards
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if w.stopAfter > 0 {
		defer time.AfterFunc(w.stopAfter, cancel).Stop()
	}
	run := send(ctx, t, s, func(i record.Interval) error {
		if i.Generator != nil && i.Second >= w.abortAt {
			return &Abort{"enough"}
		}
		return nil
	})
	if run.Err != nil {
		return run.Err.Error()
	}
	if problem := run.Unbalanced(s.Arrivals()); problem != "" {
		return problem
	}
	if ends.open != 0 || ends.most > w.connections+1 { // one reads the ledger
		return fmt.Sprintf("%d connections were open at once, wanted at most %d; %d are open after the run", ends.most, w.connections, ends.open)
	}
	if arrivals, _ := run.Users(); run.End.Reason == record.Completed && run.End.Message == "" && arrivals != s.Arrivals() {
		return fmt.Sprintf("%d of %d users came, though the storm was sent to its end", arrivals, s.Arrivals())
	}
	return checkTold(run, store)
}

// checkTold holds what buyers were told against the shop: a user has one order for a key, however often it asks.
func checkTold(run loadtest.Run, store *shop.Shop) string {
	if !run.Ledger.Read || run.Ledger.Error != "" {
		return "the ledger was not read: " + run.Ledger.Error
	}
	if n := run.Values(record.ResponseTime, "order", "placed"); n != uint64(len(run.Ledger.Told)) {
		return fmt.Sprintf("%d answers placed an order, but %d were told", n, len(run.Ledger.Told))
	}
	sold, orderOf := map[string]bool{}, map[string]string{}
	for _, o := range run.Ledger.Sold.All() {
		sold[o.ID] = true
	}
	for _, o := range run.Ledger.Told {
		if before, again := orderOf[o.User]; again && before != o.ID {
			return fmt.Sprintf("user %s was told of %s and of %s", o.User, before, o.ID)
		}
		orderOf[o.User] = o.ID
		if !sold[o.ID] {
			return fmt.Sprintf("user %s was told of %s, which the shop does not know", o.User, o.ID)
		}
	}
	if n := store.Truth().Orders; run.Ledger.Sold.Len() != n {
		return fmt.Sprintf("the ledger has %d orders, the shop sold %d", run.Ledger.Sold.Len(), n)
	}
	return ""
}
