package orders

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func texts() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{"", "a", "b", "ab", strings.Repeat("l", 300), "ü", "<&>", "\"\\", "\u2028", "\x00\x7f"}), rapid.String())
}

func someOrders() *rapid.Generator[Order] {
	return rapid.Custom(func(t *rapid.T) Order {
		return Order{ID: texts().Draw(t, "id"), User: texts().Draw(t, "user"), SKU: texts().Draw(t, "sku"),
			Quantity: rapid.OneOf(rapid.Int(), rapid.IntRange(-1, 12)).Draw(t, "quantity")}
	})
}

// A list gives back what was added, by place and in its order, whatever the length of its chunks.
func TestList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(someOrders()).Draw(t, "orders")
		for range rapid.IntRange(0, 3).Draw(t, "long ones") {
			want = append(want, Order{ID: strings.Repeat("x", rapid.IntRange(1, 2*chunkBytes).Draw(t, "length")), User: "u"})
		}
		list := ListOf(want...)
		if got := list.All(); list.Len() != len(want) || !slices.Equal(got, want) {
			t.Fatalf("found %d orders, wanted %d", len(got), len(want))
		}
		for i, p := range list.Places() {
			if got := list.Row(p).Order(); got != want[i] {
				t.Fatalf("order %d is %+v, wanted %+v", i, got, want[i])
			}
		}
		var twice List
		twice.AddAll(&list)
		twice.AddAll(&list)
		if got := twice.All(); !slices.Equal(got, append(slices.Clone(want), want...)) {
			t.Fatalf("added twice: %d orders", len(got))
		}
	})
	list := ListOf(Order{ID: "1", At: time.Now(), Step: "order"})
	if got := list.All()[0]; got != (Order{ID: "1"}) {
		t.Errorf("found %+v, wanted neither time nor step", got)
	}
}

// An index finds and groups as a map does.
func TestIndex(t *testing.T) {
	byUser := func(to []byte, r Row) []byte { return append(to, r.User...) }
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOf(someOrders()).Draw(t, "orders")
		list, want := ListOf(all...), map[string][]Order{}
		for _, o := range all {
			want[o.User] = append(want[o.User], o)
		}
		compare := func(a, b Row) int { return bytes.Compare(a.ID, b.ID)*2 + a.Compare(b) }
		for _, same := range want {
			slices.SortFunc(same, func(x, y Order) int {
				return compare(Row{[]byte(x.ID), []byte(x.User), []byte(x.SKU), x.Quantity}, Row{[]byte(y.ID), []byte(y.User), []byte(y.SKU), y.Quantity})
			})
		}
		x := NewIndex(&list, list.Places(), byUser, compare)
		ordersAt := func(places []Place) (found []Order) {
			for _, p := range places {
				found = append(found, list.Row(p).Order())
			}
			return found
		}
		got := map[string][]Order{}
		for key, places := range x.Groups() {
			if got[string(key)] != nil {
				t.Fatalf("%q comes twice", key)
			}
			got[string(key)] = ordersAt(places)
			if found := ordersAt(x.Find(bytes.Clone(key))); !slices.Equal(found, got[string(key)]) {
				t.Fatalf("%q: found %v, wanted %v", key, found, got[string(key)])
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("found %v, wanted %v", got, want)
		}
		if other := texts().Draw(t, "other"); want[other] == nil && len(x.Find([]byte(other))) > 0 {
			t.Fatalf("found %q", other)
		}
	})
}

// line is what encoding/json makes of an order.
type line struct {
	Type string `json:"type"`
	*Order
}

// A line is what encoding/json writes, or none; and what is read of one is what encoding/json reads.
func TestLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := someOrders().Draw(t, "order")
		if rapid.Bool().Draw(t, "told") {
			o.At, o.Step = time.Unix(rapid.Int64Range(0, 1e9).Draw(t, "at"), 0), "order"
		}
		want, err := json.Marshal(line{"sold", &o})
		if err != nil {
			t.Fatal(err)
		}
		got, plain := AppendLine(nil, "sold", &o)
		if plain && string(got) != string(want) {
			t.Fatalf("wrote %s, wanted %s", got, want)
		}
		checkLine(t, want)
	})
	plain := Order{ID: "order-1", User: "u 1~", SKU: "s", Quantity: 3}
	text, ok := AppendLine([]byte("x"), "sold", &plain)
	if row, read := ParseLine(text[1:], "sold"); !ok || !read || row.Order() != plain {
		t.Errorf("wrote %s %v, read %+v %v", text, ok, row, read)
	}
}

func checkLine(t rapid.TB, text []byte) {
	row, ok := ParseLine(text, "sold")
	if !ok {
		return
	}
	want := line{Order: &Order{}}
	if err := json.Unmarshal(text, &want); err != nil || want.Type != "sold" || row.Order() != *want.Order {
		t.Fatalf("%q: read %+v, encoding/json %+v, %v", text, row.Order(), want.Order, err)
	}
}

// FuzzParseLine holds the reader of plain lines to encoding/json.
func FuzzParseLine(f *testing.F) {
	for _, text := range []string{`{"type":"sold","order_id":"1","user":"u","sku":"s","quantity":12}`, `{"type":"sold","order_id":"","user":"","sku":""}`,
		`{"type":"sold","order_id":"\u0031","user":"u","sku":"s"}`, `{"type":"sold","order_id":"1","user":"u","sku":"s","quantity":-0}`, `{"type":"sold","order_id":"1","user":"u","sku":"s","quantity":007}`,
		`{"type":"sold","order_id":"1","user":"u","sku":"s","quantity":99999999999999999999}`, `{"type":"sold-","order_id":"1"}`, `{"type":"sold","order_id":"1","user":"u","sku":"s"}}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkLine(t, text) })
}

// A list takes the texts and a few bytes an order, an index 8 bytes.
func TestMemory(t *testing.T) {
	const count = 1_000_000
	before := heapBytes()
	var list List
	for i := range count {
		list.Add(Order{ID: fmt.Sprintf("%08d", i), User: fmt.Sprintf("u%08d", i), SKU: "sku", Quantity: 1})
	}
	x := NewIndex(&list, list.Places(), func(to []byte, r Row) []byte { return append(to, r.ID...) }, Row.Compare)
	took := int64(heapBytes()-before) / count
	runtime.KeepAlive(x)
	if texts := int64(8 + 9 + 3); took > texts+4+8+2 {
		t.Errorf("%d bytes an order, wanted %d, 4 and 8 for the index", took, texts)
	}
	groups := 0
	for range x.Groups() {
		groups++
	}
	if groups != count {
		t.Errorf("%d groups, wanted %d", groups, count)
	}
}

func heapBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
