package plan

// busyCores returns how many cores the calls keep busy in the mean, of all services: the sum of rate x
// demand over those that give one, with the demand of instances that contend where their growth was
// measured. The plan's cores are more: they keep the utilization, the wait and the latency of each service.
// Source: the utilization law: Denning and Buzen, ACM Computing Surveys 10(3), 1978.
func (m *model) busyCores(x *point) float64 {
	var sum float64
	for i := range m.services {
		sum += m.servedRate(x, i) * m.callSeconds(x, i)
	}
	return sum
}

// servedRate returns the calls of service i a second that it works on: for a queue that may lag, those of
// its consumers.
func (m *model) servedRate(x *point, i int) float64 {
	if m.services[i].kind == "queue" && x.rates[i] >= leastRate {
		return m.consumed(x, i)
	}
	return x.rates[i]
}

// callSeconds returns the core time of a call of service i, 0 where none is given.
func (m *model) callSeconds(x *point, i int) float64 {
	if m.services[i].demand == absent || x.rates[i] < leastRate {
		return 0
	}
	return m.services[i].seconds(x, x.sizes[i].instances)
}

// busyOf explains the busy cores.
func (e *explainer) busyOf(x *point, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Cores that the calls of all services keep busy in the mean.", "cores", capacitySource, exactError
	var terms []string
	for i := range e.services {
		s := &e.services[i]
		if e.callSeconds(x, i) == 0 {
			continue
		}
		rate, demand := at("rate", s.name), at("demand", s.name)
		d.derived(rate, e.servedRate(x, i), "1/s", "services."+s.name+".peak_qps")
		d.symbol(demand, e.callSeconds(x, i), "s", d.origins.of("services."+s.name+".demand"))
		terms = append(terms, rate+" * "+demand)
	}
	d.Formula = sumOf(terms)
	d.assume("A percentile of the total is not the total of the percentiles: it is that of the trials' sums.")
}
