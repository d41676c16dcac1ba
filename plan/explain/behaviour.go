package explain

import (
	"fmt"
	"strings"

	"fsctl/plan/model"
	"fsctl/plan/queueing"
	"fsctl/scenarios/quantity"
)

// unsizedFigure explains the 0 of a service that has no such figure; it reports whether that is so.
func (e *explainer) unsizedFigure(x *model.Case, d *draft, i int, needsDemand bool) bool {
	s := &e.Services[i]
	switch {
	case x.Sizes[i].Instances == 0:
		d.assume("The service has no size in the mid case.")
	case needsDemand && s.Demand == model.Absent:
		d.assume("No CPU demand is given, so nothing is known of how calls wait; 0 stands for that.")
	default:
		return false
	}
	d.Formula = "0"
	return true
}

// onInstances adds the symbols of the mid case's instances and returns the formula of their cores.
func (e *explainer) onInstances(x *model.Case, d *draft, i int) string {
	path := "services." + e.Services[i].Name
	d.derived("instances", x.Sizes[i].Instances, "instances", path+".instances.mid")
	d.given("instance_cores", e.Services[i].InstanceCores, "cores", path+".instance.cores")
	if x.Sizes[i].Instances*e.Services[i].InstanceCores <= model.MaxServers {
		return "(instances * instance_cores)"
	}
	return fmt.Sprintf("min(instances * instance_cores, %s)", decimal(model.MaxServers, -1))
}

func (e *explainer) utilizationOf(x *model.Case, d *draft, i int) {
	s, path := &e.Services[i], "services."+e.Services[i].Name
	d.Meaning, d.Unit, d.Source, d.Error = "Share of time that a core, or the busiest node, is busy in the mid case.", "ratio", capacitySource, exactError
	if e.unsizedFigure(x, d, i, false) {
		return
	}
	var terms []string
	if s.Kind == "database" && s.Demand != model.Absent {
		for _, g := range e.groups(x, d, i) {
			terms = append(terms, g.rate+" * demand / "+g.cores)
		}
	} else if s.Demand != model.Absent {
		d.derived("rate", x.Rates[i], "1/s", path+".peak_qps.mid")
		e.demand(x, d, i, x.Sizes[i].Instances)
		if s.Kind == "function" {
			d.derived("instances", x.Sizes[i].Instances, "instances", path+".instances.mid")
			terms = append(terms, "rate * demand / instances")
		} else {
			terms = append(terms, "rate * demand / "+e.onInstances(x, d, i))
		}
	}
	if s.Capacity != model.Absent && s.Kind != "function" {
		terms = append(terms, e.busiestNode(x, d, i))
	}
	d.Formula = "min(1, " + worst(terms) + ")"
	d.assume("All instances of the mid case are there.")
}

// busiestNode returns the formula of the busiest node's share of its capacity.
func (e *explainer) busiestNode(x *model.Case, d *draft, i int) string {
	s, path := &e.Services[i], "services."+e.Services[i].Name
	if s.Kind != "database" {
		d.derived("rate", x.Rates[i], "1/s", path+".peak_qps.mid")
	}
	d.derived("instances", x.Sizes[i].Instances, "instances", path+".instances.mid")
	e.input(d, x, "capacity", s.Capacity, "1/s", path+".capacity")
	if s.Kind == "database" {
		return "max(" + e.writesOf(x, d, i) + ", " + e.readsOf(x, d, i) + " / max(1, instances - shards)) / capacity"
	}
	if s.Kind == "cache" && s.HotKey > 0 {
		e.hotKey(d, i)
		d.given("key_copies", s.KeyCopies, "shards", path+".key_copies")
		return "(hot_key * rate / min(key_copies, instances) + (1 - hot_key) * rate / instances) / capacity"
	}
	return "rate / (instances * capacity)"
}

// group is the primaries of a database, each by itself, or its replicas: formulas of the calls and of the cores that have one line.
type group struct{ rate, cores string }

// groups adds the symbols of a database's groups that get any calls.
func (e *explainer) groups(x *model.Case, d *draft, i int) (list []group) {
	s, path := &e.Services[i], "services."+e.Services[i].Name
	e.demand(x, d, i, 1)
	d.given("instance_cores", s.InstanceCores, "cores", path+".instance.cores")
	if e.MostWrites(x, i)/s.Primaries >= model.LeastRate {
		list = append(list, group{"(" + e.writesOf(x, d, i) + ")", "instance_cores"})
	}
	if e.ReadRate(x, i) >= model.LeastRate {
		d.derived("instances", x.Sizes[i].Instances, "instances", path+".instances.mid")
		d.given("shards", s.Primaries, "primaries", path+".shards")
		cores := "((instances - shards) * instance_cores)"
		if e.Replicas(x, i)*s.InstanceCores > model.MaxServers {
			cores = fmt.Sprintf("min(%s, %s)", cores, decimal(model.MaxServers, -1))
		}
		list = append(list, group{e.readsOf(x, d, i), cores})
	}
	return list
}

// worstGroup returns the larger of a figure of the primaries and of the replicas; overloaded stands for it where a primary is asked for more
// than it can do.
func (e *explainer) worstGroup(x *model.Case, d *draft, i int, overloaded string, figure func(group) string) string {
	if e.Overloaded(x, i) {
		d.assume("A primary is asked for more CPU time than it has, so its writes have no steady state.")
		return overloaded
	}
	var terms []string
	for _, g := range e.groups(x, d, i) {
		terms = append(terms, figure(g))
	}
	d.assume("Each primary has a line of its own, and all replicas one; it is the worse of the two. All instances of the mid case are there.")
	return worst(terms)
}

// worst writes the largest of some terms, 0 where there are none.
func worst(terms []string) string {
	switch len(terms) {
	case 0:
		return "0"
	case 1:
		return terms[0]
	}
	return "max(" + strings.Join(terms, ", ") + ")"
}

func (e *explainer) waitOf(x *model.Case, d *draft, i int) {
	s, path := &e.Services[i], "services."+e.Services[i].Name
	d.Meaning, d.Unit, d.Source, d.Error = "Share of calls that arrive while every core is busy, in the mid case.", "ratio", erlangSource, coresError
	if e.unsizedFigure(x, d, i, true) {
		return
	}
	if s.Kind == "function" {
		d.Formula = "0"
		d.assume("Each call has an execution of its own.")
		return
	}
	if e.Grows(x, i) {
		d.Formula = "1"
		d.assume("The queue is let grow during the event, so every order waits; it has no steady state.")
		return
	}
	if s.Kind == "database" {
		d.Formula = e.worstGroup(x, d, i, "1", func(g group) string { return "wait_probability(" + g.rate + ", demand, " + g.cores + ")" })
		return
	}
	d.derived("rate", x.Rates[i], "1/s", path+".peak_qps.mid")
	e.demand(x, d, i, x.Sizes[i].Instances)
	d.Formula = "wait_probability(rate, demand, " + e.onInstances(x, d, i) + ")"
	d.assume("All instances of the mid case are there.")
}

// responseOf explains the quantile of the response time.
func (e *explainer) responseOf(share string) func(*model.Case, *draft, int) {
	return func(x *model.Case, d *draft, i int) {
		s, path := &e.Services[i], "services."+e.Services[i].Name
		d.Meaning, d.Unit, d.Source = "Time within which that share of calls is answered in the mid case: wait and service.", "s", momentsSource
		d.Error = "exact where service times are exponential"
		if e.unsizedFigure(x, d, i, true) {
			return
		}
		if e.Grows(x, i) {
			d.Formula = "0"
			d.assume("The queue is let grow during the event; it has no steady state, and its drain time is in the details.")
			return
		}
		if s.Kind == "database" {
			e.variability(x, d, i)
			d.Formula = e.worstGroup(x, d, i, "0", func(g group) string {
				return "response_quantile(" + share + ", " + g.rate + ", demand, variability, " + g.cores + ")"
			})
			d.Error = "two moments do not fix a percentile: simulate requests at high load"
			return
		}
		e.demand(x, d, i, x.Sizes[i].Instances)
		e.variability(x, d, i)
		if s.Kind == "function" {
			d.Formula = "service_quantile(" + share + ", demand, variability)"
			d.assume("Each call has an execution of its own, so the response is the service; cold starts are not counted.")
			return
		}
		d.derived("rate", x.Rates[i], "1/s", path+".peak_qps.mid")
		d.Formula = "response_quantile(" + share + ", rate, demand, variability, " + e.onInstances(x, d, i) + ")"
		d.Error = e.waitError(x, i)
		d.assume("Poisson arrivals; all cores of the service are one group with one line; all instances of the mid case are there.")
	}
}

// waitError says how far off the mean wait may be.
func (e *explainer) waitError(x *model.Case, i int) string {
	s := &e.Services[i]
	cores := min(x.Sizes[i].Instances*s.InstanceCores, model.MaxServers)
	q, err := queueing.NewMMc(x.Rates[i], s.Seconds(x, x.Sizes[i].Instances), int(cores))
	if err != nil || q.WaitProbability() == 0 {
		return "none: no call waits"
	}
	w, err := queueing.MGcMeanWait(q, x.Value(s.Variability, 1))
	if err != nil {
		return "unknown: " + err.Error()
	}
	if w.LowSeconds == w.HighSeconds {
		return "none in the model: " + w.Method + " is exact for this service time"
	}
	return fmt.Sprintf("mean wait by %s, %s; the exact one is from %s to %s. Two moments do not fix a percentile: simulate requests at high load",
		w.Method, quantity.Seconds(w.MeanWaitSeconds), quantity.Seconds(w.LowSeconds), quantity.Seconds(w.HighSeconds))
}
