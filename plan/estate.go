package plan

import (
	"fmt"
	"math"

	"fsctl/plan/model"
	"fsctl/scenarios/quantity"
)

// What decides whether, or how early, the estate can hold the event.
const (
	byPoolSize      = "pool-size"
	byProvisionRate = "provision-rate"
	byServiceStart  = "service-start"
	byZones         = "zones"
)

// newEstatePlan returns where the instances run, by the estimates of estateFigures; nil without an estate.
func newEstatePlan(m *model.Model, all model.Estimates) *EstatePlan {
	e := m.Estate
	if e == nil {
		return nil
	}
	p := &EstatePlan{
		Zones: e.Zones, SurviveZones: e.SurviveZones, ZoneFactor: e.ZoneFactor, GivenLeadSeconds: e.GivenLeadSeconds,
		StartSeconds: e.StartSeconds, MarginSeconds: e.MarginSeconds, EventSeconds: e.EventSeconds,
		NeedCores: all["estate.need_cores"], ProvisionCores: all["estate.provision_cores"], HomeCores: all["estate.home_cores"],
		SpillCores: all["estate.spill_cores"], ShortCores: all["estate.short_cores"],
		LeadSeconds: all["estate.lead_seconds"], Cost: all["estate.cost"],
		CloudFirst: []string{}, Pools: make([]PoolPlan, len(e.Pools)),
	}
	for i := range m.Services {
		if !e.Pinned[i] && !e.Elsewhere[i] {
			p.CloudFirst = append(p.CloudFirst, m.Services[i].Name)
		}
	}
	for i := range e.Pools {
		p.Pools[i] = newPoolPlan(e, &e.Pools[i], all)
		p.PoolCores += e.Pools[i].Cores
	}
	p.Enough = p.ShortCores.P95 == 0 && !p.late()
	p.BindingLimit = p.binding()
	p.Verdict = verdict(e, p)
	return p
}

func newPoolPlan(e *model.Estate, pool *model.Pool, all model.Estimates) PoolPlan {
	used := all[usedCores(pool)]
	p := PoolPlan{
		Name: pool.Name, Billing: pool.Billing, Cores: pool.Cores, UsedCores: used,
		ProvisionSeconds: used.Mapped(pool.ProvisionSeconds),
		LeadSeconds:      used.Mapped(func(cores float64) float64 { return e.LeadSeconds(pool, cores) }),
		Cost:             used.Mapped(func(cores float64) float64 { return e.Cost(pool, cores) }),
	}
	if pool.Provider != nil {
		p.CoresPerSec, p.BurstCores = pool.Provider.RatePerSec, pool.Provider.Burst
	}
	return p
}

// estateFigures lists the figures of the estate's plan that need the trials; none without an estate.
func estateFigures(m *model.Model) []model.Figure {
	e := m.Estate
	if e == nil {
		return nil
	}
	list := []model.Figure{
		{Field: "estate.need_cores", Read: m.EstateCores},
		{Field: "estate.provision_cores", Read: func(x *model.Case) float64 { pinned, mobile := m.Provisioned(x); return pinned + mobile }},
		{Field: "estate.home_cores", Read: func(x *model.Case) float64 { pinned, _ := m.Provisioned(x); return pinned }},
		{Field: "estate.short_cores", Read: func(x *model.Case) float64 {
			pinned, mobile := m.Provisioned(x)
			_, short := e.Fill(pinned, mobile, 0)
			return short
		}},
		{Field: "estate.spill_cores", Read: func(x *model.Case) float64 {
			sum, _ := m.OverPools(x, func(p *model.Pool, used float64) float64 {
				if p.Provider == nil {
					return 0
				}
				return used
			})
			return sum
		}},
		{Field: "estate.lead_seconds", Read: func(x *model.Case) float64 { _, most := m.OverPools(x, e.LeadSeconds); return most }},
		{Field: "estate.cost", Read: func(x *model.Case) float64 { sum, _ := m.OverPools(x, e.Cost); return sum }},
	}
	for i := range e.Pools {
		list = append(list, model.Figure{Field: usedCores(&e.Pools[i]), Read: func(x *model.Case) float64 {
			pinned, mobile := m.Provisioned(x)
			used, _ := e.Fill(pinned, mobile, i)
			return used
		}})
	}
	for i := range list {
		list[i].Needs = model.AllServices
	}
	return list
}

// usedCores is the field of a pool's used cores.
func usedCores(p *model.Pool) string { return "estate.pools." + p.Name + ".used_cores" }

// late reports whether a scheduled scale-up is asked for too late for p95.
func (p *EstatePlan) late() bool {
	return p.GivenLeadSeconds > 0 && p.LeadSeconds.P95 > p.GivenLeadSeconds
}

// binding names what decides: whether the cores are there, and then how early they must be asked for.
func (p *EstatePlan) binding() string {
	slowest := 0.0
	for i := range p.Pools {
		slowest = max(slowest, p.Pools[i].ProvisionSeconds.P95)
	}
	switch {
	case p.ShortCores.P95 > 0 && p.NeedCores.P95 <= p.PoolCores && p.ZoneFactor > 1:
		return byZones
	case p.ShortCores.P95 > 0:
		return byPoolSize
	case slowest > p.StartSeconds:
		return byProvisionRate
	}
	return byServiceStart
}

// verdict says whether the pools are enough, or by how much not.
func verdict(e *model.Estate, p *EstatePlan) string {
	switch {
	case len(e.Pools) == 0:
		return fmt.Sprintf("no pools are given for the %s of mid and %s of p95", quantity.EstimateOf(p.ProvisionCores.Mid, "core"), quantity.Estimate(p.ProvisionCores.P95))
	case p.late() && p.ShortCores.P95 == 0:
		return fmt.Sprintf("enough cores, but %s before T0 is too late to ask for them: %s of %s would be there at p95; ask %s before T0",
			quantity.Seconds(p.GivenLeadSeconds), quantity.Estimate(readyCores(e, p)), quantity.Estimate(p.ProvisionCores.P95), quantity.Seconds(math.Ceil(p.LeadSeconds.P95)))
	case !p.Enough:
		return fmt.Sprintf("not enough: %s short at mid, %s at p95; %s needed at p95%s, the pools have %s",
			quantity.EstimateOf(p.ShortCores.Mid, "core"), quantity.Estimate(p.ShortCores.P95), quantity.Estimate(p.ProvisionCores.P95), zonesText(e), quantity.Estimate(p.PoolCores))
	case p.SpillCores.P95 == 0:
		home := quantity.EstimateOf(homeCores(e), "core")
		return fmt.Sprintf("%s at home %s enough: %s used at mid, %s at p95%s",
			home, quantity.Verb(home, "is", "are"), quantity.Estimate(p.ProvisionCores.Mid), quantity.Estimate(p.ProvisionCores.P95), zonesText(e))
	}
	text := ""
	for i := range p.Pools {
		if pool, used := &e.Pools[i], p.Pools[i].UsedCores; pool.Provider != nil && used.P95 > 0 {
			given := quantity.EstimateOf(pool.GivenCores, "core")
			text = fmt.Sprintf("%s within %s %s enough: %s of %s in %s at mid, %s at p95%s", given, quantity.Seconds(pool.Within.Seconds()), quantity.Verb(given, "is", "are"),
				quantity.Estimate(used.Mid), quantity.Estimate(pool.Cores), pool.Name, quantity.Estimate(used.P95), zonesText(e))
		}
	}
	return text + "; ask for them " + quantity.Seconds(math.Ceil(p.LeadSeconds.P95)) + " before T0"
}

// readyCores returns the cores of p95 that are there at T0 with the lead that the scenario gives.
func readyCores(e *model.Estate, p *EstatePlan) float64 {
	var sum float64
	for i := range e.Pools {
		used, left := p.Pools[i].UsedCores.P95, p.GivenLeadSeconds-e.StartSeconds
		switch {
		case left < 0:
			used = 0
		case e.Pools[i].Provider != nil:
			if passed, err := e.Pools[i].Provider.MaxPassed(left); err == nil {
				used = min(used, math.Floor(passed))
			}
		}
		sum += used
	}
	return sum
}

func homeCores(e *model.Estate) float64 {
	var sum float64
	for _, p := range e.Pools {
		if p.Provider == nil {
			sum += p.Cores
		}
	}
	return sum
}

func zonesText(e *model.Estate) string {
	if e.SurviveZones == 0 {
		return ""
	}
	return fmt.Sprintf(", with %d of %d zones to lose", e.SurviveZones, e.Zones)
}
