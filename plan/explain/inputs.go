package explain

import (
	"fsctl/plan/model"
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

// stepRate adds a step's rate at the sale and returns its symbol.
func (e *explainer) stepRate(x *model.Case, d *draft, i int) string {
	name := indexed("step", e.Steps[i].Name)
	d.derived(name, x.Steps[i], "1/s", "demand.steps."+e.Steps[i].Name+".peak_qps")
	return name
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

// writesOf adds the rate of writes at a database.
func (e *explainer) writesOf(x *model.Case, d *draft, i int) {
	d.symbol("writes", e.WriteRate(x, i), "1/s", "calculated: calls of the steps themselves x "+d.origins.of("services."+e.Services[i].Name+".writes"))
}
