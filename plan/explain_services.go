package plan

import "strings"

const (
	littleSource   = "Little, Operations Research 9(3), 1961, 383-387"
	capacitySource = "the utilization law: Denning and Buzen, ACM Computing Surveys 10(3), 1978"
	coresError     = "the counts are exact for Poisson arrivals at one line before all cores; real balancers make calls wait longer. " +
		"Exact for exponential service times (variability 1), a two-moment approximation elsewhere"
)

func (e *explainer) serviceLeaves() []leaf {
	var list []leaf
	for i := range e.plan.Services {
		s := &e.plan.Services[i]
		field := "services." + s.Name
		bind := func(explain func(x *point, d *draft, i int)) func(*point, *draft) {
			return func(x *point, d *draft) { explain(x, d, i) }
		}
		list = append(list, e.estimate(field+".peak_qps", &s.PeakQPS, bind(e.rateOf))...)
		list = append(list, e.estimate(field+".cpu_cores", &s.CPUCores, bind(e.coresOf))...)
		list = append(list, e.estimate(field+".instances", &s.Instances, bind(e.instancesOf))...)
		list = append(list,
			leaf{field: field + ".running", want: float64(s.Running), explain: func(_ *point, d *draft) {
				d.Meaning, d.Formula, d.Unit, d.Source, d.Error = "Instances that run now; 0 where unknown.", "running", "instances", "the scenario", exactError
				d.given("running", float64(s.Running), "instances", field+".running")
			}},
			leaf{field: field + ".utilization_ratio", want: s.UtilizationRatio, explain: bind(e.utilizationOf)},
			leaf{field: field + ".wait_probability_ratio", want: s.WaitProbability, explain: bind(e.waitOf)},
			leaf{field: field + ".response_seconds.p50", want: s.ResponseSeconds.P50, explain: bind(e.responseOf("0.5"))},
			leaf{field: field + ".response_seconds.p99", want: s.ResponseSeconds.P99, explain: bind(e.responseOf("0.99"))})
	}
	return list
}

func (e *explainer) rateOf(x *point, d *draft, i int) {
	s := &e.services[i]
	d.Meaning, d.Unit, d.Error = "Calls of the service a second at the sale.", "1/s", exactError
	d.Source = "the forced flow law: Denning and Buzen, ACM Computing Surveys 10(3), 1978"
	var terms []string
	for k, calls := range s.calls {
		if calls == 0 {
			continue
		}
		name := at("calls", e.steps[k].name)
		terms = append(terms, e.stepRate(x, d, k)+" * "+name)
		d.given(name, calls, "calls a request", "services."+s.name+".calls."+e.steps[k].name)
	}
	for k := range e.services {
		from := &e.services[k]
		if from.misses != i {
			continue
		}
		rate := at("rate", from.name)
		if from.hit == absent {
			terms = append(terms, rate)
		} else {
			hit := at("hit", from.name)
			terms = append(terms, "(1 - "+hit+") * "+rate)
			e.input(d, x, hit, from.hit, "ratio", "services."+from.name+".hit")
		}
		d.derived(rate, x.rates[k], "1/s", "services."+from.name+".peak_qps")
	}
	d.Formula = sumOf(terms)
	if len(terms) == 0 {
		d.assume("No step calls the service.")
	}
	d.assume("Retries are not counted; misses are reads.")
}

// rate adds the service's rate and returns its symbol: for a queue that may lag, that of its consumers.
func (e *explainer) rate(x *point, d *draft, i int) string {
	s := &e.services[i]
	if s.kind == "queue" && e.consumed(x, i) < x.rates[i] {
		d.symbol("consumed", e.consumed(x, i), "1/s", "calculated: the rate that empties the queue in time, of services."+s.name+".peak_qps and drain")
		d.assume("The queue may hold orders back as long as it is empty again in time.")
		return "consumed"
	}
	d.derived("rate", x.rates[i], "1/s", "services."+s.name+".peak_qps")
	return "rate"
}

// demand adds the core time of a call on so many instances.
func (e *explainer) demand(x *point, d *draft, i int, instances float64) {
	s := &e.services[i]
	if s.usl != nil {
		d.symbol("demand", s.seconds(x, instances), "s", "calculated: core time of a call where "+figure(instances)+" instances contend, services."+s.name+".usl")
		return
	}
	e.input(d, x, "demand", s.demand, "s", "services."+s.name+".demand")
}

// variability adds the squared coefficient of variation.
func (e *explainer) variability(x *point, d *draft, i int) {
	s := &e.services[i]
	if s.variability == absent {
		d.given("variability", 1, "", "services."+s.name+".variability")
		return
	}
	e.input(d, x, "variability", s.variability, "", "services."+s.name+".variability")
}

func (e *explainer) coresOf(x *point, d *draft, i int) {
	s := &e.services[i]
	d.Meaning, d.Unit, d.Source, d.Error = "Cores for the calls, with the reserve that the service's limits ask for: at most its utilization of them is busy.", "cores", capacitySource, coresError
	switch {
	case x.rates[i] < leastRate:
		d.Formula = "0"
		d.assume("Nothing calls the service in this case.")
	case s.kind == "function":
		d.Meaning, d.Formula, d.Source, d.Error = "Mean number of executions at once, each taken as a core.", e.rate(x, d, i)+" * demand", littleSource, exactError
		e.demand(x, d, i, 1)
	case s.usl != nil:
		d.Meaning = "Cores for the calls on instances that contend, with the reserve that the service's limits ask for."
		d.Formula = e.contended(x, d, i, "usl_cores")
	case s.demand == absent:
		d.Formula = "0"
		d.assume("No CPU demand is given; the service is sized by the capacity of its nodes.")
	default:
		d.Formula = e.staffed(x, d, i)
	}
}

// staffed returns the formula of the cores by every limit that the service has.
func (e *explainer) staffed(x *point, d *draft, i int) string {
	s, path := &e.services[i], "services."+e.services[i].name
	load := e.rate(x, d, i) + " * demand"
	e.demand(x, d, i, 1)
	d.given("utilization", s.utilization, "ratio", path+".utilization")
	rate := strings.TrimSuffix(load, " * demand")
	terms := []string{"ceil(" + load + " / utilization)", "floor(" + load + ") + 1"}
	beyond := x.rates[i]*x.values[s.demand] > maxErlang || x.rates[i] > maxRate
	if s.wait < 1 {
		d.given("wait", s.wait, "ratio", path+".wait")
		term := "cores_for_wait(" + load + ", wait)"
		if beyond {
			term = "ceil(" + load + " + halfin_whitt_beta(wait) * sqrt(" + load + "))"
		}
		terms = append(terms, term)
	}
	switch {
	case s.quantile > 0 && x.sizes[i].late:
		d.assume("The service time alone exceeds the latency limit, so that limit is left out.")
	case s.quantile > 0 && !beyond:
		e.variability(x, d, i)
		d.given("quantile", s.quantile, "ratio", path+".latency.quantile")
		d.given("limit", s.limit, "s", path+".latency.limit")
		terms = append(terms, "cores_for_latency("+rate+", demand, variability, quantile, limit)")
	}
	d.assume("Poisson arrivals; all cores of the service are one group with one line.")
	return "max(" + strings.Join(terms, ", ") + ")"
}

// contended returns the call of a function that sizes the service by its measured growth.
func (e *explainer) contended(x *point, d *draft, i int, function string) string {
	s, path := &e.services[i], "services."+e.services[i].name
	rate := e.rate(x, d, i)
	e.input(d, x, "gamma", s.usl.gamma, "1/s", path+".usl.gamma")
	e.input(d, x, "alpha", s.usl.alpha, "", path+".usl.alpha")
	e.input(d, x, "beta", s.usl.beta, "", path+".usl.beta")
	d.given("measured", s.usl.measured, "instances", path+".usl.measured")
	d.given("instance_cores", s.cores, "cores", path+".instance.cores")
	d.given("utilization", s.utilization, "ratio", path+".utilization")
	d.given("wait", s.wait, "ratio", path+".wait")
	e.variability(x, d, i)
	d.given("quantile", s.quantile, "ratio", path+".latency.quantile")
	d.given("limit", s.limit, "s", path+".latency.limit")
	d.assume("Contention is as it was measured, up to the peak or to twice the instances measured.")
	return function + "(" + rate + ", gamma, alpha, beta, measured, instance_cores, utilization, wait, variability, quantile, limit)"
}

func (e *explainer) instancesOf(x *point, d *draft, i int) {
	s, path := &e.services[i], "services."+e.services[i].name
	d.Meaning, d.Unit, d.Source, d.Error = "Instances, shards, nodes or executions that the sale needs.", "instances", capacitySource, "none but the cores'; rounded up"
	if x.rates[i] < leastRate {
		d.Formula = "0"
		d.assume("Nothing calls the service in this case.")
		return
	}
	if s.kind == "function" {
		d.Meaning, d.Formula, d.Source = "Executions at once.", "ceil("+e.rate(x, d, i)+" * demand)", littleSource
		e.demand(x, d, i, 1)
		return
	}
	var terms []string
	switch {
	case s.usl != nil:
		terms = append(terms, e.contended(x, d, i, "usl_instances"))
	case s.demand != absent:
		d.derived("cpu_cores", x.sizes[i].cores, "cores", path+".cpu_cores")
		d.given("instance_cores", s.cores, "cores", path+".instance.cores")
		terms = append(terms, "ceil(cpu_cores / instance_cores)")
	}
	if s.capacity != absent {
		terms = append(terms, e.nodesOf(x, d, i)...)
	}
	switch len(terms) {
	case 0:
		d.Formula = "0"
		d.assume("Neither demand nor capacity says what a call needs.")
	case 1:
		d.Formula = terms[0]
	default:
		d.Formula = "max(" + strings.Join(terms, ", ") + ")"
	}
}

// nodesOf returns what the capacity of a node asks for.
func (e *explainer) nodesOf(x *point, d *draft, i int) []string {
	s, path := &e.services[i], "services."+e.services[i].name
	rate := e.rate(x, d, i)
	e.input(d, x, "capacity", s.capacity, "1/s", path+".capacity")
	d.given("utilization", s.utilization, "ratio", path+".utilization")
	if s.kind == "database" {
		e.writesOf(x, d, i)
		d.assume("One primary takes every write; replicas share the reads evenly.")
		return []string{"1 + ceil((" + rate + " - writes) / (capacity * utilization))"}
	}
	terms := []string{"ceil(" + rate + " / (capacity * utilization))"}
	even := ceil(x.rates[i] / (x.values[s.capacity] * s.utilization))
	if s.kind != "cache" || e.hotKey == 0 {
		d.assume("Calls spread evenly over the nodes.")
		return terms
	}
	if e.overheated(x, i) || even <= s.keyCopies {
		d.assume("The hottest key is not what more shards would help, so calls are taken to spread evenly.")
		return terms
	}
	d.symbol("hot_key", e.hotKey, "ratio", "calculated: share of the most wanted item, sale.popularity")
	d.given("key_copies", s.keyCopies, "shards", path+".key_copies")
	d.assume("The hottest key is on key_copies shards; all other keys spread evenly.")
	return append(terms, "ceil((1 - hot_key) * "+rate+" / (capacity * utilization - hot_key * "+rate+" / key_copies))")
}

// writesOf adds the rate of writes at a database.
func (e *explainer) writesOf(x *point, d *draft, i int) {
	d.symbol("writes", e.writes(x, i), "1/s", "calculated: calls of the steps themselves x "+d.origins.of("services."+e.services[i].name+".writes"))
}

func (e *explainer) totalLeaves() []leaf {
	t := &e.plan.Totals
	sum := func(what, unit string, read func(size) float64) func(*point, *draft) {
		return func(x *point, d *draft) {
			d.Meaning, d.Unit, d.Source, d.Error = "Of all services together.", unit, "sum", exactError
			var terms []string
			for i := range e.services {
				name := at(what, e.services[i].name)
				d.derived(name, read(x.sizes[i]), unit, "services."+e.services[i].name+"."+what)
				terms = append(terms, name)
			}
			d.Formula = sumOf(terms)
			d.assume("A percentile of the total is not the total of the percentiles: it is that of the trials' sums.")
		}
	}
	list := append(e.estimate("totals.cpu_cores", &t.CPUCores, sum("cpu_cores", "cores", func(s size) float64 { return s.cores })),
		e.estimate("totals.busy_cores", &t.BusyCores, e.busyOf)...)
	return append(list, e.estimate("totals.instances", &t.Instances, sum("instances", "instances", func(s size) float64 { return s.instances }))...)
}
