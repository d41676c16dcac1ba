// Package ledger reads a shop's own account of a sale.
//
// The text is a stream: it may list any number of orders, and only a single value of it is bounded.
package ledger

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"fsctl/loadgen/record"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// Form is what a ledger looks like.
const Form = `{"stock": {SKU: PIECES}, "orders": [{"order_id", "user", "sku", "quantity"}]}`

// Bounds of a ledger.
const (
	MostValueBytes = 1_000_000   // of one value: a string, a number, an order
	MostStockBytes = 250_000_000 // of the stock, which is kept whole
	MostQuantity   = 1e9         // pieces of one order
	mostDepth      = 10_000      // of what is skipped, as encoding/json has it
)

// Read reads {"stock": {SKU: PIECES}, "orders": [{"order_id", "user", "sku", "quantity"}]} and hands every order to sold.
// It returns the stock, nil where there is none.
//
// order_id, user and sku are strings or numbers, which are the same when their text is. A quantity is a whole number from 1
// to 1e9, 1 where it is absent or null; pieces in stock are a whole number from 0. Other keys are skipped. A ledger in which
// anything else is found proves nothing: Read fails and says where. It fails with the errors of r and of sold too.
func Read(r io.Reader, sold func(record.Order) error) (stock map[string]int, err error) {
	d := newDecoder(r)
	stock, err = d.ledger(sold)
	if err == nil {
		return stock, nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("found its end: %w", err)
	}
	return nil, fmt.Errorf("at byte %d: %w", d.json.InputOffset(), err)
}

// decoder takes JSON apart, token by token, and never has more than one value in memory.
type decoder struct {
	json  *json.Decoder
	input *window
}

func newDecoder(r io.Reader) *decoder {
	input := &window{from: plaintext.NewReader(bufio.NewReaderSize(r, 1<<16))}
	d := &decoder{json.NewDecoder(input), input}
	d.json.UseNumber() // a number may be larger than a float holds
	return d
}

// window is a text of which only so much may be read ahead: encoding/json has no bound for the length of a value, and would
// keep all of it.
type window struct {
	from  io.Reader
	taken int64 // bytes
	most  int64 // that may be taken
}

var errLong = fmt.Errorf("found a value of over %s, wanted at most that", quantity.Bytes(MostValueBytes))

func (w *window) Read(p []byte) (int, error) {
	if w.taken >= w.most {
		return 0, errLong
	}
	n, err := w.from.Read(p[:min(int64(len(p)), w.most-w.taken)])
	w.taken += int64(n)
	return n, err
}

// allow lets the next value be read, with what stands before it.
func (d *decoder) allow() {
	const before = 512
	d.input.most = d.json.InputOffset() + MostValueBytes + before
}

func (d *decoder) token() (json.Token, error) {
	d.allow()
	token, err := d.json.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return token, err
}

// more reports whether the list or mapping goes on. Where that cannot be read, the next token says why.
func (d *decoder) more() bool {
	d.allow()
	return d.json.More()
}

func (d *decoder) value(v any) error {
	d.allow()
	return d.json.Decode(v)
}

func (d *decoder) expect(want json.Delim) error {
	token, err := d.token()
	if err == nil && token != want {
		err = fmt.Errorf("found %s, wanted %v", shown(token), want)
	}
	return err
}

// ledger reads the whole document.
func (d *decoder) ledger(sold func(record.Order) error) (stock map[string]int, err error) {
	if err := d.expect('{'); err != nil {
		return nil, err
	}
	hasStock, hasOrders := false, false
	for d.more() {
		key, err := d.token()
		if err != nil {
			return nil, err
		}
		name, _ := key.(string)
		switch { // as encoding/json compares names
		case strings.EqualFold(name, "stock"):
			if hasStock {
				return nil, errors.New("found stock twice, wanted it once")
			}
			hasStock = true
			stock, err = d.stock()
		case strings.EqualFold(name, "orders"):
			if hasOrders {
				return nil, errors.New("found orders twice, wanted them once")
			}
			hasOrders = true
			err = d.orders(sold)
		default:
			err = d.skip()
		}
		if err != nil {
			return nil, err
		}
	}
	if err := d.expect('}'); err != nil {
		return nil, err
	}
	if !hasOrders {
		return nil, errors.New("found no orders")
	}
	d.allow()
	if _, err := d.json.Token(); !errors.Is(err, io.EOF) {
		if err == nil || !errors.Is(err, errLong) && isSyntax(err) {
			err = errors.New("found more text after the document, wanted its end")
		}
		return nil, err
	}
	return stock, nil
}

func isSyntax(err error) bool {
	_, ok := errors.AsType[*json.SyntaxError](err)
	return ok
}

// stock reads the pieces of each SKU.
func (d *decoder) stock() (map[string]int, error) {
	from := d.json.InputOffset()
	token, err := d.token()
	if err != nil || token == nil {
		return nil, err
	}
	if token != json.Delim('{') {
		return nil, fmt.Errorf("stock: found %s, wanted a mapping of SKUs to pieces", shown(token))
	}
	stock := map[string]int{}
	for d.more() {
		key, err := d.token()
		if err != nil {
			return nil, err
		}
		sku, _ := key.(string)
		if _, twice := stock[sku]; twice {
			return nil, fmt.Errorf("stock: found %s twice, wanted it once", shown(sku))
		}
		var pieces word
		if err := d.value(&pieces); err != nil {
			return nil, err
		}
		n, err := pieces.number(0, maxInt)
		if err != nil {
			return nil, fmt.Errorf("stock of %s: %w", shown(sku), err)
		}
		if stock[sku] = n; d.json.InputOffset()-from > MostStockBytes {
			return nil, fmt.Errorf("stock: found over %s of it, wanted at most that", quantity.Bytes(MostStockBytes))
		}
	}
	return stock, d.expect('}')
}

// skip passes a value by, however long a list or mapping it is.
func (d *decoder) skip() error {
	for depth := 0; ; {
		token, err := d.token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			if depth++; depth > mostDepth {
				return fmt.Errorf("found values in over %d others, wanted at most that", mostDepth)
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// orders reads the list of orders.
func (d *decoder) orders(sold func(record.Order) error) error {
	token, err := d.token()
	if err != nil {
		return err
	}
	if token != json.Delim('[') {
		return fmt.Errorf("orders: found %s, wanted a list", shown(token))
	}
	for number := 1; d.more(); number++ {
		var o order
		if err := d.value(&o); err != nil {
			if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
				err = fmt.Errorf("found a %s, wanted an order", wrong.Value)
			}
			return fmt.Errorf("entry %d of orders: %w", number, err)
		}
		checked, err := o.check()
		if err != nil {
			return fmt.Errorf("entry %d of orders: %w", number, err)
		}
		if err := sold(checked); err != nil {
			return err
		}
	}
	return d.expect(']')
}
