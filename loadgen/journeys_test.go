package loadgen

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/arrivals"
	"fsctl/scenarios/visits"
)

// journeyShop answers as the expectations of the scenario say: every third request of a retried step is refused, a state is open for
// half of all users, a token is good for one user, and so many orders are taken. Every tenth who wants a recommendation waits for it in vain.
type journeyShop struct {
	mu     sync.Mutex
	asked  map[string]int // by path
	orders int
	stock  int // orders that are taken; 0 for all
	banned int // request to sign in that is refused, from 1; 0 for none
	bad    int // requests of a buyer without its own token
}

func (s *journeyShop) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked[r.URL.Path]++
	n := s.asked[r.URL.Path]
	if r.URL.Path == "/recommend" && n%10 == 0 {
		s.mu.Unlock()
		time.Sleep(5 * time.Second)
		return
	}
	defer s.mu.Unlock()
	user := r.URL.Query().Get("u")
	switch r.URL.Path {
	case "/signin":
		if n == s.banned {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, `{"token":"t-%s"}`, user)
	case "/cart":
		if r.Header.Get("Token") != "t-"+user {
			s.bad++
		}
		fmt.Fprintf(w, `{"state":%q}`, []string{"open", "shut"}[n%2])
	case "/order":
		if n%3 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if s.stock > 0 && s.orders >= s.stock {
			w.WriteHeader(http.StatusConflict)
			return
		}
		s.orders++
		fmt.Fprintf(w, `{"order_id":"o-%d"}`, s.orders)
	case "/poll":
		fmt.Fprintf(w, `{"done":%q}`, []string{"no", "no", "yes", "no"}[n%4])
	default:
		fmt.Fprint(w, "{}")
	}
}

const allParts = `
sale: {items: 1, stock: 3k}
steps:
  signin: {request: {url: "/signin?u=${user.id}"}, extract: {token: "json:$.token"}, outcome: {banned: "status 403"}}
  cart: {request: {url: "/cart?u=${user.id}", headers: {Token: "${token}"}}, extract: {state: "json:$.state"}}
  order: {transaction: true, request: {method: POST, url: /order}, extract: {order_id: "json:$.order_id"}, outcome: {placed: "status 200", sold_out: "status 409"}}
  pay: {request: {method: POST, url: "/pay/${order_id}"}}
  list: {request: {url: /list}}
  item: {request: {url: /item}}
  search: {request: {url: /search}}
  recommend: {request: {url: /recommend}, patience: 2s}
  poll: {request: {url: /poll}, extract: {done: "json:$.done"}}
storm:
  t0: 30s
  phases:
    - {journey: buyer, at: T0, users: 10k, reaction: {lognormal: {median: 400ms, sigma: 0.6}}, before: {journey: signin, from: T0-20s, to: T0-5s}}
    - {journey: {visitor: 80%, searcher: 15%, waiter: 5%}, from: T0-10s, to: T0+30s, rate: 250/s, spacing: even}
journeys:
  signin: [signin, {think: 100ms..200ms}, list]
  buyer:
    - group: checkout
      do:
        - cart
        - if: state == open
          expect: 50%
          do: [{retry: {times: 8, backoff: 200ms, when: status == 503, expect: 33.333%, do: [order]}}, pay]
          else: [{choose: [{weight: 1, do: [leave]}, {weight: 1, do: [item]}]}]
    - pacing: 1s
    - list
  visitor: [list, {think: 1s..3s}, {choose: [{weight: 70, do: [item]}, {weight: 30, do: [search, item]}, {weight: 0, do: [order]}]}, recommend]
  searcher: [{repeat: {times: 4, do: [search, {pacing: 500ms}]}}]
  waiter: [{repeat: {until: done == yes, times: 60, every: 200ms, expect: 4, do: [poll]}}, list]
feeders: {user: {from: sequence, size: 1M}}
`

// TestExpectedRequestsAreSent sends 20,000 users through journeys of all parts, with more buyers than stock: what each step is expected to get is what it gets,
// within 2 %, and what the record counts is what the target saw.
func TestExpectedRequestsAreSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop := &journeyShop{asked: map[string]int{}, stock: 3000}
		s, run := sendTo(t, shop, allParts, func(*Options) {})
		order, recommend := run.All("order"), run.All("recommend")
		if order.Statuses["409"] == 0 || order.Statuses["503"] == 0 || recommend.Errors[transport.ClassAbandoned] == 0 {
			t.Errorf("%+v, %+v: wanted orders that were refused, and that came too late, and users who gave up", order, recommend)
		}
		if shop.bad > 0 {
			t.Errorf("%d buyers came without the token of their own", shop.bad)
		}
		requests := visits.Of(s.Scenario)
		for step, want := range requests.Requests() {
			c := run.All(step)
			if off := float64(c.Sent)/want.Mid() - 1; math.Abs(off) > 0.02 || c.Due != c.Sent {
				t.Errorf("step %s: %d sent of %d due, wanted %.0f within 2 %%", step, c.Sent, c.Due, want.Mid())
			}
		}
	})
}

const shortBefore = `
steps:
  signin: {request: {url: "/signin?u=${user.id}"}, extract: {token: "json:$.token"}, outcome: {banned: "status 403"}}
  slow: {request: {url: /slow}}
  cart: {request: {url: "/cart?u=${user.id}", headers: {Token: "${token}"}}}
storm: {t0: 10s, phases: [{journey: buyer, at: T0, users: 20, reaction: 500ms..1s, before: {journey: signin, from: T0-4s, to: T0}}]}
journeys: {signin: [signin, {if: status == 403, do: [leave]}, {think: 1s}], buyer: [{group: all, do: [cart, {think: 1s}, slow]}]}
feeders: {user: {from: sequence, size: 100}}
`

// sendTo sends a scenario to a shop inside the process, and returns its record.
func sendTo(t *testing.T, shop *journeyShop, text string, change func(*Options)) (*Storm, loadtest.Run) {
	net := loadtest.NewPipes()
	defer net.Serve(shop.serve)()
	s := compile(t, text, func(o *Options) { o.Dial = net.Dial }, change)
	run := send(context.Background(), t, s, nil)
	if problem := run.Unbalanced(s.Arrivals()); problem != "" {
		t.Error(problem)
	}
	return s, run
}

// lateOf returns how many users are still signing in when their journey is due, by what the schedule says of each.
func lateOf(s *Storm, banned int, think time.Duration) (late uint64) {
	for c := s.Walk(); ; {
		a, ok := c.Next()
		if !ok {
			return late
		}
		at := BeginsAt(s.Seed, s.Scenario.Storm, 0, a.Index)
		if (s.Owns == nil || s.Owns(a)) && a.Index+1 != uint64(banned) && at <= s.end && a.Due+think > at {
			late++
		}
	}
}

func journeyOf(run loadtest.Run, name string) (sum record.Journey) {
	for _, g := range run.Generators() {
		sum.Add(g.Journeys[name])
	}
	return sum
}

// TestBefore holds who begins a journey after another one, and when: with what was extracted, at an instant of its own, or as soon as
// it is through with it; and who does not.
func TestBefore(t *testing.T) {
	none := func(*Options) {}
	for _, c := range []struct {
		name          string
		text          string
		change        func(*Options)
		banned        int
		think         time.Duration // after signing in
		before, buyer record.Journey
		first         time.Duration // when the first may buy
	}{
		{"all in time", shortBefore, none, 0, s1, record.Journey{Users: 20, Finished: 20}, record.Journey{Users: 20, Ready: 20, Finished: 20}, 500 * ms},
		{"one leaves", shortBefore, none, 3, s1, record.Journey{Users: 20, Finished: 20}, record.Journey{Users: 19, Ready: 19, Finished: 19}, 500 * ms},
		{"most are late", strings.Replace(shortBefore, "{think: 1s}]", "{think: 4s}]", 1), none, 0, 4 * s1, record.Journey{Users: 20, Finished: 20}, record.Journey{Users: 20, Ready: 20, Finished: 20}, 500 * ms},
		{"cut before T0", shortBefore, func(o *Options) { o.Duration = 10 * time.Second }, 0, s1, record.Journey{Users: 20, Finished: 20}, record.Journey{}, 0},
		{"from two machines", shortBefore, func(o *Options) { o.Owns = func(a arrivals.Arrival) bool { return a.Index%2 == 0 } }, 0, s1, record.Journey{Users: 10, Finished: 10}, record.Journey{Users: 10, Ready: 10, Finished: 10}, 500 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				shop := &journeyShop{asked: map[string]int{}, banned: c.banned}
				s, run := sendTo(t, shop, c.text, c.change)
				c.buyer.NotReady = lateOf(s, c.banned, c.think)
				before, buyer := journeyOf(run, "signin"), journeyOf(run, "buyer")
				if !reflect.DeepEqual(before, c.before) || !reflect.DeepEqual(buyer, c.buyer) || shop.bad > 0 {
					t.Errorf("found %+v and %+v, %d without a token, wanted %+v and %+v", before, buyer, shop.bad, c.before, c.buyer)
				}
				if run.End.Message != "" {
					t.Errorf("end is %+v", run.End)
				}
				cart := run.All("cart")
				if sent := cart.Sends; cart.Sent > 0 && sent.First < c.first {
					t.Errorf("the first buyer came at %v, wanted %v or later", sent.First, c.first)
				}
				if late := cart.Late + cart.Waited + cart.Opening; late > 0 {
					t.Errorf("%d requests of buyers were late", late)
				}
				if n := run.Values(record.GroupDuration, "all", "finished"); n != buyer.Finished {
					t.Errorf("%d groups were measured, wanted %d", n, buyer.Finished)
				}
			})
		})
	}
}

// TestBeforeIsAPureFunction holds that the instant of a user's journey depends on seed and arrival alone, and spreads as the phase says.
func TestBeforeIsAPureFunction(t *testing.T) {
	s := compile(t, strings.Replace(shortBefore, "users: 20", "users: 10k", 1)+"\n", func(o *Options) { o.Scenario.Feeders[0].Size = 20_000 })
	var sum time.Duration
	for c := s.Walk(); ; {
		a, ok := c.Next()
		if !ok {
			break
		}
		at := BeginsAt(s.Seed, s.Scenario.Storm, 0, a.Index)
		if again := BeginsAt(s.Seed, s.Scenario.Storm, 0, a.Index); again != at || at < 500*ms || at > s1 {
			t.Fatalf("user %d begins at %v, and again at %v", a.Index, at, again)
		}
		sum += at
	}
	if mean := sum / 10_000; (mean - 750*ms).Abs() > 5*ms {
		t.Errorf("they begin at %v on average, wanted 750 ms", mean)
	}
}
