package shop

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/scenarios/random"

	"pgregory.net/rapid"
)

// mustParse returns faults that must be well written.
func mustParse(t *testing.T, text string) Faults {
	t.Helper()
	f, err := ParseFaults(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestParseFaults(t *testing.T) {
	for text, want := range map[string]Faults{
		"":                     {},
		" ":                    {},
		"oversell":             {OversellRatio: 0.2},
		"oversell=5%":          {OversellRatio: 0.05},
		"duplicate,lost-order": {DuplicateRatio: 0.2, LostOrderRatio: 0.2},
		"slow=200ms":           {SlowRatio: 1, SlowBy: 200 * time.Millisecond},
		"slow=1s@5%, reset":    {SlowRatio: 0.05, SlowBy: time.Second, ResetRatio: 0.05},
		"error=1%,reset=0.5":   {ErrorRatio: 0.01, ResetRatio: 0.5},
		"error=0%":             {},
	} {
		got, err := ParseFaults(text)
		if err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
		if again, err := ParseFaults(got.String()); err != nil || again != got {
			t.Errorf("%q was written as %q and read back as %+v, %v", text, got, again, err)
		}
	}
}

func TestParseFaultsSaysWhatIsWrong(t *testing.T) {
	for text, found := range map[string]string{
		"overself":            `found "overself"`,
		"error = 1%":          `found "error = 1%"`,
		"oversell,,error":     `found ""`,
		"oversell=":           `found "", wanted a share`,
		"oversell=120%":       `found "120%", wanted a share`,
		"error=-1%":           `found "-1%", wanted a share`,
		"slow":                `found the duration ""`,
		"slow=5%":             `found the duration "5%"`,
		"slow=-1s":            `found the duration "-1s"`,
		"slow=0s":             `found the duration "0s"`,
		"slow=1s@":            `found "", wanted a share`,
		"slow=1s@x":           `found "x", wanted a share`,
		"error=1%,error=1%":   `fault error: found it twice`,
		"lost-order@5%,error": `found "lost-order@5%"`,
	} {
		got, err := ParseFaults(text)
		if err == nil || got != (Faults{}) || !strings.Contains(err.Error(), found) {
			t.Errorf("%q: got %+v, %v, want an error with %q", text, got, err, found)
		}
		if err != nil && !strings.Contains(err.Error(), "twice") && !strings.Contains(err.Error(), faultForms) {
			t.Errorf("%q: %v does not say which faults exist", text, err)
		}
	}
}

// The first n cases hold the share p of hits to within one, for every n, seed and p.
func TestHitsAreSpreadEvenly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float64Range(0, 1).Draw(t, "share")
		d := draw{share: shareOf(p), stream: random.NewStream(rapid.Uint64().Draw(t, "seed"), "x")}
		hits := 0.0
		for n := 1.0; n <= 400; n++ {
			if d.hit() {
				hits++
			}
			if low, high := math.Floor(n*p), math.Ceil(n*p+1e-6); hits < low || hits > high {
				t.Fatalf("%v hits in %v cases, want %v to %v", hits, n, low, high)
			}
		}
	})
}

func TestHitsFollowTheSeed(t *testing.T) {
	pattern := func(seed uint64, name string) string {
		d := draw{share: shareOf(0.1), stream: random.NewStream(seed, name)}
		var b strings.Builder
		for range 300 {
			fmt.Fprint(&b, d.hit())
		}
		return b.String()
	}
	first, again := pattern(1, "a"), pattern(1, "a")
	if first != again {
		t.Error("the same seed gives other hits")
	}
	if first == pattern(2, "a") || first == pattern(1, "b") {
		t.Error("another seed or fault gives the same hits")
	}
}

// trace is everything that a fixed row of requests gets to see.
func trace(t *testing.T, seed uint64) string {
	c := Config{Items: 2, Stock: 40, PerUser: 1, Seed: seed, Faults: mustParse(t, "oversell,duplicate,lost-order,error")}
	s := open(t, c)
	var b strings.Builder
	for i := range 200 {
		code, a, why := buy(s, fmt.Sprint("user-", i), "", s.items[i%2].sku, 1)
		fmt.Fprintln(&b, code, a, why)
	}
	fmt.Fprintln(&b, readLedger(t, s), s.Truth())
	return b.String()
}

func TestSameRequestsGetTheSameFaults(t *testing.T) {
	first, again := trace(t, 1), trace(t, 1)
	if first != again {
		t.Error("two shops of one seed differ")
	}
	if first == trace(t, 2) {
		t.Error("two shops of two seeds do not differ")
	}
}

// Each fault of the trade shows in a storm of 300 orders at its default share, in the truth and
// in the ledger, and breaks no other promise.
func TestTradeFaultsShow(t *testing.T) {
	const stock, users = 10, 300
	for text, check := range map[string]func(t *testing.T, x SKUTruth, truth Truth, told int){
		"oversell": func(t *testing.T, x SKUTruth, truth Truth, told int) {
			if want := (users - stock) / 5; x.Oversold != want || x.Sold != stock+want || truth.Duplicates != 0 || truth.Lost != 0 {
				t.Errorf("got %+v, want %d sold without stock", x, want)
			}
		},
		"duplicate": func(t *testing.T, x SKUTruth, truth Truth, told int) {
			if truth.Duplicates < 1 || truth.Orders != told+truth.Duplicates || x.Sold != stock || x.Oversold != 0 {
				t.Errorf("got %+v, want some entered twice within the stock", truth)
			}
		},
		"lost-order": func(t *testing.T, x SKUTruth, truth Truth, told int) {
			if truth.Lost != stock/5 || truth.Orders != told-truth.Lost || x.Sold != stock-truth.Lost || x.Oversold != 0 {
				t.Errorf("got %+v, want %d of the %d that buyers were told of lost", truth, stock/5, stock)
			}
		},
	} {
		t.Run(text, func(t *testing.T) {
			for seed := range uint64(5) {
				s := open(t, Config{Items: 1, Stock: stock, PerUser: 1, Seed: seed, Faults: mustParse(t, text)})
				told := storm(s, users)[http.StatusOK]
				truth := s.Truth()
				balance(t, truth, readLedger(t, s))
				check(t, truth.SKUs["sku-1"], truth, told)
			}
		})
	}
}

func TestDuplicateIsOneUserWithTwoIDs(t *testing.T) {
	s := open(t, Config{Items: 1, Stock: 2, PerUser: 1, Faults: Faults{DuplicateRatio: 1}})
	buy(s, "u", "", "sku-1", 1)
	want := []entry{{"order-1", "u", "sku-1", 1}, {"order-2", "u", "sku-1", 1}}
	if got := readLedger(t, s).Orders; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestLostOrderIsUnknown(t *testing.T) {
	s := open(t, Config{Items: 1, Stock: 2, PerUser: 1, Faults: Faults{LostOrderRatio: 1, DuplicateRatio: 1}})
	code, a, _ := buy(s, "u", "k", "sku-1", 1)
	if code != http.StatusOK || a.OrderID == "" {
		t.Fatalf("got %d %+v, want the buyer to be told an id", code, a)
	}
	for _, c := range []call{{method: "GET", path: "/orders/" + a.OrderID}, {method: "POST", path: "/orders/" + a.OrderID + "/pay"}} {
		if w := c.to(s); w.Code != http.StatusNotFound {
			t.Errorf("%s %s: got %d, want 404", c.method, c.path, w.Code)
		}
	}
	if _, again, _ := buy(s, "u", "k", "sku-1", 1); again.OrderID != a.OrderID || s.Truth().Lost != 1 {
		t.Errorf("repeated key: got %+v with %d lost, want the same order lost once", again, s.Truth().Lost)
	}
	if l := readLedger(t, s); len(l.Orders) != 0 {
		t.Errorf("the ledger shows %v, want nothing", l.Orders)
	}
}

func TestErrorsDoNothingElse(t *testing.T) {
	s := open(t, Config{Items: 1, Stock: 1000, PerUser: 1, Faults: mustParse(t, "error")})
	codes := storm(s, 300)
	if codes[http.StatusInternalServerError] != 15 || codes[http.StatusOK] != 285 {
		t.Errorf("got %v, want 15 errors among 300", codes)
	}
	if got := s.Truth(); got.Orders != 285 || got.SKUs["sku-1"].Left != 715 {
		t.Errorf("got %+v, want an order for each 200 and nothing for the errors", got)
	}
	for range 100 {
		for _, path := range []string{"/healthz", "/metrics", "/ledger"} {
			if w := (call{method: "GET", path: path}).to(s); w.Code != http.StatusOK {
				t.Fatalf("%s: got %d, want it free of faults", path, w.Code)
			}
		}
	}
}

func TestSlowHoldsTheWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{Items: 1, Workers: 1, ServiceTime: time.Millisecond, Faults: mustParse(t, "slow=200ms@10%")})
		start := time.Now()
		for range 100 {
			call{method: "GET", path: "/items"}.to(s)
		}
		const want = 100*time.Millisecond + 10*200*time.Millisecond
		if took := time.Since(start); took != want || s.Truth().Busy != want {
			t.Errorf("took %v, busy %v, want %v", took, s.Truth().Busy, want)
		}
	})
}
