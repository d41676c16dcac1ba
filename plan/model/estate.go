package model

import (
	"fsctl/plan/queueing"
	"fsctl/scenarios"
)

// estateLoad returns the cores of all instances that run on the estate: those that stay at home, and
// the rest.
func (m *Model) estateLoad(x *Case) (pinned, mobile float64) {
	for i := range m.Services {
		cores := x.Sizes[i].Instances * m.Services[i].InstanceCores
		switch {
		case m.Estate.Elsewhere[i]:
		case m.Estate.Pinned[i]:
			pinned += cores
		default:
			mobile += cores
		}
	}
	return pinned, mobile
}

// EstateCores returns the cores of all instances that run on the estate, 0 or more, without those for
// lost zones.
func (m *Model) EstateCores(x *Case) float64 {
	pinned, mobile := m.estateLoad(x)
	return pinned + mobile
}

// Provisioned returns the cores of all instances that run on the estate, with those for lost zones on
// top: the part that stays at home, and the rest.
//
//	pinned + mobile = ceil(cores x Z/(Z-k))
//
// Source: queueing.ZoneRedundancy.
func (m *Model) Provisioned(x *Case) (pinned, mobile float64) {
	pinned, mobile = m.estateLoad(x)
	all := Ceil(m.Estate.ZoneFactor * (pinned + mobile))
	pinned = min(all, Ceil(m.Estate.ZoneFactor*pinned))
	return pinned, all - pinned
}

// Fill returns the cores of one pool that are used, and those that no pool has. Pools are filled in
// their order; pinned cores only take pools at home, and take their room there first. pinned and
// mobile are cores, 0 or more; pool is an index from 0.
func (e *Estate) Fill(pinned, mobile float64, pool int) (used, short float64) {
	for i := range e.Pools {
		p := &e.Pools[i]
		room, here := p.Cores, 0.0
		if p.Home {
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

// OverPools adds up a figure of every pool in a case, and returns the largest, both in the unit of
// the figure; 0 without pools. used are the cores of the pool that the case takes, 0 or more.
func (m *Model) OverPools(x *Case, figure func(p *Pool, used float64) float64) (sum, most float64) {
	pinned, mobile := m.Provisioned(x)
	for i := range m.Estate.Pools {
		used, _ := m.Estate.Fill(pinned, mobile, i)
		v := figure(&m.Estate.Pools[i], used)
		sum, most = sum+v, max(most, v)
	}
	return sum, most
}

// ProvisionSeconds returns the time [s] in which the pool's provider brings so many cores, from 0; 0
// where they are there at once. Source: queueing.TokenBucket.
func (p *Pool) ProvisionSeconds(cores float64) float64 {
	if p.Provider == nil {
		return 0
	}
	seconds, err := p.Provider.SecondsToPass(cores)
	if err != nil { // the rate was checked to be above 0
		return 0
	}
	return seconds
}

// LeadSeconds returns how long [s] before T0 so many cores of the pool, from 0, must be asked for:
// provisioning + slowest service start + margin; 0 for none. Source: queueing.PrescaleLead.
func (e *Estate) LeadSeconds(p *Pool, cores float64) float64 {
	if cores == 0 {
		return 0
	}
	lead := queueing.PrescaleLead{ReadinessSeconds: e.StartSeconds, Instances: cores, MarginSeconds: e.MarginSeconds,
		Provider: queueing.TokenBucket{Burst: cores}}
	if p.Provider != nil {
		lead.Provider = *p.Provider
	}
	seconds, err := lead.Seconds()
	if err != nil { // as ProvisionSeconds
		return 0
	}
	return seconds
}

// Cost returns what so many cores of the pool, from 0, cost on the day of the event, in the currency
// of its price.
//
//	reserved   cores of the pool x 24 h x price
//	otherwise  cores used x (lead + event) x price: paid from the request on
//
// So by definition of the two ways of billing; lead is [Estate.LeadSeconds], price that of a
// core-hour.
func (e *Estate) Cost(p *Pool, cores float64) float64 {
	if p.Billing == scenarios.Reserved {
		return p.Cores * p.Price * DaySeconds / 3600
	}
	if cores == 0 {
		return 0
	}
	return cores * p.Price * (e.LeadSeconds(p, cores) + e.EventSeconds) / 3600
}
