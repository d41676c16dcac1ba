package explain

import (
	"strings"

	"fsctl/plan/model"
)

// rateOf explains the calls of a service in a load.
func (e *explainer) rateOf(x *model.Case, d *draft, i int, at instant) {
	s := &e.Services[i]
	d.Meaning, d.Unit, d.Error = "Calls of the service a second at the sale.", "1/s", exactError
	d.Source = "the forced flow law: Denning and Buzen, ACM Computing Surveys 10(3), 1978"
	var terms []string
	for k, calls := range s.Calls {
		if calls == 0 {
			continue
		}
		name := indexed("calls", e.Steps[k].Name)
		terms = append(terms, e.stepRate(d, k, at)+" * "+name)
		d.given(name, calls, "calls a request", "services."+s.Name+".calls."+e.Steps[k].Name)
	}
	for k := range e.Services {
		if from := &e.Services[k]; from.Misses == i || from.To == i {
			terms = append(terms, e.passedOn(x, d, k, at))
		}
	}
	d.Formula = sumOf(terms)
	if len(terms) == 0 {
		d.assume("No step calls the service.")
	}
	d.assume("Retries are not counted; misses are reads.")
}

// passedOn adds what service k passes on in a load and returns its formula.
func (e *explainer) passedOn(x *model.Case, d *draft, k int, at instant) string {
	from := &e.Services[k]
	rate := indexed("rate", from.Name)
	switch out := at.rates.Out[k]; {
	case from.Kind == "queue":
		rate = indexed("out", from.Name)
		d.symbol(rate, out, "1/s", "calculated: services."+from.Name+" works off so much, as long as any wait: min(what comes in, what empties it in time, what its partitions allow)")
		d.assume("What leaves a queue comes at the rate of its consumers, as long as any wait.")
	case out < at.rates.Services[k]:
		rate = indexed("taken", from.Name)
		d.symbol(rate, out, "1/s", "calculated: calls of services."+from.Name+" that its quota or its account's limit does not refuse")
		d.assume("What is refused does not go on.")
	default:
		d.symbol(rate, out, "1/s", e.originOfCalls(x, k, at))
	}
	if from.Hit == model.Absent {
		return rate
	}
	hit := indexed("hit", from.Name)
	e.input(d, x, hit, from.Hit, "ratio", "services."+from.Name+".hit")
	return "(1 - " + hit + ") * " + rate
}

// originOfCalls says where the calls of a service in a load come from: the service's own figure is that of the load in which it has the
// most.
func (e *explainer) originOfCalls(x *model.Case, k int, at instant) string {
	most := at
	switch {
	case at.window == model.StormBurst:
		most = e.burstWithMost(x, k)
	default:
		most = e.loadWithMost(x, k, at.load.Kind)
	}
	if most.load != at.load {
		at.field = ""
	}
	return at.origin("services." + e.Services[k].Name)
}

func (e *explainer) coresOf(x *model.Case, d *draft, i int) {
	s := &e.Services[i]
	d.Meaning, d.Unit, d.Source, d.Error = "Cores for the calls, with the reserve that the service's limits ask for: at most its utilization of them is busy.", "cores", capacitySource, coresError
	switch {
	case x.Rates[i] < model.LeastRate:
		d.Formula = "0"
		d.assume("Nothing calls the service in this case.")
	case s.Kind == "function":
		d.Formula = "0"
		d.assume("Functions run on their provider's machines: they are billed by their time and calls, and take no cores of ours.")
	case s.USL != nil:
		d.Meaning = "Cores for the calls on instances that contend, with the reserve that the service's limits ask for."
		d.Formula = e.contended(x, d, i, "usl_cores")
	case s.Demand == model.Absent:
		d.Formula = "0"
		d.assume("No CPU demand is given; the service is sized by the capacity of its nodes.")
	case s.Kind == "database":
		d.Formula = e.databaseCores(x, d, i)
	default:
		d.Formula = e.staffed(x, d, i, e.rate(x, d, i), x.Rates[i])
	}
}

// allowed bounds a formula of executions by what the account of function i allows.
func (e *explainer) allowed(d *draft, i int, formula string) string {
	s := &e.Services[i]
	if s.MaxInstances == 0 {
		return formula
	}
	d.given("max_instances", s.MaxInstances, "instances", "services."+s.Name+".max_instances")
	return "min(" + formula + ", max_instances)"
}

// databaseCores returns the formula of a database's cores: those of the reads, and those of the writes at each primary.
func (e *explainer) databaseCores(x *model.Case, d *draft, i int) string {
	s := &e.Services[i]
	var terms []string
	if e.ReadRate(x, i) >= model.LeastRate {
		terms = append(terms, e.staffed(x, d, i, e.readsOf(x, d, i), e.ReadRate(x, i)))
	}
	if e.MostWrites(x, i) > 0 {
		e.demand(x, d, i, 1)
		writes := e.writesOf(x, d, i) + " * demand"
		d.given("utilization", s.Utilization, "ratio", "services."+s.Name+".utilization")
		terms = append(terms, "shards * max(ceil("+writes+" / utilization), floor("+writes+") + 1)")
		d.assume("Each primary takes its part of the writes alone; replicas share the reads.")
	}
	return sumOf(terms)
}

// staffed returns the formula of the cores that a rate of calls needs, by every limit that the service has. symbol is that of the rate.
func (e *explainer) staffed(x *model.Case, d *draft, i int, symbol string, perSec float64) string {
	s, path := &e.Services[i], "services."+e.Services[i].Name
	load := symbol + " * demand"
	e.demand(x, d, i, 1)
	d.given("utilization", s.Utilization, "ratio", path+".utilization")
	terms := []string{"ceil(" + load + " / utilization)", "floor(" + load + ") + 1"}
	beyond := perSec*x.Values[s.Demand] > model.MaxErlang || perSec > model.MaxRate
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
		terms = append(terms, "cores_for_latency("+symbol+", demand, variability, quantile, limit)")
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

func (e *explainer) instancesOf(x *model.Case, d *draft, i int) { e.instancesIn(x, d, i, false) }

// instancesIn explains the instances of service i. whole puts the formula of the cores that they need in, which is else a figure of its own.
func (e *explainer) instancesIn(x *model.Case, d *draft, i int, whole bool) {
	s, path := &e.Services[i], "services."+e.Services[i].Name
	d.Meaning, d.Unit, d.Source, d.Error = "Instances, shards, nodes or executions that the sale needs.", "instances", capacitySource, "none but the cores'; rounded up"
	if x.Rates[i] < model.LeastRate {
		d.Formula = "0"
		d.assume("Nothing calls the service in this case.")
		return
	}
	if s.Kind == "function" {
		d.Meaning, d.Formula, d.Source = "Executions at once.", e.allowed(d, i, "ceil("+e.rate(x, d, i)+" * demand)"), littleSource
		e.demand(x, d, i, 1)
		return
	}
	if s.Kind == "database" {
		d.Formula = e.databaseNodes(x, d, i)
		return
	}
	var terms []string
	switch {
	case s.USL != nil:
		terms = append(terms, e.contended(x, d, i, "usl_instances"))
	case s.Demand != model.Absent:
		needed := "needed_cores"
		if whole {
			needed = e.staffed(x, d, i, e.rate(x, d, i), x.Rates[i])
		} else {
			d.derived(needed, x.Sizes[i].Cores, "cores", path+".needed_cores")
		}
		d.given("instance_cores", s.InstanceCores, "cores", path+".instance.cores")
		terms = append(terms, "ceil("+needed+" / instance_cores)")
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

// databaseNodes returns the formula of a database's nodes: primaries, and as many replicas behind each as the reads need.
func (e *explainer) databaseNodes(x *model.Case, d *draft, i int) string {
	s, path := &e.Services[i], "services."+e.Services[i].Name
	reads := e.readsOf(x, d, i)
	d.given("shards", s.Primaries, "primaries", path+".shards")
	e.input(d, x, "capacity", s.Capacity, "1/s", path+".capacity")
	d.given("utilization", s.Utilization, "ratio", path+".utilization")
	replicas := "ceil(" + reads + " / (capacity * utilization) / shards)"
	if s.Demand != model.Absent && e.ReadRate(x, i) >= model.LeastRate {
		d.symbol("replica_cores", s.Staff(e.ReadRate(x, i), x.Values[s.Demand], x.Value(s.Variability, 1)).Cores, "cores", "calculated: the part of "+path+".needed_cores that the reads need")
		d.given("instance_cores", s.InstanceCores, "cores", path+".instance.cores")
		replicas = "max(" + replicas + ", ceil(ceil(replica_cores / instance_cores) / shards))"
	}
	d.assume("The primaries take every write; replicas share the reads evenly.")
	return "shards * (1 + " + replicas + ")"
}

// nodesOf returns what the capacity of a node asks for.
func (e *explainer) nodesOf(x *model.Case, d *draft, i int) []string {
	s, path := &e.Services[i], "services."+e.Services[i].Name
	rate := e.rate(x, d, i)
	e.input(d, x, "capacity", s.Capacity, "1/s", path+".capacity")
	d.given("utilization", s.Utilization, "ratio", path+".utilization")
	terms := []string{"ceil(" + rate + " / (capacity * utilization))"}
	even := model.Ceil(x.Rates[i] / (x.Values[s.Capacity] * s.Utilization))
	if s.Kind != "cache" || s.HotKey == 0 {
		d.assume("Calls spread evenly over the nodes.")
		return terms
	}
	if even <= s.KeyCopies {
		d.assume("The hottest key has a copy on every shard, so calls spread evenly.")
		return terms
	}
	e.hotKey(d, i)
	if e.Overheated(x, i) {
		d.assume("The copies of the hottest key leave less than a twentieth of a shard to other keys: more shards do not help, and a twentieth is counted.")
		return append(terms, "ceil((1 - hot_key) * "+rate+" / (0.05 * capacity * utilization))")
	}
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
		if e.CallSeconds(x, i) == 0 || s.Kind == "function" {
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
