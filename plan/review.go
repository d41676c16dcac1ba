package plan

import (
	"fmt"

	"fsctl/plan/model"
	"fsctl/scenarios"
)

// review collects warnings and excuses.
type review struct {
	*model.Model
	scenario    *scenarios.Scenario
	mid, high   *model.Case
	demand      Demand
	totals      Totals
	placed      *EstatePlan
	autoscaling *Autoscaling

	warnings []Warning
	excuses  []Excuse
}

func (r *review) warn(code, format string, args ...any) {
	r.warnings = append(r.warnings, Warning{code, fmt.Sprintf(format, args...)})
}

func (r *review) excuse(candidate, bottleneck string, got, limit float64) {
	r.excuses = append(r.excuses, Excuse{candidate, bottleneck, got, limit})
}

// worst returns the case in which something happens, mid before high, with words for it.
func (r *review) worst(happens func(*model.Case) bool) (x *model.Case, when string) {
	switch {
	case happens(r.mid):
		return r.mid, ""
	case happens(r.high):
		return r.high, " in the high case"
	}
	return nil, ""
}

// above writes a figure that is above a limit. One that reads like the limit is said to be just above it.
func above(figure, limit string) string {
	if figure == limit {
		return "just over " + figure
	}
	return figure
}
