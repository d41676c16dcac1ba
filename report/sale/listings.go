package sale

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sort"
	"strings"

	"fsctl/loadgen/record/orders"
)

// listings are the lines of a ledger by order number. They stay in the record's list: beside it they take 8 bytes a line.
type listings struct {
	list  *orders.List
	byID  *orders.Index
	items *items
}

// listing is the lines of one order number, sorted by user, item and quantity.
type listing struct {
	of     *listings
	places []orders.Place
}

// newListings sorts the lines of a ledger; nil has none.
func newListings(list *orders.List, items *items) *listings {
	l := &listings{list: list, items: items}
	l.byID = orders.NewIndex(list, list.Places(), appendID, func(a, b orders.Row) int { return items.complete(a).Compare(items.complete(b)) })
	return l
}

func appendID(to []byte, r orders.Row) []byte { return append(to, r.ID...) }

// find returns the lines of a number.
func (l *listings) find(id []byte) listing { return listing{l, l.byID.Find(id)} }

func (l listing) isNone() bool { return len(l.places) == 0 }

// row returns a line with its item and its pieces.
func (l listing) row(i int) orders.Row { return l.of.items.complete(l.of.list.Row(l.places[i])) }

// users returns how many users the lines name, and the first of them.
func (l listing) users() (count int, first []byte) {
	var last []byte
	for i := range l.places {
		user := l.row(i).User
		if len(user) == 0 || bytes.Equal(user, last) {
			continue
		}
		if last = user; count == 0 {
			first = user
		}
		count++
	}
	return count, first
}

// isFor reports whether a line names a user.
func (l listing) isFor(user string) bool {
	at := sort.Search(len(l.places), func(i int) bool { return string(l.row(i).User) >= user })
	return at < len(l.places) && string(l.row(at).User) == user
}

// different returns the first two lines that are not the same, and how many different ones there are. Lines of no number are
// all different.
func (l listing) different() (first, second orders.Row, count int) {
	var last orders.Row
	for i := range l.places {
		row := l.row(i)
		if i > 0 && len(row.ID) > 0 && row.Compare(last) == 0 {
			continue
		}
		switch count++; count {
		case 1:
			first = row
		case 2:
			second = row
		}
		last = row
	}
	return first, second, count
}

// counted calls do with the lines that count: of one user and item the largest, which is the last.
func (l listing) counted(do func(orders.Place, orders.Row)) {
	for i, p := range l.places {
		row := l.row(i)
		if next := i + 1; len(row.ID) > 0 && next < len(l.places) {
			if other := l.row(next); bytes.Equal(other.User, row.User) && bytes.Equal(other.SKU, row.SKU) {
				continue
			}
		}
		do(p, row)
	}
}

// items name what an order is of, where it does not say so itself.
type items struct {
	only []byte            // the only item of the sale; nil for several
	byID map[string]string // by order number, as buyers were told; empty for a number that was told with several
}

// sku returns the item of an order that does not say it: the only one of the sale, or that which its buyer ordered.
func (s *items) sku(id []byte) []byte {
	if s.only != nil {
		return s.only
	}
	return []byte(s.byID[string(id)])
}

// complete returns a line with its item, and as many pieces as an order may have.
func (s *items) complete(r orders.Row) orders.Row {
	if len(r.SKU) == 0 {
		r.SKU = s.sku(r.ID)
	}
	r.Quantity = inPieces(r.Quantity)
	return r
}

// appendBuyer appends a user and an item as one key.
func appendBuyer(to []byte, user, sku []byte) []byte {
	to = binary.AppendUvarint(to, uint64(len(user)))
	return append(append(to, user...), sku...)
}

// worst are the first few of any number of things, in an order of theirs, and how many there are.
type worst[T any] struct {
	list    []T
	all     int
	compare func(a, b T) int
}

func (w *worst[T]) add(v T) {
	if w.all++; len(w.list) == mostEvidence && w.compare(v, w.list[mostEvidence-1]) >= 0 {
		return
	}
	at, _ := slices.BinarySearchFunc(w.list, v, w.compare)
	w.list = slices.Insert(w.list, at, v)
	w.list = w.list[:min(len(w.list), mostEvidence)]
}

// newTexts returns the first texts of many, in alphabetical order.
func newTexts() *worst[string] { return &worst[string]{compare: strings.Compare} }
