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
	r.primaryCores(i)
	over := func(x *model.Case) bool { byRate, _ := r.PrimaryLoad(x, i); return byRate > s.Utilization }
	x, when := r.worst(over)
	if x == nil {
		return
	}
	got, capacity := r.MostWrites(x, i)/s.Primaries, x.Values[s.Capacity]
	primary := primaries(s)
	if s.Primaries > 1 {
		primary = "each of " + primary
	}
	r.warn("primary-writes", "%s: %s%s for %s that takes %s, %s at %s utilization; replicas do not help, sharding (shards: %s) or a queue before it does",
		s.Name, above(quantity.RateOf(got, "write"), quantity.RateOf(capacity*s.Utilization, "write")), when, primary, quantity.Rate(capacity), quantity.Rate(capacity*s.Utilization), quantity.Percent(s.Utilization),
		quantity.Given(model.Ceil(s.Primaries*got/(capacity*s.Utilization))))
	if x == r.mid && got > capacity {
		r.excuse(s.Name+" with "+primaries(s), model.ByPrimaryWrites, got, capacity)
	}
}

// primaries counts the primaries of a database.
func primaries(s *model.Service) string {
	if s.Primaries == 1 {
		return "one primary"
	}
	return quantity.Given(s.Primaries) + " primaries"
}

// primaryCores warns of writes that ask for more CPU time than a primary may be planned for: it is one machine.
func (r *review) primaryCores(i int) {
	s := &r.Services[i]
	x, when := r.worst(func(x *model.Case) bool { _, byCPU := r.PrimaryLoad(x, i); return byCPU > s.Utilization })
	if x == nil {
		return
	}
	_, used := r.PrimaryLoad(x, i)
	busy, planned := r.MostWrites(x, i)/s.Primaries*x.Values[s.Demand], s.InstanceCores*s.Utilization
	needed, allowed := quantity.Against(busy, planned)
	r.warn("primary-cpu", "%s: %s of %s each%s keep %s cores of a primary busy, which has %s and is planned for %s at %s utilization; replicas do not help, a primary of %s (instance) or shards: %s do",
		s.Name, quantity.RateOf(r.MostWrites(x, i)/s.Primaries, "write"), quantity.Seconds(x.Values[s.Demand]), when, needed, quantity.Given(s.InstanceCores), allowed, quantity.Percent(s.Utilization),
		quantity.EstimateOf(model.Ceil(busy/s.Utilization), "core"), quantity.Given(model.Ceil(s.Primaries*used/s.Utilization)))
	if x == r.mid && busy > s.InstanceCores {
		r.excuse(fmt.Sprintf("%s with %s of %s", s.Name, primaries(s), quantity.EstimateOf(s.InstanceCores, "core")), model.ByPrimaryCPU, busy, s.InstanceCores)
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
		r.warn("unsized", "%s: no step calls it, nor does what another service passes on reach it, so it changes no figure", s.Name)
	case r.high.Sizes[i].Instances == 0:
		r.warn("unsized", "%s: %s, but neither demand nor capacity says what they need, so nothing is planned for it", s.Name, quantity.RateOf(r.mid.Rates[i], "call"))
	}
}

// writesUnused warns of a database whose writes or hot_row change no figure: since every call is a miss, which is a read, or since no
// transaction writes.
func (r *review) writesUnused(i int) {
	s := &r.Services[i]
	if s.Kind != "database" || r.high.Rates[i] < model.LeastRate {
		return
	}
	switch {
	case s.Writes > 0 && r.MostWrites(r.high, i) == 0:
		r.warn("writes-unused", "%s: its writes of %s change no figure, for all its calls are misses, and those are reads; give it calls of the steps that write, or lead a queue to it",
			s.Name, quantity.Percent(s.Writes))
	case s.HotRow > 0 && s.Writes == 0:
		r.warn("writes-unused", "%s: its hot_row changes no figure, for nothing writes; give writes, the share of its calls that do", s.Name)
	case s.HotRow > 0 && r.HotRowRate(r.high, i) == 0:
		r.warn("writes-unused", "%s: its hot_row changes no figure, for its writes are those of no transaction; mark the steps that order with transaction: true", s.Name)
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
