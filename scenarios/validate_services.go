package scenarios

import (
	"cmp"
	"math"
	"slices"

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
	}{{"utilization", s.Utilization <= 0}, {"wait", s.Wait <= 0}, {"instance.cores", s.Instance.Cores < 1 && (s.needsCores() || v.Has(path+".instance.cores"))},
		{"instance.memory", s.Kind == "function" && s.Instance.Memory <= 0},
		{"latency.limit", s.Latency != nil && s.Latency.Limit <= 0}} {
		if f.zero {
			v.Problem(path+"."+f.name, "found 0, wanted above 0")
		}
	}
	v.serviceKinds(path, s)
	v.serviceLimits(path, s)
	reach(v, path+".demand", s.Demand)
	reach(v, path+".capacity", s.Capacity)
	if s.Variability != nil {
		drawn := *s.Variability
		if drawn.High >= mostVariability/MostReach { // draws are held below
			drawn.High = drawn.Mid
		}
		reach(v, path+".variability", drawn)
	}
	if s.Hit != nil {
		reach(v, path+".hit", *s.Hit)
	}
	v.usl(path, s)
	if s.To != "" {
		v.oneOf(path+".to", "service", s.To, names)
	}
	if s.To != "" && s.Misses != "" {
		v.Problem(path+".misses", "found it beside to, wanted one of them: at a queue they say the same")
	}
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

// serviceLimits checks the limits of each kind of service.
func (v *validator) serviceLimits(path string, s *Service) {
	v.limitsAboveZero(path, s)
	if s.Kind == "cache" && s.KeyCopies < 1 {
		v.Problem(path+".key_copies", "found 0, wanted 1 or more")
	}
	if s.Kind == "database" && s.Shards < 1 {
		v.Problem(path+".shards", "found 0, wanted 1 or more")
	}
	v.key(path+".key", &s.Key)
	if s.Key.By == KeyedByNothing && s.KeyCopies > 1 && !v.isOver {
		v.Problem(path+".key_copies", "found %d beside key: none, where no key is hotter than others; wanted one of them left out", s.KeyCopies)
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

// limitsAboveZero refuses limits of 0: one that is left out is none.
func (v *validator) limitsAboveZero(path string, s *Service) {
	for _, f := range []struct {
		name  string
		value float64
	}{
		{"quota", float64(s.Quota)}, {"hot_row", float64(s.HotRow)}, {"connections", float64(s.Connections)}, {"partitions", float64(s.Partitions)},
		{"max_instances", float64(s.MaxInstances)},
	} {
		if f.value <= 0 && v.Has(path+"."+f.name) && !v.isOver {
			v.Problem(path+"."+f.name, "found 0, wanted above 0; leave it out where there is no limit")
		}
	}
}

func (v *validator) usl(path string, s *Service) {
	if s.USL == nil {
		return
	}
	reach(v, path+".usl.gamma", s.USL.Gamma)
	reach(v, path+".usl.alpha", s.USL.Alpha)
	reach(v, path+".usl.beta", s.USL.Beta)
	if s.USL.Gamma.Low <= 0 {
		v.Problem(path+".usl.gamma", "found 0, wanted the calls per second of one instance, above 0")
	}
	if s.USL.Measured < 1 {
		v.Problem(path+".usl.measured", "found %d, wanted the most instances that were measured, 1 or more", s.USL.Measured)
	}
}

// key checks what the keys of a cache are.
func (v *validator) key(path string, k *Key) {
	switch k.By {
	case "", KeyedByNothing:
	case KeyedBySale:
		if v.s.Sale == nil {
			v.Problem(path, "found sale, and the scenario has none, wanted none or {zipf: ..., keys: ...}")
		}
	case KeyedByZipf:
		if !(k.Zipf >= 0 && k.Zipf <= 10) {
			v.Problem(path+".zipf", "found %s, wanted 0 to 10", quantity.Precise(k.Zipf))
		}
		if k.Keys < 1 || k.Keys > 10_000_000 {
			v.Problem(path+".keys", "found %d, wanted 1 to 10M", k.Keys)
		}
	default:
		v.Problem(path, "found %q, wanted sale, none or {zipf: ..., keys: ...}", k.By)
	}
}

// missesEnd reports a chain of misses, and of what leaves queues, that comes back to where it began.
func (v *validator) missesEnd() {
	next := map[string]string{}
	for _, s := range v.s.Services {
		next[s.Name] = cmp.Or(s.Misses, s.To)
	}
	for _, s := range v.s.Services {
		at, field := next[s.Name], "misses"
		if s.Misses == "" {
			field = "to"
		}
		for range v.s.Services {
			if at == s.Name && at != "" {
				v.Problem("services."+s.Name+"."+field, "found a circle of %s through %s, wanted a chain that ends", field, next[s.Name])
				break
			}
			at = next[at]
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
