// Package sale judges a sale by its two accounts: what the shop says it sold, and what buyers were told.
package sale

import (
	"slices"

	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// Status is the judgement on an invariant.
type Status int

// What an invariant can be. Nothing is no data because nothing was compared with nothing: nothing was sold, and no buyer was
// told of an order.
const (
	Held Status = iota
	Broken
	NoData
	Nothing
)

// Result is the judgement on one invariant of the sale.
type Result struct {
	Status   Status
	Expected int // pieces in stock; pieces a user may buy; orders confirmed to buyers
	Observed int // pieces sold; most pieces of a user; orders found
	Evidence []string
	Summary  string // in one line
}

// mostEvidence is how many users or orders are named.
const mostEvidence = 5

// Judge judges an invariant by its name in the scenario.
func (a *Accounts) Judge(invariant string) Result {
	var r Result
	switch invariant {
	case scenarios.NoOversell:
		r = a.noOversell()
	case scenarios.OneOrderPerUser:
		r = a.oneOrderPerUser()
	case scenarios.NoLostOrder:
		r = a.noLostOrder()
	default:
		r = Result{Status: NoData, Summary: "this version does not know it"}
	}
	if a.copies > 0 {
		r.Evidence = append(r.Evidence, quantity.Of(a.copies, "line")+" of the ledger "+verb(a.copies, "repeats", "repeat")+" another, and counted once with it")
	}
	if a.answers && (r.Status == Held || r.Status == Broken) {
		r.Summary += ", by the answers alone"
	}
	return r
}

// decide sets status and summary, from what outweighs all else on: what contradicts itself, what is broken by the count, why
// there is no data, and what held.
//
//	broken  the summary of what the count shows to be broken, empty for nothing
//	lacks   why nothing can be said, empty where something can
//	held    the summary of what held
func (r *Result) decide(a *Accounts, broken, lacks, held string) {
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
		if lacks == nothing {
			r.Status = Nothing
		}
	default:
		r.Status, r.Summary = Held, held
	}
}

// verb returns the form of a verb that goes with a number of things.
func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
