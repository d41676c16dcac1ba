package cmd

import (
	"fmt"
	"slices"
	"strings"

	"fsctl/plan"
	"fsctl/plan/bill"
	"fsctl/scenarios/quantity"
)

// infeasibleError says that no sizing meets the limits given. The plan has been printed.
type infeasibleError struct{ text string }

func (e *infeasibleError) Error() string { return "the plan is infeasible: " + e.text }

// infeasible returns an *infeasibleError where a plan breaks a limit that was given.
func infeasible(p *plan.Plan) error {
	obstacles := p.Obstacles()
	if len(obstacles) == 0 {
		return nil
	}
	var list, hints []string
	for _, e := range obstacles {
		got, limit := quantity.Against(e.Got, e.Limit) // whose unit is in the name of the bottleneck
		switch e.Bottleneck {
		case plan.ByUnsized:
			list = append(list, fmt.Sprintf("%s: nothing says how many cores an instance of %s has, so that a limit of %s cores cannot be said to hold; the others have %s",
				e.Candidate, strings.Join(p.Totals.Unsized, ", "), limit, got))
			hints = append(hints, "give instance.cores")
		case plan.ByUnpriced:
			list = append(list, fmt.Sprintf("%s: not everything that it takes has a price, so that a limit of %s on the cost cannot be said to hold; what has one costs %s", e.Candidate, limit, got))
			hints = append(hints, unpricedHints(p)...)
		default:
			list = append(list, e.String())
			hints = append(hints, "raise the limit, or change what needs it")
		}
	}
	slices.Sort(hints)
	hint := strings.Join(slices.Compact(hints), "; ")
	if len(p.Tornado) > 0 {
		hint += "; " + p.Tornado[0].Input + " moves the cores most"
	}
	return &hinted{&infeasibleError{strings.Join(list, "; ")}, hint}
}

// unpricedHints says what is missing for the cost to be known.
func unpricedHints(p *plan.Plan) (hints []string) {
	for _, part := range p.Totals.CostParts {
		switch {
		case part.Cost != nil:
		case part.Name == bill.UnsizedCores:
			hints = append(hints, "give instance.cores")
		default:
			hints = append(hints, "give a price of each pool and estate.functions, 0 for what costs nothing")
		}
	}
	return hints
}
