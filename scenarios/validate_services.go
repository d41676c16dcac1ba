package scenarios

import (
	"fmt"
	"math"
	"slices"
	"time"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/strict"
)

func (v *validator) services() {
	var names []string
	for _, s := range v.s.Services {
		if s.Name != "" && slices.Contains(names, s.Name) {
			v.Problem("services."+s.Name, "found twice, wanted different names")
		}
		names = append(names, s.Name)
	}
	for i := range v.s.Services {
		v.service(strict.Named("services", i, v.s.Services[i].Name), &v.s.Services[i], names)
	}
	v.missesEnd()
}

func (v *validator) service(path string, s *Service, names []string) {
	v.name(path+".name", s.Name)
	for step := range s.Calls {
		v.oneOf(path+".calls."+step, "step", step, v.stepNames())
	}
	for _, f := range []struct {
		name string
		zero bool
	}{{"utilization", s.Utilization <= 0}, {"wait", s.Wait <= 0}, {"instance.cores", s.Instance.Cores < 1},
		{"latency.limit", s.Latency != nil && s.Latency.Limit <= 0}} {
		if f.zero {
			v.Problem(path+"."+f.name, "found 0, wanted above 0")
		}
	}
	v.serviceLimits(path, s)
	v.usl(path, s)
	if s.Misses != "" {
		v.oneOf(path+".misses", "service", s.Misses, names)
		if s.Hit == nil {
			v.Problem(path+".hit", "missing, wanted the share that does not go on to %s", s.Misses)
		}
	}
	if s.Latency != nil && (s.Latency.Quantile <= 0 || s.Latency.Quantile >= 1) {
		v.Problem(path+".latency.quantile", "found %s, wanted above 0 and below 1", quantity.Precise(float64(s.Latency.Quantile)))
	}
	switch {
	case (s.Kind == "service" || s.Kind == "function") && s.Demand.Low <= 0:
		v.Problem(path+".demand", "missing or 0, wanted the CPU time of a call, such as 3ms or [2ms, 3ms, 5ms]")
	case (s.Kind == "cache" || s.Kind == "database") && s.Capacity.Low <= 0:
		v.Problem(path+".capacity", "missing or 0, wanted the calls per second of one node, such as 8k/s")
	case s.Kind == "cache" && s.Hit == nil:
		v.Problem(path+".hit", "missing, wanted the share of calls that the cache answers, such as 80%%")
	}
}

// serviceLimits checks the limits that only some kinds of service know: on another kind nothing
// would read them.
func (v *validator) serviceLimits(path string, s *Service) {
	for _, f := range []struct {
		name, kind string
		given      bool
	}{
		{"key_copies", "cache", s.KeyCopies != 0},
		{"connections", "database", s.Connections != 0},
		{"partitions", "queue", s.Partitions != 0},
		{"drain", "queue", s.Drain != 0},
		{"provisioned", "function", s.Provisioned != 0},
		{"max_instances", "function", s.MaxInstances != 0},
		{"burst", "function", s.Burst != nil},
	} {
		if f.given && s.Kind != f.kind {
			v.Problem(path+"."+f.name, "found it at a %s, wanted it at a %s only", s.Kind, f.kind)
		}
	}
	if s.Kind == "cache" && s.KeyCopies < 1 {
		v.Problem(path+".key_copies", "found 0, wanted 1 or more")
	}
	if s.MaxInstances > 0 && s.Provisioned > s.MaxInstances {
		v.Problem(path+".provisioned", "found %d, wanted at most the %d of max_instances", s.Provisioned, s.MaxInstances)
	}
	if b := s.Burst; b != nil {
		if b.Rate <= 0 {
			v.Problem(path+".burst.rate", "found 0, wanted above 0")
		}
		if b.Instances != amount.Count(math.Trunc(float64(b.Instances))) {
			v.Problem(path+".burst.instances", "found %s, wanted a whole number", quantity.Precise(float64(b.Instances)))
		}
	}
	if s.QuotaBurst > 0 && s.Quota <= 0 {
		v.Problem(path+".quota_burst", "found it without a quota, wanted quota: the calls per second let through")
	}
}

func (v *validator) usl(path string, s *Service) {
	if s.USL == nil {
		return
	}
	if s.Kind != "service" {
		v.Problem(path+".usl", "found it at a %s, wanted it at a service only", s.Kind)
	}
	if s.USL.Gamma.Low <= 0 {
		v.Problem(path+".usl.gamma", "found 0, wanted the calls per second of one instance, above 0")
	}
	if s.USL.Measured < 1 {
		v.Problem(path+".usl.measured", "found %d, wanted the most instances that were measured, 1 or more", s.USL.Measured)
	}
}

// missesEnd reports a chain of misses that comes back to where it began.
func (v *validator) missesEnd() {
	next := map[string]string{}
	for _, s := range v.s.Services {
		next[s.Name] = s.Misses
	}
	for _, s := range v.s.Services {
		at := s.Misses
		for range v.s.Services {
			if at == s.Name && at != "" {
				v.Problem("services."+s.Name+".misses", "found a circle of misses through %s, wanted a chain that ends", s.Misses)
				break
			}
			at = next[at]
		}
	}
}

func (v *validator) estate() {
	e := v.s.Estate
	if e == nil {
		return
	}
	if e.SurviveZones > 0 && !v.IsUnread("estate.zones") && e.SurviveZones >= e.Zones {
		v.Problem("estate.survive_zones", "found %d of %d zones, wanted fewer than zones", e.SurviveZones, e.Zones)
	}
	if e.EventDuration <= 0 || e.EventDuration > 24*time.Hour {
		v.Problem("estate.event_duration", "found %s, wanted above 0 and at most 24 h", quantity.Exact(e.EventDuration))
	}
	for i, p := range e.Pools {
		same := func(q Pool) bool { return p.Name != "" && q.Name == p.Name }
		if slices.ContainsFunc(e.Pools[:i], same) {
			v.Problem("estate.pools."+p.Name, "found twice, wanted different names")
		}
		if p.Provision != nil && p.Provision.Within <= 0 {
			v.Problem(strict.Named("estate.pools", i, p.Name)+".provision.within", "found 0, wanted above 0")
		}
		if p.Provision != nil && p.Provision.Cores <= 0 {
			v.Problem(strict.Named("estate.pools", i, p.Name)+".provision.cores", "found 0, wanted above 0")
		}
	}
	var names []string
	for _, s := range v.s.Services {
		names = append(names, s.Name)
	}
	for i, s := range e.Scaling {
		path := fmt.Sprintf("estate.scaling[%d]", i)
		v.oneOf(path+".service", "service", s.Service, names)
		if s.Policy == "hpa" && !v.HasUnread(path) && (s.Target <= 0 || s.Max < max(1, s.Min)) {
			v.Problem(path, "found target %s, min %d and max %d, wanted a target above 0 and 1 <= min <= max", quantity.Precise(float64(s.Target)*100)+" %", s.Min, s.Max)
		}
	}
}

// mostMoney keeps costs finite.
const mostMoney = 1e12

func (v *validator) sizeLimits() {
	l := v.s.Limits
	if l == nil {
		return
	}
	for _, f := range []struct {
		name string
		zero bool
	}{
		{"cores", l.Cores != nil && *l.Cores <= 0}, {"instances", l.Instances != nil && *l.Instances <= 0},
		{"cost", l.Cost != nil && *l.Cost <= 0},
	} {
		if f.zero {
			v.Problem("limits."+f.name, "found 0, wanted above 0")
		}
	}
}
