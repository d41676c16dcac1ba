package explain

import (
	"strings"

	"fsctl/plan/model"
)

func (e *explainer) activeUsers(x *model.Case, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Users who are there on the day.", "users", ruleSource, exactError
	if e.Workload.Requests != model.Absent {
		d.Meaning, d.Formula = "Not counted: the workload gives its requests a day.", "0"
		return
	}
	d.Formula = "users * active"
	e.input(d, x, "users", e.Workload.Users, "users", "workload.users")
	e.input(d, x, "active", e.Workload.Active, "ratio", "workload.active")
}

// dayRequests adds the symbols of the day's requests and returns their product.
func (e *explainer) dayRequests(x *model.Case, d *draft) string {
	if e.Workload.Requests != model.Absent {
		e.input(d, x, "requests", e.Workload.Requests, "1/day", "workload.requests")
		return "requests"
	}
	e.input(d, x, "users", e.Workload.Users, "users", "workload.users")
	e.input(d, x, "active", e.Workload.Active, "ratio", "workload.active")
	e.input(d, x, "actions", e.Workload.Actions, "1/day", "workload.actions")
	return "users * active * actions"
}

func (e *explainer) requestsPerDay(x *model.Case, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Requests of the whole day.", "1/day", ruleSource, exactError
	d.Formula = e.dayRequests(x, d)
}

func (e *explainer) dayMean(x *model.Case, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Requests a second, in the mean of the whole day.", "1/s", ruleSource, exactError
	d.Formula = e.dayRequests(x, d) + " / day"
	d.symbol("day", model.DaySeconds, "s", "24 h")
}

// busy adds the symbols of the busy mean and returns its formula.
func (e *explainer) busy(x *model.Case, d *draft) string {
	d.given("busy_share", e.Workload.BusyShare, "ratio", "workload.busy.share")
	d.given("busy_window", e.Workload.BusySeconds, "s", "workload.busy.window")
	return "busy_share * " + e.dayRequests(x, d) + " / busy_window"
}

func (e *explainer) busyMean(x *model.Case, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Requests a second, in the mean of the busy window.", "1/s", ruleSource, ruleError
	d.Formula = e.busy(x, d)
	d.assume("The requests of the busy window are spread evenly over it.")
}

func (e *explainer) peak(x *model.Case, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Requests a second at the peak of an ordinary day.", "1/s", ruleSource, ruleError
	e.input(d, x, "peak", e.Workload.Peak, "", "workload.peak")
	d.Formula = "peak * " + e.busy(x, d)
	d.assume("The peak is a multiple of the busy mean; a sale's first second is not an ordinary peak, see demand.event_qps.")
}

func (e *explainer) peakTransactions(x *model.Case, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Transactions a second at the peak of an ordinary day.", "1/s", ruleSource, ruleError
	var shares []string
	for i := range e.Steps {
		if e.Steps[i].Transaction {
			shares = append(shares, indexed("share", e.Steps[i].Name))
		}
	}
	if len(shares) == 0 {
		d.Formula = "0"
		d.assume("No step is marked as a transaction.")
		return
	}
	d.Formula = "peak * busy_mean * (" + sumOf(shares) + ")"
	e.input(d, x, "peak", e.Workload.Peak, "", "workload.peak")
	d.derived("busy_mean", x.BusyMean, "1/s", "demand.busy_mean_qps")
	for i := range e.Steps {
		if e.Steps[i].Transaction {
			e.share(d, i)
		}
	}
}

func (e *explainer) stepPeak(x *model.Case, d *draft, i int) {
	s := &e.Steps[i]
	d.Meaning, d.Unit, d.Source, d.Error = "Requests of the step a second at the sale.", "1/s", ruleSource, ruleError
	multiplier := "peak"
	if s.Event == model.Absent {
		e.input(d, x, multiplier, e.Workload.Peak, "", "workload.peak")
		d.assume("The step has no event multiplier, so it has the day's peak.")
	} else {
		multiplier = indexed("event", s.Name)
		e.input(d, x, multiplier, s.Event, "", "workload.event."+s.Name)
		d.assume("The event multiplies the step over its busy mean.")
	}
	e.share(d, i)
	d.Formula = multiplier + " * " + indexed("share", s.Name) + " * " + e.busy(x, d)
}

func (e *explainer) event(x *model.Case, d *draft) {
	e.peak(x, d)
	d.Meaning = "Requests a second at the sale."
	eventless := true
	for i := range e.Steps {
		eventless = eventless && e.Steps[i].Event == model.Absent
	}
	if eventless {
		d.Assumptions = []string{"No event is given, so the sale is the day's peak."}
		return
	}
	d.Symbols, d.Assumptions = nil, []string{"All steps have their peaks in the same second."}
	var terms []string
	for i := range e.Steps {
		terms = append(terms, e.stepRate(x, d, i))
	}
	d.Formula = sumOf(terms)
}

func (e *explainer) eventTransactions(x *model.Case, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Transactions that are attempted a second at the sale.", "1/s", ruleSource, ruleError
	var terms, names []string
	for i := range e.Steps {
		if e.Steps[i].Transaction {
			terms, names = append(terms, e.stepRate(x, d, i)), append(names, e.Steps[i].Name)
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
