package explain

import (
	"fmt"
	"time"

	"fsctl/plan"
	"fsctl/plan/model"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
)

const (
	stormSource = "the storm's curve, integrated over the window, and the expected visits of its journeys"
	stormError  = "every answer comes at once and is as expected, and users think for their mean times: windows are as sharp as that"
)

// instant is a load of the model with its rates in one case.
type instant struct {
	load   *model.Load
	rates  *model.Rates
	field  string // of its rates in the plan's JSON, without the place; empty where they have none
	window time.Duration
}

// load returns one of the loads that services can be sized for.
func (e *explainer) load(x *model.Case, l int) instant {
	at := instant{&e.Loads[l], &x.Loads[l], "", model.StormSecond}
	if e.LoadOf(at.load.Kind) == l {
		at.field = at.load.Kind.String() + "_qps"
	}
	return at
}

// burst returns one of the storm's bursts.
func (e *explainer) burst(x *model.Case, l int) instant {
	at := instant{&e.Bursts[l], &x.Bursts[l], "", model.StormBurst}
	if l == 0 {
		at.field = "storm_burst_qps"
	}
	return at
}

// loadWithMost returns the load of a kind in which service i has the most calls.
func (e *explainer) loadWithMost(x *model.Case, i int, kind model.LoadKind) instant {
	best := e.LoadOf(kind)
	for l := range e.Loads {
		if e.Loads[l].Kind == kind && x.Loads[l].Services[i] > x.Loads[best].Services[i] {
			best = l
		}
	}
	return e.load(x, best)
}

func (e *explainer) burstWithMost(x *model.Case, i int) instant {
	best := 0
	for l := range e.Bursts {
		if x.Bursts[l].Services[i] > x.Bursts[best].Services[i] {
			best = l
		}
	}
	return e.burst(x, best)
}

// when says which window of the storm a load is.
func (at instant) when() string {
	return fmt.Sprintf("the %s of the storm that begin at %s", quantity.Exact(at.window), amount.Instant(at.load.At))
}

// origin says where a rate in the load comes from; place is that of a step or a service.
func (at instant) origin(place string) string {
	if at.field == "" {
		return "calculated: " + place + " in " + at.when()
	}
	return "calculated: " + place + "." + at.field
}

// stepRate adds a step's rate in a load and returns its symbol.
func (e *explainer) stepRate(d *draft, k int, at instant) string {
	name := indexed("step", e.Steps[k].Name)
	d.symbol(name, at.rates.Steps[k], "1/s", at.origin("demand.steps."+e.Steps[k].Name))
	return name
}

// stepLeaves lists the figures of a step in each load.
func (e *explainer) stepLeaves(field string, s *plan.StepDemand, k int) []leaf {
	list := e.estimate(field+".peak_qps", s.PeakQPS, func(x *model.Case, d *draft) {
		at := e.load(x, e.StepSizedFor(x, k))
		e.stepIn(x, d, k, at)
		e.assumeLoad(d, at)
	})
	for _, l := range loadsOf(s.Loads, s.StormBurstQPS) {
		list = append(list, e.estimate(field+"."+l.name, *l.estimate, func(x *model.Case, d *draft) {
			if l.burst {
				e.stepIn(x, d, k, e.burst(x, 0))
			} else {
				e.stepIn(x, d, k, e.load(x, e.LoadOf(l.kind)))
			}
		})...)
	}
	return list
}

// callLeaves lists the figures of a service in each load.
func (e *explainer) callLeaves(field string, s *plan.Service, i int) []leaf {
	list := e.estimate(field+".peak_qps", s.PeakQPS, func(x *model.Case, d *draft) {
		at := e.load(x, x.SizedFor[i])
		e.rateOf(x, d, i, at)
		e.assumeLoad(d, at)
	})
	for _, l := range loadsOf(s.Loads, s.StormBurstQPS) {
		list = append(list, e.estimate(field+"."+l.name, *l.estimate, func(x *model.Case, d *draft) {
			if l.burst {
				e.rateOf(x, d, i, e.burstWithMost(x, i))
			} else {
				e.rateOf(x, d, i, e.loadWithMost(x, i, l.kind))
			}
		})...)
	}
	return list
}

// namedLoad is the estimate of a rate in one load.
type namedLoad struct {
	name     string
	kind     model.LoadKind
	burst    bool
	estimate *plan.Estimate
}

func loadsOf(l plan.Loads, burst *plan.Estimate) (list []namedLoad) {
	for _, n := range []namedLoad{{"day_qps", model.DayLoad, false, l.DayQPS}, {"event_qps", model.EventLoad, false, l.EventQPS},
		{"storm_qps", model.StormLoad, false, l.StormQPS}, {"storm_burst_qps", model.StormLoad, true, burst}} {
		if n.estimate != nil {
			list = append(list, n)
		}
	}
	return list
}

// assumeLoad says which of several loads it is.
func (e *explainer) assumeLoad(d *draft, at instant) {
	if len(e.Loads) == 1 {
		return
	}
	what := map[model.LoadKind]string{model.DayLoad: "the day's peak", model.EventLoad: "the event"}[at.load.Kind]
	if what == "" {
		what = at.when()
	}
	d.assume("Sized for " + what + ": of the loads that it may be sized for, that asks for the most.")
}

// stepIn explains the rate of a step in a load.
func (e *explainer) stepIn(x *model.Case, d *draft, k int, at instant) {
	s := &e.Steps[k]
	d.Meaning, d.Unit, d.Source, d.Error = "Requests of the step a second at the sale.", "1/s", ruleSource, ruleError
	if at.load.Kind == model.StormLoad {
		d.Meaning, d.Source, d.Error = "Requests of the step a second that are expected in "+at.when()+", at full scale.", stormSource, stormError
		e.stormRate(x, d, k, at)
		return
	}
	multiplier := "peak"
	if at.load.Kind == model.DayLoad || s.Event == model.Absent {
		e.input(d, x, multiplier, e.Workload.Peak, "", "workload.peak")
		if at.load.Kind == model.EventLoad || !e.HasEvent() {
			d.assume("The step has no event multiplier, so it has the day's peak.")
		}
	} else {
		multiplier = indexed("event", s.Name)
		e.input(d, x, multiplier, s.Event, "", "workload.event."+s.Name)
		d.assume("The event multiplies the step over its busy mean.")
		if peak := e.Workload.Peak; e.Inputs[s.Event].Low < e.Inputs[peak].High {
			e.input(d, x, "peak", peak, "", "workload.peak")
			multiplier = "max(peak, " + multiplier + ")"
			d.assume("A step's event is at least its day's peak.")
		}
	}
	e.share(d, k)
	d.Formula = multiplier + " * " + indexed("share", s.Name) + " * " + e.busy(x, d)
}

// stormRate writes the formula of a step's rate in a window of the storm.
func (e *explainer) stormRate(x *model.Case, d *draft, k int, at instant) {
	n, name := at.load.Storm[k], e.Steps[k].Name
	symbol := func(point string, value float64) string {
		text := indexed(point, name)
		d.symbol(text, value, "1/s", "calculated: of "+d.origins.of("storm")+", and the visits of its journeys to steps."+name)
		return text
	}
	position := x.Value(e.Storm, 0)
	switch {
	case !at.load.Storm[k].Varies() || position == 0:
		d.Formula = symbol("storm", n.Mid())
		return
	case position < 0:
		d.Formula = symbol("storm", n.Mid()) + " - position * (" + symbol("storm_low", n.Low()) + " - " + indexed("storm", name) + ")"
	default:
		d.Formula = symbol("storm", n.Mid()) + " + position * (" + symbol("storm_high", n.High()) + " - " + indexed("storm", name) + ")"
	}
	e.input(d, x, "position", e.Storm, "", "storm")
}

// stormSum explains the storm's requests in a window, of all steps or of the transactions.
func (e *explainer) stormSum(what string, burst bool, counts func(model.Step) bool) func(*model.Case, *draft) {
	return func(x *model.Case, d *draft) {
		at := e.load(x, e.LoadOf(model.StormLoad))
		if burst {
			at = e.burst(x, 0)
		}
		d.Meaning = what + " a second that are expected in " + at.when() + ", at full scale."
		d.Unit, d.Source, d.Error = "1/s", stormSource, stormError
		var terms []string
		for k := range e.Steps {
			if counts(e.Steps[k]) {
				terms = append(terms, e.stepRate(d, k, at))
			}
		}
		d.Formula = sumOf(terms)
	}
}

// stormLeaves lists the figures of the storm.
func (e *explainer) stormLeaves() (list []leaf) {
	d := &e.plan.Demand
	if d.StormQPS == nil {
		return nil
	}
	all := func(model.Step) bool { return true }
	list = append(list, e.estimate("demand.storm_qps", *d.StormQPS, e.stormSum("Requests", false, all))...)
	list = append(list, e.estimate("demand.storm_tps", *d.StormTPS, e.stormSum("Transactions", false, func(s model.Step) bool { return s.Transaction }))...)
	list = append(list, e.estimate("demand.storm_burst_qps", *d.StormBurstQPS, e.stormSum("Requests", true, all))...)
	return list
}
