package plan

import (
	"fmt"

	"fsctl/plan/queueing"
	"fsctl/scenarios"
)

// kindLimits is what one kind of service is bounded by, beside its demand and capacity. 0 is no limit.
type kindLimits struct {
	keyCopies    float64 // shards of a cache that each hold the hottest key, at least 1
	connections  float64 // that a node of a database accepts
	partitions   float64 // of a queue
	drainSeconds float64 // until a queue must be empty again
	provisioned  float64 // instances of a function that are kept warm
	maxInstances float64 // of a function, in its account
	quota        float64 // that a provider lets through [1/s]
	quotaBurst   float64 // above the quota at once

	burst *queueing.TokenBucket // by which a provider creates instances of a function, nil where not given
}

func newKindLimits(s *scenarios.Service) kindLimits {
	l := kindLimits{
		keyCopies: float64(max(1, s.KeyCopies)), connections: float64(s.Connections), partitions: float64(s.Partitions),
		drainSeconds: s.Drain.Seconds(), provisioned: float64(s.Provisioned), maxInstances: float64(s.MaxInstances),
		quota: float64(s.Quota), quotaBurst: float64(s.QuotaBurst),
	}
	if s.Burst != nil {
		l.burst = &queueing.TokenBucket{Burst: float64(s.Burst.Instances), RatePerSec: float64(s.Burst.Rate)}
	}
	return l
}

// checkLimits reports limits outside the range in which every figure stays finite.
func (b *builder) checkLimits(path string, l *kindLimits) {
	between := func(field string, value, least, most float64) {
		if !(value >= least && value <= most) {
			b.problem(path+"."+field, fmt.Sprintf("%g", value), fmt.Sprintf("%g to %g", least, most))
		}
	}
	between("key_copies", l.keyCopies, 1, 1e9)
	between("connections", l.connections, 0, 1e12)
	between("partitions", l.partitions, 0, 1e12)
	between("drain", l.drainSeconds, 0, 1e10)
	between("provisioned", l.provisioned, 0, 1e12)
	between("max_instances", l.maxInstances, 0, 1e12)
	if l.quota != 0 {
		between("quota", l.quota, 1e-9, 1e18)
	}
	between("quota_burst", l.quotaBurst, 0, 1e18)
	if l.burst != nil {
		between("burst.instances", l.burst.Burst, 0, 1e12)
		between("burst.rate", l.burst.RatePerSec, 1e-6, 1e12)
	}
}

// rush is what the scenario tells of the event itself.
type rush struct {
	pieces  float64 // stock of all items, 0 without a sale
	seconds float64 // longest time that the event's rate lasts: the storm after T0, else the busy window
	hotKey  float64 // share of a cache's calls for its hottest key, 0 where no sale tells
}

func (b *builder) rush(sc *scenarios.Scenario) rush {
	r := rush{seconds: b.busySeconds}
	if sc.Storm != nil {
		for i := range sc.Storm.Phases {
			if sc.Storm.Phases[i].To == nil && sc.Storm.Phases[i].At == nil {
				return r // not validated: its phases have no end
			}
		}
		if _, end := sc.Storm.Curve().Span(); end > 0 {
			r.seconds = min(r.seconds, end.Seconds())
		}
	}
	if s := sc.Sale; s != nil {
		r.pieces, r.hotKey = float64(s.Stock)*float64(max(1, s.Items)), b.hottest
	}
	return r
}

// lasts returns how long the event's orders come in: until the stock is sold, or the event is over.
func (m *model) lasts(x *point) float64 {
	if m.pieces == 0 || x.eventTPS <= 0 {
		return m.rush.seconds
	}
	return min(m.rush.seconds, m.pieces/x.eventTPS)
}

// kinds warns of the limits of the service's kind, and of its provider's.
func (r *review) kinds(i int) {
	s := &r.services[i]
	switch s.kind {
	case "cache":
		r.hotKeyLimit(i)
	case "database":
		r.connectionLimit(i)
	case "queue":
		r.partitionLimit(i)
	case "function":
		r.concurrencyLimit(i)
		r.burstLimit(i)
	}
	if s.quota > 0 {
		r.quotaLimit(i)
	}
}
