package cmd

import (
	"fmt"
	"strconv"
	"strings"

	"fsctl/plan"
)

// infeasibleError is a plan, already printed, that no size can carry within the limits given.
type infeasibleError struct{ text string }

func (e *infeasibleError) Error() string { return "the plan is infeasible: " + e.text }

// infeasible returns the error of a plan that breaks a limit which was given, or nil.
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

// short writes a figure whose unit only its bottleneck knows, with four digits that count.
func short(v float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	if err != nil {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
