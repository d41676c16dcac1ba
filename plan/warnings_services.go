package plan

import (
	"fmt"

	"fsctl/plan/model"
	"fsctl/scenarios/quantity"
)

func (r *review) latency(i int) {
	s := &r.Services[i]
	x, when := r.worst(func(x *model.Case) bool { return x.Sizes[i].Late })
	if x == nil {
		return
	}
	demand := s.Seconds(x, 1)
	alone := model.ServiceTime(demand, x.Value(s.Variability, 1)).Quantile(s.Quantile)
	r.warn("latency-infeasible", "%s: the service time alone is %s at p%s%s, over the limit of %s; no number of cores helps, a shorter demand than %s does",
		s.Name, above(quantity.Seconds(alone), quantity.Seconds(s.LimitSeconds)), quantity.Precise(s.Quantile*100), when, quantity.Seconds(s.LimitSeconds), quantity.Seconds(demand*s.LimitSeconds/alone))
	if x == r.mid {
		r.excuse(s.Name+" at any size", model.ByLatency, alone, s.LimitSeconds)
	}
}

func (r *review) primary(i int) {
	s := &r.Services[i]
	if s.Kind != "database" {
		return
	}
	writes := func(x *model.Case) float64 { return r.WriteRate(x, i) }
	x, when := r.worst(func(x *model.Case) bool { return writes(x) > x.Values[s.Capacity]*s.Utilization })
	if x == nil {
		return
	}
	got, capacity := writes(x), x.Values[s.Capacity]
	r.warn("primary-writes", "%s: %s%s for one primary that takes %s, %s at %s utilization; replicas do not help, sharding or a queue before it does",
		s.Name, above(quantity.RateOf(got, "write"), quantity.RateOf(capacity*s.Utilization, "write")), when, quantity.Rate(capacity), quantity.Rate(capacity*s.Utilization), quantity.Percent(s.Utilization))
	if x == r.mid && got > capacity {
		r.excuse(s.Name+" with one primary", model.ByPrimaryWrites, got, capacity)
	}
}

func (r *review) hotRow(i int) {
	s := &r.Services[i]
	if s.Kind != "database" || s.HotRow == 0 {
		return
	}
	x, when := r.worst(func(x *model.Case) bool { return r.HotRowRate(x, i) > s.HotRow })
	if x == nil {
		return
	}
	whose := fmt.Sprintf("the most wanted item's row, %s of orders", quantity.Percent(r.Event.Hottest))
	if r.Sale == nil {
		whose = "one row, for the scenario names no sale that would spread them"
	}
	r.warn("hot-row", "%s: %s%s meet in %s, which takes %s; more nodes do not help",
		s.Name, above(quantity.RateOf(r.HotRowRate(x, i), "write"), quantity.RateOf(s.HotRow, "write")), when, whose, quantity.Rate(s.HotRow))
}

func (r *review) unsized(i int) {
	s := &r.Services[i]
	switch {
	case r.high.Rates[i] < model.LeastRate:
		r.warn("unsized", "%s: no step calls it, so nothing is planned for it", s.Name)
	case r.high.Sizes[i].Instances == 0:
		r.warn("unsized", "%s: %s, but neither demand nor capacity says what they need, so nothing is planned for it", s.Name, quantity.RateOf(r.mid.Rates[i], "call"))
	}
}

// hitRatio shows how much hangs on a cache's last percent.
func (r *review) hitRatio(i int) {
	s := &r.Services[i]
	if s.Misses == model.Absent || s.Hit == model.Absent {
		return
	}
	miss := 1 - r.mid.Values[s.Hit]
	if rate := r.mid.Rates[i]; miss <= 0.05 && rate > 0 {
		r.warn("hit-ratio", "%s: one point fewer hits than %s raises what reaches %s from %s to %s",
			s.Name, quantity.Percent(1-miss), r.Services[s.Misses].Name, quantity.Rate(miss*rate), quantity.Rate((miss+0.01)*rate))
	}
}
