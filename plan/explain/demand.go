package explain

import (
	"strings"

	"fsctl/plan/model"
)

func (e *explainer) activeUsers(x *model.Case, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Users who are there on the day.", "users", ruleSource, exactError
	if !e.HasDay() {
		e.noDay(d)
		return
	}
	if e.Workload.Requests != model.Absent {
		d.Meaning, d.Formula = "Not counted: the workload gives its requests a day.", "0"
		return
	}
	d.Formula = "users * active"
	e.input(d, x, "users", e.Workload.Users, "users", "workload.users")
	e.input(d, x, "active", e.Workload.Active, "ratio", "workload.active")
}

// noDay explains the 0 of a figure of the day where the scenario has none.
func (e *explainer) noDay(d *draft) {
	d.Formula = "0"
	d.assume("The scenario has no workload: the plan is for the storm alone.")
}

// dayRequests adds the symbols of the day's requests and returns their product.
func (e *explainer) dayRequests(x *model.Case, d *draft) string {
	if !e.HasDay() {
		d.assume("The scenario has no workload: the plan is for the storm alone.")
		return "0"
	}
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
	if !e.HasDay() {
		return e.dayRequests(x, d)
	}
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
	if !e.HasDay() {
		e.noDay(d)
		return
	}
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
	if !e.HasDay() {
		e.noDay(d)
		return
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

func (e *explainer) event(x *model.Case, d *draft) {
	e.peak(x, d)
	d.Meaning = "Requests a second at the sale."
	if !e.HasDay() {
		return
	}
	if !e.HasEvent() {
		d.Assumptions = []string{"No event is given, so the sale is the day's peak."}
		return
	}
	d.Symbols, d.Assumptions = nil, []string{"All steps have their peaks in the same second."}
	var terms []string
	for k := range e.Steps {
		terms = append(terms, e.stepRate(d, k, e.load(x, e.LoadOf(model.EventLoad))))
	}
	d.Formula = sumOf(terms)
}

func (e *explainer) eventTransactions(x *model.Case, d *draft) {
	d.Meaning, d.Unit, d.Source, d.Error = "Transactions that are attempted a second at the sale.", "1/s", ruleSource, ruleError
	if !e.HasDay() {
		e.noDay(d)
		return
	}
	at := e.load(x, max(e.LoadOf(model.DayLoad), e.LoadOf(model.EventLoad)))
	var terms, names []string
	for k := range e.Steps {
		if e.Steps[k].Transaction {
			terms, names = append(terms, e.stepRate(d, k, at)), append(names, e.Steps[k].Name)
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
