package shop

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestAnswers(t *testing.T) {
	s := open(t, Config{Items: 2, Stock: 3, PerUser: 1})
	for _, c := range []struct {
		call
		code int
		body string
	}{
		{call{"GET", "/items", "", "", ""}, 200, `{"items":[{"sku":"sku-1","stock":3,"left":3},{"sku":"sku-2","stock":3,"left":3}],"total":2}`},
		{call{"POST", "/orders", "a\\\"", "", `{"sku":"sku-2","quantity":1,"note":"ignored"}`}, 200, `{"order_id":"order-1","state":"confirmed"}`},
		{call{"GET", "/items/sku-2", "", "", ""}, 200, `{"sku":"sku-2","stock":3,"left":2}`},
		{call{"GET", "/orders/order-1", "", "", ""}, 200, `{"order_id":"order-1","state":"confirmed","sku":"sku-2","user":"a\\\""}`},
		{call{"GET", "/ledger", "", "", ""}, 200, "{\"stock\":{\"sku-1\":3,\"sku-2\":3},\"orders\":[\n" + `{"order_id":"order-1","user":"a\\\"","sku":"sku-2","quantity":1}` + "\n]}\n"},
		{call{"POST", "/orders/order-1/pay", "", "", ""}, 200, `{"order_id":"order-1","state":"paid"}`},
		{call{"GET", "/healthz", "", "", ""}, 200, `{"status":"ok"}`},
	} {
		w := c.to(s)
		if w.Code != c.code || w.Body.String() != c.body || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: got %d %v %s\nwant %d %s", c.method, c.path, w.Code, w.Header(), w.Body, c.code, c.body)
		}
	}
}

func TestLedgerOfAnUnsoldShop(t *testing.T) {
	s := open(t, Config{Items: 1, Stock: 7})
	if l := readLedger(t, s); l.Stock["sku-1"] != 7 || l.Orders == nil || len(l.Orders) != 0 {
		t.Errorf("got %+v, want stock 7 and an empty list", l)
	}
}

// A ledger is read page by page; it must not lose an order at a seam.
func TestLedgerOfManyPages(t *testing.T) {
	s := open(t, Config{Items: 1, Stock: 3 * pageSize, Faults: Faults{LostOrderRatio: 0.1}})
	const orders = 2*pageSize + 100
	for i := range orders {
		if _, err := s.place(orderRequest{user: fmt.Sprint(i), quantity: 1}); err != nil {
			t.Fatal(err)
		}
	}
	l := readLedger(t, s)
	balance(t, s.Truth(), l)
	if want := orders - orders/10; len(l.Orders) < want-1 || len(l.Orders) > want+1 {
		t.Errorf("got %d entries, want about %d", len(l.Orders), want)
	}
}

func TestBadInput(t *testing.T) {
	const good = `{"sku":"sku-1","quantity":1}`
	order := func(body string) call { return call{"POST", "/orders", "u", "", body} }
	for _, c := range []struct {
		name string
		call
		code int
		body string // a part of it
	}{
		{"unknown path", call{"GET", "/nowhere", "", "", ""}, 404, `found the path \"/nowhere\"`},
		{"root", call{"GET", "/", "", "", ""}, 404, "not_found"},
		{"no sku", call{"GET", "/items/", "", "", ""}, 404, "not_found"},
		{"unknown sku", call{"GET", "/items/sku-2", "", "", ""}, 404, `found the sku \"sku-2\"`},
		{"unknown order", call{"GET", "/orders/order-1", "", "", ""}, 404, "unknown_order"},
		{"order zero", call{"GET", "/orders/order-0", "", "", ""}, 404, "unknown_order"},
		{"no number", call{"GET", "/orders/x", "", "", ""}, 404, "unknown_order"},
		{"pay for nothing", call{"POST", "/orders/order-9/pay", "", "", ""}, 404, "unknown_order"},
		{"no user", call{"POST", "/orders", "", "", good}, 401, "wanted Bearer"},
		{"endless user", call{"POST", "/orders", strings.Repeat("x", 257), "", good}, 401, "257 bytes"},
		{"empty body", order(""), 400, "at byte 0: unexpected end of JSON input"},
		{"cut off", order(`{"sku":"sku-1"`), 400, "at byte 14: unexpected end"},
		{"not JSON", order(`{"sku":sku-1}`), 400, "at byte 8: invalid character 's'"},
		{"more than JSON", order(good + "x"), 400, "at byte 29: invalid character 'x'"},
		{"list", order(`[1]`), 400, "found array, wanted an object"},
		{"number for a sku", order(`{"sku":1,"quantity":1}`), 400, "field sku: found number, wanted a string"},
		{"part of an item", order(`{"sku":"sku-1","quantity":1.5}`), 400, "field quantity: found number 1.5, wanted a whole number"},
		{"none", order(`{"sku":"sku-1","quantity":0}`), 400, "found 0, wanted 1 to"},
		{"less than none", order(`{"sku":"sku-1","quantity":-1}`), 400, "found -1, wanted 1 to"},
		{"no quantity", order(`{"sku":"sku-1"}`), 400, "found 0, wanted 1 to"},
		{"no such quantity", order(`{"sku":"sku-1","quantity":4294967297}`), 400, "wanted 1 to 1000000"},
		{"order of an unknown sku", order(`{"sku":"","quantity":1}`), 404, "unknown_sku"},
		{"too long", order(`{"sku":"` + strings.Repeat("x", 64<<10) + `"}`), 413, "more than 65536 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, Config{Items: 1, Stock: 1})
			w := c.to(s)
			if w.Code != c.code || !strings.Contains(w.Body.String(), c.body) || !strings.HasPrefix(w.Body.String(), `{"error":"`) {
				t.Errorf("got %d %s, want %d with %s", w.Code, w.Body, c.code, c.body)
			}
			if c.code == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("got %v, want WWW-Authenticate: Bearer", w.Header())
			}
			if got := s.Truth(); got.Orders != 0 || got.SKUs["sku-1"].Left != 1 {
				t.Errorf("bad input left a trace: %+v", got)
			}
		})
	}
}

func TestAnOrderHasOneID(t *testing.T) {
	s := open(t, Config{Items: 1, Stock: 1})
	buy(s, "u", "", "sku-1", 1)
	for id, code := range map[string]int{"order-1": 200, "order-+1": 404, "order-01": 404, "1": 404, "order-2": 404, "order--1": 404} {
		if w := (call{method: "GET", path: "/orders/" + id}).to(s); w.Code != code {
			t.Errorf("%s: got %d, want %d", id, w.Code, code)
		}
	}
}

func TestOtherSchemesAreNoUser(t *testing.T) {
	for header, want := range map[string]string{
		"": "", "Bearer": "", "Bearer  ": "", "Basic dTpw": "", "token-1": "",
		"Bearer token-1": "token-1", "bearer token-1": "token-1", "Bearer  token-1 ": "token-1",
	} {
		if user, err := bearer(header); user != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", header, user, err, want)
		}
	}
}

func TestWrongMethodSaysWhichIsRight(t *testing.T) {
	s := open(t, Config{Items: 1, Stock: 1})
	for path, allow := range map[string]string{
		"/items": "GET, HEAD", "/items/sku-1": "GET, HEAD", "/orders": "POST", "/orders/order-1": "GET, HEAD", "/orders/order-1/pay": "POST",
		"/ledger": "GET, HEAD", "/metrics": "GET, HEAD", "/healthz": "GET, HEAD",
	} {
		w := call{method: http.MethodDelete, path: path}.to(s)
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != allow || !strings.Contains(w.Body.String(), "found the method DELETE") {
			t.Errorf("%s: got %d, Allow %q, %s; want 405, Allow %q", path, w.Code, w.Header().Get("Allow"), w.Body, allow)
		}
		if method, _, _ := strings.Cut(allow, ","); method == http.MethodGet {
			if w := (call{method: http.MethodHead, path: path}).to(s); w.Code == http.StatusMethodNotAllowed {
				t.Errorf("HEAD %s: got 405, want it allowed", path)
			}
		}
	}
}

func TestMetrics(t *testing.T) {
	s := open(t, Config{Items: 2, Stock: 5, Workers: 4})
	buy(s, "u", "", "sku-1", 2)
	buy(s, "u", "", "sku-1", 9)
	call{method: "GET", path: "/nowhere"}.to(s)
	text := call{method: "GET", path: "/metrics"}.to(s).Body.String()
	for _, line := range []string{
		`shop_requests_total{code="200",step="order"} 1`, `shop_requests_total{code="409",step="order"} 1`, `shop_requests_total{code="404",step="other"} 1`,
		"shop_workers 4", "shop_workers_busy 0", "shop_queue_depth 0", "shop_worker_busy_seconds_total 0", "shop_stock_units 8", "shop_orders 1",
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
	if strings.Contains(text, `step="metrics"`) {
		t.Error("the watching is counted as shopping")
	}
	open(t, Config{Items: 1}) // a second shop must not clash with the first one's registry
}
