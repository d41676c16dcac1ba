package shop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// open returns a shop of a configuration that must be good.
func open(t testing.TB, c Config) *Shop {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// call is one request; an empty token or key sends no header.
type call struct{ method, path, token, key, body string }

func (c call) to(h http.Handler) *httptest.ResponseRecorder {
	r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.key != "" {
		r.Header.Set("Idempotency-Key", c.key)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// buy orders units of an item and returns the status code and the answer.
func buy(s *Shop, user, key, sku string, units int) (int, orderAnswer, refusal) {
	w := call{http.MethodPost, "/orders", user, key, fmt.Sprintf(`{"sku":%q,"quantity":%d}`, sku, units)}.to(s)
	var answer struct {
		orderAnswer
		refusal
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		return w.Code, orderAnswer{}, refusal{Error: err.Error()}
	}
	return w.Code, answer.orderAnswer, answer.refusal
}

// ledgerOf is the ledger as a client reads it.
type ledgerOf struct {
	Stock  map[string]int `json:"stock"`
	Orders []entry        `json:"orders"`
}

func readLedger(t testing.TB, s *Shop) ledgerOf {
	t.Helper()
	w := call{method: http.MethodGet, path: "/ledger"}.to(s)
	var l ledgerOf
	if err := json.Unmarshal(w.Body.Bytes(), &l); err != nil {
		t.Fatalf("ledger is not JSON: %v", err)
	}
	return l
}

func (l ledgerOf) units(sku string) int {
	n := 0
	for _, e := range l.Orders {
		if e.SKU == sku {
			n += int(e.Quantity)
		}
	}
	return n
}

// fataler is what both testing and rapid offer.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// balance checks what must hold in every shop at rest, faults or not.
func balance(t fataler, truth Truth, l ledgerOf) {
	t.Helper()
	if truth.Orders != len(l.Orders) {
		t.Fatalf("truth has %d orders, the ledger %d", truth.Orders, len(l.Orders))
	}
	ids := map[string]bool{}
	for _, e := range l.Orders {
		if ids[e.OrderID] {
			t.Fatalf("the ledger has the id %s twice", e.OrderID)
		}
		ids[e.OrderID] = true
	}
	for sku, x := range truth.SKUs {
		if x.Stock+x.Oversold != x.Sold+x.Lost+x.Left || x.Left < 0 {
			t.Fatalf("%s does not balance: %+v", sku, x)
		}
		if l.Stock[sku] != x.Stock || l.units(sku) != x.Sold {
			t.Fatalf("%s: the ledger says stock %d and sold %d, the truth is %+v", sku, l.Stock[sku], l.units(sku), x)
		}
	}
}

// storm lets n users buy one unit each of the items in turn, all at once, and returns how many got each status code.
func storm(s *Shop, n int) map[int]int {
	var mu sync.Mutex
	var crowd sync.WaitGroup
	codes := map[int]int{}
	gate := make(chan struct{})
	for i := range n {
		crowd.Go(func() {
			<-gate
			code, _, _ := buy(s, fmt.Sprintf("user-%d", i), "", s.items[i%len(s.items)].sku, 1)
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
		})
	}
	close(gate)
	crowd.Wait()
	return codes
}

func TestStormSellsExactlyTheStock(t *testing.T) {
	const items, stock, users = 3, 250, 3000
	s := open(t, Config{Items: items, Stock: stock, PerUser: 1})
	codes := storm(s, users)
	if codes[http.StatusOK] != items*stock || codes[http.StatusConflict] != users-items*stock {
		t.Fatalf("got %v, want %d sold and the rest refused", codes, items*stock)
	}
	truth, ledger := s.Truth(), readLedger(t, s)
	balance(t, truth, ledger)
	for sku, x := range truth.SKUs {
		if x != (SKUTruth{Stock: stock, Sold: stock}) {
			t.Errorf("%s: got %+v, want the whole stock sold", sku, x)
		}
	}
	if truth.Orders != items*stock || truth.Duplicates != 0 || truth.Lost != 0 {
		t.Errorf("got %+v, want %d honest orders", truth, items*stock)
	}
}

func TestLimitHoldsAgainstManyAtOnce(t *testing.T) {
	s := open(t, Config{Items: 2, Stock: 1000, PerUser: 3})
	var bots sync.WaitGroup
	for range 200 {
		bots.Go(func() { buy(s, "bot", "", "sku-1", 2); buy(s, "bot", "", "sku-1", 1) })
	}
	bots.Wait()
	if got := s.Truth().SKUs["sku-1"].Sold; got != 3 {
		t.Errorf("one user got %d units, want the limit of 3", got)
	}
	if code, _, why := buy(s, "bot", "", "sku-1", 1); code != http.StatusConflict || why.Error != "limit" || why.Message != "" {
		t.Errorf("got %d %+v, want 409 limit", code, why)
	}
	if code, _, _ := buy(s, "bot", "", "sku-2", 3); code != http.StatusOK {
		t.Errorf("the limit of one item refused another: %d", code)
	}
	if code, _, _ := buy(s, "else", "", "sku-1", 1); code != http.StatusOK {
		t.Errorf("the limit of one user refused another: %d", code)
	}
}

func TestNoLimitAndSoldOut(t *testing.T) {
	s := open(t, Config{Items: 1, Stock: 10})
	if code, _, _ := buy(s, "u", "", "sku-1", 9); code != http.StatusOK {
		t.Fatalf("got %d, want 200", code)
	}
	if code, _, why := buy(s, "u", "", "sku-1", 2); code != http.StatusConflict || why.Error != "sold_out" {
		t.Errorf("2 of the last 1: got %d %+v, want 409 sold_out", code, why)
	}
	if code, _, _ := buy(s, "u", "", "sku-1", 1); code != http.StatusOK {
		t.Errorf("the last one: got %d, want 200", code)
	}
}

func TestRepeatedKeyIsOneOrder(t *testing.T) {
	s := open(t, Config{Items: 2, Stock: 5, PerUser: 1})
	ids := make(chan string, 100)
	var retries sync.WaitGroup
	for range cap(ids) {
		retries.Go(func() { _, a, _ := buy(s, "u", "k", "sku-1", 1); ids <- a.OrderID })
	}
	retries.Wait()
	close(ids)
	for id := range ids {
		if id != "order-1" {
			t.Fatalf("a repeated key answered %q, want order-1", id)
		}
	}
	if got := s.Truth(); got.Orders != 1 || got.SKUs["sku-1"].Left != 4 {
		t.Errorf("got %+v, want one order", got)
	}
	for _, body := range []struct {
		sku   string
		units int
	}{{"sku-2", 1}, {"sku-1", 2}} {
		if code, _, why := buy(s, "u", "k", body.sku, body.units); code != http.StatusUnprocessableEntity || why.Error != "idempotency_key_reuse" {
			t.Errorf("key with another body %+v: got %d %+v, want 422", body, code, why)
		}
	}
	const others = 4 // as many as there is stock
	told := map[string]bool{"order-1": true}
	for i := range others {
		_, a, _ := buy(s, fmt.Sprint("other-", i), "k", "sku-1", 1)
		told[a.OrderID] = true
	}
	if len(told) != 1+others {
		t.Errorf("the same key of %d users led to the orders %v, want one each", 1+others, told)
	}
	if keyOf("u", "k") == keyOf("v", "k") {
		t.Error("the key of one user is that of another")
	}
}

func TestRefusalDoesNotUseUpTheKey(t *testing.T) {
	s := open(t, Config{Items: 2, Stock: 1})
	buy(s, "first", "", "sku-1", 1)
	if code, _, _ := buy(s, "u", "k", "sku-1", 1); code != http.StatusConflict {
		t.Fatalf("got %d, want 409", code)
	}
	if code, _, _ := buy(s, "u", "k", "sku-2", 1); code != http.StatusOK {
		t.Errorf("got %d, want the key to be free after a refusal", code)
	}
}

func TestOrderIsConfirmedAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{Items: 1, Stock: 1, ConfirmAfter: time.Second})
		code, a, _ := buy(s, "u", "k", "sku-1", 1)
		if code != http.StatusAccepted || a.State != "pending" {
			t.Fatalf("got %d %+v, want 202 pending", code, a)
		}
		state := func(method, path string, wantCode int, want string) {
			t.Helper()
			w := call{method: method, path: path}.to(s)
			var got struct{ State, Error string }
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != wantCode || got.State+got.Error != want {
				t.Errorf("%s %s: got %d %s, want %d %s", method, path, w.Code, w.Body, wantCode, want)
			}
		}
		time.Sleep(time.Second - 1)
		state("GET", "/orders/order-1", 200, "pending")
		state("POST", "/orders/order-1/pay", 409, "pending")
		time.Sleep(time.Nanosecond)
		state("GET", "/orders/order-1", 200, "confirmed")
		state("POST", "/orders/order-1/pay", 200, "paid")
		state("POST", "/orders/order-1/pay", 200, "paid")
		state("GET", "/orders/order-1", 200, "paid")
		if code, a, _ := buy(s, "u", "k", "sku-1", 1); code != http.StatusOK || a.State != "paid" {
			t.Errorf("repeated key: got %d %+v, want the order as it is now", code, a)
		}
	})
}

// Whatever is bought and whatever goes wrong, the account balances and only faults break promises.
func TestAccountAlwaysBalances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ratio := rapid.SampledFrom([]float64{0, 0, 0.05, 0.3, 1})
		c := Config{
			Items: rapid.IntRange(1, 4).Draw(t, "items"), Stock: rapid.IntRange(0, 30).Draw(t, "stock"),
			PerUser: rapid.IntRange(0, 4).Draw(t, "limit"), Seed: rapid.Uint64().Draw(t, "seed"),
			Faults: Faults{
				OversellRatio: ratio.Draw(t, "oversell"), DuplicateRatio: ratio.Draw(t, "duplicate"), LostOrderRatio: ratio.Draw(t, "lost"),
			},
		}
		s, err := New(c)
		if err != nil {
			t.Fatalf("%v", err)
		}
		units := rapid.SliceOfN(rapid.IntRange(1, 5), 1, 60).Draw(t, "units")
		var crowd sync.WaitGroup
		for i, n := range units {
			crowd.Go(func() {
				buy(s, fmt.Sprint("user-", i%7), fmt.Sprint("key-", i%30), s.items[i%c.Items].sku, n)
			})
		}
		crowd.Wait()
		w := call{method: http.MethodGet, path: "/ledger"}.to(s)
		var l ledgerOf
		if err := json.Unmarshal(w.Body.Bytes(), &l); err != nil {
			t.Fatalf("ledger: %v", err)
		}
		truth := s.Truth()
		balance(t, truth, l)
		for sku, x := range truth.SKUs {
			if x.Oversold > 0 && c.Faults.OversellRatio == 0 || x.Lost > 0 && c.Faults.LostOrderRatio == 0 {
				t.Fatalf("%s: %+v without the fault", sku, x)
			}
		}
		if truth.Duplicates > 0 && c.Faults.DuplicateRatio == 0 {
			t.Fatalf("%d duplicates without the fault", truth.Duplicates)
		}
	})
}

func TestNewRefusesWhatCannotBe(t *testing.T) {
	good := Config{Items: 1, Stock: 1}
	for want, spoil := range map[string]func(*Config){
		"Items: found 0, wanted at least 1":  func(c *Config) { c.Items = 0 },
		"Stock: found -1":                    func(c *Config) { c.Stock = -1 },
		"PerUser: found -2":                  func(c *Config) { c.PerUser = -2 },
		"Workers: found -1":                  func(c *Config) { c.Workers = -1 },
		"ServiceTime in ns: found -1":        func(c *Config) { c.ServiceTime = -1 },
		"ConfirmAfter in ns: found -1":       func(c *Config) { c.ConfirmAfter = -1 },
		"Faults.SlowBy in ns: found -1":      func(c *Config) { c.Faults.SlowBy = -1 },
		"share of the fault lost-order: fou": func(c *Config) { c.Faults.LostOrderRatio = 1.5 },
		`SKU: found the name "x" for item 2`: func(c *Config) { c.Items, c.SKU = 2, func(int) string { return "x" } },
		`SKU: found the name "" for item 1`:  func(c *Config) { c.SKU = func(int) string { return "" } },
	} {
		c := good
		spoil(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	s := open(t, Config{Items: 2, SKU: func(n int) string { return fmt.Sprint("item/", n) }})
	if w := (call{method: "GET", path: "/items/item/2"}).to(s); w.Code != http.StatusOK {
		t.Errorf("own name: got %d, want 200", w.Code)
	}
}
