package model

import "fsctl/plan/queueing"

// databaseNodes returns 1 primary for the writes + ceil(reads / P) replicas for the reads.
//
//	P  planned, capacity x utilization of one node [1/s]
//
// One primary carries all writes, whatever their number; the bottleneck says when it cannot.
func (m *Model) databaseNodes(x *Case, i int, planned float64) (nodes float64, bottleneck string) {
	s := &m.Services[i]
	writes := m.WriteRate(x, i)
	switch {
	case writes > planned:
		bottleneck = ByPrimaryWrites
	case s.HotRow > 0 && m.HotRowRate(x, i) > s.HotRow:
		bottleneck = ByHotRow
	default:
		bottleneck = ByNodeRate
	}
	return 1 + Ceil((x.Rates[i]-writes)/planned), bottleneck
}

// WriteRate returns the rate at the primary of database i [1/s]: misses are reads. i is the index of
// the service, from 0. By definition calls of the steps x share that writes.
func (m *Model) WriteRate(x *Case, i int) float64 { return x.Direct[i] * m.Services[i].Writes }

// HotRowRate returns the writes to the row of the most wanted item [1/s]: those of the transaction
// steps, by that item's share of orders. i is the index of the service, from 0.
func (m *Model) HotRowRate(x *Case, i int) float64 {
	var sum float64
	for k, calls := range m.Services[i].Calls {
		if m.Steps[k].Transaction {
			sum += x.Steps[k] * calls
		}
	}
	return sum * m.Services[i].Writes * m.Event.Hottest
}

// OpenConnections returns the connections that are open at the primary and at each replica of database
// i, so that at most the share Wait of the calls has to wait for one; 0 where no demand says how long a
// call holds it.
//
//	open = least c with ErlangC(c, rate x demand) <= wait
//
// Source: Little's law and queueing.MinServersErlangC.
func (m *Model) OpenConnections(x *Case, i int) (primary, replica float64) {
	s := &m.Services[i]
	if s.Demand == Absent {
		return 0, 0
	}
	writes, held := m.WriteRate(x, i), x.Values[s.Demand]
	replicas := max(1, x.Sizes[i].Instances-1)
	return connections(writes*held, s.Wait), connections((x.Rates[i]-writes)/replicas*held, s.Wait)
}

// connections returns how many an offered load [erlang] needs so that at most the given share has to
// wait for one.
func connections(erlang, wait float64) float64 {
	if erlang <= 0 {
		return 0
	}
	c, err := queueing.MinServersErlangC(erlang, wait)
	if err != nil { // the model keeps the range
		return Ceil(erlang)
	}
	return float64(c)
}
