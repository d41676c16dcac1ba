package scenarios

import (
	"fmt"
	"slices"
	"time"

	"fsctl/scenarios/kinds"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/strict"
)

func (v *validator) estate() {
	e := v.s.Estate
	if e == nil {
		return
	}
	if v.Has("estate.zones") && e.Zones < 1 && !v.isOver {
		v.Problem("estate.zones", "found 0, wanted 1 or more, or the field left out where the zones are not known")
	} else if e.SurviveZones > 0 && !v.IsUnread("estate.zones") && e.SurviveZones >= e.Zones {
		v.Problem("estate.survive_zones", "found %d of %d zones, wanted fewer than zones", e.SurviveZones, e.Zones)
	}
	if e.EventDuration <= 0 || e.EventDuration > 24*time.Hour {
		v.Problem("estate.event_duration", "found %s, wanted above 0 and at most 24 h", quantity.Exact(e.EventDuration))
	}
	for i := range e.Pools {
		v.pool(i)
	}
	if e.Functions != nil && !v.isOver && !slices.ContainsFunc(v.s.Services, func(s Service) bool { return s.Kind == kinds.Function }) {
		v.Problem("estate.functions", "found prices of functions and no service of kind function, wanted one of them left out, or the other given")
	}
	var names []string
	for _, s := range v.s.Services {
		names = append(names, s.Name)
	}
	for i := range e.Scaling {
		v.scaling(i, names)
	}
}

func (v *validator) pool(i int) {
	pools := v.s.Estate.Pools
	p, path := &pools[i], strict.Named("estate.pools", i, pools[i].Name)
	if slices.ContainsFunc(pools[:i], func(q Pool) bool { return p.Name != "" && q.Name == p.Name }) {
		v.Problem("estate.pools."+p.Name, "found twice, wanted different names")
	}
	if p.Provision != nil && p.Provision.Within <= 0 {
		v.Problem(path+".provision.within", "found 0, wanted above 0")
	}
	if p.Provision != nil && p.Provision.Cores <= 0 {
		v.Problem(path+".provision.cores", "found 0, wanted above 0")
	}
	if v.hasText() {
		v.useful(path, kinds.OfPools(), p.Billing, "with billing ", *p, Pool{})
	}
}

// scaling checks one policy by which a service grows.
func (v *validator) scaling(i int, names []string) {
	all := v.s.Estate.Scaling
	s, path := &all[i], fmt.Sprintf("estate.scaling[%d]", i)
	v.oneOf(path+".service", "service", s.Service, names)
	if s.Policy == "hpa" && !v.HasUnread(path) && (s.Target <= 0 || s.Max < max(1, s.Min)) {
		v.Problem(path, "found target %s, min %d and max %d, wanted a target above 0 and 1 <= min <= max", quantity.Precise(float64(s.Target)*100)+" %", s.Min, s.Max)
	}
	if v.isOver {
		return
	}
	v.useful(path, kinds.OfScaling(), s.Policy, "with policy ", *s, Scaling{})
	if s.Policy == "scheduled" && s.Lead <= 0 && !v.IsUnread(path+".lead") {
		v.Problem(path+".lead", "missing or 0, wanted how long before T0 the scale-up is asked for, such as 20m")
	}
	first := slices.IndexFunc(all[:i], func(o Scaling) bool {
		return o.Service == s.Service && s.Service != "" && (o.Policy == s.Policy || o.Policy == "none" || s.Policy == "none")
	})
	if first >= 0 {
		v.Problem(path, "found %s for %s beside %s in estate.scaling[%d], wanted at most one of each policy, and none alone: a schedule may be the floor of one autoscaler",
			s.Policy, s.Service, all[first].Policy, first)
	}
	v.grows(path, s)
}

// grows checks a service that grows: it is no function, whose provider sees to that. It must say its CPU time, which an autoscaler watches, and how long an instance takes to start, from
// which its lead, or the pace of its autoscaler, follows.
func (v *validator) grows(path string, s *Scaling) {
	at := slices.IndexFunc(v.s.Services, func(o Service) bool { return o.Name == s.Service && o.Name != "" })
	if at < 0 || s.Policy == "none" || !v.hasText() {
		return
	}
	if o := &v.s.Services[at]; o.Kind == kinds.Function {
		v.Problem(path+".service", "found %s, a function, with policy %s, wanted another service, or the entry left out: the provider creates its instances; provisioned, burst and max_instances say how many", o.Name, s.Policy)
		return
	}
	if o := &v.s.Services[at]; s.Policy == "hpa" && o.Demand.IsZero() && !v.IsUnread("services."+o.Name+".demand") {
		v.Problem(path+".policy", "found hpa for %s, which gives no demand, wanted services.%s.demand, the CPU time of a call: an autoscaler watches the CPU", o.Name, o.Name)
	}
	if start := strict.Named("services", at, s.Service) + ".start"; !v.Has(start) {
		v.Problem(start, "missing, wanted how long an instance takes from scale to ready, such as 30s: estate.scaling lets it grow, and that time decides when it must begin; 0s for at once")
	}
}
