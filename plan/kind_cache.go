package plan

import (
	"fmt"

	"fsctl/plan/queueing"
)

// leastRoom is the share of a shard that its copy of the hottest key must leave to other keys: with
// less, hardly any number of shards would do.
const leastRoom = 1e-3

// shards returns the least number K of shards whose busiest one stays within its planned rate P.
//
//	p1 lambda / min(r, K) + (1-p1) lambda / K <= P
//
//	lambda  rate of all calls [1/s]
//	p1      share of the hottest key; 0 where nothing tells, and then K = ceil(lambda / P)
//	r       shards that each hold a copy of the hottest key
//	P       capacity x utilization of one shard [1/s]
//
// Where the copies alone are too busy no K helps: K is that of the rate, bound by the hottest key.
// Source: queueing.ShardLoadPerSec for r = 1.
func (s *serviceModel) shards(rate, hottest, planned float64) (nodes float64, bottleneck string) {
	even := ceil(rate / planned)
	if hottest == 0 || even <= s.keyCopies { // with a copy on every shard all calls spread
		return even, byNodeRate
	}
	room := planned - hottest*rate/s.keyCopies
	if room < leastRoom*planned {
		return even, byHotKey
	}
	if needed := ceil((1 - hottest) * rate / room); needed > even {
		return needed, byHotKey
	}
	return even, byNodeRate
}

// hotShard returns the rate at the busiest of so many shards [1/s].
func (s *serviceModel) hotShard(rate, hottest, nodes float64) float64 {
	return hottest*rate/min(s.keyCopies, nodes) + (1-hottest)*rate/nodes
}

// overheated tells whether the copies of the hottest key are too busy for any number of shards.
func (m *model) overheated(x *point, i int) bool {
	s := &m.services[i]
	planned := x.values[s.capacity] * s.utilization
	return m.hotKey > 0 && ceil(x.rates[i]/planned) > s.keyCopies && m.hotKey*x.rates[i]/s.keyCopies > (1-leastRoom)*planned
}

// reads returns what a cache passes on with the given share of misses more than in the case [1/s].
func (m *model) reads(x *point, i int, more float64) float64 {
	hit := max(0, x.value(m.services[i].hit, 0)-more)
	through, err := queueing.DatabaseReadsPerSec(x.rates[i], hit)
	if err != nil { // the model keeps the range
		return 0
	}
	return through
}

func (m *model) cacheDetails(x *point, i int) []Detail {
	s := &m.services[i]
	var list []Detail
	if m.hotKey > 0 {
		list = append(list,
			Detail{"hot_key_qps", m.hotKey * x.rates[i], perSecond, fmt.Sprintf("%s %% of the calls", figure(m.hotKey*100))},
			Detail{"hot_shard_qps", s.hotShard(x.rates[i], m.hotKey, x.sizes[i].instances), perSecond, fmt.Sprintf("the busiest shard; planned for %s/s", figure(x.values[s.capacity]*s.utilization))})
	}
	if s.misses != absent {
		behind, hit := m.services[s.misses].name, x.value(s.hit, 0)*100
		list = append(list,
			Detail{"db_reads_at_hit", m.reads(x, i, 0), perSecond, fmt.Sprintf("go on to %s at %s %% hits", behind, figure(hit))},
			Detail{"db_reads_at_hit_minus_1pct", m.reads(x, i, 0.01), perSecond, fmt.Sprintf("at %s %% hits", figure(max(0, hit-1)))})
	}
	return list
}

func (r *review) hotKeyLimit(i int) {
	s := &r.services[i]
	x, when := r.worst(func(x *point) bool { return r.overheated(x, i) })
	if x == nil {
		return
	}
	planned := x.values[s.capacity] * s.utilization
	got := r.hotKey * x.rates[i] / s.keyCopies
	where := "the one shard that holds it"
	if s.keyCopies > 1 {
		where = fmt.Sprintf("each of the %s shards that hold it", figure(s.keyCopies))
	}
	r.warn("hot-key", "%s: the hottest key draws %s %% of the calls, %s/s%s at %s, which is planned for %s/s; more shards do not help, a local cache in the callers or key_copies of %s and more (key replication) do",
		s.name, figure(r.hotKey*100), figure(got), when, where, figure(planned), figure(ceil(r.hotKey*x.rates[i]/((1-leastRoom)*planned))))
	if x == r.mid {
		r.excuse(fmt.Sprintf("%s with key_copies %s", s.name, figure(s.keyCopies)), byHotKey, got, planned)
	}
}
