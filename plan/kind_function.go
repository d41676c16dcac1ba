package plan

import (
	"fmt"
	"strings"

	"fsctl/plan/queueing"
)

// concurrency returns the executions that are busy at once: ceil(rate x duration).
// Source: Little, Operations Research 9(3), 1961, 383-387.
func (s *serviceModel) concurrency(rate, seconds, scv float64) size {
	return size{cores: rate * seconds, instances: ceil(rate * seconds), bottleneck: byConcurrency, late: s.tooSlow(seconds, scv)}
}

// provider is a rate at which instances of a function are created.
type provider struct {
	name, note string
	limit      queueing.TokenBucket
}

// providers lists the published limits, and the scenario's own where it gives one.
func (s *serviceModel) providers() []provider {
	list := []provider{
		{"aws-lambda", "1000 at once and 1000 every 10s", queueing.LambdaBurst()},
		{"function-compute", "300 at once and 300/min; 100 in all until the account's limit is raised", queueing.FunctionComputeBurst()},
	}
	if s.burst != nil {
		list = append(list, provider{"scenario", fmt.Sprintf("%s at once and %s/s", figure(s.burst.Burst), figure(s.burst.RatePerSec)), *s.burst})
	}
	return list
}

// ramp is how a provider gets from the provisioned instances to those that the event needs.
type ramp struct {
	seconds           float64 // until all are created
	throttledPerSec   float64 // at T0: calls for which there is no instance
	throttledRequests float64 // until all are created
}

// rampOf returns the ramp to A = lambda S instances, of which p are provisioned and the provider
// creates b at once and r a second after that.
//
//	missing    M = max(0, A - p - b)
//	seconds    M / r
//	throttled  M / S at T0 [1/s], M^2 / (2 r S) in all
//
// The calls in excess are refused, or wait, by the provider's kind of call. Source:
// queueing.TokenBucket; the area under a straight line.
func (s *serviceModel) rampOf(limit queueing.TokenBucket, rate, seconds float64) ramp {
	missing := max(0, rate*seconds-s.provisioned-limit.Burst)
	out := ramp{seconds: missing / limit.RatePerSec}
	out.throttledPerSec = min(rate, missing/seconds)
	out.throttledRequests = out.throttledPerSec * out.seconds / 2
	return out
}

// coldStarts returns the instances that have to be created for the event.
func (s *serviceModel) coldStarts(instances float64) float64 { return max(0, instances-s.provisioned) }

func (m *model) functionDetails(x *point, i int) []Detail {
	s, rate := &m.services[i], x.rates[i]
	held, instances := x.values[s.demand], x.sizes[i].instances
	list := []Detail{{"concurrency", rate * held, "executions", fmt.Sprintf("%s/s of %s each", figure(rate), seconds(held))}}
	if s.provisioned > 0 {
		list = append(list, Detail{"provisioned", s.provisioned, "instances", "kept warm"})
	}
	list = append(list, Detail{"cold_starts", s.coldStarts(instances), "instances", "at T0: executions beyond the provisioned"})
	for _, p := range s.providers() {
		r := s.rampOf(p.limit, rate, held)
		list = append(list,
			Detail{"burst_seconds{" + p.name + "}", r.seconds, inSeconds, "until all run: " + p.note},
			Detail{"throttled_qps{" + p.name + "}", r.throttledPerSec, perSecond, "refused or waiting at T0"},
			Detail{"throttled_requests{" + p.name + "}", r.throttledRequests, "requests", "in all until then"})
	}
	server := s.staff(rate, held, x.value(s.variability, 1))
	each := "1 core each"
	if s.cores > 1 {
		each = figure(s.cores) + " cores each"
	}
	return append(list,
		Detail{"server_cores", server.cores, "cores", fmt.Sprintf("the same load on servers, by %s, if all of the time is CPU time", server.bottleneck)},
		Detail{"server_instances", server.instances, "instances", fmt.Sprintf("%s, at most %s %% used", each, figure(s.utilization*100))})
}

func (r *review) concurrencyLimit(i int) {
	s := &r.services[i]
	if s.maxInstances == 0 {
		return
	}
	x, when := r.worst(func(x *point) bool { return x.sizes[i].instances > s.maxInstances })
	if x == nil {
		return
	}
	got := x.sizes[i].instances
	r.warn("concurrency-limit", "%s: %s concurrent executions%s for an account that allows %s: %s %% of the calls are throttled; have the limit raised, or shorten the call",
		s.name, figure(got), when, figure(s.maxInstances), figure(100*(1-s.maxInstances/got)))
	if x == r.mid {
		r.excuse(fmt.Sprintf("%s with max_instances %s", s.name, figure(s.maxInstances)), byAccount, got, s.maxInstances)
	}
}

// burstLimit says how long each provider takes to have the instances, where one takes any time.
func (r *review) burstLimit(i int) {
	s, rate := &r.services[i], r.mid.rates[i]
	var slow []string
	for _, p := range s.providers() {
		b := s.rampOf(p.limit, rate, r.mid.values[s.demand])
		if b.seconds > 0 {
			slow = append(slow, fmt.Sprintf("%s after %s (%s), %s requests refused or waiting meanwhile",
				p.name, seconds(b.seconds), p.note, figure(ceil(b.throttledRequests))))
		}
	}
	if len(slow) > 0 {
		r.warn("burst-limit", "%s: of %s concurrent executions %s start cold at T0, and all run on %s; provision them beforehand",
			s.name, figure(r.mid.sizes[i].instances), figure(s.coldStarts(r.mid.sizes[i].instances)), strings.Join(slow, "; on "))
	}
}
