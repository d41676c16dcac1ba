// Package orders holds the orders of a shop's ledger, of which there may be millions, in little memory.
package orders

import (
	"bytes"
	"encoding/binary"
	"iter"
	"time"
)

// Order is a sale as one side knows it.
type Order struct {
	ID       string    `json:"order_id"`
	User     string    `json:"user"`
	SKU      string    `json:"sku"`
	Quantity int       `json:"quantity,omitempty"` // pieces; 0 where not said
	At       time.Time `json:"at,omitzero"`
	Step     string    `json:"step,omitempty"` // whose answer told of it; empty where the shop lists it
}

// List is orders as a shop lists them: it does not keep At and Step. An order takes its texts and about 5 bytes. The zero
// value is an empty list. A copy of a list may be read, and only one of the two may be added to.
type List struct {
	chunks [][]byte
	count  int
}

// Place is where an order stands in its list: the number of the chunk and the offset in it. Its upper 24 bits are for an
// Index.
type Place uint64

// Sizes of a place: lists of up to 1 TB.
const (
	offsetBits = 20
	placeBits  = 40
	chunkBytes = 1 << offsetBits
)

// Row is an order in a list. Its texts are the list's own, and not to be changed.
type Row struct {
	ID, User, SKU []byte
	Quantity      int // pieces, as the list has it
}

// ListOf returns a list of some orders.
func ListOf(orders ...Order) (l List) {
	for _, o := range orders {
		l.Add(o)
	}
	return l
}

// Len returns how many orders there are.
func (l *List) Len() int { return l.count }

// Add adds an order, without At and Step.
func (l *List) Add(o Order) { add(l, o.ID, o.User, o.SKU, o.Quantity) }

// AddRow adds an order, whose texts it copies.
func (l *List) AddRow(r Row) { add(l, r.ID, r.User, r.SKU, r.Quantity) }

func add[T string | []byte](l *List, id, user, sku T, quantity int) {
	long := len(id) + len(user) + len(sku) + 4*binary.MaxVarintLen64
	last := len(l.chunks) - 1
	switch {
	case last < 0: // a short list is short
		l.chunks = append(l.chunks, nil)
		last++
	case len(l.chunks[last])+long > chunkBytes:
		l.chunks = append(l.chunks, make([]byte, 0, max(chunkBytes, long)))
		last++
	}
	c := l.chunks[last]
	for _, text := range [...]T{id, user, sku} {
		c = append(binary.AppendUvarint(c, uint64(len(text))), text...)
	}
	l.chunks[last] = binary.AppendVarint(c, int64(quantity))
	l.count++
}

// AddAll adds the orders of another list.
func (l *List) AddAll(other *List) {
	for _, row := range other.Rows() {
		l.AddRow(row)
	}
}

// Row returns the order at a place that Rows gave.
func (l *List) Row(p Place) Row {
	row, _ := parse(l.chunks[p>>offsetBits&(1<<(placeBits-offsetBits)-1)][p&(chunkBytes-1):])
	return row
}

// Rows returns all orders and their places, as they were added.
func (l *List) Rows() iter.Seq2[Place, Row] {
	return func(yield func(Place, Row) bool) {
		for number, chunk := range l.chunks {
			for offset := 0; offset < len(chunk); {
				row, length := parse(chunk[offset:])
				if !yield(Place(number)<<offsetBits|Place(offset), row) {
					return
				}
				offset += length
			}
		}
	}
}

// All returns copies of all orders, as they were added.
func (l *List) All() []Order {
	all := make([]Order, 0, l.count)
	for _, row := range l.Rows() {
		all = append(all, row.Order())
	}
	return all
}

func parse(text []byte) (row Row, length int) {
	all := len(text)
	for _, to := range []*[]byte{&row.ID, &row.User, &row.SKU} {
		n, size := binary.Uvarint(text)
		end := size + int(n)
		*to, text = text[size:end:end], text[end:]
	}
	quantity, size := binary.Varint(text)
	row.Quantity = int(quantity)
	return row, all - len(text) + size
}

// Order returns a copy of the row.
func (r Row) Order() Order {
	return Order{ID: string(r.ID), User: string(r.User), SKU: string(r.SKU), Quantity: r.Quantity}
}

// Compare orders rows by user, item and quantity.
func (r Row) Compare(other Row) int {
	if c := bytes.Compare(r.User, other.User); c != 0 {
		return c
	}
	if c := bytes.Compare(r.SKU, other.SKU); c != 0 {
		return c
	}
	switch {
	case r.Quantity < other.Quantity:
		return -1
	case r.Quantity > other.Quantity:
		return 1
	}
	return 0
}
