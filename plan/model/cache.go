package model

import "fsctl/plan/queueing"

// leastRoom is the share of a shard that its copy of the hottest key must leave to other keys: with less, twenty times the shards and more
// would be there for that one key.
const leastRoom = 0.05

// Shards returns the least number K of shards whose busiest one stays within its planned rate P, and
// what asks for them.
//
//	p1 lambda / min(r, K) + (1-p1) lambda / K <= P
//
//	lambda  rate of all calls [1/s]
//	p1      hottest, the share of the hottest key; 0 where it is not known, and then K = ceil(lambda / P)
//	r       KeyCopies, shards that each hold a copy of the hottest key
//	P       planned, capacity x utilization of one shard [1/s]
//
// Where the copies leave less than a twentieth of P to other keys, more shards do not help: K is that of a twentieth, bound by the hottest
// key, so that K never falls when lambda grows.
// Source: queueing.ShardLoadPerSec for r = 1; derived for more copies, among which the hottest key's calls are
// spread evenly.
func (s *Service) Shards(rate, hottest, planned float64) (nodes float64, bottleneck string) {
	even := Ceil(rate / planned)
	if hottest == 0 || even <= s.KeyCopies { // with a copy on every shard all calls spread
		return even, ByNodeRate
	}
	left := planned - hottest*rate/s.KeyCopies
	needed := max(even, Ceil((1-hottest)*rate/max(left, leastRoom*planned)))
	if needed > even || left < leastRoom*planned {
		return needed, ByHotKey
	}
	return even, ByNodeRate
}

// HotShard returns the rate at the busiest of so many shards [1/s], symbols as in [Service.Shards].
//
//	p1 lambda / min(r, K) + (1-p1) lambda / K
//
//	rate     lambda  of all calls [1/s]
//	hottest  p1      share of the hottest key, 0 to 1
//	nodes    K       shards, at least 1
//
// Source: queueing.ShardLoadPerSec for r = 1; derived for more, each copy takes an equal part of the
// hottest key's calls.
func (s *Service) HotShard(rate, hottest, nodes float64) float64 {
	return hottest*rate/min(s.KeyCopies, nodes) + (1-hottest)*rate/nodes
}

// Overheated reports whether the copies of the hottest key are too busy for any number of shards of the
// cache i. i is the index of a cache, from 0.
func (m *Model) Overheated(x *Case, i int) bool {
	s, hottest := &m.Services[i], m.Services[i].HotKey
	planned := x.Values[s.Capacity] * s.Utilization
	return hottest > 0 && Ceil(x.Rates[i]/planned) > s.KeyCopies && hottest*x.Rates[i]/s.KeyCopies > (1-leastRoom)*planned
}

// KeyCopiesNeeded returns the least number of copies of the hottest key at which more shards help the
// cache i. At least 1 where there are calls: ceil(p1 lambda / P), P less the twentieth that other keys
// must find; derived from [Service.Shards].
func (m *Model) KeyCopiesNeeded(x *Case, i int) float64 {
	planned := x.Values[m.Services[i].Capacity] * m.Services[i].Utilization
	return Ceil(m.Services[i].HotKey * x.Rates[i] / ((1 - leastRoom) * planned))
}

// PassedOn returns the calls that the cache i does not answer [1/s] with a hit ratio that is lower than
// in the case by so much, lower from 0 to 1. A hit ratio stays at least 0. Source:
// queueing.DatabaseReadsPerSec.
func (m *Model) PassedOn(x *Case, i int, lower float64) float64 {
	hit := max(0, x.Value(m.Services[i].Hit, 0)-lower)
	through, err := queueing.DatabaseReadsPerSec(x.Rates[i], hit)
	if err != nil { // the model keeps the range
		return 0
	}
	return through
}
