package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"fsctl/loadgen/record"
	"fsctl/report/history"
	"fsctl/report/metric"
	"fsctl/report/sale"
	"fsctl/report/users"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/threshold"
)

// earnings say why a run proves nothing though no threshold is crossed: in words, empty where it is not so.
type earnings struct {
	allFailed     string // every request failed, or none was answered
	nothingPlaced string // no order, though there was stock
	nothingEqual  string // an invariant compared nothing with nothing
	stepFailed    string // every request of a step failed, and no threshold says how many may
	onset         int    // of the first two, from T0
	wanted        string // the threshold that asks for what happened, so that it is no failure; empty for none
	orderless     bool   // no order, whether or not that is what was wanted
}

// judgeEarnings looks for what a run must have done to prove anything. Thresholds and invariants are judged.
func (r *Report) judgeEarnings(rec *record.Record, run *history.History, accounts *sale.Accounts, sc *scenarios.Scenario) *earnings {
	e := &earnings{}
	total := run.All()
	orders := soughtOrders(rec, accounts, sc)
	e.orderless = orders.none()
	switch {
	case total.Done > 0 && total.Failed >= total.Done:
		e.wanted = wantedFailures(r.Thresholds, run)
		e.allFailed = "every request failed: " + causesOf(&total)
		e.onset = run.FirstSecond(func(c record.Counters) bool { return c.Failed > 0 })
	case total.Done == 0 && total.Sent > 0:
		e.allFailed = fmt.Sprintf("none of %s was answered", quantity.Of(total.Sent, "request"))
		e.onset = run.FirstSecond(func(c record.Counters) bool { return c.Sent > 0 })
	case total.Done == 0:
		e.allFailed = "no request was sent"
	case e.orderless:
		if rec.Manifest.End != nil && rec.Manifest.End.Reason != record.Completed && orders.unsent(run) {
			break // it was stopped before the first was due
		}
		e.wanted = cmp.Or(orders.wanted(r.Thresholds), orders.failuresWanted(r.Thresholds, run), allOptional(sc.Invariants))
		e.nothingPlaced = orders.missing(run)
		e.onset = run.FirstSecondOf(orders.steps[0], func(c record.Counters) bool { return c.Sent > 0 })
	}
	if e.allFailed == "" {
		e.stepFailed = untoleratedStep(r.Thresholds, run)
	}
	if e.allFailed == "" && e.nothingPlaced == "" {
		for _, i := range r.Invariants {
			if i.Status == NoData && i.empty && !i.Optional {
				e.nothingEqual = fmt.Sprintf("an invariant compared nothing with nothing: %s: %s", i.Name, i.Summary)
				break
			}
		}
	}
	return e
}

// tell adds what was found to the report: as findings and as the reason to fail, or, where it is what was wanted, as a note.
func (e *earnings) tell(r *Report) {
	for _, f := range []struct{ code, why string }{{FindingAllFailed, e.allFailed}, {FindingNothingPlaced, e.nothingPlaced}, {FindingNothingCompared, e.nothingEqual}} {
		switch {
		case f.why == "":
		case e.wanted != "":
			r.Notes = append(r.Notes, f.why+"; that is no failure, since "+e.wanted)
		default:
			r.found(f.code, e.onset, "%s", f.why)
			r.unearned = cmp.Or(r.unearned, f.why)
		}
	}
	r.unearned = cmp.Or(r.unearned, e.stepFailed)
}

// untoleratedStep tells of the first step of which every request failed, though no threshold that held speaks of its failures.
func untoleratedStep(results []ThresholdResult, run *history.History) string {
	thresholds := heldOnes(results)
	for _, step := range run.Names {
		c := run.Total(step)
		if c.Done == 0 || c.Failed < c.Done || slices.ContainsFunc(thresholds, func(t threshold.Threshold) bool {
			return (t.Step == "" || t.Step == step) && (t.Metric == "http_req_failed" || t.Metric == "checks" || isFailure(t.Outcome) || t.Expected != nil)
		}) {
			continue
		}
		return fmt.Sprintf("every request of %s failed: %s", step, causesOf(&c))
	}
	return ""
}

// unfit says why no size follows from the run, or nothing.
func (e *earnings) unfit() string {
	if e.allFailed == "" && e.orderless {
		return "no order was placed, so the target showed only what it can refuse"
	}
	return e.allFailed
}

// heldOnes returns the thresholds that were held.
func heldOnes(results []ThresholdResult) []threshold.Threshold {
	var list []threshold.Threshold
	for i := range results {
		if t, err := results[i].Limit(); err == nil && results[i].Status == Held {
			t.Optional = results[i].Optional
			list = append(list, t)
		}
	}
	return list
}

// wantedFailures says which held threshold asks for the failures of a run, or nothing where those of a step are not asked
// for.
func wantedFailures(results []ThresholdResult, run *history.History) string {
	thresholds, why := heldOnes(results), ""
	for _, step := range run.Names {
		if run.Total(step).Done == 0 {
			continue
		}
		at := slices.IndexFunc(thresholds, func(t threshold.Threshold) bool {
			return asksForFailures(&t) && (t.Step == "" || t.Step == step)
		})
		if at < 0 {
			return ""
		}
		why = asks(&thresholds[at])
	}
	return why
}

func asks(t *threshold.Threshold) string { return t.Key() + " " + t.Text + " asks for it" }

// asksForFailures says whether a threshold would not hold if no request failed.
func asksForFailures(t *threshold.Threshold) bool {
	selected := isFailure(t.Outcome) || t.Expected != nil && !*t.Expected
	switch {
	case t.Metric == "checks":
		return t.Aggregation == "rate" && !t.Holds(1)
	case t.Metric == "http_req_failed":
		return !t.Holds(0)
	case t.Kind == threshold.Trend:
		return selected && !t.Optional
	}
	return selected && !t.Holds(0)
}

// sought are the orders that a run was to place.
type sought struct {
	outcome string
	steps   []string // that place one; none where the scenario has no stock
	stock   float64  // pieces of all items
	placed  int64
	old     int64 // answers that told of an order from before T0, or of one again
}

func soughtOrders(rec *record.Record, accounts *sale.Accounts, sc *scenarios.Scenario) sought {
	o := sought{outcome: "placed"}
	if sc.Ledger != nil {
		o.outcome = cmp.Or(sc.Ledger.Outcome, o.outcome)
	}
	if sc.Sale == nil || sc.Sale.Stock <= 0 {
		return o
	}
	o.stock = float64(sc.Sale.Stock) * float64(max(sc.Sale.Items, 1))
	performed := append(users.Steps(sc), rec.Steps()...)
	for i := range sc.Steps {
		s := &sc.Steps[i]
		places := slices.ContainsFunc(s.Outcome, func(v scenarios.Outcome) bool { return v.Name == o.outcome })
		if s.Transaction && places && slices.Contains(performed, s.Name) {
			o.steps = append(o.steps, s.Name)
		}
	}
	o.placed = rec.Count(record.Everything, func(t record.Tag) bool {
		return t.Metric == metric.Counted(rec) && t.Outcome == o.outcome && slices.Contains(o.steps, t.Step)
	})
	for step, n := range accounts.Repeated(record.Everything, rec.Manifest.T0) {
		if slices.Contains(o.steps, step) {
			o.old += n
		}
	}
	return o
}

// none says whether orders were to be placed, and not one was.
func (o *sought) none() bool { return len(o.steps) > 0 && o.placed <= o.old }

// unsent says whether no order was sent.
func (o *sought) unsent(run *history.History) bool {
	return !slices.ContainsFunc(o.steps, func(step string) bool { return run.Total(step).Sent > 0 })
}

// failuresWanted says which held threshold asks by name for the failures of the steps that place orders; nothing where one
// of them did not fail as a whole, or is not asked for.
func (o *sought) failuresWanted(results []ThresholdResult, run *history.History) string {
	thresholds, why := heldOnes(results), ""
	for _, step := range o.steps {
		at := slices.IndexFunc(thresholds, func(t threshold.Threshold) bool { return t.Step == step && asksForFailures(&t) })
		if c := run.Total(step); at < 0 || c.Done == 0 || c.Failed < c.Done {
			return ""
		}
		why = asks(&thresholds[at])
	}
	return why
}

// missing says what became of the orders that were sent.
func (o *sought) missing(run *history.History) string {
	var parts []string
	refused := false
	for _, step := range o.steps {
		c := run.Total(step)
		switch {
		case c.Done == 0:
			parts = append(parts, step+" was sent 0 times")
		case c.Failed >= c.Done:
			parts = append(parts, "every request of "+step+" failed: "+causesOf(&c))
		case o.placed > 0:
			refused = true
			parts = append(parts, fmt.Sprintf("all %s that buyers were told of were there before T0", quantity.Of(o.placed, "order")))
		default:
			refused = true
			text := fmt.Sprintf("%s of %s %s", quantity.Of(c.Done, "request"), step, "was "+o.outcome)
			if len(c.Statuses) > 0 {
				text += " (answers by status " + countsText(c.Statuses) + ")"
			}
			parts = append(parts, "none of "+text)
		}
	}
	text := fmt.Sprintf("nothing was placed though the sale has stock (%s): %s", quantity.EstimateOf(o.stock, "piece"), strings.Join(parts, ", "))
	if refused {
		text += "; was the shop reset?"
	}
	return text
}

// wanted says which held threshold asks for a sale without orders, or for another outcome of theirs; nothing for none.
func (o *sought) wanted(results []ThresholdResult) string {
	for _, t := range heldOnes(results) {
		if t.Metric != "http_reqs" && t.Metric != "outcome" || t.Step != "" && !slices.Contains(o.steps, t.Step) {
			continue
		}
		most := o.stock // a bound of all that there is to sell is one that a sale is held to
		if t.Kind == threshold.Share && t.Aggregation == "rate" {
			most = 1
		}
		switch t.Outcome {
		case "", record.OutcomeOK:
		case o.outcome:
			if t.Holds(0) && !t.Holds(most) {
				return asks(&t)
			}
		default:
			if !t.Holds(0) {
				return asks(&t)
			}
		}
	}
	return ""
}

// allOptional says that every invariant is optional, or nothing.
func allOptional(invariants []scenarios.Invariant) string {
	if len(invariants) == 0 || slices.ContainsFunc(invariants, func(i scenarios.Invariant) bool { return !i.Optional }) {
		return ""
	}
	return "every invariant is optional"
}
