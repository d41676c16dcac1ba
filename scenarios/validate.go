package scenarios

import (
	"reflect"

	"fsctl/scenarios/strict"
)

// Validate checks a scenario that a program made or changed as [Load] and [Parse] check what they read:
// words, ranges, names and sums. Defaults are not filled in, and data files are not looked for.
// Errors: *[strict.Error] with every problem, without lines.
func (s *Scenario) Validate() error {
	v := &validator{Fields: strict.NoFields(s.File), s: s}
	v.form("", reflect.ValueOf(s).Elem())
	v.SkipWrong()
	if v.sizes(); v.IsFull() {
		return v.Err()
	}
	return v.scenario()
}

// scenario checks the whole. Errors: *[strict.Error] with every problem.
func (v *validator) scenario() error {
	v.name("name", v.s.Name)
	v.workload()
	v.targets()
	v.feeders() // before steps: they name variables
	v.steps()
	v.defaults() // after steps: they name variables
	v.services()
	v.sale()
	v.estate()
	v.sizeLimits()
	v.journeys()
	v.storm()
	v.rehearsal()
	v.thresholds()
	v.ledger()
	v.Sort() // two journeys may miss the same url
	return v.Err()
}
