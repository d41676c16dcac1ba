package shop

import "time"

// Truth is what really happened in a shop, whatever its buyers were told. It is exact when no
// request is under way; in the middle of a storm its numbers may be some requests apart.
type Truth struct {
	SKUs       map[string]SKUTruth
	Orders     int           // entries in the ledger, duplicates included
	Duplicates int           // second entries among Orders
	Lost       int           // orders that buyers were told of and the ledger does not show
	Busy       time.Duration // sum of the times that requests held a worker, as configured
}

// SKUTruth is the account of one item, in units: Stock + Oversold = Sold + Lost + Left.
type SKUTruth struct {
	Stock    int // when the shop opened
	Sold     int // in the ledger, duplicates included
	Left     int // still on the shelf
	Oversold int // sold or lost without stock
	Lost     int // taken by lost orders
}

// Truth returns the account so far.
func (s *Shop) Truth() Truth {
	_, _, worked := s.line.load()
	t := Truth{
		SKUs:       make(map[string]SKUTruth, len(s.items)),
		Orders:     int(s.entries()),
		Duplicates: int(s.duplicates.Load()),
		Lost:       int(s.lost.Load()),
		Busy:       worked,
	}
	for i := range s.items {
		it := &s.items[i]
		it.mu.Lock()
		t.SKUs[it.sku] = SKUTruth{Stock: s.config.Stock, Sold: it.sold, Left: it.left, Oversold: it.oversold, Lost: it.lost}
		it.mu.Unlock()
	}
	return t
}

// entries returns the number of orders that the ledger shows.
func (s *Shop) entries() int64 { return s.book.length() - s.lost.Load() }
