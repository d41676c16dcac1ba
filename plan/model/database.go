package model

import (
	"math"

	"fsctl/plan/queueing"
)

// database returns K primaries for the writes + replicas for the reads, the same number behind each primary.
//
//	nodes  K (1 + ceil(max(reads / P, Staff(reads).Instances) / K))
//	cores  Staff(reads).Cores + K x cores of a primary: ceil(writes / K x demand / utilization)
//
//	K  shards, 1 by default
//	P  planned, capacity x utilization of one node [1/s]
//
// The primaries carry all writes, whatever their number, and replicas the reads alone; the bottleneck says where a primary cannot.
func (m *Model) database(x *Case, i int) Size {
	s := &m.Services[i]
	writes, reads := m.MostWrites(x, i), m.ReadRate(x, i)
	planned := x.Values[s.Capacity] * s.Utilization
	out := Size{Bottleneck: ByNodeRate}
	replicas := Ceil(reads / planned / s.Primaries)
	if s.Demand != Absent {
		demand, scv := x.Values[s.Demand], x.Value(s.Variability, 1)
		out.Late = s.tooSlow(demand, scv)
		if reads >= LeastRate {
			staff := s.Staff(reads, demand, scv)
			out.Cores = staff.Cores
			if n := Ceil(staff.Instances / s.Primaries); n > replicas {
				replicas, out.Bottleneck = n, staff.Bottleneck
			}
		}
		out.Cores += s.Primaries * s.primaryCores(writes/s.Primaries*demand)
	}
	out.Instances = s.Primaries * (1 + replicas)
	byRate, byCPU := m.PrimaryLoad(x, i)
	switch {
	case byCPU > s.Utilization && byCPU >= byRate:
		out.Bottleneck = ByPrimaryCPU
	case byRate > s.Utilization:
		out.Bottleneck = ByPrimaryWrites
	case s.HotRow > 0 && m.HotRowRate(x, i) > s.HotRow:
		out.Bottleneck = ByHotRow
	}
	return out
}

// primaryCores returns the cores that keep a primary at its utilization, more than the erlang of its writes; 0 without any.
func (s *Service) primaryCores(erlang float64) float64 {
	if erlang <= 0 {
		return 0
	}
	return max(Ceil(erlang/s.Utilization), math.Floor(erlang)+1)
}

// PrimaryLoad returns what the writes ask of each primary of database i: the share of its capacity, and of its cores; 0 for the second where no
// demand is given, and both above 1 where they are more than it can do. i is the index of the database, from 0.
//
//	byRate = writes / K / capacity
//	byCPU  = writes / K x demand / cores of an instance
//
// Source: the utilization law: Denning and Buzen, ACM Computing Surveys 10(3), 1978.
func (m *Model) PrimaryLoad(x *Case, i int) (byRate, byCPU float64) {
	s := &m.Services[i]
	writes := m.MostWrites(x, i) / s.Primaries
	return writes / x.Values[s.Capacity] * (1 - 1e-12), writes * x.Value(s.Demand, 0) / s.InstanceCores * (1 - 1e-12)
}

// WriteRate returns the rate at the primaries of database i [1/s]: misses are reads. i is the index of
// the service, from 0. By definition (calls of the steps + what queues hand on, also through services) x share that writes.
func (m *Model) WriteRate(x *Case, i int) float64 {
	return (x.Direct[i] + x.LoadOf(i).Queued[i]) * m.Services[i].Writes
}

// MostWrites returns the rate at the primaries of database i in that of the loads that services may be sized for in which they have the most [1/s]: the
// primaries have to bear it whichever load asks for the most nodes. i is the index of the service, from 0.
func (m *Model) MostWrites(x *Case, i int) float64 {
	var most float64
	for _, l := range x.choice {
		most = max(most, (x.Loads[l].Direct[i]+x.Loads[l].Queued[i])*m.Services[i].Writes)
	}
	return most
}

// ReadRate returns the rate at the replicas of database i [1/s]: by definition the calls that are no writes. i is the index of the service, from 0.
func (m *Model) ReadRate(x *Case, i int) float64 { return max(0, x.Rates[i]-m.WriteRate(x, i)) }

// HotRowRate returns the writes to the row of the most wanted item [1/s]: those of the transaction
// steps, also by way of a queue, by that item's share of orders. As with [Model.MostWrites] they are those of the load that has the most,
// whichever one asks for the most nodes. i is the index of the service, from 0.
func (m *Model) HotRowRate(x *Case, i int) float64 {
	var most float64
	for _, l := range x.choice {
		most = max(most, x.Loads[l].Orders[i])
	}
	return most * m.Services[i].Writes * m.Event.Hottest
}

// Replicas returns the nodes of database i that are no primaries, 0 or more. i is the index of the service, from 0.
func (m *Model) Replicas(x *Case, i int) float64 {
	return max(0, x.Sizes[i].Instances-m.Services[i].Primaries)
}

// OpenConnections returns the connections that are open at each primary and at each replica of database
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
	held := x.Values[s.Demand]
	return connections(m.MostWrites(x, i)/s.Primaries*held, s.Wait), connections(m.ReadRate(x, i)/max(1, m.Replicas(x, i))*held, s.Wait)
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
