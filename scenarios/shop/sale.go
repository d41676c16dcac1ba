package shop

import (
	"crypto/sha256"
	"errors"
	"hash/maphash"
	"strings"
	"time"
)

var (
	errLimit    = errors.New("limit")
	errSoldOut  = errors.New("sold_out")
	errKeyReuse = errors.New("idempotency_key_reuse")
)

// purchase names what the limit per user counts.
type purchase struct {
	user string
	item uint32
}

// idempotencyKey is a digest of a user and a key, so that the shop's memory does not
// depend on how long the keys are.
type idempotencyKey [16]byte

func keyOf(user, key string) idempotencyKey {
	sum := sha256.Sum256([]byte(user + "\x00" + key)) // no header holds a NUL, so the parts cannot run together
	return idempotencyKey(sum[:16])
}

// orderRequest is what a buyer asks for. An empty key is none.
type orderRequest struct {
	user, key string
	item      uint32
	quantity  uint32 // units, >= 1
}

// place enters an order and returns its number, or says why not: errSoldOut, errLimit or
// errKeyReuse. A key that the user has used before returns the order that it led to; a
// refusal leaves no trace, so the same key may try again.
func (s *Shop) place(w orderRequest) (number int64, err error) {
	sh := &s.shards[maphash.String(s.hash, w.user)%shardCount]
	sh.mu.Lock()
	defer sh.mu.Unlock()

	var key idempotencyKey
	if w.key != "" {
		key = keyOf(w.user, w.key)
		if number, found := sh.keys[key]; found {
			return s.repeat(w, number)
		}
	}
	// The name is cut from a header; a copy lets the rest of it go.
	buyer := purchase{strings.Clone(w.user), w.item}
	if limit := s.config.PerUser; limit > 0 && int64(sh.bought[buyer])+int64(w.quantity) > int64(limit) {
		return 0, errLimit
	}
	number, err = s.sell(order{user: buyer.user, item: w.item, quantity: w.quantity, placed: time.Since(s.opened)})
	if err != nil {
		return 0, err
	}
	if s.config.PerUser > 0 {
		sh.bought[buyer] += w.quantity
	}
	if w.key != "" {
		sh.keys[key] = number
	}
	return number, nil
}

// repeat answers a key that has been used before.
func (s *Shop) repeat(w orderRequest, number int64) (int64, error) {
	o := s.book.at(number)
	if o.item != w.item || o.quantity != w.quantity {
		return 0, errKeyReuse
	}
	return number, nil
}

// sell takes the stock and enters the order, with the faults of the trade. An order that is
// lost is numbered but not shown; one that is not lost may be entered a second time.
func (s *Shop) sell(o order) (number int64, err error) {
	it, units := &s.items[o.item], int(o.quantity)
	it.mu.Lock()
	defer it.mu.Unlock()
	if !it.take(units) {
		if !s.draws.oversell.hit() {
			return 0, errSoldOut
		}
		it.oversold += units
	}
	if s.draws.lostOrder.hit() {
		o.lost = true
		number = s.book.enter(o)
		it.lost += units
		s.lost.Add(1)
		return number, nil
	}
	number = s.book.enter(o)
	it.sold += units
	// The second entry takes stock, so that the fault breaks one promise and not two.
	if s.draws.duplicate.hit() && it.take(units) {
		s.book.enter(o)
		it.sold += units
		s.duplicates.Add(1)
	}
	return number, nil
}

// take removes units from the stock if it holds that many. The caller holds the lock.
func (it *item) take(units int) bool {
	if it.left < units {
		return false
	}
	it.left -= units
	return true
}

// onShelf returns the units left.
func (it *item) onShelf() int {
	it.mu.Lock()
	defer it.mu.Unlock()
	return it.left
}
