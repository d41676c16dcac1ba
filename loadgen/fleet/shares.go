package fleet

import (
	"fmt"
	"math"
)

// Shares says which slot sends which arrivals. Arrival k goes to the slot in whose stretch the fraction k*phi mod 1
// falls, phi being the golden ratio: a sequence that fills every stretch as evenly as can be (Weyl, 1916), so that each slot
// gets its weight's worth of any few arrivals in a row, and the union over the slots is every arrival, once.
//
// It is a list of upper ends, one for each slot, the last of which is the top; in whole numbers, so that every
// machine draws the line in the same place.
type Shares []uint64

// golden is 2^64 divided by the golden ratio, odd: multiplying by it walks the fractions of 2^64.
const golden = 0x9E3779B97F4A7C15

// NewShares returns shares in proportion to weights, which must be above 0 and finite.
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

// Ratio returns the part of all arrivals that is a slot's.
func (s Shares) Ratio(slot int) float64 {
	var below uint64
	if slot > 1 {
		below = s[slot-2]
	}
	return float64(s[slot-1]-below) / math.MaxUint64
}
