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
		return s.HotShard(x.Rates[i], m.Event.HotKey, nodes) / capacity
	case "database":
	default:
		return x.Rates[i] / (nodes * capacity)
	}
	writes := m.WriteRate(x, i)
	return max(writes, (x.Rates[i]-writes)/max(1, nodes-1)) / capacity
}
