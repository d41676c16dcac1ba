package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"fsctl/loadgen/record/orders"
)

func newBaseline(t testing.TB) *Baseline {
	t.Helper()
	b, err := NewBaseline()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// manyItems is a stock that takes several lines.
func manyItems() map[string]int {
	stock := map[string]int{}
	for i := range 100_000 {
		stock[fmt.Sprintf("an item with a rather long name %d", i)] = i
	}
	return stock
}

// What stood in the shop's ledger before T0 is read back, also by who takes the run over.
func TestBaselineIsKept(t *testing.T) {
	old := []Order{{ID: "1", User: "a", SKU: "s", Quantity: 1}, {ID: "2", User: "b", SKU: "s", Quantity: 3}}
	for name, stock := range map[string]map[string]int{"small": {"s": 5}, "none": nil, "large": manyItems()} {
		t.Run(name, func(t *testing.T) {
			b := newBaseline(t)
			dir := filepath.Join(t.TempDir(), "run")
			w, err := Create(dir, testManifest(), nil)
			err = errors.Join(err, b.Sold(old[0]), b.Sold(old[1]), b.End(stock, 1), w.Baseline(b))
			if err != nil || b.Orders != 2 {
				t.Fatalf("%d orders, %v", b.Orders, err)
			}
			again, err := BaselineOf(dir) // of a run that is still going on
			if err != nil || again == nil {
				t.Fatal(again, err)
			}
			defer again.Close()
			next := filepath.Join(t.TempDir(), "next")
			x, err := Create(next, testManifest(), nil)
			err = errors.Join(err, x.Baseline(again), w.Stock(stock), x.Stock(stock), w.Close(End{Reason: Completed}), x.Close(End{Reason: Completed}))
			if err != nil {
				t.Fatal(err)
			}
			want := Ledger{Baseline: orders.ListOf(old...), BaselineStock: stock, BaselineRead: true, BaselineUsers: 1, Stock: stock, Read: true}
			for _, d := range []string{dir, next} {
				if got := open(t, d).Ledger; !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %d orders, %d and %d items, read %v, %d users", d, got.Baseline.Len(), len(got.BaselineStock), len(got.Stock), got.BaselineRead, got.BaselineUsers)
				}
			}
		})
	}
}

// A baseline without its end is none, and a record of an older version has none.
func TestBaselineThatIsNotWhole(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"", `{"type":"sold","order_id":"1","user":"","sku":""}` + "\n", `{"type":"baseline","order_id":"1","user":"","sku":""}` + "\n" + `{"type":"baseline-end"}`} {
		if err := os.WriteFile(filepath.Join(dir, ledgerFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if b, err := BaselineOf(dir); b != nil || err != nil {
			t.Errorf("%q: found %v, %v, wanted none", text, b, err)
		}
	}
	if b, err := BaselineOf(filepath.Join(dir, "none")); b != nil || err != nil {
		t.Errorf("no file: found %v, %v, wanted none", b, err)
	}
}

func TestTemporaryFilesAreRemoved(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	b := newBaseline(t)
	b.Close()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
