package plan

import (
	"fmt"
	"strings"

	"fsctl/plan/model"
	"fsctl/scenarios/quantity"
)

// schedule is one scheduled scale-up: how early it is asked for, and how early it must be.
type schedule struct {
	service  string
	given    float64 // before T0 [s]
	start    float64 // of the service [s]
	mid, p95 float64 // that it takes [s]
	pool     string  // whose provider takes the longest; empty where no provider has to bring cores
}

// late reports whether the service is not there at T0 in 5 % of the trials and more.
func (s *schedule) late() bool { return s.p95 > s.given }

// schedulesOf follows each scheduled scale-up of the estate by its own service and providers.
//
//	lead = provisioning + start of the service + margin
//
// Provisioning is that of the slowest provider that has to bring cores; caches and databases stay at home and wait for none. Formula:
// [model.Estate.LeadSeconds].
func schedulesOf(m *model.Model, p *EstatePlan) (list []schedule) {
	e := m.Estate
	if len(e.Pools) == 0 {
		return nil
	}
	for i := range m.Services {
		s := &m.Services[i]
		if !s.Called {
			continue
		}
		for _, scaling := range e.Scaling {
			if scaling.Service != s.Name || scaling.Policy != "scheduled" {
				continue
			}
			out := schedule{service: s.Name, given: scaling.Lead.Seconds(), start: s.StartSeconds, mid: s.StartSeconds + e.MarginSeconds, p95: s.StartSeconds + e.MarginSeconds}
			if at := p.slowest(); at >= 0 && !e.Pinned[i] && !e.Elsewhere[i] {
				out.mid, out.p95, out.pool = out.mid+p.Pools[at].ProvisionSeconds.Mid, out.p95+p.Pools[at].ProvisionSeconds.P95, p.Pools[at].Name
			}
			list = append(list, out)
		}
	}
	return list
}

// slowest returns the pool whose provider takes the longest at p95, of those that have to bring cores; -1 for none.
func (p *EstatePlan) slowest() int {
	at := -1
	for i := range p.Pools {
		if pool := &p.Pools[i]; pool.CoresPerSec > 0 && pool.UsedCores.P95 > 0 && (at < 0 || pool.ProvisionSeconds.P95 > p.Pools[at].ProvisionSeconds.P95) {
			at = i
		}
	}
	return at
}

// tightest returns the schedule that has the least time to spare, nil where there is none.
func (p *EstatePlan) tightest() *schedule {
	var worst *schedule
	for i := range p.schedules {
		if s := &p.schedules[i]; worst == nil || s.p95-s.given > worst.p95-worst.given {
			worst = s
		}
	}
	return worst
}

// late reports whether a scheduled scale-up is asked for too late for p95.
func (p *EstatePlan) late() bool {
	s := p.tightest()
	return s != nil && s.late()
}

// whose names the service of a schedule, and the provider that it waits for.
func (s *schedule) whose() string {
	if s.pool == "" {
		return s.service
	}
	return s.service + ", for cores of " + s.pool
}

// spilled says what providers have to bring, that of the slowest first: it decides how early all must be asked for.
func spilled(e *model.Estate, p *EstatePlan) string {
	slowest := p.slowest()
	if slowest < 0 {
		return ""
	}
	pool, used := &e.Pools[slowest], p.Pools[slowest].UsedCores
	given := quantity.EstimateOf(pool.GivenCores, "core")
	text := fmt.Sprintf("%s within %s %s enough: %s of %s in %s at mid, %s at p95%s", given, quantity.Seconds(pool.Within.Seconds()), quantity.Verb(given, "is", "are"),
		quantity.Estimate(used.Mid), quantity.Estimate(pool.Cores), pool.Name, quantity.Estimate(used.P95), zonesText(e))
	var others []string
	for i := range p.Pools {
		if i != slowest && e.Pools[i].Provider != nil && p.Pools[i].UsedCores.P95 > 0 {
			others = append(others, fmt.Sprintf("%s of %s in %s", quantity.Estimate(p.Pools[i].UsedCores.P95), quantity.Estimate(p.Pools[i].Cores), e.Pools[i].Name))
		}
	}
	if len(others) > 0 {
		text += ", with " + strings.Join(others, " and ") + ", which come sooner"
	}
	return text
}
