package plan

import (
	"math"

	"fsctl/plan/model"
	"fsctl/scenarios"
)

// bill is what cores cost while the sale lasts.
type bill struct {
	pools []model.Pool
	last  float64 // price of cores that no pool has: the dearest pool's [1/core-hour]
	hours float64
	unit  string
}

// newBill reads the prices and the hours of an estate. Without any price a core-hour costs 1, so that
// costs are comparable with each other alone.
func newBill(e *model.Estate) bill {
	b := bill{hours: scenarios.DefaultEventDuration.Hours(), last: 1, unit: CostInCoreHours}
	if e == nil {
		return b
	}
	b.hours = e.EventSeconds / 3600
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
		used := math.Min(cores, p.Cores)
		perHour += used * p.Price
		cores -= used
	}
	return b.hours * (perHour + cores*b.last)
}
