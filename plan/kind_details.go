package plan

import "fsctl/plan/queueing"

// Detail is a figure that only one kind of service has, in the mid case. Names are stable; a word in
// braces says whose figure it is: burst_seconds{aws-lambda}.
//
//	cache     hot_key_qps, hot_shard_qps, db_reads_at_hit, db_reads_at_hit_minus_1pct
//	database  write_qps, read_qps, hot_row_qps, pool_connections, node_connections
//	queue     event_seconds, depth, drain_seconds, partitions
//	function  concurrency, provisioned, cold_starts, server_cores, server_instances, and for each
//	          provider burst_seconds, throttled_qps, throttled_requests
//	any       quota_qps, throttled_qps{quota}, throttled_ratio{quota}
type Detail struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"` // 1/s, s, ratio, or what is counted
	Note  string  `json:"note,omitempty"`
}

// Units of details that are not counts.
const (
	perSecond = "1/s"
	inSeconds = "s"
	ofOne     = "ratio"
)

// details lists the figures of service i that only its kind has; none where it is not sized.
func (m *model) details(x *point, i int) []Detail {
	s := &m.services[i]
	if x.sizes[i].instances == 0 {
		return nil
	}
	var list []Detail
	switch s.kind {
	case "cache":
		list = m.cacheDetails(x, i)
	case "database":
		list = m.databaseDetails(x, i)
	case "queue":
		list = m.queueDetails(x, i)
	case "function":
		list = m.functionDetails(x, i)
	}
	if s.quota > 0 {
		list = append(list, m.quotaDetails(x, i)...)
	}
	return list
}

// poolSize returns the connections for an offered load [erlang] of which at most the given share
// has to wait for one: Little's rate x holding time, with the head room of Erlang C.
func poolSize(erlang, wait float64) float64 {
	if erlang <= 0 {
		return 0
	}
	c, err := queueing.MinServersErlangC(erlang, wait)
	if err != nil { // the model keeps the range
		return ceil(erlang)
	}
	return float64(c)
}
