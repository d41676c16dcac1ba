package plan

import (
	"fmt"

	"fsctl/plan/model"
	"fsctl/scenarios"
	"fsctl/scenarios/strict"
)

// Check reports why no plan can be made from a scenario that is valid: a value outside the range in which the formulas give finite answers.
// A scenario without workload and services asks for none. Errors: *[model.InputError], with file and line, joined.
func Check(sc *scenarios.Scenario) error {
	if !sc.Workload.IsGiven() || len(sc.Services) == 0 {
		return nil
	}
	m, err := model.New(sc, 0)
	if err == nil {
		_, err = m.Corners()
	}
	return placed(sc, err)
}

// placed adds to errors where in the scenario's file their fields are.
func placed(sc *scenarios.Scenario, err error) error {
	switch e := err.(type) {
	case *model.InputError:
		if sc != nil && sc.File != "" && len(sc.Document) > 0 {
			e.Place = fmt.Sprintf("%s:%d", sc.File, strict.Line(sc.Document, e.Field))
		}
	case interface{ Unwrap() []error }:
		for _, each := range e.Unwrap() {
			_ = placed(sc, each)
		}
	}
	return err
}
