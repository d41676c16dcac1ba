package scenarios

import (
	"math"

	"fsctl/scenarios/quantity"
)

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
		if b.Instances != Count(math.Trunc(float64(b.Instances))) {
			v.Problem(path+".burst.instances", "found %s, wanted a whole number", quantity.Precise(float64(b.Instances)))
		}
	}
	if s.QuotaBurst > 0 && s.Quota <= 0 {
		v.Problem(path+".quota_burst", "found it without a quota, wanted quota: the calls per second let through")
	}
}
