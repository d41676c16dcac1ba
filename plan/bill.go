package plan

import (
	"fmt"
	"math"

	"fsctl/scenarios"
)

// bill is what cores cost while the sale lasts.
type bill struct {
	pools []scenarios.Pool
	last  float64 // price of cores that no pool has: the dearest pool's [1/core-hour]
	hours float64
	unit  string
}

// eventHours is how long a sale is paid for where no estate says it.
const eventHours = 1

// maxMoney keeps costs finite.
const maxMoney = 1e12

// newBill reads the prices and the hours of an estate. Without any price a core-hour costs 1, so that
// costs are comparable with each other alone.
func newBill(e *scenarios.Estate) bill {
	b := bill{hours: eventHours, last: 1, unit: CostInCoreHours}
	if e == nil {
		return b
	}
	b.hours = e.EventDuration.Hours()
	var dearest float64
	for _, p := range e.Pools {
		dearest = math.Max(dearest, p.Price)
	}
	if dearest > 0 {
		b.pools, b.last, b.unit = e.Pools, dearest, CostInMoney
	}
	return b
}

// cost returns what cores cost over the sale's hours, the pools filled in their order:
//
//	cost = hours x sum over pools of cores used x price
func (b bill) cost(cores float64) float64 {
	var perHour float64
	for _, p := range b.pools {
		used := math.Min(cores, float64(p.Cores))
		perHour += used * p.Price
		cores -= used
	}
	return b.hours * (perHour + cores*b.last)
}

// checkMoney refuses amounts that would overflow; the prices are checked with the estate.
func checkMoney(sc *scenarios.Scenario) error {
	if s := sc.Sale; s != nil && !(s.Margin >= 0 && s.Margin <= maxMoney) {
		return &InputError{"sale.margin", fmt.Sprint(s.Margin), fmt.Sprintf("0 to %g", maxMoney)}
	}
	return nil
}
