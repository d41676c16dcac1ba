package shop

import (
	"sync"
	"time"
)

// order is one line of the book.
type order struct {
	user     string
	placed   time.Duration // after the shop opened
	item     uint32
	quantity uint32 // units
	paid     bool
	lost     bool // the buyer was told of it, and the ledger never shows it
}

// pageSize keeps a growing book from being copied: orders stay where they were written.
const pageSize = 4096

// book is every order in the sequence of entry. An order's number is its place, counted from 1.
type book struct {
	mu    sync.RWMutex
	pages [][]order
	count int64
}

// enter writes an order and returns its number.
func (b *book) enter(o order) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count%pageSize == 0 {
		b.pages = append(b.pages, make([]order, 0, pageSize))
	}
	page := &b.pages[len(b.pages)-1]
	*page = append(*page, o)
	b.count++
	return b.count
}

// at returns the order of a number that enter has returned.
func (b *book) at(number int64) order {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return *b.line(number)
}

// find returns the order of a number, unless it was never entered or is lost.
func (b *book) find(number int64) (order, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if number < 1 || number > b.count {
		return order{}, false
	}
	o := *b.line(number)
	return o, !o.lost
}

// pay marks the order of a number that find has found.
func (b *book) pay(number int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.line(number).paid = true
}

func (b *book) line(number int64) *order {
	return &b.pages[(number-1)/pageSize][(number-1)%pageSize]
}

// copyPage copies the orders numbered from first to the end of their page, at most to last,
// into buf, which has room for a page. The lock is held for one page only, so that reading
// a long book does not stop the sale.
func (b *book) copyPage(buf []order, first, last int64) []order {
	b.mu.RLock()
	defer b.mu.RUnlock()
	page, from := b.pages[(first-1)/pageSize], (first-1)%pageSize
	to := min(int64(len(page)), from+last-first+1)
	return append(buf[:0], page[from:to]...)
}

// length returns the number of the last order, lost ones included.
func (b *book) length() int64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.count
}
