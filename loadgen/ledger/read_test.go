package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"fsctl/loadgen/record"
)

func read(text string) (orders []record.Order, stock map[string]int, err error) {
	stock, err = Read(strings.NewReader(text), func(o record.Order) error {
		orders = append(orders, o)
		return nil
	})
	return orders, stock, err
}

func TestRead(t *testing.T) {
	one := record.Order{ID: "17", User: "4", SKU: "s", Quantity: 1}
	with := func(change func(*record.Order)) record.Order {
		o := one
		change(&o)
		return o
	}
	for name, c := range map[string]struct {
		order string
		want  record.Order
	}{
		"text":                   {`{"order_id":"17","user":"4","sku":"s","quantity":1}`, one},
		"numbers":                {`{"order_id":17,"user":4,"sku":"s","quantity":1}`, one},
		"a number for the item":  {`{"order_id":17,"user":4,"sku":9}`, with(func(o *record.Order) { o.SKU = "9" })},
		"a long number":          {`{"order_id":123456789012345678901234567890,"user":4,"sku":"s"}`, with(func(o *record.Order) { o.ID = "123456789012345678901234567890" })},
		"no quantity":            {`{"order_id":"17","user":"4","sku":"s"}`, one},
		"a quantity of null":     {`{"order_id":"17","user":"4","sku":"s","quantity":null}`, one},
		"the largest quantity":   {`{"order_id":"17","user":"4","sku":"s","quantity":1000000000}`, with(func(o *record.Order) { o.Quantity = 1e9 })},
		"nobody and no item":     {`{"order_id":"17","user":null}`, record.Order{ID: "17", Quantity: 1}},
		"escapes":                {`{"order_id":"\u0031\n","user":"\"é用","sku":"s"}`, record.Order{ID: "1\n", User: `"é用`, SKU: "s", Quantity: 1}},
		"more keys":              {`{"a":{"order_id":"5"},"order_id":"17","user":"4","sku":"s","at":[1,2]}`, one},
		"keys of another case":   {`{"Order_ID":"17","USER":"4","Sku":"s","Quantity":1}`, one},
		"invalid text":           {"{\"order_id\":\"17\",\"user\":\"\xff\"}", record.Order{ID: "17", User: "\ufffd", Quantity: 1}},
		"the quantity in front":  {`{"quantity":3,"order_id":"17","user":"4","sku":"s"}`, with(func(o *record.Order) { o.Quantity = 3 })},
		"a number with fraction": {`{"order_id":17.50}`, record.Order{ID: "17.50", Quantity: 1}},
	} {
		orders, stock, err := read("\uFEFF" + `{"stock":{"s":5,"t":0},"orders":[` + c.order + `],"more":[{"x":[]}]} ` + "\n")
		if err != nil || len(orders) != 1 || orders[0] != c.want || !reflect.DeepEqual(stock, map[string]int{"s": 5, "t": 0}) {
			t.Errorf("%s: found %+v, %v, %v, wanted %+v", name, orders, stock, err, c.want)
		}
	}
}

func TestRefused(t *testing.T) {
	const good = `{"order_id":"1","user":"u","sku":"s","quantity":1}`
	of := func(fields string) string { return `{"orders":[` + good + `,{` + fields + `}]}` }
	for text, want := range map[string]string{
		of(`"order_id":"42","quantity":0`):                                 "entry 2 of orders: order 42: quantity: found 0, wanted a whole number from 1 to 1,000,000,000",
		of(`"quantity":-1,"order_id":"42"`):                                "order 42: quantity: found -1",
		of(`"order_id":"42","quantity":1.5`):                               "order 42: quantity: found 1.5",
		of(`"order_id":"42","quantity":1.0`):                               "order 42: quantity: found 1.0",
		of(`"order_id":"42","quantity":1e3`):                               "order 42: quantity: found 1e3",
		of(`"order_id":"42","quantity":"2"`):                               `order 42: quantity: found "2"`,
		of(`"order_id":"42","quantity":1000000001`):                        "order 42: quantity: found 1000000001",
		of(`"order_id":"42","quantity":9223372036854775808`):               "order 42: quantity: found 9223372036854775808",
		of(`"order_id":"42","quantity":18446744073709551617`):              "order 42: quantity: found 18446744073709551617",
		of(`"order_id":"42","quantity":true`):                              "order 42: quantity: found true",
		of(`"order_id":"42","quantity":[1]`):                               "order 42: quantity: found a list",
		of(`"order_id":"42","quantity":1,"quantity":2`):                    "order 42: quantity: found twice",
		of(`"order_id":"42","order_id":"43"`):                              "order_id: found twice",
		of(`"order_id":"42","user":{"id":7}`):                              "order 42: user: found a mapping, wanted text or a number",
		of(`"order_id":"42","sku":false`):                                  "order 42: sku: found false",
		of(`"order_id":true`):                                              "entry 2 of orders: order_id: found true",
		of(`"order_id":null`):                                              "entry 2 of orders: found an order without order_id",
		of(`"order_id":""`):                                                "without order_id",
		of(`"user":"u"`):                                                   "without order_id",
		`{"orders":[null]}`:                                                "without order_id",
		`{"orders":[5]}`:                                                   "entry 1 of orders: found a number, wanted an order",
		`{"orders":null}`:                                                  "orders: found null, wanted a list",
		`{"orders":{}}`:                                                    "orders: found {, wanted a list",
		`{"orders":[],"orders":[]}`:                                        "found orders twice",
		`{"orders":[],"Orders":[]}`:                                        "found orders twice",
		`{"stock":{},"stock":{},"orders":[]}`:                              "found stock twice",
		`{"stock":{"s":1,"s":1},"orders":[]}`:                              `stock: found "s" twice`,
		`{"stock":{"s":-1},"orders":[]}`:                                   `stock of "s": found -1, wanted a whole number from 0`,
		`{"stock":{"s":1.5},"orders":[]}`:                                  `stock of "s": found 1.5`,
		`{"stock":{"s":"5"},"orders":[]}`:                                  `stock of "s": found "5"`,
		`{"stock":{"s":null},"orders":[]}`:                                 `stock of "s": found null`,
		`{"stock":{"s":9223372036854775808},"orders":[]}`:                  `stock of "s": found 9223372036854775808`,
		`{"stock":[5],"orders":[]}`:                                        "stock: found [, wanted a mapping",
		`{"orders":[` + good + `]}{"orders":[]}`:                           "found more text after the document",
		`{"orders":[` + good + `]} x`:                                      "found more text after the document",
		`{"orders":[` + good + `]}]`:                                       "found more text after the document",
		`{"orders":[` + good + `],}`:                                       "invalid character",
		`{"orders":[` + good + `,]}`:                                       "invalid character",
		`{"orders":[` + good + ` ` + good + `]}`:                           "expected comma",
		`{"orders":[` + good:                                               "found its end",
		`{"orders":[` + good + `]`:                                         "found its end",
		`{"orders":[{"order_id":"1`:                                        "found its end",
		``:                                                                 "found its end",
		`{"stock":{"s":1}}`:                                                "found no orders",
		`[]`:                                                               "found [, wanted {",
		`"x"`:                                                              `found "x", wanted {`,
		`null`:                                                             "found null, wanted {",
		`{"x":` + strings.Repeat("[", 20_000):                              "found values in over 10000 others",
		`{"x":"` + strings.Repeat("a", 2<<20) + `","orders":[]}`:           "found a value of over 1 MB",
		`{"x":[[` + strings.Repeat("1", 2<<20) + `]],"orders":[]}`:         "found a value of over 1 MB",
		`{"` + strings.Repeat("k", 2<<20) + `":1,"orders":[]}`:             "found a value of over 1 MB",
		`{"stock":{"` + strings.Repeat("s", 2<<20) + `":1},"orders":[]}`:   "found a value of over 1 MB",
		of(`"order_id":"` + strings.Repeat("1", 2<<20) + `"`):              "found a value of over 1 MB",
		of(`"order_id":"1","note":[` + strings.Repeat("1,", 1<<20) + `1]`): "found a value of over 1 MB",
	} {
		_, stock, err := read(text)
		shown := text[:min(len(text), 100)]
		if err == nil || !strings.Contains(err.Error(), want) || stock != nil {
			t.Errorf("%s: found %v, %v, wanted %q", shown, stock, err, want)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("%s: the error has %d bytes", shown, len(err.Error()))
		}
	}
}

// A value of 1 MB is read, however the text around it falls into the reader's buffers.
func TestLongValues(t *testing.T) {
	for _, length := range []int{1, 511, 1 << 16, MostValueBytes / 2, MostValueBytes - 64} {
		id := strings.Repeat("7", length)
		orders, _, err := read(`{"x":"` + id + `","orders":[{"order_id":"` + id + `"},{"order_id":"1"},{"order_id":"` + id + `"}]}`)
		if err != nil || len(orders) != 3 || orders[0].ID != id || orders[2].ID != id {
			t.Errorf("length %d: %d orders, %v", length, len(orders), err)
		}
	}
}

var errGreedy = errors.New("the reader took more than it may keep")

// meter is a text without end that fails when more than so many bytes were taken since something was handed over.
type meter struct {
	head, body  string // body is repeated
	tail        string
	times       int
	since, most int
	rest        string
}

func (m *meter) Read(p []byte) (int, error) {
	for m.rest == "" {
		switch {
		case m.head != "":
			m.rest, m.head = m.head, ""
		case m.times > 0:
			m.times--
			m.rest = m.body
		case m.tail != "":
			m.rest, m.tail = m.tail, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	if m.since += n; m.since > m.most {
		return 0, errGreedy
	}
	return n, nil
}

// A value of a gigabyte is refused once a little over a megabyte of it was taken.
func TestLongValuesAreNotTaken(t *testing.T) {
	block := strings.Repeat("a", 1<<16)
	for name, m := range map[string]meter{
		"an order number":  {head: `{"orders":[{"order_id":"`, body: block},
		"a key":            {head: `{"`, body: block},
		"an unknown value": {head: `{"x":["`, body: block},
		"an SKU":           {head: `{"stock":{"`, body: block},
		"a number":         {head: `{"x":1`, body: strings.Repeat("1", 1<<16)},
		"blanks":           {head: `{"x":`, body: strings.Repeat(" ", 1<<16)},
		"an order":         {head: `{"orders":[{"x":[`, body: strings.Repeat("1,", 1<<15)},
		"the end":          {head: `{"orders":[]}`, body: strings.Repeat("\n", 1<<16)},
	} {
		m.times, m.most = 1<<14, MostValueBytes+1<<17
		if _, err := Read(&m, func(record.Order) error { return nil }); !errors.Is(err, errLong) {
			t.Errorf("%s: found %v, wanted %v", name, err, errLong)
		}
	}
}

// A ledger of any number of orders, and as much that is skipped, goes by: never more than a few hundred kilobytes of it were
// taken and not handed over.
func TestLongLedgersGoBy(t *testing.T) {
	const times = 300 // thousand; BenchmarkRead reads two million, which takes no more
	const line = `{"order_id":"order-1234567","user":"u1234567","sku":"sku-1","quantity":1},`
	m := &meter{head: `{"orders":[`, body: strings.Repeat(line, 1000), tail: `{"order_id":1}],"stock":{"sku-1":1000000}}`, times: times, most: 1 << 18}
	orders := 0
	stock, err := Read(m, func(record.Order) error {
		m.since = 0
		orders++
		return nil
	})
	if err != nil || orders != times*1000+1 || stock["sku-1"] != 1e6 {
		t.Errorf("%d orders, %v, %v", orders, stock, err)
	}
	d := newDecoder(&meter{head: `[`, body: strings.Repeat(`{"a":[1,"b"]},`, 1000), tail: `1]`, times: times / 20, most: 1 << 40})
	if err := d.skip(); err != nil {
		t.Errorf("skipping: %v", err)
	}
}

// plain is a ledger as encoding/json reads it.
type plain struct {
	Stock  map[string]int `json:"stock"`
	Orders []struct {
		ID       any  `json:"order_id"`
		User     any  `json:"user"`
		SKU      any  `json:"sku"`
		Quantity *int `json:"quantity"`
	} `json:"orders"`
}

// FuzzRead holds the reader to encoding/json: it refuses a text, or finds the same in it.
func FuzzRead(f *testing.F) {
	const order = `{"order_id":17,"user":"u","sku":null,"quantity":2}`
	for _, text := range []string{`{"stock":{"s":5},"orders":[` + order + `]}`, `{"ORDERS":[` + order + `,` + order + `],"x":{"y":[1,{}]}}`, `{"orders":[]} x`, `{"orders":[{"order_id":"\ud800"}]}`,
		`{"orders":[{"order_id":"a","Order_id":"b"}],"stock":null}`, `{"orders":[],"\u006frders":[]}`, `{"orders":[{"order_id":-0,"quantity":-0}]}`, `{"orders":[}`, `{"orders":[{"order_id":1e999}]}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		orders, stock, err := read(string(text))
		if err != nil {
			return
		}
		var want plain
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&want); err != nil {
			t.Fatalf("read, though encoding/json says %v", err)
		}
		if _, err := d.Token(); err != io.EOF {
			t.Fatalf("read, though there is more: %v", err)
		}
		if len(orders) != len(want.Orders) || len(stock) != len(want.Stock) || len(stock) > 0 && !reflect.DeepEqual(stock, want.Stock) {
			t.Fatalf("%d orders, %v, wanted %d, %v", len(orders), stock, len(want.Orders), want.Stock)
		}
		for i, w := range want.Orders {
			same := record.Order{ID: textOf(w.ID), User: textOf(w.User), SKU: textOf(w.SKU), Quantity: 1}
			if w.Quantity != nil {
				same.Quantity = *w.Quantity
			}
			if orders[i] != same {
				t.Fatalf("order %d is %+v, wanted %+v", i, orders[i], same)
			}
		}
	})
}

func textOf(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func TestNames(t *testing.T) {
	n := NewNames()
	for i := range 10_000 {
		n.Add(fmt.Sprint("u", i%3000))
	}
	n.Add("")
	for i := range 5000 {
		n.Mark(fmt.Append(nil, "u", 2*i))
		n.Mark(fmt.Append(nil, "u", 2*i))
	}
	n.Mark(nil)
	if got := n.Marked(); got != 1500 {
		t.Errorf("%d users are in it, wanted 1,500", got)
	}
	empty := NewNames()
	if empty.Mark([]byte("u")); empty.Marked() != 0 {
		t.Error("somebody is in a set of nobody")
	}
}

// BenchmarkRead reads two million orders.
func BenchmarkRead(b *testing.B) {
	const line = `{"order_id":"order-1234567","user":"u1234567","sku":"sku-1","quantity":1},`
	body := strings.Repeat(line, 1000)
	for b.Loop() {
		m := &meter{head: `{"orders":[`, body: body, tail: `{"order_id":1}]}`, times: 2000, most: 1 << 40}
		if _, err := Read(m, func(record.Order) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
