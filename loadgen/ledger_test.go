package loadgen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fsctl/loadgen/preflight"
	"fsctl/loadgen/record"
)

const selling = `
sale: {items: 1, stock: 5}
steps:
  order:
    share: 100%
    transaction: true
    request: {method: POST, url: /orders}
    extract: {order_id: "json:$.order_id"}
    outcome: {placed: "status 200"}
storm: {t0: 0s, phases: [{journey: buyer, at: T0, users: 3}]}
journeys: {buyer: [order]}
ledger: {url: "/books?all=1"}
`

func TestLedger(t *testing.T) {
	const order = `{"order_id":"a","user":"u","sku":"sku-1","quantity":2,"more":[1]}`
	for _, c := range []struct {
		name, body string
		status     int
		sold       int
		err        string // in the record
	}{
		{"whole", `{"stock":{"sku-1":5},"orders":[` + order + `,` + order + `]}`, 200, 2, ""},
		{"in another order, with more", `{"version":{"x":[1,2]},"orders":[` + order + `],"stock":{"sku-1":5}} `, 200, 1, ""},
		{"nothing sold", `{"stock":{"sku-1":5},"orders":[]}`, 200, 0, ""},
		{"no stock", `{"orders":[` + order + `]}`, 200, 1, ""},
		{"truncated within an order", `{"stock":{"sku-1":5},"orders":[` + order + `,{"order_id":"b","us`, 200, 1, "unexpected EOF"},
		{"truncated after an order", `{"stock":{"sku-1":5},"orders":[` + order, 200, 1, "EOF"},
		{"truncated after the orders", `{"stock":{"sku-1":5},"orders":[` + order + `]`, 200, 1, "EOF"},
		{"empty", ``, 200, 0, "EOF"},
		{"no orders", `{"stock":{"sku-1":5}}`, 200, 0, "no orders"},
		{"a list", `[` + order + `]`, 200, 0, "found [, wanted {"},
		{"orders as an object", `{"orders":{"a":1}}`, 200, 0, "found {, wanted a list"},
		{"orders of another shape", `{"orders":[{"id":"a","amount":2}]}`, 200, 0, "without order_id"},
		{"a number as words", `{"orders":[{"order_id":"a","quantity":"two"}]}`, 200, 0, "quantity"},
		{"stock of another shape", `{"stock":[5],"orders":[]}`, 200, 0, "stock"},
		{"no JSON", `<html>sorry</html>`, 200, 0, "invalid character"},
		{"status 500", `{"stock":{},"orders":[]}`, 500, 0, "500 Internal Server Error"},
		{"a redirect", ``, 302, 0, "302 Found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.String() == "/api/books?all=1" && r.Method == "GET" {
					w.Header().Set("Location", "/elsewhere")
					w.WriteHeader(c.status)
					_, _ = io.WriteString(w, c.body)
					return
				}
				fmt.Fprint(w, `{"order_id":"a"}`)
			}))
			defer server.Close()
			s := compile(t, selling, func(o *Options) { o.Target = must(url.Parse(server.URL + "/api/")) })
			run := send(context.Background(), t, s, nil)
			if run.Err != nil || run.End.Reason != record.Completed {
				t.Fatalf("end %+v, %v", run.End, run.Err)
			}
			l := run.Ledger
			if l.Sold.Len() != c.sold || l.Read != (c.err == "") || !strings.Contains(l.Error, c.err) || len(l.Told) != 3 {
				t.Errorf("%d sold, %d told, read %v, error %q, wanted %d sold and error %q", l.Sold.Len(), len(l.Told), l.Read, l.Error, c.sold, c.err)
			}
			if c.err == "" && c.sold > 0 && (l.Sold.All()[0].Quantity != 2 || l.Sold.All()[0].User != "u" || l.Sold.All()[0].SKU != "sku-1" || l.Told[0].ID != "a" || l.Told[0].SKU != "sku-1") {
				t.Errorf("sold %+v, told %+v", l.Sold.All()[0], l.Told[0])
			}
		})
	}
}

// TestOrdersWithoutANumberAreRecorded has a shop that confirms two orders of a user and names only the first.
func TestOrdersWithoutANumberAreRecorded(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, map[bool]string{true: `{"order_id":"a"}`, false: `{}`}[asked.Add(1) == 1])
	}))
	defer server.Close()
	s := compile(t, strings.NewReplacer("users: 3", "users: 1", "[order]", "[order, order]").Replace(selling), func(o *Options) { o.Target = must(url.Parse(server.URL)) })
	run := send(context.Background(), t, s, nil)
	if told := run.Ledger.Told; len(told) != 2 || told[0].ID != "a" || told[1].ID != "" || told[1].User != told[0].User {
		t.Errorf("told %+v, wanted order a and one without a number", told)
	}
}

// soldBefore is a shop whose ledger lists orders that others were told of before the storm, and what the storm asks for.
func soldBefore(t *testing.T, ledger func(read int) string) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var read, asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "GET" {
			fmt.Fprint(w, ledger(int(read.Add(1))))
			return
		}
		asked.Add(1)
		w.WriteHeader(http.StatusConflict)
	}))
	t.Cleanup(server.Close)
	return server, &asked
}

// Users of this run are found among the orders of before it, by whatever name the shop has for them, though this run
// tells them nothing.
func TestBaselineKnowsTheUsersOfThisRun(t *testing.T) {
	feeder := "\nfeeders: {user: {from: sequence, size: 3, fields: {token: \"t-${n}\"}}}\n"
	for name, c := range map[string]struct {
		more, users string
		orders, own int
	}{
		"by number":            {"", `1 2 2 9`, 4, 2},
		"by a field":           {feeder, `t-1 t-3 t-3 t-4 1`, 5, 3},
		"by the row's number":  {feeder, `3`, 1, 1},
		"others":               {feeder, `someone t-0`, 2, 0},
		"nobody":               {"", ``, 0, 0},
		"more orders than 64":  {"", strings.Repeat("1 2 x ", 50), 150, 2},
		"numbers for the user": {"", "3", 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var orders []string
			for i, user := range strings.Fields(c.users) {
				if name != "numbers for the user" {
					user = `"` + user + `"`
				}
				orders = append(orders, fmt.Sprintf(`{"order_id":%d,"user":%s}`, i, user))
			}
			server, asked := soldBefore(t, func(int) string { return `{"stock":{"sku-1":5},"orders":[` + strings.Join(orders, ",") + `]}` })
			s := compile(t, selling+c.more, func(o *Options) { o.Target = must(url.Parse(server.URL)) })
			b, err := s.ReadBaseline(context.Background())
			if err != nil || b.Orders != c.orders || asked.Load() != 0 {
				t.Fatalf("%+v, %v, %d orders sent", b, err, asked.Load())
			}
			defer b.Close()
			dir := filepath.Join(t.TempDir(), "run")
			w := must(record.Create(dir, must(s.Manifest(time.Now())), nil))
			if err := errors.Join(w.Baseline(b), w.Close(record.End{Reason: record.Completed})); err != nil {
				t.Fatal(err)
			}
			l := must(record.Open(dir)).Ledger
			if !l.BaselineRead || l.Baseline.Len() != c.orders || l.BaselineUsers != c.own || l.BaselineStock["sku-1"] != 5 || l.Read {
				t.Errorf("%+v, wanted %d orders and %d users of this run", l, c.orders, c.own)
			}
		})
	}
}

// A ledger that does not end in time is said to be unfinished, whatever the connection says once it is closed.
func TestLedgerWithoutEnd(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for text := `{"orders":[`; r.Context().Err() == nil; text = " " {
			_, _ = io.WriteString(w, text)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(time.Millisecond)
		}
	}))
	defer server.Close()
	s := compile(t, selling, func(o *Options) { o.Target = must(url.Parse(server.URL)) })
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.readLedger(ctx, nil); err == nil || !strings.Contains(err.Error(), "found it unfinished after") {
		t.Errorf("%v, wanted it to be unfinished", err)
	}
}

// Where the ledger cannot be read before T0, nothing is sent.
func TestBaselineThatCannotBeRead(t *testing.T) {
	for name, ledger := range map[string]string{"no JSON": "sorry", "an order without a number": `{"orders":[{"user":"1"}]}`, "cut short": `{"orders":[`} {
		server, asked := soldBefore(t, func(int) string { return ledger })
		s := compile(t, selling, func(o *Options) { o.Target = must(url.Parse(server.URL)) })
		b, err := s.ReadBaseline(context.Background())
		idle, ok := errors.AsType[*preflight.NotStartedError](err)
		if !ok || b != nil || asked.Load() > 0 || !strings.Contains(err.Error(), server.URL+"/books?all=1") || !strings.Contains(err.Error(), "found") && name != "no JSON" || !strings.Contains(err.Error(), "wanted") ||
			!strings.Contains(idle.Hint(), "ledger.baseline: none") || !strings.Contains(idle.Hint(), "--set ledger=answers") {
			t.Errorf("%s: %v, hint of %+v", name, err, idle)
		}
	}
	none := compile(t, strings.Replace(selling, `all=1"`, `all=1", baseline: none`, 1), func(o *Options) { o.Target = must(url.Parse("http://127.0.0.1:1")) })
	if b, err := none.ReadBaseline(context.Background()); b != nil || err != nil {
		t.Errorf("baseline: none gives %v, %v", b, err)
	}
	answers := compile(t, strings.Replace(selling, `{url: "/books?all=1"}`, `answers`, 1), func(o *Options) { o.Target = must(url.Parse("http://127.0.0.1:1")) })
	if b, err := answers.ReadBaseline(context.Background()); b != nil || err != nil {
		t.Errorf("ledger: answers gives %v, %v", b, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	server, _ := soldBefore(t, func(int) string { return `{"orders":[]}` })
	s := compile(t, selling, func(o *Options) { o.Target = must(url.Parse(server.URL)) })
	if _, err := s.ReadBaseline(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a user who stops it finds %v", err)
	}
}
