package plan

import (
	"fmt"
	"math"
	"strings"

	"fsctl/plan/bill"
	"fsctl/plan/model"
	"fsctl/scenarios/quantity"
)

// What decides whether, or how early, the estate can hold the event.
const (
	byPoolSize      = "pool-size"
	byProvisionRate = "provision-rate"
	byServiceStart  = "service-start"
	byZones         = "zones"
	byAutoscalerMax = "autoscaler-max"
)

// newEstatePlan returns where the instances run, by the sizes of the plan; nil without an estate.
func newEstatePlan(m *model.Model, s *sizing, t *Totals) *EstatePlan {
	e := m.Estate
	if e == nil {
		return nil
	}
	p := &EstatePlan{
		Zones: e.Zones, SurviveZones: e.SurviveZones, ZoneFactor: e.ZoneFactor,
		StartSeconds: e.StartSeconds, MarginSeconds: e.MarginSeconds, EventSeconds: e.EventSeconds,
		NeedCores:      s.estimate(func(b *bill.Bill) float64 { return b.Need }),
		ProvisionCores: s.estimate(func(b *bill.Bill) float64 { return b.Home + b.Rest }),
		HomeCores:      s.estimate(func(b *bill.Bill) float64 { return b.Home }),
		SpillCores:     s.estimate(func(b *bill.Bill) float64 { return b.Spill(e) }),
		ShortCores:     s.estimate(func(b *bill.Bill) float64 { return b.Short }),
		LeadSeconds:    s.estimate(func(b *bill.Bill) float64 { return b.LeadSeconds(e) }),
		Cost:           t.Cost, CloudFirst: []string{}, Pools: make([]PoolPlan, len(e.Pools)),
	}
	for i := range m.Services {
		if !e.Pinned[i] && !e.Elsewhere[i] && m.Services[i].Called {
			p.CloudFirst = append(p.CloudFirst, m.Services[i].Name)
		}
	}
	for i := range e.Pools {
		p.Pools[i] = newPoolPlan(e, s, i)
		p.PoolCores += e.Pools[i].Cores
	}
	p.schedules = schedulesOf(m, p)
	if s := p.tightest(); s != nil {
		p.GivenLeadSeconds = s.given
	}
	halted := stoppedAutoscalers(m, s)
	p.Enough = p.ShortCores.P95 == 0 && !p.late()
	p.BindingLimit = p.binding(homeCores(e))
	p.Verdict = verdict(e, p)
	if len(halted) > 0 {
		stops := stoppedVerdict(halted)
		if !p.Enough {
			stops += "; and " + p.Verdict
		}
		p.Enough, p.BindingLimit, p.Verdict = false, byAutoscalerMax, stops
	}
	p.Verdict += beside(p, t)
	return p
}

func newPoolPlan(e *model.Estate, s *sizing, i int) PoolPlan {
	pool := &e.Pools[i]
	used := s.estimate(func(b *bill.Bill) float64 { return b.Used[i] })
	p := PoolPlan{
		Name: pool.Name, Billing: pool.Billing, Cores: pool.Cores, UsedCores: used,
		ProvisionSeconds: used.Mapped(pool.ProvisionSeconds),
		LeadSeconds:      used.Mapped(func(cores float64) float64 { return e.LeadSeconds(pool, cores) }),
	}
	if s.tariff.Unit == bill.InMoney {
		p.Cost = s.part(i)
	}
	if pool.Provider != nil {
		p.CoresPerSec, p.BurstCores = pool.Provider.RatePerSec, pool.Provider.Burst
	}
	return p
}

// beside says what the cores of the verdict have and have not in them, where these are others than those of the sizes.
func beside(p *EstatePlan, t *Totals) (text string) {
	if p.NeedCores.P95 > t.CPUCores.P95 {
		text = fmt.Sprintf("; autoscalers run pods of %s at p95, where the sizes have %s", quantity.EstimateOf(p.NeedCores.P95, "core"), quantity.Estimate(t.CPUCores.P95))
	}
	if len(t.Unsized) > 0 {
		text += "; without " + strings.Join(t.Unsized, ", ") + ", whose cores are not known"
	}
	return text
}

// stopped is a service whose autoscaler stops below what p95 needs.
type stopped struct {
	service   string
	most      int     // pods
	instances float64 // of p95
}

// stoppedAutoscalers lists them.
func stoppedAutoscalers(m *model.Model, s *sizing) (list []stopped) {
	for i, a := range m.Estate.Autoscalers {
		if needed := s.sizes[columnP95][i].Instances; a != nil && needed > float64(a.Max) {
			list = append(list, stopped{m.Services[i].Name, a.Max, needed})
		}
	}
	return list
}

func stoppedVerdict(halted []stopped) string {
	var list []string
	for _, v := range halted {
		needed, most := quantity.Against(v.instances, float64(v.most))
		list = append(list, fmt.Sprintf("estate.scaling of %s stops at max %s, and %s %s needed at p95; set its max to %s or more",
			v.service, most, needed+" "+quantity.Noun(needed == "1", "instance"), quantity.Verb(needed, "is", "are"), quantity.Given(v.instances)))
	}
	return "not enough: " + strings.Join(list, "; ")
}

// homeIsShort reports whether caches and databases find no room in the pools at home at p95, even with no zone to lose.
func (p *EstatePlan) homeIsShort(home float64) bool {
	return p.HomeCores.P95 > math.Ceil(p.ZoneFactor*home)
}

// binding names what decides: whether the cores are there, and then how early they must be asked for. home are the cores at home.
func (p *EstatePlan) binding(home float64) string {
	slowest := 0.0
	for i := range p.Pools {
		slowest = max(slowest, p.Pools[i].ProvisionSeconds.P95)
	}
	switch {
	case p.ShortCores.P95 > 0 && p.NeedCores.P95 <= p.PoolCores && !p.homeIsShort(home) && p.ZoneFactor > 1:
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
		s, ready := p.tightest(), ""
		if len(p.schedules) == 1 {
			ready = fmt.Sprintf("%s of %s would be there at p95; ", quantity.Estimate(readyCores(e, p, s)), quantity.Estimate(p.ProvisionCores.P95))
		}
		return fmt.Sprintf("enough cores, but %s before T0 is too late to ask for them: %sask %s before T0 for %s",
			quantity.Seconds(s.given), ready, quantity.Seconds(math.Ceil(s.p95)), s.whose())
	case !p.Enough && p.ProvisionCores.P95 <= p.PoolCores:
		return fmt.Sprintf("not enough: %s of caches and databases short at mid, %s at p95; they stay at home and need %s at p95%s, the pools at home have %s",
			quantity.EstimateOf(p.ShortCores.Mid, "core"), quantity.Estimate(p.ShortCores.P95), quantity.Estimate(p.HomeCores.P95), zonesText(e), quantity.Estimate(homeCores(e)))
	case !p.Enough:
		return fmt.Sprintf("not enough: %s short at mid, %s at p95; %s needed at p95%s, the pools have %s",
			quantity.EstimateOf(p.ShortCores.Mid, "core"), quantity.Estimate(p.ShortCores.P95), quantity.Estimate(p.ProvisionCores.P95), zonesText(e), quantity.Estimate(p.PoolCores))
	case p.SpillCores.P95 == 0:
		home := quantity.EstimateOf(homeCores(e), "core")
		return fmt.Sprintf("%s at home %s enough: %s used at mid, %s at p95%s",
			home, quantity.Verb(home, "is", "are"), quantity.Estimate(p.ProvisionCores.Mid), quantity.Estimate(p.ProvisionCores.P95), zonesText(e))
	}
	return spilled(e, p) + "; ask for them " + quantity.Seconds(math.Ceil(p.LeadSeconds.P95)) + " before T0"
}

// readyCores returns the cores of p95 that are there at T0 by a schedule, the only one.
func readyCores(e *model.Estate, p *EstatePlan, s *schedule) float64 {
	var sum float64
	for i := range e.Pools {
		used, left := p.Pools[i].UsedCores.P95, s.given-s.start
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

// homeCores returns the cores of the pools that caches and databases may take.
func homeCores(e *model.Estate) float64 {
	var sum float64
	for _, p := range e.Pools {
		if p.Home {
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
