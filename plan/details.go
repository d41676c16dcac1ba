package plan

import (
	"fmt"
	"math"

	"fsctl/plan/model"
	"fsctl/plan/queueing"
	"fsctl/scenarios"
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
	list := []Detail{{"hot_key_ratio", s.HotKey, ofOne, keyedBy(m, s)}}
	if s.HotKey > 0 {
		list = append(list,
			Detail{"hot_key_qps", s.HotKey * x.Rates[i], perSecond, fmt.Sprintf("%s of the calls", quantity.Percent(s.HotKey))},
			Detail{"hot_shard_qps", s.HotShard(x.Rates[i], s.HotKey, x.Sizes[i].Instances), perSecond, fmt.Sprintf("the busiest shard; planned for %s", quantity.Rate(x.Values[s.Capacity]*s.Utilization))})
	}
	if s.Misses != model.Absent {
		behind, hit := m.Services[s.Misses].Name, x.Value(s.Hit, 0)
		list = append(list,
			Detail{"db_reads_at_hit", m.PassedOn(x, i, 0), perSecond, fmt.Sprintf("go on to %s at %s hits", behind, quantity.Percent(hit))},
			Detail{"db_reads_at_hit_minus_1pct", m.PassedOn(x, i, 0.01), perSecond, fmt.Sprintf("at %s hits", quantity.Percent(max(0, hit-0.01)))})
	}
	return list
}

// keyedBy says what the keys of a cache are, and by whose word.
func keyedBy(m *model.Model, s *model.Service) string {
	k := &s.KeyedBy
	switch {
	case k.By == scenarios.KeyedBySale && k.Given:
		return "of the calls: keyed by the items on sale (key: sale)"
	case k.By == scenarios.KeyedBySale:
		return "of the calls: keyed by the items on sale, for step " + k.Step + " uses ${sku}"
	case k.By == scenarios.KeyedByZipf:
		return "of the calls: the hottest of its own keys (key: zipf)"
	case k.Given:
		return "spread evenly over its keys (key: none)"
	case k.Step == "" && m.Sale != nil:
		return "spread evenly over its keys, for no step that calls it uses ${sku}"
	}
	return "spread evenly over its keys, for nothing is on sale"
}

func databaseDetails(m *model.Model, x *model.Case, i int) []Detail {
	s := &m.Services[i]
	writes, replicas := m.WriteRate(x, i), m.Replicas(x, i)
	on := "on one primary"
	if s.Primaries > 1 {
		on = fmt.Sprintf("on %s primaries, %s each", quantity.Given(s.Primaries), quantity.Rate(writes/s.Primaries))
	}
	list := []Detail{
		{"write_qps", writes, perSecond, on},
		{"read_qps", m.ReadRate(x, i), perSecond, "on " + quantity.EstimateOf(replicas, "replica")},
	}
	if most := m.MostWrites(x, i); most > writes*(1+1e-9) {
		list = append(list, Detail{"most_write_qps", most, perSecond, "in another load than the one with the most nodes"})
	}
	if queued := x.LoadOf(i).Queued[i]; queued > 0 {
		list = append(list, Detail{"queued_qps", queued, perSecond, "of the calls come out of a queue, as long as it drains"})
	}
	if s.Demand != model.Absent && m.MostWrites(x, i) > 0 {
		list = append(list, Detail{"primary_cores", m.MostWrites(x, i) / s.Primaries * x.Values[s.Demand], "cores", fmt.Sprintf("that the writes keep busy, of the %s of a primary, at most %s used", quantity.Given(s.InstanceCores), quantity.Percent(s.Utilization))})
	}
	if s.HotRow > 0 {
		list = append(list, Detail{"hot_row_qps", m.HotRowRate(x, i), perSecond, fmt.Sprintf("writes to the most wanted item's row, which takes %s", quantity.Rate(s.HotRow))})
	}
	if primary, replica := m.OpenConnections(x, i); primary+replica > 0 {
		list = append(list,
			Detail{"pool_connections", s.Primaries*primary + replicas*replica, "connections", fmt.Sprintf("of all callers, held %s a call; %s of calls wait for one", quantity.Seconds(x.Values[s.Demand]), quantity.Percent(s.Wait))},
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
	lasts, depth := m.Lasts(x, i), m.Depth(x, i)
	in, out := m.Enqueued(x, i)
	leave := "are worked off, as long as any wait"
	if s.To != model.Absent {
		leave = "go on to " + m.Services[s.To].Name + ", as long as any wait"
	}
	list := []Detail{
		{"event_seconds", lasts, inSeconds, fmt.Sprintf("%s come in, then %s", quantity.Rate(in), quantity.Rate(m.RateAfter(x, i)))},
		{"enqueued", in * lasts, "requests", "in that time, refusals among them if they are told by way of the queue"},
		{"out_qps", out, perSecond, leave},
		{"delivered", out * lasts, "requests", "of those, in that time"},
		{"depth", depth, "requests", "the others, at the end of that, " + note},
	}
	if most := min(in, m.WorkedOff(x, i, consumers)/s.Utilization); most > out*(1+1e-9) && depth > 0 {
		list = append(list, Detail{"most_out_qps", most, perSecond, "at full speed of its consumers: limit them to out_qps, or what comes behind gets this"})
	}
	switch drain := m.DrainSeconds(x, i); {
	case depth == 0:
		list = append(list, Detail{"drain_seconds", 0, inSeconds, "nothing queues up"})
	case !math.IsInf(drain, 1):
		list = append(list, Detail{"drain_seconds", drain, inSeconds, "from then until it is empty"})
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
	lasts, asked := m.Selling(x, i), m.Concurrency(x, i)
	until := ""
	if lasts < m.Lasts(x, i) {
		until = ", until the stock is gone"
	}
	list := []Detail{
		{"event_seconds", lasts, inSeconds, fmt.Sprintf("%s come in, %s in all%s", quantity.Rate(rate), quantity.EstimateOf(rate*lasts, "request"), until)},
		{"concurrency", x.Sizes[i].Cores, "executions", fmt.Sprintf("%s of %s each", quantity.Rate(rate), quantity.Seconds(held))},
	}
	if s.MaxInstances > 0 && asked > s.MaxInstances {
		list[1].Note = fmt.Sprintf("all that max_instances allows, of %s", quantity.Estimate(asked))
		over := (asked - s.MaxInstances) / held
		list = append(list, Detail{"throttled_qps{account}", over, perSecond, "beyond max_instances"},
			Detail{"throttled_requests{account}", over * lasts, "requests", "of those that come in all"})
	}
	if s.Provisioned > 0 {
		list = append(list, Detail{"provisioned", s.Provisioned, "instances", "kept warm"})
	}
	list = append(list, Detail{"cold_starts", s.ColdStarts(instances), "instances", "at T0: executions beyond the provisioned"})
	for _, p := range providersOf(s) {
		r := m.Ramp(x, i, p.limit)
		list = append(list,
			Detail{"burst_seconds{" + p.name + "}", r.Seconds, inSeconds, "until all run: " + p.note},
			Detail{"throttled_qps{" + p.name + "}", r.ThrottledPerSec, perSecond, "refused or waiting at T0"},
			Detail{"throttled_requests{" + p.name + "}", r.ThrottledRequests, "requests", "of those that come in all"})
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
