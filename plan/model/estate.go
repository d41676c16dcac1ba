package model

import (
	"fsctl/plan/queueing"
	"fsctl/scenarios"
)

// Pods returns the instances of service i that run on the estate in a case that is sized: those of its size, or those that its
// autoscaler will run where these are more.
//
//	pods = ceil(rate x demand / (target x cores of one)), at least min and at most max
//
// i is the index of the service, from 0. Source: queueing.HPA, which keeps the mean use of its pods at the target.
func (m *Model) Pods(x *Case, i int) float64 {
	s, sized := &m.Services[i], x.Sizes[i].Instances
	if m.Estate == nil || m.Estate.Autoscalers[i] == nil || sized == 0 {
		return sized
	}
	a := m.Estate.Autoscalers[i]
	pods := max(float64(a.Min), m.AtTarget(x, i, float64(a.Target)))
	if s.Demand == Absent {
		pods = float64(a.Min)
	}
	return max(sized, min(pods, float64(a.Max)))
}

// AtTarget returns the instances of service i at which an autoscaler keeps its target, above 0 and at most 1, in a case that is sized.
// 0 where no demand is given. i is the index of the service, from 0. Formula and source: [Model.Pods].
func (m *Model) AtTarget(x *Case, i int, target float64) float64 {
	s := &m.Services[i]
	return Ceil(m.ServedRate(x, i) * m.CallSeconds(x, i) / (target * s.InstanceCores))
}

// Provisioned returns the cores with those for lost zones on top, of cores that stay at home and of the rest: of each
//
//	ceil(cores x Z/(Z-k))
//
// Source: queueing.ZoneRedundancy.
func (e *Estate) Provisioned(home, rest float64) (pinned, mobile float64) {
	return Ceil(e.ZoneFactor * home), Ceil(e.ZoneFactor * rest)
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

// Cost returns what so many cores of the pool, from 0, cost on the day of the event, in the currency of its price; whether that is
// known is the second result.
//
//	reserved   cores of the pool x 24 h x price
//	otherwise  cores used x (lead + event) x price: paid from the request on
//
// So by definition of the two ways of billing; lead is [Estate.LeadSeconds], price that of a
// core-hour.
func (e *Estate) Cost(p *Pool, cores float64) (cost float64, known bool) {
	switch {
	case p.Billing != scenarios.Reserved && cores == 0:
		return 0, true
	case p.Price == nil:
		return 0, false
	case p.Billing == scenarios.Reserved:
		return p.Cores * *p.Price * DaySeconds / 3600, true
	}
	return cores * *p.Price * (e.LeadSeconds(p, cores) + e.EventSeconds) / 3600, true
}
