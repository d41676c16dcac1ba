package shop

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/random"
)

// Faults says what is wrong with a shop. Each ratio is the share, 0 to 1, of the cases that
// the fault can hit; the zero value is an honest shop.
type Faults struct {
	OversellRatio  float64       // of orders refused because the stock is gone: confirmed and entered all the same
	DuplicateRatio float64       // of entered orders: entered twice, the second time under an id and with stock of its own, if there is any left
	LostOrderRatio float64       // of confirmed orders: the buyer is told an id, the ledger has no entry
	ErrorRatio     float64       // of requests that hold a worker: answered 500, nothing done
	ResetRatio     float64       // of requests that hold a worker: connection reset, nothing done
	SlowRatio      float64       // of requests that hold a worker: hold it for SlowBy longer
	SlowBy         time.Duration // >= 0
}

// kind is one fault as it is written.
type kind struct {
	name         string
	defaultRatio float64 // certain to show in a storm of a few hundred orders, even for a stock of 5
	ratio        func(*Faults) *float64
}

// kinds is never written to. Its order is the one that messages list the faults in.
var kinds = [...]kind{
	{"oversell", 0.2, func(f *Faults) *float64 { return &f.OversellRatio }},
	{"duplicate", 0.2, func(f *Faults) *float64 { return &f.DuplicateRatio }},
	{"lost-order", 0.2, func(f *Faults) *float64 { return &f.LostOrderRatio }},
	{"slow", 1, func(f *Faults) *float64 { return &f.SlowRatio }},
	{"error", 0.05, func(f *Faults) *float64 { return &f.ErrorRatio }},
	{"reset", 0.05, func(f *Faults) *float64 { return &f.ResetRatio }},
}

const faultForms = "oversell, duplicate, lost-order, slow=DURATION, error or reset, each with an optional share: oversell=5%, slow=200ms@5%"

// ParseFaults reads faults such as oversell,duplicate=2%,slow=200ms@5%: names parted by commas,
// each at most once, each with an optional share. The empty text is an honest shop.
//
//	oversell    20% of the orders refused because the stock is gone are confirmed all the same
//	duplicate   20% of the entered orders are entered twice
//	lost-order  20% of the confirmed orders are not entered
//	slow        100% of the requests hold their worker longer, by the duration after the =
//	error        5% of the requests are answered 500
//	reset        5% of the requests end in a connection reset
//
// The percentages are the shares where none is given. A share p hits floor(n*p) or ceil(n*p)
// of any first n cases, so that a default shows after 5 (oversell, duplicate, lost-order) or
// 20 cases (error, reset) at the latest. A second entry needs stock: a duplicate that falls on
// the last unit of an item does not happen, so each item should have at least 6. An error says
// what was found and which faults exist.
func ParseFaults(text string) (Faults, error) {
	var f Faults
	if strings.TrimSpace(text) == "" {
		return f, nil
	}
	given := map[string]bool{}
	for word := range strings.SplitSeq(text, ",") {
		word = strings.TrimSpace(word)
		name, value, valued := strings.Cut(word, "=")
		k, found := kindOf(name)
		if !found {
			return Faults{}, fmt.Errorf("fault: found %q, wanted %s", word, faultForms)
		}
		if given[name] {
			return Faults{}, fmt.Errorf("fault %s: found it twice in %q, wanted it once", name, text)
		}
		given[name] = true
		if err := f.set(k, value, valued); err != nil {
			return Faults{}, fmt.Errorf("fault %q: %w; the faults are %s", word, err, faultForms)
		}
	}
	return f, nil
}

func kindOf(name string) (kind, bool) {
	for _, k := range kinds {
		if k.name == name {
			return k, true
		}
	}
	return kind{}, false
}

// set puts one fault into f. What follows the = is a share, or for slow a duration with
// an optional @share.
func (f *Faults) set(k kind, value string, valued bool) error {
	ratio, share := k.ratio(f), value
	*ratio = k.defaultRatio
	if k.name == "slow" {
		var by string
		by, share, valued = strings.Cut(value, "@")
		d, err := quantity.ParseDuration(by)
		if err != nil || d <= 0 {
			return fmt.Errorf("found the duration %q, wanted one above zero such as 200ms", by)
		}
		f.SlowBy = d
	}
	if !valued {
		return nil
	}
	r, err := amount.ParseRatio(share)
	if err != nil {
		return err
	}
	*ratio = float64(r)
	return nil
}

// String returns the text that ParseFaults reads back as the same faults; for an honest shop it is empty.
func (f Faults) String() string {
	var words []string
	for _, k := range kinds {
		ratio := *k.ratio(&f)
		if ratio == 0 {
			continue
		}
		share := strconv.FormatFloat(ratio, 'g', -1, 64)
		if k.name == "slow" {
			share = f.SlowBy.String() + "@" + share
		}
		words = append(words, k.name+"="+share)
	}
	return strings.Join(words, ",")
}

// draw spreads the hits of one fault over the cases that it can hit.
type draw struct {
	share  uint64 // in 2^-32; integers, because a block must have one hit whatever the rounding
	stream random.Stream
	cases  atomic.Uint64
}

const (
	shareBits = 32
	caseMask  = 1<<31 - 1 // the pattern repeats after 2^31 cases, which keeps the products in 64 bits
)

// shareOf rounds up, so that a share of 1/m has a hit in each m cases.
func shareOf(ratio float64) uint64 { return uint64(math.Ceil(ratio * (1 << shareBits))) }

// hit counts one more case, and reports whether the fault hits it.
//
// With the share p, the cases n with floor(n*p) = k are block k. Each block holds one hit, at a
// place that draw k of the stream chooses. Independent draws would leave the fault out of a
// short run now and then, and a test of the fault with it; hits at equal distances would fall
// on the same step whenever the requests come in a rhythm.
func (d *draw) hit() bool {
	if d.share == 0 {
		return false
	}
	n := (d.cases.Add(1) - 1) & caseMask
	k := n * d.share >> shareBits
	first, next := d.firstOf(k), d.firstOf(k+1)
	return n == first+uint64(d.stream.Float64(k)*float64(next-first))
}

// firstOf returns the first case of block k, the least n with n*p >= k.
func (d *draw) firstOf(k uint64) uint64 { return (k<<shareBits + d.share - 1) / d.share }
