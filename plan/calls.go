package plan

// rate fills in the rates of the case: the demand's, then every service's.
//
//	rate = sum over steps of step rate x calls + sum over callers of (1 - hit) x caller's rate
//
// Misses are reads that another service could not answer; only a service that names one in misses
// sends any. Services are taken in the order in which their rates become known.
func (m *model) rate(x *point) {
	m.demand(x)
	for i := range m.services {
		var sum float64
		for k, calls := range m.services[i].calls {
			sum += x.steps[k] * calls
		}
		x.direct[i], x.rates[i] = sum, sum
	}
	for _, i := range m.order {
		if s := &m.services[i]; s.misses != absent {
			x.rates[s.misses] += (1 - x.value(s.hit, 0)) * x.rates[i]
		}
	}
}

// value returns the quantity of that index, or otherwise where the scenario does not give it.
func (x *point) value(index int, otherwise float64) float64 {
	if index == absent {
		return otherwise
	}
	return x.values[index]
}
