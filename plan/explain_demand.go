package plan

import "strings"

const (
	ruleSource = "the 2/8 rule of back-end planning: 80 % of a day's requests come in 20 % of its hours"
	ruleError  = "a rule of thumb for an ordinary day; as exact as its inputs"
	exactError = "none: arithmetic, as exact as its inputs"
)

func (e *explainer) demandLeaves() []leaf {
	d := &e.plan.Demand
	list := []leaf{
		{field: "demand.active_users", want: d.ActiveUsers, explain: e.activeUsers},
		{field: "demand.requests_per_day", want: d.RequestsPerDay, explain: e.requestsPerDay},
		{field: "demand.day_mean_qps", want: d.DayMeanQPS, explain: e.dayMean},
		{field: "demand.busy_mean_qps", want: d.BusyMeanQPS, explain: e.busyMean},
	}
	list = append(list, e.estimate("demand.peak_qps", &d.PeakQPS, e.peak)...)
	list = append(list, e.estimate("demand.peak_tps", &d.PeakTPS, e.peakTransactions)...)
	list = append(list, e.estimate("demand.event_qps", &d.EventQPS, e.event)...)
	list = append(list, e.estimate("demand.event_tps", &d.EventTPS, e.eventTransactions)...)
	for i := range d.Steps {
		field := "demand.steps." + d.Steps[i].Name
		list = append(list, leaf{field: field + ".busy_mean_qps", want: d.Steps[i].BusyMeanQPS, explain: func(x *point, d *draft) {
			d.Meaning = "Requests of the step a second, in the mean of the busy window."
			d.Formula, d.Unit, d.Source, d.Error = "busy_mean * "+at("share", e.steps[i].name), "1/s", ruleSource, ruleError
			d.derived("busy_mean", x.busyMean, "1/s", "demand.busy_mean_qps")
			e.share(d, i)
		}})
		list = append(list, e.estimate(field+".peak_qps", &d.Steps[i].PeakQPS, func(x *point, d *draft) { e.stepPeak(x, d, i) })...)
	}
	return list
}

func (e *explainer) activeUsers(x *point, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Users who are there on the day.", "users", ruleSource, exactError
	if e.requests != absent {
		d.Meaning, d.Formula = "Not counted: the workload gives its requests a day.", "0"
		return
	}
	d.Formula = "users * active"
	e.input(d, x, "users", e.users, "users", "workload.users")
	e.input(d, x, "active", e.active, "ratio", "workload.active")
}

// dayRequests adds the symbols of the day's requests and returns their product.
func (e *explainer) dayRequests(x *point, d *draft) string {
	if e.requests != absent {
		e.input(d, x, "requests", e.requests, "1/day", "workload.requests")
		return "requests"
	}
	e.input(d, x, "users", e.users, "users", "workload.users")
	e.input(d, x, "active", e.active, "ratio", "workload.active")
	e.input(d, x, "actions", e.actions, "1/day", "workload.actions")
	return "users * active * actions"
}

func (e *explainer) requestsPerDay(x *point, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Requests of the whole day.", "1/day", ruleSource, exactError
	d.Formula = e.dayRequests(x, d)
}

func (e *explainer) dayMean(x *point, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Requests a second, in the mean of the whole day.", "1/s", ruleSource, exactError
	d.Formula = e.dayRequests(x, d) + " / day"
	d.symbol("day", daySeconds, "s", "24 h")
}

// busy adds the symbols of the busy mean and returns its formula.
func (e *explainer) busy(x *point, d *draft) string {
	d.given("busy_share", e.busyShare, "ratio", "workload.busy.share")
	d.given("busy_window", e.busySeconds, "s", "workload.busy.window")
	return "busy_share * " + e.dayRequests(x, d) + " / busy_window"
}

func (e *explainer) busyMean(x *point, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Requests a second, in the mean of the busy window.", "1/s", ruleSource, ruleError
	d.Formula = e.busy(x, d)
	d.assume("The requests of the busy window are spread evenly over it.")
}

func (e *explainer) peak(x *point, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Requests a second at the peak of an ordinary day.", "1/s", ruleSource, ruleError
	e.input(d, x, "peak", e.model.peak, "", "workload.peak")
	d.Formula = "peak * " + e.busy(x, d)
	d.assume("The peak is a multiple of the busy mean; a sale's first second is not an ordinary peak, see demand.event_qps.")
}

func (e *explainer) share(d *draft, i int) {
	d.given(at("share", e.steps[i].name), e.steps[i].share, "ratio", "steps."+e.steps[i].name+".share")
}

func (e *explainer) peakTransactions(x *point, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Transactions a second at the peak of an ordinary day.", "1/s", ruleSource, ruleError
	var shares []string
	for i := range e.steps {
		if e.steps[i].transaction {
			shares = append(shares, at("share", e.steps[i].name))
		}
	}
	if len(shares) == 0 {
		d.Formula = "0"
		d.assume("No step is marked as a transaction.")
		return
	}
	d.Formula = "peak * busy_mean * (" + sumOf(shares) + ")"
	e.input(d, x, "peak", e.model.peak, "", "workload.peak")
	d.derived("busy_mean", x.busyMean, "1/s", "demand.busy_mean_qps")
	for i := range e.steps {
		if e.steps[i].transaction {
			e.share(d, i)
		}
	}
}

func (e *explainer) stepPeak(x *point, d *draft, i int) {
	s := &e.steps[i]
	d.Meaning, d.Unit, d.Source, d.Error = "Requests of the step a second at the sale.", "1/s", ruleSource, ruleError
	multiplier := "peak"
	if s.event == absent {
		e.input(d, x, multiplier, e.model.peak, "", "workload.peak")
		d.assume("The step has no event multiplier, so it has the day's peak.")
	} else {
		multiplier = at("event", s.name)
		e.input(d, x, multiplier, s.event, "", "workload.event."+s.name)
		d.assume("The event multiplies the step over its busy mean.")
	}
	e.share(d, i)
	d.Formula = multiplier + " * " + at("share", s.name) + " * " + e.busy(x, d)
}

// stepRate adds a step's rate at the sale and returns its symbol.
func (e *explainer) stepRate(x *point, d *draft, i int) string {
	name := at("step", e.steps[i].name)
	d.derived(name, x.steps[i], "1/s", "demand.steps."+e.steps[i].name+".peak_qps")
	return name
}

func (e *explainer) event(x *point, d *draft) {
	e.peak(x, d)
	d.Meaning = "Requests a second at the sale."
	eventless := true
	for i := range e.steps {
		eventless = eventless && e.steps[i].event == absent
	}
	if eventless {
		d.Assumptions = []string{"No event is given, so the sale is the day's peak."}
		return
	}
	d.Symbols, d.Assumptions = nil, []string{"All steps have their peaks in the same second."}
	var terms []string
	for i := range e.steps {
		terms = append(terms, e.stepRate(x, d, i))
	}
	d.Formula = sumOf(terms)
}

func (e *explainer) eventTransactions(x *point, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Transactions that are attempted a second at the sale.", "1/s", ruleSource, ruleError
	var terms, names []string
	for i := range e.steps {
		if e.steps[i].transaction {
			terms, names = append(terms, e.stepRate(x, d, i)), append(names, e.steps[i].name)
		}
	}
	d.Formula = sumOf(terms)
	if len(names) == 0 {
		d.assume("No step is marked as a transaction.")
		return
	}
	d.assume("Steps marked as transactions: " + strings.Join(names, ", ") + ".")
	d.assume("Stock bounds what succeeds, never what is attempted.")
}
