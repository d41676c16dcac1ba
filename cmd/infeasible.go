package cmd

import (
	"fmt"
	"strconv"
	"strings"

	"fsctl/plan"
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
		list = append(list, fmt.Sprintf("%s: %s %s, limit %s", e.Candidate, e.Bottleneck, short(e.Got), short(e.Limit)))
	}
	hint := "raise the limit, or change what needs it"
	if len(p.Tornado) > 0 {
		hint += "; " + p.Tornado[0].Input + " moves the cores most"
	}
	return &hinted{&infeasibleError{strings.Join(list, "; ")}, hint}
}

// short writes a figure with four significant digits. Its unit is in the name of the bottleneck.
func short(v float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	if err != nil {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
