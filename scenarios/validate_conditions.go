package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/theory/jsonpath"

	"fsctl/scenarios/condition"
	"fsctl/scenarios/expression"
	"fsctl/scenarios/script"
	"fsctl/scenarios/threshold"
)

// condition checks a test of a user between requests, such as until of a repeat: of variables and of the last answer's status,
// duration and outcome.
func (v *validator) condition(path, text string) {
	test := v.test(path, text, v.outcomes(""))
	if test.Expression == nil {
		return
	}
	for _, use := range test.Expression.Uses() {
		switch use.Source {
		case expression.Body, expression.Size, expression.Header, expression.JSON:
			v.Problem(path, "found %q, which reads an answer, and a user does not keep answers; wanted status, duration, an outcome or a variable: extract what you look for, and test that", text)
			return
		}
	}
}

// test checks a condition that may speak of these outcomes, and returns it, empty where it cannot be read.
func (v *validator) test(path, text string, outcomes []string) condition.Test {
	test, err := condition.Compile(text, conditionNames{v, outcomes})
	if err != nil {
		v.Problem(path, "%v", err)
		return condition.Test{}
	}
	if c := test.Simple; c != nil {
		if _, isEnvironment := EnvironmentVariable(c.Subject); isEnvironment {
			return test
		}
		v.variable(path, c.Subject, append([]string{condition.Status, condition.Body}, v.variables...))
		if other := c.Values[0].Text; (c.Operator == "==" || c.Operator == "!=") && slices.Contains(v.variables, other) && !v.isOver && !strings.ContainsAny(text, `"'`) {
			v.Problem(path, "found %q, whose %s is a variable too; wanted (%s %s %s) for its value, or '%s' in quotes for the text", text, other, c.Subject, c.Operator, other, other)
		}
	}
	return test
}

// conditionNames are the names that a condition may speak of, as far as they can be known.
type conditionNames struct {
	v        *validator
	outcomes []string
}

// Variable reports whether there is a variable of the name; the slot is always 0.
func (n conditionNames) Variable(name string) (slot int, ok bool) {
	feeder, _, isField := strings.Cut(name, ".")
	if isField && (feeder == environmentName || n.v.IsUnread("feeders."+feeder) || n.v.HasUnread("feeders."+feeder)) {
		return 0, true
	}
	return 0, slices.Contains(n.v.variables, name)
}

// Outcome reports whether the condition may speak of an outcome of the name; the slot is always 0.
func (n conditionNames) Outcome(name string) (slot int, ok bool) {
	return 0, slices.Contains(n.outcomes, name)
}

// Header takes every name; the slot is always 0.
func (n conditionNames) Header(string) (slot int) { return 0 }

// JSON fails for a path that is not well-formed by RFC 9535; the slot is always 0.
func (n conditionNames) JSON(path string) (slot int, err error) {
	_, err = jsonpath.Parse(path)
	return 0, err
}

// Known lists the variables and outcomes.
func (n conditionNames) Known() []string { return slices.Concat(n.v.variables, n.outcomes) }

// counters checks what a step adds to own counters.
func (v *validator) counters(path string, s *Step) {
	for _, name := range slices.Sorted(maps.Keys(s.Count)) {
		at := path + ".count." + name
		if err := threshold.CheckCounter(name); err != nil {
			v.Problem(at, "%v", err)
		}
		if _, ok := ParseCount(s.Count[name]); ok {
			continue
		}
		text := s.Count[name]
		if from, _, _ := strings.Cut(text, ":"); from == "regex" || from == "cookie" || from == "header" {
			_, err := ParseExtract(text)
			if err != nil {
				v.Problem(at, "%v", err)
				continue
			}
			v.Problem(at, "found %q, wanted json:PATH, header:NAME or regex:EXPR for a number, or a condition", text)
			continue
		}
		outcomes := slices.DeleteFunc(v.outcomes(s.Name), func(o string) bool { return o == "error" }) // nothing is counted without an answer
		v.test(at, text, outcomes)
	}
}

// counterNames returns the own counters of a step, or of all where it is empty.
func (v *validator) counterNames(step string) (names []string) {
	for i := range v.s.Steps {
		if s := &v.s.Steps[i]; step == "" || s.Name == step {
			names = append(names, slices.Sorted(maps.Keys(s.Count))...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// reserved reports a name that means something else in a condition.
func (v *validator) reserved(path, what, name string) {
	if expression.Reserved(name) && !v.isOver {
		v.Problem(path, "found the %s %q, which means something else in a condition, wanted another name", what, name)
	}
}

// groupNames returns the names of all groups in journeys.
func (v *validator) groupNames() (names []string) {
	for i := range v.s.Journeys {
		script.Walk("", v.s.Journeys[i].Do, func(_ string, a *script.Action) {
			if a.Group != nil {
				names = append(names, a.Group.Name)
			}
		})
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// conditionVariables returns the variables that a condition tests.
func conditionVariables(text string) []string { return condition.Variables(text) }

// eachCondition calls visit with the texts of all conditions of steps and journeys, and with their paths.
func (s *Scenario) eachCondition(visit func(path, text string)) {
	for i := range s.Steps {
		step := &s.Steps[i]
		path := "steps." + step.Name
		for k, text := range step.Check {
			visit(fmt.Sprintf("%s.check[%d]", path, k), text)
		}
		for _, o := range step.Outcome {
			visit(path+".outcome."+o.Name, o.When)
		}
		for _, name := range slices.Sorted(maps.Keys(step.Count)) {
			if _, isExtract := ParseCount(step.Count[name]); !isExtract {
				visit(path+".count."+name, step.Count[name])
			}
		}
	}
	for i := range s.Journeys {
		script.Walk("journeys."+s.Journeys[i].Name, s.Journeys[i].Do, func(at string, a *script.Action) {
			switch {
			case a.Repeat != nil && a.Repeat.Until != "":
				visit(at+".repeat.until", a.Repeat.Until)
			case a.If != nil:
				visit(at+".if", a.If.If)
			case a.Retry != nil && a.Retry.When != "":
				visit(at+".retry.when", a.Retry.When)
			}
		})
	}
}
