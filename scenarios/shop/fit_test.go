package shop

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"fsctl/scenarios"
)

// TestEndpoints holds the list to what the shop really answers.
func TestEndpoints(t *testing.T) {
	s, err := New(Config{Items: 1, Stock: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range endpoints() {
		path := strings.ReplaceAll(e[1], "*", "sku-1")
		if to := s.route(path); to.step == "other" && path != "/ledger" && path != "/metrics" && path != "/healthz" || to.method != "" && to.method != e[0] {
			t.Errorf("%s %s leads to %+v", e[0], path, to)
		}
	}
	letters := []string{"/items", "/orders", "/pay", "/", "x", "/ledger", "s"}
	for range 20_000 {
		path := ""
		for range 1 + rand.IntN(4) {
			path += letters[rand.IntN(len(letters))]
		}
		if path[0] != '/' {
			continue
		}
		to := s.route(path)
		known := to.step != "other" || path == "/ledger"
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete} {
			wanted := to.method
			if path == "/ledger" {
				wanted = http.MethodGet
			}
			if want := known && allowed(wanted, method); answers(method, path) != want {
				t.Fatalf("%s %s: answers says %v, and the shop %+v", method, path, !want, to)
			}
		}
	}
}

func TestFitAnswers(t *testing.T) {
	for request, want := range map[string]bool{
		"GET /items": true, "HEAD /items": true, "GET /items?page=${page}": true, "GET /items#top": true, "GET /%69tems": true, "GET /items/${item.sku}": true,
		"GET /items/": false, "POST /items": false, "GET /item": false, "GET /items2": false, "GET /products/${item.sku}": false, "POST /orders": true, "PUT /orders": false,
		"GET /orders": false, "GET /orders/${id}": true, "POST /orders/${id}/pay": true, "POST /orders/${id}": true, "GET /orders/${id}/pay": false, "GET /orders/pay": true, "POST /orders//pay": false, "POST /checkout": false,
		"GET ${next}": true, "GET /${section}": true, "GET /api/${path}": false, "GET /${a}/${b}/${c}/x": true, "POST /${shop}/items": false, "GET /": false, "GET /ledger": true,
		"GET /x?next=/items": false, "GET /healthz": true,
	} {
		method, url, _ := strings.Cut(request, " ")
		if answers(method, url) != want {
			t.Errorf("%s: found %v, wanted %v", request, !want, want)
		}
	}
}

// FuzzOverlap: a text that is made from a pattern overlaps with it.
func FuzzOverlap(f *testing.F) {
	f.Add("/items/${x}", "sku")
	f.Fuzz(func(t *testing.T, literal, value string) {
		if value == "" {
			return
		}
		pattern := append([]rune(literal), anyOne, anyMore)
		if !overlap(pattern, []rune(literal+value)) || !overlap([]rune(literal+value), pattern) {
			t.Errorf("%q and %q do not overlap", string(pattern), literal+value)
		}
	})
}

func TestFitOf(t *testing.T) {
	sc, err := scenarios.Parse("fit.yaml", []byte(`
apiVersion: fsctl/v1
kind: Scenario
name: fit
workload: {requests: 1000}
steps:
  items: {share: 40%, request: {url: "/items"}}
  search: {share: 20%, request: {url: "/search?q=x"}}
  cart: {share: 20%, request: {method: POST, url: "/cart"}}
  unused: {share: 20%, request: {url: "/unused"}}
journeys: {visitor: [items, {repeat: {times: 2, do: [search]}}, search], buyer: [cart]}
storm: {t0: 1s, phases: [{journey: visitor, at: T0, users: 1}, {journey: buyer, at: T0, users: 1}, {journey: buyer, at: T0, users: 1}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	f := FitOf(sc)
	if len(f.Missing) != 2 || f.Missing[0] != (Missing{"search", "GET", "/search?q=x"}) || f.Missing[1] != (Missing{"cart", "POST", "/cart"}) ||
		len(f.Hopeless) != 1 || f.Hopeless[0] != "buyer" {
		t.Errorf("found %+v", f)
	}
	for _, name := range scenarios.Builtin() {
		sc, err := scenarios.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if f := FitOf(sc); len(f.Missing) > 0 {
			t.Errorf("%s: the shop lacks %+v", name, f.Missing)
		}
	}
}
