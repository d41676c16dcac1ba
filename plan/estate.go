package plan

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"fsctl/plan/queueing"
	"fsctl/scenarios"
)

// What decides whether, or how early, the estate can hold the event.
const (
	byPoolSize      = "pool-size"
	byProvisionRate = "provision-rate"
	byServiceStart  = "service-start"
	byZones         = "zones"
)

// EstatePlan says where the instances run, what spills to the cloud and when it must be asked for.
//
//	need       sum of instances x cores of one; functions run on their provider's machines
//	provision  ceil(need x Z/(Z-k)), Z zones of which k may be lost
//	lead       provisioning + slowest service start + margin
//
// Pools are filled in the scenario's order. Caches and databases stay at home, in the pools without
// provision, and take their room there first: what holds no hot cache goes to the cloud first.
// Source: queueing.ZoneRedundancy, queueing.TokenBucket, queueing.PrescaleLead; docs/model.md.
type EstatePlan struct {
	Zones            int        `json:"zones"`
	SurviveZones     int        `json:"survive_zones"`
	ZoneFactor       float64    `json:"zone_factor"` // Z/(Z-k), 1 where no zone is to be survived
	NeedCores        Estimate   `json:"need_cores"`
	ProvisionCores   Estimate   `json:"provision_cores"`
	HomeCores        Estimate   `json:"home_cores"`  // the part of provision_cores that may not leave home
	SpillCores       Estimate   `json:"spill_cores"` // the part that has to be asked for
	ShortCores       Estimate   `json:"short_cores"` // the part that no pool has
	PoolCores        float64    `json:"pool_cores"`  // of all pools
	Enough           bool       `json:"enough"`      // at p95 nothing is short, and what is scheduled comes before T0
	BindingLimit     string     `json:"binding_limit"`
	LeadSeconds      Estimate   `json:"lead_seconds"`       // before T0 that the scale-up must begin
	GivenLeadSeconds float64    `json:"given_lead_seconds"` // the shortest of the scheduled scale-ups, 0 where there is none
	StartSeconds     float64    `json:"start_seconds"`      // of the slowest service
	MarginSeconds    float64    `json:"margin_seconds"`
	EventSeconds     float64    `json:"event_seconds"`
	Cost             Estimate   `json:"cost"`        // of an event day, in the currency of the pools' prices
	CloudFirst       []string   `json:"cloud_first"` // services that hold no hot cache
	Pools            []PoolPlan `json:"pools"`
	Verdict          string     `json:"verdict"` // whether the pools are enough, or by how much not
}

// PoolPlan is one pool's part.
//
//	reserved   cost = cores of the pool x 24 h x price
//	otherwise  cost = cores used x (lead + event) x price: paid from the request on
type PoolPlan struct {
	Name             string   `json:"name"`
	Billing          string   `json:"billing"` // reserved, on-demand or burst
	Cores            float64  `json:"cores"`
	UsedCores        Estimate `json:"used_cores"`
	CoresPerSec      float64  `json:"cores_per_second"` // of the provider, 0 where all are there at once
	BurstCores       float64  `json:"burst_cores"`      // that come before that rate begins to count
	ProvisionSeconds Estimate `json:"provision_seconds"`
	LeadSeconds      Estimate `json:"lead_seconds"` // 0 where the pool is not used
	Cost             Estimate `json:"cost"`
}

// estateModel is the scenario's estate made ready for trials.
type estateModel struct {
	zones, survive                            int
	factor                                    float64
	eventSeconds, marginSeconds, startSeconds float64
	givenLead                                 float64 // [s]
	pinned                                    []bool  // per service: it stays at home
	elsewhere                                 []bool  // per service: it takes no cores of the estate
	pools                                     []poolModel
}

type poolModel struct {
	name, billing string
	cores, price  float64
	within        time.Duration // in which given cores come
	given         float64
	provider      *queueing.TokenBucket // nil where all are there at once
	home          bool
}

// addEstate reads the estate; the services must be there.
func (b *builder) addEstate(sc *scenarios.Scenario) {
	e := sc.Estate
	if e == nil {
		return
	}
	v := &estateModel{zones: e.Zones, survive: e.SurviveZones, factor: 1,
		eventSeconds: e.EventDuration.Seconds(), marginSeconds: e.Margin.Seconds()}
	if e.SurviveZones > 0 {
		factor, err := queueing.ZoneRedundancy(e.Zones, e.SurviveZones)
		if err != nil {
			b.problem("estate.survive_zones", fmt.Sprintf("%d of %d zones", e.SurviveZones, e.Zones), "fewer than zones")
		}
		v.factor = factor
	}
	for _, d := range []struct {
		field string
		value time.Duration
		least time.Duration
	}{{"estate.event_duration", e.EventDuration, 1}, {"estate.margin", e.Margin, 0}} {
		if d.value < d.least {
			b.problem(d.field, d.value.String(), "above 0")
		}
	}
	for i := range sc.Services {
		s := &sc.Services[i]
		v.pinned = append(v.pinned, s.Kind == "cache" || s.Kind == "database")
		v.elsewhere = append(v.elsewhere, s.Kind == "function")
		v.startSeconds = max(v.startSeconds, s.Start.Seconds())
	}
	for i, s := range e.Scaling {
		if lead := s.Lead.Seconds(); s.Policy == "scheduled" && (i == 0 || v.givenLead == 0 || lead < v.givenLead) {
			v.givenLead = lead
		}
	}
	for i := range e.Pools {
		v.pools = append(v.pools, b.pool(&e.Pools[i]))
	}
	if !slices.ContainsFunc(v.pools, func(p poolModel) bool { return p.home }) {
		for i := range v.pools {
			v.pools[i].home = true
		}
	}
	b.estate = v
}

func (b *builder) pool(p *scenarios.Pool) poolModel {
	path := "estate.pools." + p.Name
	v := poolModel{name: p.Name, billing: p.Billing, cores: float64(p.Cores), price: p.Price, home: p.Provision == nil}
	if !slices.Contains([]string{scenarios.Reserved, scenarios.OnDemand, scenarios.BurstBilling}, p.Billing) {
		b.problem(path+".billing", strconv.Quote(p.Billing), "reserved, on-demand or burst")
	}
	checks := []struct {
		field           string
		value, min, max float64
	}{{".cores", v.cores, 0, maxPoolCores}, {".price", v.price, 0, maxPrice}}
	if r := p.Provision; r != nil {
		v.given, v.within = float64(r.Cores), r.Within
		v.provider = &queueing.TokenBucket{Burst: float64(r.Burst), RatePerSec: v.given / r.Within.Seconds()}
		checks = append(checks, checks[0], checks[0])
		checks[2].field, checks[2].value = ".provision.burst", v.provider.Burst
		checks[3].field, checks[3].value, checks[3].min = ".provision (cores per second)", v.provider.RatePerSec, 1e-9
	}
	for _, c := range checks {
		if !(c.value >= c.min && c.value <= c.max) {
			b.problem(path+c.field, strconv.FormatFloat(c.value, 'g', 6, 64), fmt.Sprintf("%g to %g", c.min, c.max))
		}
	}
	return v
}

// Beyond these no pool is meant, and figures would lose their last core.
const (
	maxPoolCores = 1e15
	maxPrice     = 1e9
)

// estateCores returns the cores of all instances that run on the estate, without zones.
func (m *model) estateCores(x *point) float64 {
	pinned, mobile := m.estateLoad(x)
	return pinned + mobile
}

func (m *model) estateLoad(x *point) (pinned, mobile float64) {
	for i := range m.services {
		cores := x.sizes[i].instances * m.services[i].cores
		switch {
		case m.estate.elsewhere[i]:
		case m.estate.pinned[i]:
			pinned += cores
		default:
			mobile += cores
		}
	}
	return pinned, mobile
}

// provisioned returns the cores with those for lost zones on top.
func (m *model) provisioned(x *point) (pinned, mobile float64) {
	pinned, mobile = m.estateLoad(x)
	all := ceil(m.estate.factor * (pinned + mobile))
	pinned = min(all, ceil(m.estate.factor*pinned))
	return pinned, all - pinned
}

// fill returns the cores of the given pool that are used, and those that no pool has.
func (e *estateModel) fill(pinned, mobile float64, pool int) (used, short float64) {
	for i := range e.pools {
		p := &e.pools[i]
		room, here := p.cores, 0.0
		if p.home {
			here = min(pinned, room)
			pinned -= here
		}
		more := min(mobile, room-here)
		mobile -= more
		if i == pool {
			used = here + more
		}
	}
	return used, pinned + mobile
}

// provisionSeconds returns the time [s] in which the pool's provider brings cores.
func (p *poolModel) provisionSeconds(cores float64) float64 {
	if p.provider == nil {
		return 0
	}
	seconds, err := p.provider.SecondsToPass(cores)
	if err != nil { // the rate was checked to be above 0
		return 0
	}
	return seconds
}

// leadSeconds returns how long [s] before T0 that many cores of the pool must be asked for.
func (e *estateModel) leadSeconds(p *poolModel, cores float64) float64 {
	if cores == 0 {
		return 0
	}
	lead := queueing.PrescaleLead{ReadinessSeconds: e.startSeconds, Instances: cores, MarginSeconds: e.marginSeconds,
		Provider: queueing.TokenBucket{Burst: cores}}
	if p.provider != nil {
		lead.Provider = *p.provider
	}
	seconds, err := lead.Seconds()
	if err != nil { // as provisionSeconds
		return 0
	}
	return seconds
}

// cost returns what that many cores of the pool cost on the day of the event.
func (e *estateModel) cost(p *poolModel, cores float64) float64 {
	if p.billing == scenarios.Reserved {
		return p.cores * p.price * daySeconds / 3600
	}
	if cores == 0 {
		return 0
	}
	return cores * p.price * (e.leadSeconds(p, cores) + e.eventSeconds) / 3600
}

// overPools adds up a figure of every pool in a case.
func (m *model) overPools(x *point, figure func(p *poolModel, used float64) float64) (sum, most float64) {
	pinned, mobile := m.provisioned(x)
	for i := range m.estate.pools {
		used, _ := m.estate.fill(pinned, mobile, i)
		v := figure(&m.estate.pools[i], used)
		sum, most = sum+v, max(most, v)
	}
	return sum, most
}

// newEstatePlan returns the estate's part of the plan, without its estimates.
func (m *model) newEstatePlan() *EstatePlan {
	e := m.estate
	if e == nil {
		return nil
	}
	p := &EstatePlan{Zones: e.zones, SurviveZones: e.survive, ZoneFactor: e.factor, GivenLeadSeconds: e.givenLead,
		StartSeconds: e.startSeconds, MarginSeconds: e.marginSeconds, EventSeconds: e.eventSeconds,
		CloudFirst: []string{}, Pools: make([]PoolPlan, len(e.pools))}
	for i := range m.services {
		if !e.pinned[i] && !e.elsewhere[i] {
			p.CloudFirst = append(p.CloudFirst, m.services[i].name)
		}
	}
	for i := range e.pools {
		pool := &e.pools[i]
		p.PoolCores += pool.cores
		p.Pools[i] = PoolPlan{Name: pool.name, Billing: pool.billing, Cores: pool.cores}
		if pool.provider != nil {
			p.Pools[i].CoresPerSec, p.Pools[i].BurstCores = pool.provider.RatePerSec, pool.provider.Burst
		}
	}
	return p
}

// estateColumns lists the estimates of the estate's plan that need the trials.
func (m *model) estateColumns(p *EstatePlan) []column {
	if p == nil {
		return nil
	}
	e := m.estate
	list := []column{
		{&p.NeedCores, allServices, m.estateCores},
		{&p.ProvisionCores, allServices, func(x *point) float64 { pinned, mobile := m.provisioned(x); return pinned + mobile }},
		{&p.HomeCores, allServices, func(x *point) float64 { pinned, _ := m.provisioned(x); return pinned }},
		{&p.ShortCores, allServices, func(x *point) float64 {
			pinned, mobile := m.provisioned(x)
			_, short := e.fill(pinned, mobile, 0)
			return short
		}},
		{&p.SpillCores, allServices, func(x *point) float64 {
			sum, _ := m.overPools(x, func(p *poolModel, used float64) float64 {
				if p.provider == nil {
					return 0
				}
				return used
			})
			return sum
		}},
		{&p.LeadSeconds, allServices, func(x *point) float64 { _, most := m.overPools(x, e.leadSeconds); return most }},
		{&p.Cost, allServices, func(x *point) float64 { sum, _ := m.overPools(x, e.cost); return sum }},
	}
	for i := range p.Pools {
		list = append(list, column{&p.Pools[i].UsedCores, allServices, func(x *point) float64 {
			pinned, mobile := m.provisioned(x)
			used, _ := e.fill(pinned, mobile, i)
			return used
		}})
	}
	return list
}

// mapped returns the estimate of a figure that never falls as this one rises: each of the six is
// that of the same case or trial.
func (e Estimate) mapped(f func(float64) float64) Estimate {
	return Estimate{f(e.Low), f(e.Mid), f(e.High), f(e.P50), f(e.P95), f(e.P99)}
}

// finishEstate fills in what follows from the estimates.
func (m *model) finishEstate(p *EstatePlan) {
	if p == nil {
		return
	}
	for i := range p.Pools {
		pool, out := &m.estate.pools[i], &p.Pools[i]
		out.ProvisionSeconds = out.UsedCores.mapped(pool.provisionSeconds)
		out.LeadSeconds = out.UsedCores.mapped(func(used float64) float64 { return m.estate.leadSeconds(pool, used) })
		out.Cost = out.UsedCores.mapped(func(used float64) float64 { return m.estate.cost(pool, used) })
	}
	p.Enough = p.ShortCores.P95 == 0 && !p.late()
	p.BindingLimit = p.binding()
	p.Verdict = m.estate.verdict(p)
}

// late tells whether a scheduled scale-up is asked for too late for p95.
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

func (e *estateModel) verdict(p *EstatePlan) string {
	switch {
	case len(e.pools) == 0:
		return fmt.Sprintf("no pools are given for the %s cores of mid and %s of p95", figure(p.ProvisionCores.Mid), figure(p.ProvisionCores.P95))
	case p.late() && p.ShortCores.P95 == 0:
		return fmt.Sprintf("enough cores, but %s before T0 is too late to ask for them: %s of %s would be there at p95; ask %s before T0",
			seconds(p.GivenLeadSeconds), figure(e.readyCores(p)), figure(p.ProvisionCores.P95), seconds(math.Ceil(p.LeadSeconds.P95)))
	case !p.Enough:
		return fmt.Sprintf("not enough: %s cores short at mid, %s at p95; %s are needed at p95%s, the pools have %s",
			figure(p.ShortCores.Mid), figure(p.ShortCores.P95), figure(p.ProvisionCores.P95), e.zonesText(), figure(p.PoolCores))
	case p.SpillCores.P95 == 0:
		return fmt.Sprintf("%s cores at home are enough: %s used at mid, %s at p95%s",
			figure(e.homeCores()), figure(p.ProvisionCores.Mid), figure(p.ProvisionCores.P95), e.zonesText())
	}
	text := ""
	for i := range p.Pools {
		if pool, used := &e.pools[i], p.Pools[i].UsedCores; pool.provider != nil && used.P95 > 0 {
			text = fmt.Sprintf("%s cores within %s are enough: %s of %s in %s at mid, %s at p95%s", figure(pool.given), pool.within,
				figure(used.Mid), figure(pool.cores), pool.name, figure(used.P95), e.zonesText())
		}
	}
	return text + "; ask for them " + seconds(math.Ceil(p.LeadSeconds.P95)) + " before T0"
}

// readyCores returns the cores of p95 that are there at T0 with the lead that the scenario gives.
func (e *estateModel) readyCores(p *EstatePlan) float64 {
	var sum float64
	for i := range e.pools {
		used, left := p.Pools[i].UsedCores.P95, p.GivenLeadSeconds-e.startSeconds
		switch {
		case left < 0:
			used = 0
		case e.pools[i].provider != nil:
			if passed, err := e.pools[i].provider.MaxPassed(left); err == nil {
				used = min(used, math.Floor(passed))
			}
		}
		sum += used
	}
	return sum
}

func (e *estateModel) homeCores() float64 {
	var sum float64
	for _, p := range e.pools {
		if p.provider == nil {
			sum += p.cores
		}
	}
	return sum
}

func (e *estateModel) zonesText() string {
	if e.survive == 0 {
		return ""
	}
	return fmt.Sprintf(", with %d of %d zones to lose", e.survive, e.zones)
}
