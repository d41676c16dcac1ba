package model

// BusyCores returns how many cores the calls keep busy in the mean, of all services: the sum of rate x
// demand [1/s x s] over those that give a demand and are no functions, with the demand of instances that contend where their growth
// was measured. The plan's cores are more: they keep the utilization, the wait and the latency of each service.
// Source: the utilization law: Denning and Buzen, ACM Computing Surveys 10(3), 1978.
func (m *Model) BusyCores(x *Case) float64 {
	var sum float64
	for i := range m.Services {
		if m.Services[i].Kind == "function" { // which is billed by its time, and takes no cores of ours
			continue
		}
		sum += m.ServedRate(x, i) * m.CallSeconds(x, i)
	}
	return sum
}

// ServedRate returns the calls that service i works on [1/s]: for a queue that may lag, those of its consumers, for a function those that its account allows.
func (m *Model) ServedRate(x *Case, i int) float64 {
	switch {
	case m.Services[i].Kind == "queue" && x.Rates[i] >= LeastRate:
		return m.Consumed(x, i)
	case m.Services[i].Kind == "function":
		return m.Taken(x, x.LoadOf(i), i)
	}
	return x.Rates[i]
}

// CallSeconds returns the core time of a call of service i [s], 0 where none is given.
func (m *Model) CallSeconds(x *Case, i int) float64 {
	if m.Services[i].Demand == Absent || x.Rates[i] < LeastRate {
		return 0
	}
	return m.Services[i].Seconds(x, x.Sizes[i].Instances)
}
