package report

import (
	"fsctl/report/sale"
	"fsctl/scenarios"
)

// InvariantResult is the judgement on one invariant of the sale.
type InvariantResult struct {
	Name     string   `json:"name"`
	Status   Status   `json:"status"`
	Expected int      `json:"expected"` // pieces in stock; pieces a user may buy; orders confirmed to buyers
	Observed int      `json:"observed"` // pieces sold; most pieces of a user; orders found
	Evidence []string `json:"evidence"`
	Optional bool     `json:"optional,omitempty"` // without data it is skipped
	Summary  string   `json:"summary"`            // in one line

	empty bool // it compared nothing with nothing: nothing was sold, and no buyer was told of an order
}

// judgeInvariants judges the invariants of a scenario by the accounts of its run.
func judgeInvariants(accounts *sale.Accounts, invariants []scenarios.Invariant) []InvariantResult {
	results := []InvariantResult{}
	for _, i := range invariants {
		r := accounts.Judge(i.Name)
		status := map[sale.Status]Status{sale.Held: Held, sale.Broken: Broken, sale.NoData: NoData, sale.Nothing: NoData}[r.Status]
		results = append(results, InvariantResult{Name: i.Name, Status: status, Expected: r.Expected, Observed: r.Observed,
			Evidence: append([]string{}, r.Evidence...), Optional: i.Optional, Summary: r.Summary, empty: r.Status == sale.Nothing})
	}
	return results
}
