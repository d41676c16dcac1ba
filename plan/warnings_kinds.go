package plan

import (
	"fmt"
	"math"
	"strings"

	"fsctl/plan/model"
	"fsctl/scenarios/quantity"
)

// kinds warns of the limits of the service's kind, and of its provider's.
func (r *review) kinds(i int) {
	s := &r.Services[i]
	switch s.Kind {
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
	if s.Quota > 0 {
		r.quotaLimit(i)
	}
}

func (r *review) hotKeyLimit(i int) {
	s := &r.Services[i]
	x, when := r.worst(func(x *model.Case) bool { return r.Overheated(x, i) })
	if x == nil {
		return
	}
	planned := x.Values[s.Capacity] * s.Utilization
	got := s.HotKey * x.Rates[i] / s.KeyCopies
	where := "the one shard that holds it"
	if s.KeyCopies > 1 {
		where = fmt.Sprintf("each of the %s shards that hold it", quantity.Given(s.KeyCopies))
	}
	keys := ""
	if !s.KeyedBy.Given {
		keys = "; if its keys are not the items, say what they are with key"
	}
	r.warn("hot-key", "%s: the hottest key draws %s of the calls, %s%s at %s, which is planned for %s; more shards do not help, a local cache in the callers or key_copies of %s and more (key replication) do"+keys,
		s.Name, quantity.Percent(s.HotKey), above(quantity.Rate(got), quantity.Rate(planned)), when, where, quantity.Rate(planned), quantity.Given(r.KeyCopiesNeeded(x, i)))
	if x == r.mid {
		r.excuse(fmt.Sprintf("%s with key_copies %s", s.Name, quantity.Given(s.KeyCopies)), model.ByHotKey, got, planned)
	}
}

func (r *review) connectionLimit(i int) {
	s := &r.Services[i]
	if s.Connections == 0 {
		return
	}
	open := func(x *model.Case) float64 {
		primary, replica := r.OpenConnections(x, i)
		return max(primary, replica)
	}
	x, when := r.worst(func(x *model.Case) bool { return x.Sizes[i].Instances > 0 && open(x) > s.Connections })
	if x == nil {
		return
	}
	needed, accepted := quantity.Against(open(x), s.Connections)
	r.warn("connections", "%s: a node needs %s open connections%s and accepts %s; calls would wait for one; a shorter demand than %s, a pooler before it or more replicas for reads help",
		s.Name, needed, when, accepted, quantity.Seconds(x.Values[s.Demand]))
	if x == r.mid {
		r.excuse(fmt.Sprintf("%s on %s", s.Name, quantity.EstimateOf(x.Sizes[i].Instances, "node")), byConnections, open(x), s.Connections)
	}
}

func (r *review) partitionLimit(i int) {
	s := &r.Services[i]
	if s.Partitions == 0 {
		return
	}
	x, when := r.worst(func(x *model.Case) bool { return x.Sizes[i].Instances > s.Partitions })
	if x == nil {
		return
	}
	rest := "it never gets empty"
	depth := r.Depth(x, i)
	if drain := r.DrainSeconds(x, i); !math.IsInf(drain, 1) {
		rest = fmt.Sprintf("it takes %s until it is empty", quantity.Seconds(drain))
	}
	needed, partitions := quantity.Against(x.Sizes[i].Instances, s.Partitions)
	feed := partitions + " " + quantity.Noun(partitions == "1", "partition") + quantity.Verb(partitions, " feeds", " feed")
	waiting := quantity.EstimateOf(depth, "request")
	waiting += quantity.Verb(waiting, " queues", " queue")
	r.warn("partitions", "%s: %s consumers are needed%s and only %s them; with those %s up and %s",
		s.Name, needed, when, feed, waiting, rest)
	if x == r.mid {
		r.excuse(fmt.Sprintf("%s with %s %s", s.Name, quantity.Given(s.Partitions), quantity.Noun(s.Partitions == 1, "partition")), byPartitions, x.Sizes[i].Instances, s.Partitions)
	}
}

func (r *review) concurrencyLimit(i int) {
	s := &r.Services[i]
	if s.MaxInstances == 0 {
		return
	}
	x, when := r.worst(func(x *model.Case) bool { return model.Ceil(r.Concurrency(x, i)) > s.MaxInstances })
	if x == nil {
		return
	}
	got := model.Ceil(r.Concurrency(x, i))
	needed, allowed := quantity.Against(got, s.MaxInstances)
	r.warn("concurrency-limit", "%s: %s concurrent executions%s for an account that allows %s: %s of the calls are throttled; have the limit raised, or shorten the call",
		s.Name, needed, when, allowed, quantity.Percent(1-s.MaxInstances/got))
	if x == r.mid {
		r.excuse(fmt.Sprintf("%s with max_instances %s", s.Name, quantity.Given(s.MaxInstances)), byAccount, got, s.MaxInstances)
	}
}

// burstLimit says how long each provider takes to have the instances, where one takes any time.
func (r *review) burstLimit(i int) {
	s := &r.Services[i]
	var slow []string
	for _, p := range providersOf(s) {
		b := r.Ramp(r.mid, i, p.limit)
		if b.Seconds > 0 {
			name := p.name
			if name == "scenario" {
				name = "what burst gives"
			}
			slow = append(slow, fmt.Sprintf("%s after %s (%s), %s refused or waiting meanwhile",
				name, quantity.Seconds(b.Seconds), p.note, quantity.EstimateOf(model.Ceil(b.ThrottledRequests), "request")))
		}
	}
	if len(slow) > 0 {
		cold := quantity.Estimate(s.ColdStarts(r.mid.Sizes[i].Instances))
		r.warn("burst-limit", "%s: of %s %s cold at T0, and all run on %s; provision them beforehand",
			s.Name, quantity.EstimateOf(r.mid.Sizes[i].Instances, "concurrent execution"), cold+quantity.Verb(cold, " starts", " start"), strings.Join(slow, "; on "))
	}
}

func (r *review) quotaLimit(i int) {
	s := &r.Services[i]
	x, when := r.worst(func(x *model.Case) bool { return r.Throttled(x, i) > 0 })
	if x == nil {
		return
	}
	r.warn("quota", "%s: %s%s for a quota of %s: %s of them are throttled; have the quota raised, or refuse them before they get here",
		s.Name, above(quantity.RateOf(x.Rates[i], "call"), quantity.RateOf(s.Quota, "call")), when, quantity.Rate(s.Quota), quantity.Percent(r.Throttled(x, i)))
	if x == r.mid {
		r.excuse(fmt.Sprintf("%s with quota %s", s.Name, quantity.Rate(s.Quota)), byQuota, x.Rates[i], s.Quota)
	}
}

// usl says where a measured growth ends.
func (r *review) usl(i int) {
	s := &r.Services[i]
	if s.USL == nil || r.high.Rates[i] < model.LeastRate {
		return
	}
	if r.Inputs[s.USL.Beta].Low == 0 || !s.USL.Law(r.mid).Peaks {
		r.warn("usl-peak-unknown", "%s: up to %s the measurement does not show where more instances do less; measure more of them",
			s.Name, quantity.EstimateOf(s.USL.Measured, "instance"))
	}
	x, when := r.worst(func(x *model.Case) bool { return x.Sizes[i].Beyond })
	if x == nil {
		return
	}
	law := s.USL.Law(x)
	most := law.PerSec(law.Most)
	if law.Peaks {
		r.warn("usl-peak", "%s: %s%s, and no number of instances does more than %s, at %s of them (%s at %s utilization); %s is a lower bound",
			s.Name, quantity.RateOf(x.Rates[i], "call"), when, quantity.Rate(most), quantity.Estimate(law.Most), quantity.Rate(most*s.Utilization), quantity.Percent(s.Utilization), quantity.Estimate(x.Sizes[i].Instances))
	} else {
		r.warn("usl-extrapolation", "%s: %s%s need more than the %s up to which a measurement of %s may be believed; %s is a lower bound, measure more of them",
			s.Name, quantity.RateOf(x.Rates[i], "call"), when, quantity.EstimateOf(law.Most, "instance"), quantity.Estimate(s.USL.Measured), quantity.Estimate(x.Sizes[i].Instances))
	}
	if x == r.mid {
		r.excuse(s.Name+" at "+quantity.EstimateOf(law.Most, "instance"), model.ByUSL, x.Rates[i], most*s.Utilization)
	}
}
