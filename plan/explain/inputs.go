package explain

import (
	"fsctl/plan/model"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// input adds a symbol that is an input of the trials: its value in this case, and its interval.
func (e *explainer) input(d *draft, x *model.Case, name string, index int, unit, path string) {
	in := &e.Inputs[index]
	origin := d.origins.of(path)
	if !in.Certain() {
		origin += " (low " + quantity.Precise(in.Low) + ", mid " + quantity.Precise(in.Mid) + ", high " + quantity.Precise(in.High) + ")"
	}
	d.symbol(name, x.Values[index], unit, origin)
}

func (e *explainer) share(d *draft, i int) {
	if e.Steps[i].Followed {
		d.symbol(indexed("share", e.Steps[i].Name), e.Steps[i].Share, "ratio", "calculated: of the requests that the storm's journeys are expected to send, those of steps."+e.Steps[i].Name)
		return
	}
	d.given(indexed("share", e.Steps[i].Name), e.Steps[i].Share, "ratio", "steps."+e.Steps[i].Name+".share")
}

// rate adds the service's rate and returns its symbol: for a queue that may lag, that of its consumers.
func (e *explainer) rate(x *model.Case, d *draft, i int) string {
	s := &e.Services[i]
	if s.Kind == "queue" && e.Consumed(x, i) < x.Rates[i] {
		d.symbol("consumed", e.Consumed(x, i), "1/s", "calculated: the rate that empties the queue in time, of services."+s.Name+".peak_qps and drain")
		d.assume("The queue may hold orders back as long as it is empty again in time.")
		return "consumed"
	}
	d.derived("rate", x.Rates[i], "1/s", "services."+s.Name+".peak_qps")
	return "rate"
}

// demand adds the core time of a call on so many instances.
func (e *explainer) demand(x *model.Case, d *draft, i int, instances float64) {
	s := &e.Services[i]
	if s.USL != nil {
		d.symbol("demand", s.Seconds(x, instances), "s", "calculated: core time of a call where "+quantity.EstimateOf(instances, "instance")+" contend, services."+s.Name+".usl")
		return
	}
	e.input(d, x, "demand", s.Demand, "s", "services."+s.Name+".demand")
}

// variability adds the squared coefficient of variation.
func (e *explainer) variability(x *model.Case, d *draft, i int) {
	s := &e.Services[i]
	if s.Variability == model.Absent {
		d.given("variability", 1, "", "services."+s.Name+".variability")
		return
	}
	e.input(d, x, "variability", s.Variability, "", "services."+s.Name+".variability")
}

// writesOf adds the rate of writes at a database and returns the formula of those at each primary.
func (e *explainer) writesOf(x *model.Case, d *draft, i int) string {
	path := "services." + e.Services[i].Name
	d.symbol("writes", e.MostWrites(x, i), "1/s", "calculated: calls of the steps themselves and out of queues x "+d.origins.of(path+".writes"))
	d.given("shards", e.Services[i].Primaries, "primaries", path+".shards")
	return "writes / shards"
}

// readsOf adds the rate of reads at a database and returns its symbol.
func (e *explainer) readsOf(x *model.Case, d *draft, i int) string {
	path := "services." + e.Services[i].Name
	d.symbol("reads", e.ReadRate(x, i), "1/s", "calculated: "+path+".peak_qps without the writes, "+d.origins.of(path+".writes"))
	return "reads"
}

// hotKey adds the share of the hottest key of a cache.
func (e *explainer) hotKey(d *draft, i int) {
	s := &e.Services[i]
	origin := "calculated: share of the most wanted item, sale.popularity"
	if s.KeyedBy.By == scenarios.KeyedByZipf {
		origin = "calculated: share of the hottest key, " + d.origins.of("services."+s.Name+".key")
	}
	d.symbol("hot_key", s.HotKey, "ratio", origin)
}
