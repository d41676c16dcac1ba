package explain

import (
	"strings"

	"fsctl/plan/model"
)

func (e *explainer) rateOf(x *model.Case, d *draft, i int) {
	s := &e.Services[i]
	d.Meaning, d.Unit, d.Error = "Calls of the service a second at the sale.", "1/s", exactError
	d.Source = "the forced flow law: Denning and Buzen, ACM Computing Surveys 10(3), 1978"
	var terms []string
	for k, calls := range s.Calls {
		if calls == 0 {
			continue
		}
		name := indexed("calls", e.Steps[k].Name)
		terms = append(terms, e.stepRate(x, d, k)+" * "+name)
		d.given(name, calls, "calls a request", "services."+s.Name+".calls."+e.Steps[k].Name)
	}
	for k := range e.Services {
		from := &e.Services[k]
		if from.Misses != i {
			continue
		}
		rate := indexed("rate", from.Name)
		if from.Hit == model.Absent {
			terms = append(terms, rate)
		} else {
			hit := indexed("hit", from.Name)
			terms = append(terms, "(1 - "+hit+") * "+rate)
			e.input(d, x, hit, from.Hit, "ratio", "services."+from.Name+".hit")
		}
		d.derived(rate, x.Rates[k], "1/s", "services."+from.Name+".peak_qps")
	}
	d.Formula = sumOf(terms)
	if len(terms) == 0 {
		d.assume("No step calls the service.")
	}
	d.assume("Retries are not counted; misses are reads.")
}

func (e *explainer) coresOf(x *model.Case, d *draft, i int) {
	s := &e.Services[i]
	d.Meaning, d.Unit, d.Source, d.Error = "Cores for the calls, with the reserve that the service's limits ask for: at most its utilization of them is busy.", "cores", capacitySource, coresError
	switch {
	case x.Rates[i] < model.LeastRate:
		d.Formula = "0"
		d.assume("Nothing calls the service in this case.")
	case s.Kind == "function":
		d.Meaning, d.Formula, d.Source, d.Error = "Mean number of executions at once, each taken as a core.", e.rate(x, d, i)+" * demand", littleSource, exactError
		e.demand(x, d, i, 1)
	case s.USL != nil:
		d.Meaning = "Cores for the calls on instances that contend, with the reserve that the service's limits ask for."
		d.Formula = e.contended(x, d, i, "usl_cores")
	case s.Demand == model.Absent:
		d.Formula = "0"
		d.assume("No CPU demand is given; the service is sized by the capacity of its nodes.")
	default:
		d.Formula = e.staffed(x, d, i)
	}
}

// staffed returns the formula of the cores by every limit that the service has.
func (e *explainer) staffed(x *model.Case, d *draft, i int) string {
	s, path := &e.Services[i], "services."+e.Services[i].Name
	load := e.rate(x, d, i) + " * demand"
	e.demand(x, d, i, 1)
	d.given("utilization", s.Utilization, "ratio", path+".utilization")
	rate := strings.TrimSuffix(load, " * demand")
	terms := []string{"ceil(" + load + " / utilization)", "floor(" + load + ") + 1"}
	beyond := x.Rates[i]*x.Values[s.Demand] > model.MaxErlang || x.Rates[i] > model.MaxRate
	if s.Wait < 1 {
		d.given("wait", s.Wait, "ratio", path+".wait")
		term := "cores_for_wait(" + load + ", wait)"
		if beyond {
			term = "ceil(" + load + " + halfin_whitt_beta(wait) * sqrt(" + load + "))"
		}
		terms = append(terms, term)
	}
	switch {
	case s.Quantile > 0 && x.Sizes[i].Late:
		d.assume("The service time alone exceeds the latency limit, so that limit is left out.")
	case s.Quantile > 0 && !beyond:
		e.variability(x, d, i)
		d.given("quantile", s.Quantile, "ratio", path+".latency.quantile")
		d.given("limit", s.LimitSeconds, "s", path+".latency.limit")
		terms = append(terms, "cores_for_latency("+rate+", demand, variability, quantile, limit)")
	}
	d.assume("Poisson arrivals; all cores of the service are one group with one line.")
	return "max(" + strings.Join(terms, ", ") + ")"
}

// contended returns the call of a function that sizes the service by its measured growth.
func (e *explainer) contended(x *model.Case, d *draft, i int, function string) string {
	s, path := &e.Services[i], "services."+e.Services[i].Name
	rate := e.rate(x, d, i)
	e.input(d, x, "gamma", s.USL.Gamma, "1/s", path+".usl.gamma")
	e.input(d, x, "alpha", s.USL.Alpha, "", path+".usl.alpha")
	e.input(d, x, "beta", s.USL.Beta, "", path+".usl.beta")
	d.given("measured", s.USL.Measured, "instances", path+".usl.measured")
	d.given("instance_cores", s.InstanceCores, "cores", path+".instance.cores")
	d.given("utilization", s.Utilization, "ratio", path+".utilization")
	d.given("wait", s.Wait, "ratio", path+".wait")
	e.variability(x, d, i)
	d.given("quantile", s.Quantile, "ratio", path+".latency.quantile")
	d.given("limit", s.LimitSeconds, "s", path+".latency.limit")
	d.assume("Contention is as it was measured, up to the peak or to twice the instances measured.")
	return function + "(" + rate + ", gamma, alpha, beta, measured, instance_cores, utilization, wait, variability, quantile, limit)"
}

func (e *explainer) instancesOf(x *model.Case, d *draft, i int) {
	s, path := &e.Services[i], "services."+e.Services[i].Name
	d.Meaning, d.Unit, d.Source, d.Error = "Instances, shards, nodes or executions that the sale needs.", "instances", capacitySource, "none but the cores'; rounded up"
	if x.Rates[i] < model.LeastRate {
		d.Formula = "0"
		d.assume("Nothing calls the service in this case.")
		return
	}
	if s.Kind == "function" {
		d.Meaning, d.Formula, d.Source = "Executions at once.", "ceil("+e.rate(x, d, i)+" * demand)", littleSource
		e.demand(x, d, i, 1)
		return
	}
	var terms []string
	switch {
	case s.USL != nil:
		terms = append(terms, e.contended(x, d, i, "usl_instances"))
	case s.Demand != model.Absent:
		d.derived("cpu_cores", x.Sizes[i].Cores, "cores", path+".cpu_cores")
		d.given("instance_cores", s.InstanceCores, "cores", path+".instance.cores")
		terms = append(terms, "ceil(cpu_cores / instance_cores)")
	}
	if s.Capacity != model.Absent {
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
func (e *explainer) nodesOf(x *model.Case, d *draft, i int) []string {
	s, path := &e.Services[i], "services."+e.Services[i].Name
	rate := e.rate(x, d, i)
	e.input(d, x, "capacity", s.Capacity, "1/s", path+".capacity")
	d.given("utilization", s.Utilization, "ratio", path+".utilization")
	if s.Kind == "database" {
		e.writesOf(x, d, i)
		d.assume("One primary takes every write; replicas share the reads evenly.")
		return []string{"1 + ceil((" + rate + " - writes) / (capacity * utilization))"}
	}
	terms := []string{"ceil(" + rate + " / (capacity * utilization))"}
	even := model.Ceil(x.Rates[i] / (x.Values[s.Capacity] * s.Utilization))
	if s.Kind != "cache" || e.Event.HotKey == 0 {
		d.assume("Calls spread evenly over the nodes.")
		return terms
	}
	if e.Overheated(x, i) || even <= s.KeyCopies {
		d.assume("The hottest key is not what more shards would help, so calls are taken to spread evenly.")
		return terms
	}
	d.symbol("hot_key", e.Event.HotKey, "ratio", "calculated: share of the most wanted item, sale.popularity")
	d.given("key_copies", s.KeyCopies, "shards", path+".key_copies")
	d.assume("The hottest key is on key_copies shards; all other keys spread evenly.")
	return append(terms, "ceil((1 - hot_key) * "+rate+" / (capacity * utilization - hot_key * "+rate+" / key_copies))")
}

// busyCores explains the cores that the calls of all services keep busy.
func (e *explainer) busyCores(x *model.Case, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Cores that the calls of all services keep busy in the mean.", "cores", capacitySource, exactError
	var terms []string
	for i := range e.Services {
		s := &e.Services[i]
		if e.CallSeconds(x, i) == 0 {
			continue
		}
		rate, demand := indexed("rate", s.Name), indexed("demand", s.Name)
		d.derived(rate, e.ServedRate(x, i), "1/s", "services."+s.Name+".peak_qps")
		d.symbol(demand, e.CallSeconds(x, i), "s", d.origins.of("services."+s.Name+".demand"))
		terms = append(terms, rate+" * "+demand)
	}
	d.Formula = sumOf(terms)
	d.assume("A percentile of the total is not the total of the percentiles: it is that of the trials' sums.")
}
