package model

// Size returns what service i needs at its rate.
//
//	service   cores for the CPU demand; instances = ceil(cores / cores of one); see Staff
//	function  concurrent executions; see executions
//	cache     shards for the rate and for the hottest key; see Shards
//	database  primaries for the writes + replicas for the reads; see database
//	queue     consumers that keep up, or that empty it in time; see Consumed
//
// A kind that gives both a demand and a capacity gets the larger of both sizes.
// Source: docs/model.md.
func (m *Model) Size(x *Case, i int) Size {
	s, rate := &m.Services[i], x.Rates[i]
	if rate < LeastRate {
		return Size{}
	}
	switch s.Kind {
	case "function":
		return m.executions(x, i)
	case "database":
		return m.database(x, i)
	case "queue":
		rate = m.Consumed(x, i)
	}
	var out Size
	if s.USL != nil {
		out = s.StaffUSL(x, rate)
	} else if s.Demand != Absent {
		out = s.Staff(rate, x.Values[s.Demand], x.Value(s.Variability, 1))
	}
	if s.Capacity != Absent {
		if nodes, why := m.nodes(x, i); nodes > out.Instances {
			out.Instances, out.Bottleneck = nodes, why
		}
	}
	if rate < x.Rates[i] && out.Instances > 0 {
		out.Bottleneck = ByDrain
	}
	return out
}

// nodes returns how many nodes carry the rate at service i, each at most at its utilization.
func (m *Model) nodes(x *Case, i int) (nodes float64, bottleneck string) {
	s, rate := &m.Services[i], x.Rates[i]
	planned := x.Values[s.Capacity] * s.Utilization
	switch s.Kind {
	case "cache":
		return s.Shards(rate, s.HotKey, planned)
	case "queue":
		rate = m.Consumed(x, i)
	}
	return Ceil(rate / planned), ByNodeRate
}
