package model

// Behaviour is how a service fares in a case on the instances of that case.
type Behaviour struct {
	Utilization float64 // share of time that a core, or the busiest node, is busy, 0 to 1
	Wait        float64 // share of calls that arrive while every core is busy, 0 to 1
	P50, P99    float64 // of the response time [s]; 0 where no demand is given, and of a queue that grows
}

// Behaviour returns how service i fares in a case that is sized; all 0 where it has no size.
// Source: the utilization law, and [ResponseTime].
func (m *Model) Behaviour(x *Case, i int) Behaviour {
	var out Behaviour
	s, sized, rate := &m.Services[i], x.Sizes[i], x.Rates[i]
	if sized.Instances == 0 {
		return out
	}
	if s.Capacity != Absent && s.Kind != "function" {
		out.Utilization = min(1, m.nodeUtilization(x, i))
	}
	if s.Demand == Absent {
		return out
	}
	if m.Grows(x, i) {
		out.Utilization, out.Wait = 1, 1
		return out
	}
	if s.Kind == "database" {
		return m.databaseBehaviour(x, i, out.Utilization)
	}
	seconds, scv := s.Seconds(x, sized.Instances), x.Value(s.Variability, 1)
	r := ServiceTime(seconds, scv)
	busy := sized.Cores / sized.Instances
	if s.Kind != "function" {
		cores := min(sized.Instances*s.InstanceCores, MaxServers)
		busy = rate * seconds / cores
		r = NewResponseTime(rate, seconds, scv, int(cores))
	}
	out.Utilization = max(out.Utilization, min(1, busy))
	out.Wait, out.P50, out.P99 = r.Wait, r.Quantile(0.5), r.Quantile(0.99)
	return out
}

// databaseBehaviour returns how database i with a demand fares: each figure is that of the primaries or of the replicas, whichever is
// worse. Each primary is a group of cores of its own; the replicas are one. Where a primary is asked for more than it can do every write
// waits, and there is no response time of a steady state.
func (m *Model) databaseBehaviour(x *Case, i int, used float64) Behaviour {
	s := &m.Services[i]
	out := Behaviour{Utilization: used}
	demand, scv := x.Values[s.Demand], x.Value(s.Variability, 1)
	for _, g := range []struct{ rate, cores float64 }{
		{m.MostWrites(x, i) / s.Primaries, s.InstanceCores}, {m.ReadRate(x, i), min(m.Replicas(x, i)*s.InstanceCores, MaxServers)},
	} {
		switch {
		case g.rate < LeastRate:
		case g.rate*demand >= g.cores:
			return Behaviour{Utilization: 1, Wait: 1}
		default:
			r := NewResponseTime(g.rate, demand, scv, int(g.cores))
			out.Utilization, out.Wait = max(out.Utilization, g.rate*demand/g.cores), max(out.Wait, r.Wait)
			out.P50, out.P99 = max(out.P50, r.Quantile(0.5)), max(out.P99, r.Quantile(0.99))
		}
	}
	return out
}

// Overloaded reports whether a primary of database i, which has a demand, is asked for more CPU time than it has. i is the index of the service, from 0.
func (m *Model) Overloaded(x *Case, i int) bool {
	s := &m.Services[i]
	return m.MostWrites(x, i)/s.Primaries*x.Values[s.Demand] >= s.InstanceCores
}

// Grows reports whether service i is a queue that gets more than it can do, as a limit on its drain time
// allows: it has no steady state. i is the index of the service, from 0.
func (m *Model) Grows(x *Case, i int) bool {
	s, instances := &m.Services[i], x.Sizes[i].Instances
	return s.DrainSeconds > 0 && x.Rates[i]*s.Seconds(x, instances) >= instances*s.InstanceCores
}

// nodeUtilization returns the share of its capacity that the busiest node is asked for.
func (m *Model) nodeUtilization(x *Case, i int) float64 {
	s := &m.Services[i]
	capacity, nodes := x.Values[s.Capacity], x.Sizes[i].Instances
	switch s.Kind {
	case "cache":
		return s.HotShard(x.Rates[i], s.HotKey, nodes) / capacity
	case "database":
	default:
		return x.Rates[i] / (nodes * capacity)
	}
	return max(m.MostWrites(x, i)/s.Primaries, m.ReadRate(x, i)/max(1, m.Replicas(x, i))) / capacity
}
