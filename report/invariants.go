package report

import (
	"fmt"
	"slices"

	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
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

	empty bool `json:"-"` // it compared nothing with nothing: nothing was sold, and no buyer was told of an order
}

// mostEvidence is how many users or orders are named.
const mostEvidence = 5

// judge judges the invariants of a scenario.
func (a *accounts) judge(invariants []scenarios.Invariant) []InvariantResult {
	results := []InvariantResult{}
	for _, invariant := range invariants {
		var r InvariantResult
		switch invariant.Name {
		case scenarios.NoOversell:
			r = a.noOversell()
		case scenarios.OneOrderPerUser:
			r = a.oneOrderPerUser()
		case scenarios.NoLostOrder:
			r = a.noLostOrder()
		default:
			r = InvariantResult{Status: NoData, Summary: "this version does not know it"}
		}
		r.Name, r.Optional = invariant.Name, invariant.Optional
		if a.copies > 0 {
			r.Evidence = append(r.Evidence, quantity.Of(a.copies, "line")+" of the ledger "+map[bool]string{true: "repeats", false: "repeat"}[a.copies == 1]+" another, and counted once with it")
		}
		if r.Evidence == nil {
			r.Evidence = []string{}
		}
		if a.answers && r.Status != NoData {
			r.Summary += ", by the answers alone"
		}
		results = append(results, r)
	}
	return results
}

// decide sets status and summary, from what outweighs all else on: what contradicts itself, what is broken by the count, why
// there is no data, and what held.
//
//	broken  the summary of what the count shows to be broken, empty for nothing
//	lacks   why nothing can be said, empty where something can
//	held    the summary of what held
func (r *InvariantResult) decide(a *accounts, broken, lacks, held string) {
	clashes, evidence := a.broken()
	r.Evidence = slices.Concat(evidence, r.Evidence)
	switch {
	case clashes != "":
		r.Status, r.Summary = Broken, clashes
		if broken != "" {
			r.Summary += "; " + broken
		}
	case broken != "":
		r.Status, r.Summary = Broken, broken
	case lacks != "":
		r.Status, r.Summary = NoData, lacks
		r.empty = lacks == nothing
	default:
		r.Status, r.Summary = Held, held
	}
}

// first returns at most n texts, and how many there are more.
func first(texts []string, n int, noun string) []string {
	if len(texts) <= n {
		return texts
	}
	return append(slices.Clone(texts[:n]), fmt.Sprintf("and %s more", quantity.Of(len(texts)-n, noun)))
}
