package roster

import (
	"fmt"
	"math"
)

// Shares says which slot sends which arrivals. Each slot has a range of [0, 1) as wide as its share, and arrival k goes to
// the slot in whose range the fraction
//
//	frac(k / phi), phi = (1 + sqrt(5)) / 2
//
// falls. This sequence is equidistributed (Weyl, 1916) with low discrepancy, so that each slot gets its share of any few
// arrivals in a row. The union over the slots is every arrival, once.
//
// Source: Weyl, Mathematische Annalen 77, 1916, 313-352; Knuth, The Art of Computer Programming 3, section 6.4.
//
// It lists the upper end of each slot's range, as whole numbers of 2^64, so that every machine computes the same slot; the
// last one is the highest number.
type Shares []uint64

// golden is 2^64 / phi, rounded to an odd number: k * golden mod 2^64 is the fraction of arrival k.
const golden = 0x9E3779B97F4A7C15

// NewShares returns shares in proportion to weights, one a slot, of any unit. It fails for a weight that is not above 0
// and finite, and names the slot.
func NewShares(weights []float64) (Shares, error) {
	var sum float64
	for i, w := range weights {
		if !(w > 0) || math.IsInf(w, 0) {
			return nil, fmt.Errorf("slot %d: found capacity %v, wanted a finite number above 0", i+1, w)
		}
		sum += w
	}
	shares := make(Shares, len(weights))
	var upTo float64
	for i, w := range weights {
		upTo += w
		shares[i] = uint64(math.Min(upTo/sum, 1-1e-16) * math.MaxUint64)
	}
	if len(shares) > 0 {
		shares[len(shares)-1] = math.MaxUint64
	}
	return shares, nil
}

// Ratio returns a slot's share of all arrivals, 0 to 1; slot is from 1 to the number of shares.
func (s Shares) Ratio(slot int) float64 {
	var below uint64
	if slot > 1 {
		below = s[slot-2]
	}
	return float64(s[slot-1]-below) / math.MaxUint64
}
