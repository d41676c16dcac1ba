package visits

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"fsctl/scenarios"
)

const head = `apiVersion: fsctl/v1
kind: Scenario
name: x
workload: {requests: 1k}
steps:
  a: {share: 40%, request: {url: /a}, extract: {state: "json:$.state"}}
  b: {share: 30%, request: {url: /b}}
  order: {share: 20%, transaction: true, request: {url: /o}, extract: {order_id: "json:$.id"}, outcome: {placed: status 200, sold_out: status 409}}
  pay: {share: 10%, request: {url: "/p/${order_id}"}}
  detail: {share: 0%, request: {url: "/d/${state}"}}
`

func parse(t testing.TB, journeys, phases, more string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse("x.yaml", []byte(head+"storm: {t0: 60s, phases: ["+phases+"]}\njourneys: {"+journeys+"}\n"+more))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// TestJourneys holds the expected requests of one user, their times and the assumptions to what can be said by hand.
func TestJourneys(t *testing.T) {
	for _, c := range []struct{ do, want string }{
		{"[a, {think: 2s}, b]", "a 1 at 0s, b 1 at 2s; 2s"},
		{"[{think: 1s..3s}, a]", "a 1 at 2s; 2s"},
		{"[{choose: [{weight: 3, do: [a, {think: 4s}]}, {weight: 1, do: [b]}]}, b]", "a 0.75 at 0s, b 0.25 at 0s, b 1 at 3s; 3s"},
		{"[a, {if: state == go, do: [b], else: [leave], expect: 80%}, a]", "a 1 at 0s, b 0.8 at 0s, a 0.8 at 0s; 0s"},
		{"[a, {if: state == go, do: [b]}]", "a 1 at 0s, b 1 at 0s; 0s; assumed journeys.j[1].if"},
		{"[{repeat: {times: 3, every: 1s, do: [a]}}]", "a 1 at 0s, a 1 at 1s, a 1 at 2s; 2s"},
		{"[{repeat: {for: 3s, every: 1s, do: [a]}}, b]", "a 1 at 0s, a 1 at 1s, a 1 at 2s, b 1 at 2s; 2s"},
		{"[{repeat: {until: state == x, times: 9, every: 1s, do: [a]}}, b]", "a 1 at 0s, b 1 at 0s; 0s; assumed journeys.j[0].repeat"},
		{"[{repeat: {until: state == x, times: 9, every: 1s, expect: 2.5, do: [a]}}, b]", "a 1 at 0s, a 1 at 1s, a 0.5 at 2s, b 1 at 1.5s; 1.5s"},
		{"[{repeat: {until: state == x, times: 2, every: 1s, expect: 5, do: [a]}}]", "a 1 at 0s, a 1 at 1s; 1s"},
		{"[{retry: {times: 2, backoff: 100ms, expect: 50%, do: [a]}}, b]", "a 1 at 0s, a 0.5 at 100ms, a 0.25 at 300ms, b 1 at 100ms; 100ms"},
		{"[{retry: {times: 1, expect: 20%, do: [a]}}, detail]", "a 1 at 0s, a 0.2 at 100ms, detail 0.96 at 20ms; 20ms"},
		{"[{retry: {times: 1, when: state == queued, expect: 20%, do: [a]}}, detail]", "a 1 at 0s, a 0.2 at 100ms, detail 1 at 20ms; 20ms"},
		{"[{repeat: {times: 2, do: [a, {pacing: 5s}]}}]", "a 1 at 0s, a 1 at 5s; 10s"},
		{"[{group: g, do: [a, b]}, {choose: [{weight: 1, do: [leave]}]}, b]", "a 1 at 0s, b 1 at 0s, b 0 at 0s; 0s"},
	} {
		sc := parse(t, "j: "+c.do, "{journey: j, at: T0, users: 100}", "")
		s := Of(sc)
		var texts []string
		for _, v := range s.Loads[0].Visits {
			texts = append(texts, fmt.Sprintf("%s %.4g at %v", v.Step, v.Requests[mid], v.At))
		}
		got := strings.Join(texts, ", ") + "; " + s.Loads[0].Length.String()
		for _, a := range s.Assumed {
			got += "; assumed " + a.Field
		}
		if got != c.want {
			t.Errorf("%s:\nfound  %s\nwanted %s", c.do, got, c.want)
		}
	}
}

// TestEverySecondRoundCounts holds the requests of loops that are not looked at round by round.
func TestEverySecondRoundCounts(t *testing.T) {
	for _, c := range []struct {
		do     string
		want   float64
		length time.Duration
	}{
		{"[{repeat: {times: 1M, every: 1s, do: [a]}}]", 1e6, 999_999 * time.Second},
		{"[{repeat: {for: 2h, every: 1s, do: [a]}}]", 7200, 7199 * time.Second},
		{"[{repeat: {times: 100, every: 1s, do: [{repeat: {times: 100, do: [a]}}]}}]", 1e4, 99 * time.Second},
		{"[{retry: {times: 100, backoff: 0s, expect: 100%, do: [a]}}]", 5001, 0},
		{"[{repeat: {times: 1M, do: [{think: 10ms}, {repeat: {times: 1M, do: [{think: 1ms}, {repeat: {times: 1M, do: [{think: 1ms}]}}]}}]}}, a]", 1, longest}, // nothing is visited
	} {
		sc := parse(t, "j: "+c.do, "{journey: j, at: T0, users: 100}", "")
		if r := sc.Journeys[0].Do[0].Retry; r != nil {
			r.Times = 5000 // more than a file may say
		}
		s := Of(sc)
		if got := s.Requests()["a"][mid]; math.Abs(got-100*c.want) > 1e-6*got || len(s.Loads[0].Visits) > 2*mostVisits {
			t.Errorf("%s: %g requests in %d visits, wanted %g", c.do, got, len(s.Loads[0].Visits), 100*c.want)
		}
		if got := s.Loads[0].Length; (got - c.length).Abs() > c.length/500+time.Millisecond {
			t.Errorf("%s: takes %v, wanted %v", c.do, got, c.length)
		}
	}
}

// TestStockBounds holds what depends on what is sold.
func TestStockBounds(t *testing.T) {
	for _, c := range []struct {
		sale        string
		orders, pay float64
	}{
		{"sale: {stock: 100}", 1000, 100},
		{"sale: {stock: 2000}", 1000, 1000},
		{"sale: {stock: 10, items: 50}", 1000, 500},
		{"sale: {stock: 100, items: 10, popularity: {zipf: 1}}", 1000, 300 + 1000*(1-(1+1./2+1./3)/2.9289682539682538)},
	} {
		s := Of(parse(t, "j: [order, pay]", "{journey: j, at: T0, users: 1000}", c.sale))
		got := s.Requests()
		if math.Abs(got["order"][mid]-c.orders) > 1e-6 || math.Abs(got["pay"][mid]-c.pay) > 1e-6 {
			t.Errorf("%s: %v, wanted %g orders and %g payments", c.sale, got, c.orders, c.pay)
		}
	}
}

// TestTriesAtTheStock holds that only tries that need no other one come to the stock, in retries of every form, and that buyers who come
// twice are counted with the share that is left for them.
func TestTriesAtTheStock(t *testing.T) {
	for _, c := range []struct {
		do, sale    string
		orders, pay float64
	}{
		{"[{retry: {times: 2, expect: 50%, do: [order]}}, pay]", "sale: {stock: 100}", 1750, 100},
		{"[{retry: {times: 2, expect: 50%, do: [order]}}, pay]", "sale: {stock: 2000}", 1750, 875},
		{"[{retry: {times: 2, expect: 50%, do: [order, pay]}}]", "sale: {stock: 100}", 1750, 100},
		{"[{retry: {times: 2, expect: 50%, do: [order, pay]}}]", "sale: {stock: 2000}", 1750, 875},
		{"[{retry: {times: 2, expect: 50%, do: [order]}}, pay]", "", 1750, 875},
		{"[{retry: {times: 2, expect: 50%, do: [{choose: [{weight: 1, do: [order]}]}, {think: 1s}]}}, pay]", "sale: {stock: 100}", 1750, 100},
		{"[{retry: {times: 2, expect: 50%, do: [order, b]}}, pay]", "sale: {stock: 100}", 1750, 1000 * 100 / 1750.}, // b is what is refused, and who orders again has the last order alone
		{"[{retry: {times: 2, expect: 50%, do: [order, b]}}, pay]", "sale: {stock: 2000}", 1750, 1000},
		{"[{retry: {times: 1, expect: 25%, do: [{retry: {times: 1, expect: 50%, do: [order]}}]}}, pay]", "sale: {stock: 100}", 1875, 100},
		{"[{retry: {times: 1, expect: 25%, do: [{retry: {times: 1, expect: 50%, do: [order]}}]}}, pay]", "sale: {stock: 2000}", 1875, 937.5},
		{"[{retry: {times: 1, expect: 25%, do: [{retry: {times: 1, expect: 50%, do: [order, pay]}}]}}]", "sale: {stock: 2000}", 1875, 937.5},
		{"[{retry: {times: 1, expect: 50%, do: [{group: g, do: [order]}]}}, pay]", "sale: {stock: 150}", 1500, 150},
		{"[order, pay, order, pay]", "sale: {stock: 600}", 1000 + 1000*(math.Sqrt(0.85)-0.5), 600}, // s*(1+s) = 0.6
		{"[{repeat: {times: 3, do: [order]}}]", "sale: {stock: 600}", 3000, 0},
	} {
		s := Of(parse(t, "j: "+c.do, "{journey: j, at: T0, users: 1000}", c.sale))
		got := s.Requests()
		if math.Abs(got["order"][mid]-c.orders) > 1e-3 || math.Abs(got["pay"][mid]-c.pay) > 1e-3 {
			t.Errorf("%s, %s: %g orders and %g payments, wanted %g and %g", c.do, c.sale, got["order"][mid], got["pay"][mid], c.orders, c.pay)
		}
	}
}

// TestHarmonic holds the sum to its terms added one by one.
func TestHarmonic(t *testing.T) {
	for _, z := range []float64{0, 0.5, 0.99, 1, 1.2, 3} {
		sum := 0.0
		for i := 1; i <= 50_000; i++ {
			sum += math.Pow(float64(i), -z)
		}
		if got := harmonic(50_000, z); math.Abs(got-sum) > 1e-7*sum {
			t.Errorf("z %g: %.12g, wanted %.12g", z, got, sum)
		}
	}
}

// FuzzOf holds that any scenario that is valid has finite expected requests, and soon.
func FuzzOf(f *testing.F) {
	for _, do := range []string{
		"[order, pay]", "[{retry: {times: 2, expect: 50%, do: [{retry: {times: 9, when: status == 503, expect: [1%, 50%, 100%], do: [order, pay]}}]}}, pay]",
		"[a, {if: state == go, expect: 80%, do: [b], else: [leave]}, {choose: [{weight: 1, do: [leave]}, {weight: 0, do: [order]}]}]",
		"[{group: g, do: [{repeat: {until: state == x, times: 9, every: 1s, expect: 2.5, do: [a, {pacing: 1s..3s}]}}]}]", "[{repeat: {for: 7d, every: 1ms, do: [{think: 1ms}]}}, a]",
	} {
		f.Add(head + "storm: {t0: 60s, phases: [{journey: {j: 80%, k: 20%}, at: T0, users: 100, before: {journey: l, from: T0-9s, to: T0}}]}\nsale: {stock: 10}\njourneys: {j: " + do + ", k: [a, b], l: [a]}\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		sc, err := scenarios.Parse("fuzz.yaml", []byte(text))
		if err != nil || sc.Storm == nil || len(sc.Storm.Streams()) > 20 {
			return
		}
		s := Of(sc)
		for step, n := range s.Requests() {
			for _, v := range n {
				if math.IsNaN(v) || math.IsInf(v, 0) || v < -1e-6 {
					t.Fatalf("step %s: %v requests", step, n)
				}
			}
		}
		for i := range s.Loads {
			if l := &s.Loads[i]; l.Length < 0 || l.Length > 2*longest {
				t.Fatalf("journey %s takes %v", l.Name, l.Length)
			}
		}
	})
}
