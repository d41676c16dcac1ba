package plan

import (
	"fmt"
	"strings"

	"fsctl/plan/model"
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
	got := r.Event.HotKey * x.Rates[i] / s.KeyCopies
	where := "the one shard that holds it"
	if s.KeyCopies > 1 {
		where = fmt.Sprintf("each of the %s shards that hold it", model.Number(s.KeyCopies))
	}
	r.warn("hot-key", "%s: the hottest key draws %s %% of the calls, %s/s%s at %s, which is planned for %s/s; more shards do not help, a local cache in the callers or key_copies of %s and more (key replication) do",
		s.Name, model.Number(r.Event.HotKey*100), model.Number(got), when, where, model.Number(planned), model.Number(r.KeyCopiesNeeded(x, i)))
	if x == r.mid {
		r.excuse(fmt.Sprintf("%s with key_copies %s", s.Name, model.Number(s.KeyCopies)), model.ByHotKey, got, planned)
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
	r.warn("connections", "%s: a node needs %s open connections%s and accepts %s; calls would wait for one; a shorter demand than %s, a pooler before it or more replicas for reads help",
		s.Name, model.Number(open(x)), when, model.Number(s.Connections), model.Duration(x.Values[s.Demand]))
	if x == r.mid {
		r.excuse(fmt.Sprintf("%s on %s nodes", s.Name, model.Number(x.Sizes[i].Instances)), byConnections, open(x), s.Connections)
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
	depth := max(0, x.Rates[i]-r.WorkedOff(x, i, s.Partitions)) * r.Lasts(x)
	if over := r.WorkedOff(x, i, s.Partitions) - r.RateAfter(x, i); over > 0 {
		rest = fmt.Sprintf("it takes %s until it is empty", model.Duration(depth/over))
	}
	r.warn("partitions", "%s: %s consumers are needed%s and only %s partitions feed them; with those %s requests queue up and %s",
		s.Name, model.Number(x.Sizes[i].Instances), when, model.Number(s.Partitions), model.Number(depth), rest)
	if x == r.mid {
		r.excuse(fmt.Sprintf("%s with %s partitions", s.Name, model.Number(s.Partitions)), byPartitions, x.Sizes[i].Instances, s.Partitions)
	}
}

func (r *review) concurrencyLimit(i int) {
	s := &r.Services[i]
	if s.MaxInstances == 0 {
		return
	}
	x, when := r.worst(func(x *model.Case) bool { return x.Sizes[i].Instances > s.MaxInstances })
	if x == nil {
		return
	}
	got := x.Sizes[i].Instances
	r.warn("concurrency-limit", "%s: %s concurrent executions%s for an account that allows %s: %s %% of the calls are throttled; have the limit raised, or shorten the call",
		s.Name, model.Number(got), when, model.Number(s.MaxInstances), model.Number(100*(1-s.MaxInstances/got)))
	if x == r.mid {
		r.excuse(fmt.Sprintf("%s with max_instances %s", s.Name, model.Number(s.MaxInstances)), byAccount, got, s.MaxInstances)
	}
}

// burstLimit says how long each provider takes to have the instances, where one takes any time.
func (r *review) burstLimit(i int) {
	s, rate := &r.Services[i], r.mid.Rates[i]
	var slow []string
	for _, p := range providersOf(s) {
		b := s.Ramp(p.limit, rate, r.mid.Values[s.Demand])
		if b.Seconds > 0 {
			slow = append(slow, fmt.Sprintf("%s after %s (%s), %s requests refused or waiting meanwhile",
				p.name, model.Duration(b.Seconds), p.note, model.Number(model.Ceil(b.ThrottledRequests))))
		}
	}
	if len(slow) > 0 {
		r.warn("burst-limit", "%s: of %s concurrent executions %s start cold at T0, and all run on %s; provision them beforehand",
			s.Name, model.Number(r.mid.Sizes[i].Instances), model.Number(s.ColdStarts(r.mid.Sizes[i].Instances)), strings.Join(slow, "; on "))
	}
}

func (r *review) quotaLimit(i int) {
	s := &r.Services[i]
	x, when := r.worst(func(x *model.Case) bool { return r.Throttled(x, i) > 0 })
	if x == nil {
		return
	}
	r.warn("quota", "%s: %s calls/s%s for a quota of %s/s: %s %% of them are throttled; have the quota raised, or refuse them before they get here",
		s.Name, model.Number(x.Rates[i]), when, model.Number(s.Quota), model.Number(100*r.Throttled(x, i)))
	if x == r.mid {
		r.excuse(fmt.Sprintf("%s with quota %s/s", s.Name, model.Number(s.Quota)), byQuota, x.Rates[i], s.Quota)
	}
}

// usl says where a measured growth ends.
func (r *review) usl(i int) {
	s := &r.Services[i]
	if s.USL == nil || r.high.Rates[i] < model.LeastRate {
		return
	}
	if r.Inputs[s.USL.Beta].Low == 0 || !s.USL.Law(r.mid).Peaks {
		r.warn("usl-peak-unknown", "%s: up to %s instances the measurement does not show where more instances do less; measure more of them",
			s.Name, model.Number(s.USL.Measured))
	}
	x, when := r.worst(func(x *model.Case) bool { return x.Sizes[i].Beyond })
	if x == nil {
		return
	}
	law := s.USL.Law(x)
	most := law.PerSec(law.Most)
	if law.Peaks {
		r.warn("usl-peak", "%s: %s calls/s%s, and no number of instances does more than %s/s, at %s of them (%s/s at %s %% utilization); %s is a lower bound",
			s.Name, model.Number(x.Rates[i]), when, model.Number(most), model.Number(law.Most), model.Number(most*s.Utilization), model.Number(s.Utilization*100), model.Number(x.Sizes[i].Instances))
	} else {
		r.warn("usl-extrapolation", "%s: %s calls/s%s need more than the %s instances up to which a measurement of %s may be believed; %s is a lower bound, measure more of them",
			s.Name, model.Number(x.Rates[i]), when, model.Number(law.Most), model.Number(s.USL.Measured), model.Number(x.Sizes[i].Instances))
	}
	if x == r.mid {
		r.excuse(s.Name+" at "+model.Number(law.Most)+" instances", model.ByUSL, x.Rates[i], most*s.Utilization)
	}
}
