package plan

import (
	"fmt"

	"fsctl/plan/model"
	"fsctl/plan/queueing"
	"fsctl/scenarios/quantity"
)

// Units of details that are not counts.
const (
	perSecond = "1/s"
	inSeconds = "s"
	ofOne     = "ratio"
)

// details lists the figures of service i that only its kind has; none where it is not sized.
func details(m *model.Model, x *model.Case, i int) []Detail {
	s := &m.Services[i]
	if x.Sizes[i].Instances == 0 {
		return nil
	}
	var list []Detail
	switch s.Kind {
	case "cache":
		list = cacheDetails(m, x, i)
	case "database":
		list = databaseDetails(m, x, i)
	case "queue":
		list = queueDetails(m, x, i)
	case "function":
		list = functionDetails(m, x, i)
	}
	if s.Quota > 0 {
		list = append(list, quotaDetails(m, x, i)...)
	}
	return list
}

func cacheDetails(m *model.Model, x *model.Case, i int) []Detail {
	s := &m.Services[i]
	var list []Detail
	if m.Event.HotKey > 0 {
		list = append(list,
			Detail{"hot_key_qps", m.Event.HotKey * x.Rates[i], perSecond, fmt.Sprintf("%s of the calls", quantity.Percent(m.Event.HotKey))},
			Detail{"hot_shard_qps", s.HotShard(x.Rates[i], m.Event.HotKey, x.Sizes[i].Instances), perSecond, fmt.Sprintf("the busiest shard; planned for %s", quantity.Rate(x.Values[s.Capacity]*s.Utilization))})
	}
	if s.Misses != model.Absent {
		behind, hit := m.Services[s.Misses].Name, x.Value(s.Hit, 0)
		list = append(list,
			Detail{"db_reads_at_hit", m.PassedOn(x, i, 0), perSecond, fmt.Sprintf("go on to %s at %s hits", behind, quantity.Percent(hit))},
			Detail{"db_reads_at_hit_minus_1pct", m.PassedOn(x, i, 0.01), perSecond, fmt.Sprintf("at %s hits", quantity.Percent(max(0, hit-0.01)))})
	}
	return list
}

func databaseDetails(m *model.Model, x *model.Case, i int) []Detail {
	s := &m.Services[i]
	writes := m.WriteRate(x, i)
	replicas := max(0, x.Sizes[i].Instances-1)
	list := []Detail{
		{"write_qps", writes, perSecond, "on one primary"},
		{"read_qps", max(0, x.Rates[i]-writes), perSecond, "on " + quantity.EstimateOf(replicas, "replica")},
	}
	if s.HotRow > 0 {
		list = append(list, Detail{"hot_row_qps", m.HotRowRate(x, i), perSecond, fmt.Sprintf("writes to the most wanted item's row, which takes %s", quantity.Rate(s.HotRow))})
	}
	if primary, replica := m.OpenConnections(x, i); primary+replica > 0 {
		list = append(list,
			Detail{"pool_connections", primary + replicas*replica, "connections", fmt.Sprintf("of all callers, held %s a call; %s of calls wait for one", quantity.Seconds(x.Values[s.Demand]), quantity.Percent(s.Wait))},
			Detail{"node_connections", max(primary, replica), "connections", "at the node with the most"})
	}
	return list
}

func queueDetails(m *model.Model, x *model.Case, i int) []Detail {
	s := &m.Services[i]
	consumers := x.Sizes[i].Instances
	note := "with " + quantity.EstimateOf(consumers, "consumer")
	if s.Partitions > 0 && consumers > s.Partitions {
		consumers = s.Partitions
		note = fmt.Sprintf("with %s, one for each partition", quantity.EstimateOf(consumers, "consumer"))
	}
	lasts, after, worked := m.Lasts(x), m.RateAfter(x, i), m.WorkedOff(x, i, consumers)
	depth := max(0, x.Rates[i]-worked) * lasts
	list := []Detail{
		{"event_seconds", lasts, inSeconds, fmt.Sprintf("%s come in, then %s", quantity.Rate(x.Rates[i]), quantity.Rate(after))},
		{"depth", depth, "requests", "at the end of that, " + note},
	}
	switch {
	case depth == 0:
		list = append(list, Detail{"drain_seconds", 0, inSeconds, "nothing queues up"})
	case worked > after:
		list = append(list, Detail{"drain_seconds", depth / (worked - after), inSeconds, "from then until it is empty"})
	}
	partitions := Detail{"partitions", x.Sizes[i].Instances, "partitions", "needed, at least one for each consumer"}
	if s.Partitions > 0 {
		needed := quantity.Estimate(x.Sizes[i].Instances)
		partitions.Value, partitions.Note = s.Partitions, needed+quantity.Verb(needed, " is needed", " are needed")
	}
	return append(list, partitions)
}

func functionDetails(m *model.Model, x *model.Case, i int) []Detail {
	s, rate := &m.Services[i], x.Rates[i]
	held, instances := x.Values[s.Demand], x.Sizes[i].Instances
	list := []Detail{{"concurrency", rate * held, "executions", fmt.Sprintf("%s of %s each", quantity.Rate(rate), quantity.Seconds(held))}}
	if s.Provisioned > 0 {
		list = append(list, Detail{"provisioned", s.Provisioned, "instances", "kept warm"})
	}
	list = append(list, Detail{"cold_starts", s.ColdStarts(instances), "instances", "at T0: executions beyond the provisioned"})
	for _, p := range providersOf(s) {
		r := s.Ramp(p.limit, rate, held)
		list = append(list,
			Detail{"burst_seconds{" + p.name + "}", r.Seconds, inSeconds, "until all run: " + p.note},
			Detail{"throttled_qps{" + p.name + "}", r.ThrottledPerSec, perSecond, "refused or waiting at T0"},
			Detail{"throttled_requests{" + p.name + "}", r.ThrottledRequests, "requests", "in all until then"})
	}
	server := s.Staff(rate, held, x.Value(s.Variability, 1))
	each := "1 core each"
	if s.InstanceCores > 1 {
		each = quantity.EstimateOf(s.InstanceCores, "core") + " each"
	}
	return append(list,
		Detail{"server_cores", server.Cores, "cores", fmt.Sprintf("the same load on servers, by %s, if all of the time is CPU time", server.Bottleneck)},
		Detail{"server_instances", server.Instances, "instances", fmt.Sprintf("%s, at most %s used", each, quantity.Percent(s.Utilization))})
}

// provider is a rate at which instances of a function are created.
type provider struct {
	name, note string
	limit      queueing.TokenBucket
}

// providersOf lists the published limits, and the scenario's own where it gives one.
func providersOf(s *model.Service) []provider {
	list := []provider{
		{"aws-lambda", "1,000 at once and 1,000 every 10 s", queueing.LambdaBurst()},
		{"function-compute", "300 at once and 300/min; 100 in all until the account's limit is raised", queueing.FunctionComputeBurst()},
	}
	if s.Burst != nil {
		list = append(list, provider{"scenario", fmt.Sprintf("%s at once and %s", quantity.Given(s.Burst.Burst), quantity.Rate(s.Burst.RatePerSec)), *s.Burst})
	}
	return list
}

func quotaDetails(m *model.Model, x *model.Case, i int) []Detail {
	s, rate := &m.Services[i], x.Rates[i]
	over := max(0, rate-s.Quota)
	note := "of the event"
	if over > 0 && s.QuotaBurst > 0 {
		note = fmt.Sprintf("of the event; the burst of %s is used up after %s", quantity.Given(s.QuotaBurst), quantity.Seconds(s.QuotaBurst/over))
	}
	return []Detail{
		{"quota_qps", s.Quota, perSecond, "let through"},
		{"throttled_qps{quota}", over, perSecond, "above the quota"},
		{"throttled_ratio{quota}", m.Throttled(x, i), ofOne, note},
	}
}
