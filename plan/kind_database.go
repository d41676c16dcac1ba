package plan

import "fmt"

// databaseNodes returns 1 primary for the writes + ceil(reads / P) replicas for the reads.
//
//	P  capacity x utilization of one node [1/s]
//
// One primary carries all writes, whatever their number; limits says when it cannot.
func (m *model) databaseNodes(x *point, i int, planned float64) (nodes float64, bottleneck string) {
	s := &m.services[i]
	writes := m.writes(x, i)
	switch {
	case writes > planned:
		bottleneck = byPrimaryWrites
	case s.hotRow > 0 && m.hotWrites(x, i) > s.hotRow:
		bottleneck = byHotRow
	default:
		bottleneck = byNodeRate
	}
	return 1 + ceil((x.rates[i]-writes)/planned), bottleneck
}

// writes returns the rate at the primary [1/s]: misses are reads.
func (m *model) writes(x *point, i int) float64 { return x.direct[i] * m.services[i].writes }

// hotWrites returns the writes per second to the row of the most wanted item: those of the
// transaction steps, by that item's share of orders.
func (m *model) hotWrites(x *point, i int) float64 {
	var sum float64
	for k, calls := range m.services[i].calls {
		if m.steps[k].transaction {
			sum += x.steps[k] * calls
		}
	}
	return sum * m.services[i].writes * m.hottest
}

// pools returns the connections that are open at the primary and at each replica, so that at most
// the share wait of the calls has to wait for one; 0 where no demand says how long a call holds it.
//
//	open = least c with ErlangC(c, rate x demand) <= wait
//
// Source: Little's law and queueing.MinServersErlangC.
func (m *model) pools(x *point, i int) (primary, replica float64) {
	s := &m.services[i]
	if s.demand == absent {
		return 0, 0
	}
	writes, held := m.writes(x, i), x.values[s.demand]
	replicas := max(1, x.sizes[i].instances-1)
	return poolSize(writes*held, s.wait), poolSize((x.rates[i]-writes)/replicas*held, s.wait)
}

func (m *model) databaseDetails(x *point, i int) []Detail {
	s := &m.services[i]
	writes := m.writes(x, i)
	replicas := max(0, x.sizes[i].instances-1)
	list := []Detail{
		{"write_qps", writes, perSecond, "on one primary"},
		{"read_qps", max(0, x.rates[i]-writes), perSecond, fmt.Sprintf("on %s replicas", figure(replicas))},
	}
	if s.hotRow > 0 {
		list = append(list, Detail{"hot_row_qps", m.hotWrites(x, i), perSecond, fmt.Sprintf("writes to the most wanted item's row, which takes %s/s", figure(s.hotRow))})
	}
	if primary, replica := m.pools(x, i); primary+replica > 0 {
		list = append(list,
			Detail{"pool_connections", primary + replicas*replica, "connections", fmt.Sprintf("of all callers, held %s a call; %s %% of calls wait for one", seconds(x.values[s.demand]), figure(s.wait*100))},
			Detail{"node_connections", max(primary, replica), "connections", "at the node with the most"})
	}
	return list
}

func (r *review) connectionLimit(i int) {
	s := &r.services[i]
	if s.connections == 0 {
		return
	}
	open := func(x *point) float64 {
		primary, replica := r.pools(x, i)
		return max(primary, replica)
	}
	x, when := r.worst(func(x *point) bool { return x.sizes[i].instances > 0 && open(x) > s.connections })
	if x == nil {
		return
	}
	r.warn("connections", "%s: a node needs %s open connections%s and accepts %s; calls would wait for one; a shorter demand than %s, a pooler before it or more replicas for reads help",
		s.name, figure(open(x)), when, figure(s.connections), seconds(x.values[s.demand]))
	if x == r.mid {
		r.excuse(fmt.Sprintf("%s on %s nodes", s.name, figure(x.sizes[i].instances)), byConnections, open(x), s.connections)
	}
}
