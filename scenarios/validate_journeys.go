package scenarios

import (
	"fmt"
	"maps"
	"strings"

	"fsctl/scenarios/script"
)

func (v *validator) journeys() {
	for i := range v.s.Journeys {
		j := &v.s.Journeys[i]
		v.name("journeys."+j.Name, j.Name)
		v.actions("journeys."+j.Name, j.Do, around{})
		v.settable("journeys."+j.Name, j.Do, v.setBefore(j.Name))
	}
}

// settable reports every variable that a journey uses before any of its steps can have set it, and adds to set what the
// actions may set. Inside a repeat any step of its body counts as earlier: it may have run in the round before. After a choice or a
// condition the steps of every way count.
func (v *validator) settable(path string, do []script.Action, set map[string]bool) {
	for i := range do {
		a, at := &do[i], fmt.Sprintf("%s[%d]", path, i)
		switch {
		case a.Repeat != nil:
			for _, s := range v.stepsOf(a.Repeat.Do) {
				addExtracts(set, s)
			}
			v.wantSet(at+".repeat.until", conditionVariables(a.Repeat.Until), set, "until tests")
			v.settable(at+".repeat.do", a.Repeat.Do, set)
		case a.Retry != nil:
			v.settable(at+".retry.do", a.Retry.Do, set)
			v.wantSet(at+".retry.when", conditionVariables(a.Retry.When), set, "when tests")
		case a.Group != nil:
			v.settable(at+".do", a.Group.Do, set)
		case a.If != nil:
			v.wantSet(at+".if", conditionVariables(a.If.If), set, "if tests")
			yes, no := maps.Clone(set), maps.Clone(set)
			v.settable(at+".do", a.If.Do, yes)
			v.settable(at+".else", a.If.Else, no)
			maps.Copy(set, yes)
			maps.Copy(set, no)
		case a.Choose != nil:
			before := maps.Clone(set)
			for k := range a.Choose {
				way := maps.Clone(before)
				v.settable(fmt.Sprintf("%s.choose[%d].do", at, k), a.Choose[k].Do, way)
				maps.Copy(set, way)
			}
		case a.Step != "":
			v.stepSettable(at, a.Step, set)
		}
	}
}

func (v *validator) stepSettable(at, step string, set map[string]bool) {
	s := v.s.Step(step)
	if s == nil {
		return
	}
	v.wantSet(at, s.Request.Variables(), set, "step "+s.Name+" uses")
	addExtracts(set, s)
	var judged []string
	for _, check := range s.Check {
		judged = append(judged, conditionVariables(check)...)
	}
	for _, o := range s.Outcome {
		judged = append(judged, conditionVariables(o.When)...)
	}
	v.wantSet(at, judged, set, "step "+s.Name+" tests")
}

// wantSet reports the first of the names that a step of the scenario extracts, but none that has run by then.
func (v *validator) wantSet(path string, names []string, set map[string]bool, who string) {
	for _, name := range names {
		var from []string
		for i := range v.s.Steps {
			if _, ok := v.s.Steps[i].Extract[name]; ok {
				from = append(from, v.s.Steps[i].Name)
			}
		}
		if len(from) > 0 && !set[name] && !v.isGiven(name) {
			v.Problem(path, "%s ${%s}, which no earlier step of this journey sets, wanted step %s before it",
				who, name, strings.Join(from, " or "))
			return
		}
	}
}

// isGiven reports whether every user has a variable from the start, so that no step may set it.
func (v *validator) isGiven(name string) bool {
	return name == "arrival" || name == "sku" && v.s.Sale != nil
}

// stepsOf returns the steps of actions and of what is in them, as far as they are known.
func (v *validator) stepsOf(do []script.Action) (steps []*Step) {
	for _, name := range script.StepsOf(do) {
		if s := v.s.Step(name); s != nil {
			steps = append(steps, s)
		}
	}
	return steps
}

func addExtracts(set map[string]bool, s *Step) {
	for name := range s.Extract {
		set[name] = true
	}
}
