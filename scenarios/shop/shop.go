// Package shop is the reference flash-sale shop, a back end whose stock, capacity, latency and faults are known.
package shop

import (
	"errors"
	"fmt"
	"hash/maphash"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"fsctl/scenarios/random"

	"github.com/prometheus/client_golang/prometheus"

	"fsctl/scenarios/quantity"
)

// Config says what the shop sells, how fast it is, and what is wrong with it.
type Config struct {
	Items        int                // number of items on sale, >= 1
	Stock        int                // units of each item, >= 0
	PerUser      int                // units of one item that one user may buy; 0 is no limit
	SKU          func(n int) string // name of item n, counted from 1; nil gives sku-1, sku-2, ...
	ServiceTime  time.Duration      // how long each request holds a worker, >= 0
	Workers      int                // requests served at once, the others queue first in, first out; 0 is no limit
	Faults       Faults             // what goes wrong; the zero value is an honest shop
	Seed         uint64             // chooses which requests the faults hit
	ConfirmAfter time.Duration      // how long an order is pending before it is confirmed, >= 0
}

// Shop is a flash-sale back end that keeps everything in memory. It is safe for concurrent use.
//
// With Workers c and ServiceTime S its capacity is c/S requests per second, exactly: a request
// that waited starts at the instant its predecessor was due to end, so that late timers
// delay an answer but never lower the throughput.
type Shop struct {
	config Config
	opened time.Time

	items  []item
	bySKU  map[string]uint32
	shards [shardCount]shard
	hash   maphash.Seed
	book   book
	line   line

	draws      draws
	duplicates atomic.Int64
	lost       atomic.Int64

	requests *prometheus.CounterVec
	metrics  http.Handler
}

// shardCount is the number of locks that the users are spread over.
const shardCount = 64

// item is one thing on sale. Only left decides a sale; the other counts are for Truth.
type item struct {
	sku string

	mu                         sync.Mutex
	left, sold, oversold, lost int // units
}

// shard is what the shop knows of the users whose token falls into it. Holding its lock for
// a whole order makes limit, idempotency and entry one step for each user.
type shard struct {
	mu     sync.Mutex
	bought map[purchase]uint32      // units
	keys   map[idempotencyKey]int64 // order number
}

// New returns a shop with full shelves. The error names every field of the configuration that is out of its
// range, or two items of one name.
func New(config Config) (*Shop, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("shop configuration: %w", err)
	}
	if config.SKU == nil {
		config.SKU = func(n int) string { return fmt.Sprintf("sku-%d", n) }
	}
	s := &Shop{
		config: config,
		opened: time.Now(),
		items:  make([]item, config.Items),
		bySKU:  make(map[string]uint32, config.Items),
		hash:   maphash.MakeSeed(),
		line:   line{workers: config.Workers},
		draws:  newDraws(config.Faults, config.Seed),
	}
	for i := range s.items {
		sku := config.SKU(i + 1)
		if other, found := s.bySKU[sku]; found || sku == "" {
			return nil, fmt.Errorf("shop configuration: SKU: found the name %q for item %d, wanted one that is not empty or taken (by item %d); give each item its own", sku, i+1, other+1)
		}
		s.items[i].sku, s.items[i].left = sku, config.Stock
		s.bySKU[sku] = uint32(i)
	}
	for i := range s.shards {
		s.shards[i] = shard{bought: map[purchase]uint32{}, keys: map[idempotencyKey]int64{}}
	}
	s.openMetrics()
	return s, nil
}

func (c Config) check() error {
	var wrong []error
	atLeast := func(field string, found, wanted int64) {
		if found < wanted {
			wrong = append(wrong, fmt.Errorf("%s: found %d, wanted at least %d", field, found, wanted))
		}
	}
	atLeast("Items", int64(c.Items), 1)
	atLeast("Stock", int64(c.Stock), 0)
	atLeast("PerUser", int64(c.PerUser), 0)
	atLeast("Workers", int64(c.Workers), 0)
	atLeast("ServiceTime in ns", int64(c.ServiceTime), 0)
	atLeast("ConfirmAfter in ns", int64(c.ConfirmAfter), 0)
	atLeast("Faults.SlowBy in ns", int64(c.Faults.SlowBy), 0)
	for _, k := range kinds {
		if r := *k.ratio(&c.Faults); !(r >= 0 && r <= 1) {
			wrong = append(wrong, fmt.Errorf("share of the fault %s: found %s, wanted 0 to 1", k.name, quantity.Precise(r)))
		}
	}
	return errors.Join(wrong...)
}

// draws decides, one request after the other, which of them a fault hits.
type draws struct{ oversell, duplicate, lostOrder, fail, reset, slow draw }

func newDraws(f Faults, seed uint64) draws {
	of := func(name string, ratio float64) draw {
		return draw{share: shareOf(ratio), stream: random.NewStream(seed, "shop."+name)}
	}
	return draws{
		oversell:  of("oversell", f.OversellRatio),
		duplicate: of("duplicate", f.DuplicateRatio),
		lostOrder: of("lost-order", f.LostOrderRatio),
		fail:      of("error", f.ErrorRatio),
		reset:     of("reset", f.ResetRatio),
		slow:      of("slow", f.SlowRatio),
	}
}
