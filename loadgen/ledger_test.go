package loadgen

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

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
		{"orders as an object", `{"orders":{"a":1}}`, 200, 0, "found {, wanted ["},
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
			if len(l.Sold) != c.sold || l.Read != (c.err == "") || !strings.Contains(l.Error, c.err) || len(l.Told) != 3 {
				t.Errorf("%d sold, %d told, read %v, error %q, wanted %d sold and error %q", len(l.Sold), len(l.Told), l.Read, l.Error, c.sold, c.err)
			}
			if c.err == "" && c.sold > 0 && (l.Sold[0].Quantity != 2 || l.Sold[0].User != "u" || l.Sold[0].SKU != "sku-1" || l.Told[0].ID != "a" || l.Told[0].SKU != "sku-1") {
				t.Errorf("sold %+v, told %+v", l.Sold[0], l.Told[0])
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

// streamLedger reads a ledger of so many orders and returns by how many bytes the heap grew while it went by.
func streamLedger(t testing.TB, orders int) uint64 {
	t.Helper()
	s := compile(t, selling)
	w := must(record.Create(filepath.Join(t.TempDir(), "run"), must(s.Manifest(time.Now())), nil))
	source, sink := io.Pipe()
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const line = `{"order_id":"order-1234567","user":"u1234567","sku":"sku-1","quantity":1}`
	thousand := strings.Repeat(line+",", 1000)
	before, peak := heap(), uint64(0)
	go func() {
		_, _ = io.WriteString(sink, `{"orders":[`)
		for i := range orders / 1000 {
			_, _ = io.WriteString(sink, thousand)
			if (i+1)%(orders/4000) == 0 {
				peak = max(peak, heap())
			}
		}
		_, _ = io.WriteString(sink, line+`],"stock":{"sku-1":1000000}}`)
		_ = sink.Close()
	}()
	if err := s.decodeLedger(json.NewDecoder(source), w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(record.End{Reason: record.Completed}); err != nil {
		t.Fatal(err)
	}
	return max(peak, before) - before
}

// TestLedgerIsAStream would need over 7 MB, besides the 4 MB of whatever ledger, if the orders were kept.
func TestLedgerIsAStream(t *testing.T) {
	if grew := streamLedger(t, 60_000); grew > 7<<20 {
		t.Errorf("the heap grew by %d MB over a ledger that should go by", grew>>20)
	}
}

// BenchmarkLedger reads a million orders.
func BenchmarkLedger(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(float64(streamLedger(b, 1_000_000))/(1<<20), "MB")
	}
}
