package cmd

import (
	"fmt"
	"strings"

	"fsctl/plan"
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
	var list []string
	for _, e := range obstacles {
		got, limit := quantity.Against(e.Got, e.Limit) // whose unit is in the name of the bottleneck
		list = append(list, fmt.Sprintf("%s: %s %s, limit %s", e.Candidate, e.Bottleneck, got, limit))
	}
	hint := "raise the limit, or change what needs it"
	if len(p.Tornado) > 0 {
		hint += "; " + p.Tornado[0].Input + " moves the cores most"
	}
	return &hinted{&infeasibleError{strings.Join(list, "; ")}, hint}
}
