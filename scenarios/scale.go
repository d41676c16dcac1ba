package scenarios

import (
	"math"
	"slices"
)

// Scaled returns the scenario with its storm's rates and crowds and its stock multiplied by the
// ratio. Crowds and stock stay at least 1. The workload, which plan reads, is left as it is.
func (s *Scenario) Scaled(ratio float64) *Scenario {
	c := *s
	if s.Sale != nil {
		sale := *s.Sale
		sale.Stock = int(max(math.Round(float64(sale.Stock)*ratio), min(1, float64(sale.Stock))))
		c.Sale = &sale
	}
	if s.Storm != nil {
		storm := *s.Storm
		storm.Phases = slices.Clone(storm.Phases)
		for i := range storm.Phases {
			p := &storm.Phases[i]
			p.Rate.From *= Rate(ratio)
			p.Rate.To *= Rate(ratio)
			p.Users = Count(max(math.Round(float64(p.Users)*ratio), min(1, float64(p.Users))))
		}
		c.Storm = &storm
	}
	return &c
}
