package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"fsctl/scenarios/condition"
	"fsctl/scenarios/quantity"
)

func (v *validator) journeys() {
	for i := range v.s.Journeys {
		j := &v.s.Journeys[i]
		v.name("journeys."+j.Name, j.Name)
		v.actions("journeys."+j.Name, j.Do, 0)
		v.settable("journeys."+j.Name, j.Do, map[string]bool{})
	}
}

func (v *validator) actions(path string, do []Action, depth int) {
	if depth > 8 {
		v.Problem(path, "found repeats nested over 8 deep, wanted fewer")
		return
	}
	if len(do) == 0 {
		v.Problem(path, "found no action, wanted at least one")
	}
	for i, a := range do {
		at := fmt.Sprintf("%s[%d]", path, i)
		if a.Step != "" {
			v.oneOf(at, "step", a.Step, v.stepNames())
			if s := v.s.Step(a.Step); s != nil && s.Request.URL == "" {
				v.Problem("steps."+a.Step+".request.url", "missing, wanted a path: a journey performs this step")
			}
		}
		if r := a.Repeat; r != nil {
			at += ".repeat"
			if r.Times == 0 && r.For == 0 {
				v.Problem(at, "found no end, wanted times or for")
			}
			if r.Every == 0 && r.Times == 0 {
				v.Problem(at, "found no pause between endless rounds, wanted every")
			}
			if r.Until != "" {
				v.condition(at+".until", r.Until)
			}
			if len(r.Do) > 0 && r.Every < shortestRound && !takesTime(r.Do) {
				v.Problem(at, "found rounds without a request or a pause of %s or more, which would take a core for nothing, wanted a step, a think or every", quantity.Exact(shortestRound))
			}
			v.actions(at+".do", r.Do, depth+1)
		}
	}
}

// shortestRound is how long a round of a repeat takes at least, on average, that sends nothing.
const shortestRound = time.Millisecond

// takesTime reports whether actions send a request, or pause.
func takesTime(do []Action) bool {
	return slices.ContainsFunc(do, func(a Action) bool {
		switch {
		case a.Repeat != nil:
			return a.Repeat.Every >= shortestRound || takesTime(a.Repeat.Do)
		case a.Think != nil:
			return a.Think.Mean() >= shortestRound
		}
		return true // a step
	})
}

// settable reports every variable that a journey uses before any of its steps can have set it, and adds to set what the
// actions may set. Inside a repeat any step of its body counts as earlier: it may have run in the round before.
func (v *validator) settable(path string, do []Action, set map[string]bool) {
	for i, a := range do {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case a.Repeat != nil:
			for _, s := range v.stepsOf(a.Repeat.Do) {
				addExtracts(set, s)
			}
			v.wantSet(at+".repeat.until", conditionVariables(a.Repeat.Until), set, "until tests")
			v.settable(at+".repeat.do", a.Repeat.Do, set)
		case a.Step != "":
			s := v.s.Step(a.Step)
			if s == nil {
				continue
			}
			v.wantSet(at, requestVariables(&s.Request), set, "step "+s.Name+" uses")
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
	}
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

// stepsOf returns the steps of actions and of all repeats in them.
func (v *validator) stepsOf(do []Action) (steps []*Step) {
	for _, a := range do {
		if a.Repeat != nil {
			steps = append(steps, v.stepsOf(a.Repeat.Do)...)
		} else if s := v.s.Step(a.Step); s != nil {
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

// requestVariables returns the variables that a request takes values from, as far as its templates can be read.
func requestVariables(r *Request) (names []string) {
	texts := []string{r.URL, r.Body, string(r.JSON)}
	for _, header := range slices.Sorted(maps.Keys(r.Headers)) {
		texts = append(texts, r.Headers[header])
	}
	for _, text := range texts {
		t, _ := ParseTemplate(text) // what is wrong with it is reported where it stands
		names = append(names, t.Variables()...)
	}
	return names
}

// conditionVariables returns the variable that a condition tests, if any.
func conditionVariables(text string) []string {
	c, err := condition.Parse(text)
	if err != nil || c.Subject == condition.Status || c.Subject == condition.Body {
		return nil
	}
	return []string{c.Subject}
}
