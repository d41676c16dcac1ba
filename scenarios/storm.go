package scenarios

import (
	"math"
	"slices"
	"time"

	"fsctl/scenarios/arrivals"
)

// Curve returns the rate of the phase's arrivals over time, in users per second from T0. The phase is a valid one: it has
// From and To, or At.
func (p *Phase) Curve() arrivals.Curve {
	if p.At != nil {
		return arrivals.Crowd{Start: time.Duration(*p.At), Users: math.Round(float64(p.Users)), Reaction: p.Reaction}
	}
	return arrivals.Line{From: time.Duration(*p.From), To: time.Duration(*p.To), FromRate: float64(p.Rate.From), ToRate: float64(p.Rate.To)}
}

// Curve returns the curve of all phases together, in users per second from T0.
func (s *Storm) Curve() arrivals.Sum {
	sum := make(arrivals.Sum, len(s.Phases))
	for i := range s.Phases {
		sum[i] = s.Phases[i].Curve()
	}
	return sum
}

// Schedule draws the storm's arrivals of a seed, without those due after end, counted from T0; 0 means no end.
func (s *Storm) Schedule(seed uint64, end time.Duration) *arrivals.Schedule {
	phases := make([]arrivals.Phase, len(s.Phases))
	for i := range s.Phases {
		phases[i] = arrivals.Phase{Curve: s.Phases[i].Curve(), Even: s.Phases[i].Spacing == "even"}
	}
	return arrivals.NewSchedule(phases, seed, end)
}

// Scaled returns the scenario with its storm's rates and crowds and its stock multiplied by the ratio. Crowds and stock
// stay at least 1. The workload, which plan reads, is left as it is. ratio is above 0.
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
