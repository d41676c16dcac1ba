package scenarios

import (
	"fmt"
	"slices"

	"fsctl/scenarios/quantity"
	"fsctl/scenarios/strict"
)

// Warnings returns what is valid in the scenario and hardly meant, a sentence each.
func (s *Scenario) Warnings() (list []string) {
	for i := range s.Steps {
		list = append(list, s.Steps[i].Request.Warnings("steps."+s.Steps[i].Name+".request")...)
		if step := &s.Steps[i]; step.Patience > 0 && step.Patience >= step.Request.Timeout {
			list = append(list, fmt.Sprintf("steps.%s.patience: nobody gives up after %s, since the request ends by its timeout of %s before", step.Name,
				quantity.Exact(step.Patience), quantity.Exact(step.Request.Timeout)))
		}
	}
	list = append(list, s.alwaysDefault()...)
	for _, name := range s.unusedTargets() {
		list = append(list, fmt.Sprintf("targets.%s is sent nothing: no step says host: %s", name, name))
	}
	for _, f := range s.Feeders {
		switch {
		case f.From == "csv" && (f.Fields != nil || f.Size > 0):
			list = append(list, fmt.Sprintf("feeders.%s: size and fields are not read: with from: csv the file %s gives the rows and their names; leave them out", f.Name, f.File))
		case f.From == "sequence" && f.File != "":
			list = append(list, fmt.Sprintf("feeders.%s: the file %s is not read: only from: csv reads one", f.Name, f.File))
		}
	}
	if s.Ledger != nil && s.Ledger.Answers && slices.Contains(s.Invariants, Invariant{Name: NoLostOrder}) {
		list = append(list, "invariants: no-lost-order has no data with ledger: answers, and fails the run: only the shop's own ledger can show a lost order; leave it out, or say {name: no-lost-order, optional: true}")
	}
	return list
}

// alwaysDefault warns of defaults of variables that are never set.
func (s *Scenario) alwaysDefault() (list []string) {
	v := validator{Fields: strict.NoFields(s.File), s: s, files: true}
	v.feeders()
	v.extracted()
	for i := range s.Steps {
		for _, text := range s.Steps[i].Request.Texts() {
			t, _ := text.Parse()
			for _, value := range t.Values() {
				if value.Default != nil && !v.isVariable(value.Term.Text) {
					list = append(list, fmt.Sprintf("steps.%s.request.%s: nothing sets %s, so that %s is always its default%s",
						s.Steps[i].Name, text.Field, value.Term.Text, value, strict.DidYouMean(value.Term.Text, v.variables)))
				}
			}
		}
	}
	return list
}
