package explain

import (
	"fsctl/plan"
	"fsctl/plan/bill"
	"fsctl/plan/model"
	"fsctl/scenarios"
)

// explainer knows the plan and the model it came from.
type explainer struct {
	*model.Model
	plan    *plan.Plan
	corners model.Corners
	figures map[string]model.Figure // of the plan's estimates, by field
	origins origins
	trials  map[string]int      // whose values are the percentiles that were asked for, by field; -1 for none
	cases   map[int]*model.Case // of the trials that were asked for
}

func newExplainer(sc *scenarios.Scenario, p *plan.Plan) (*explainer, error) {
	m, err := model.New(sc, p.Seed)
	if err != nil {
		return nil, err
	}
	if err := m.SizeFor(p.SizeFor); err != nil {
		return nil, err
	}
	corners, err := m.Corners()
	if err != nil {
		return nil, err
	}
	e := &explainer{Model: m, plan: p, corners: corners, figures: map[string]model.Figure{}, origins: newOrigins(sc, p.Calibration),
		trials: map[string]int{}, cases: map[int]*model.Case{}}
	for _, f := range plan.Figures(m) {
		e.figures[f.Field] = f
	}
	for i := range m.Services {
		field := "services." + m.Services[i].Name + ".cpu_cores"
		e.figures[field] = model.Figure{Field: field, Needs: i, Read: func(x *model.Case) float64 { return bill.CoresOf(m, x, i) }}
	}
	return e, nil
}
