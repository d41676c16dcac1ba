package scenarios

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"fsctl/scenarios/condition"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/strict"
)

// validator checks what no single field shows: names that must exist, sums, orders of time.
type validator struct {
	*strict.Fields
	s         *Scenario
	files     bool              // data files are looked for
	given     map[string][]byte // in place of data files
	isOver    bool              // the scenario of a run that is over, perhaps of a version that did not ask for as much
	variables []string          // that templates and conditions may use
}

var plainName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

var plainVariable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// reservedOutcomes are counted for every step, so a scenario cannot give them another meaning.
var reservedOutcomes = []string{"ok", "failed", "error"}

func (v *validator) name(path, name string) {
	if len(name) > longestName {
		v.Problem(path, "found a name of %s, wanted at most %s", quantity.Of(len(name), "byte"), quantity.Count(longestName))
	}
	if !plainName.MatchString(name) {
		v.Problem(path, "found the name %q, wanted lower-case letters, digits, - and _", name)
	}
}

// oneOf reports a name that is not among those known.
func (v *validator) oneOf(path, what, name string, known []string) {
	if !slices.Contains(known, name) {
		v.Problem(path, "no %s %q, wanted %s%s", what, name, cmp.Or(strings.Join(known, " or "), "one to be there"), strict.DidYouMean(name, known))
	}
}

func (v *validator) stepNames() []string {
	names := make([]string, len(v.s.Steps))
	for i, s := range v.s.Steps {
		names[i] = s.Name
	}
	return names
}

// outcomes returns the outcomes of a step, or of all where it is empty.
func (v *validator) outcomes(step string) []string {
	names := slices.Clone(reservedOutcomes)
	for _, s := range v.s.Steps {
		if step == "" || s.Name == step {
			for _, o := range s.Outcome {
				names = append(names, o.Name)
			}
		}
	}
	return names
}

// methods returns those that a step's request goes by, or those of all steps.
func (v *validator) methods(step string) (names []string) {
	for _, s := range v.s.Steps {
		if (step == "" || s.Name == step) && !slices.Contains(names, s.Request.Method) && s.Request.Method != "" {
			names = append(names, s.Request.Method)
		}
	}
	return names
}

func (v *validator) journeyNames() (names []string) {
	for _, j := range v.s.Journeys {
		names = append(names, j.Name)
	}
	return names
}

func (v *validator) template(path, text string) {
	t, err := ParseTemplate(text)
	if err != nil {
		v.Problem(path, "%v", err)
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(t.Variables()))) {
		if _, ok := EnvironmentVariable(name); !ok {
			v.variable(path, name, v.variables)
		}
	}
}

// variable reports a name that nothing defines. What a feeder that could not be read would define is not known.
func (v *validator) variable(path, name string, known []string) {
	feeder, _, isField := strings.Cut(name, ".")
	if isField && (v.IsUnread("feeders."+feeder) || v.HasUnread("feeders."+feeder)) {
		return
	}
	v.oneOf(path, "variable", name, known)
}

func (v *validator) condition(path, text string) {
	c, err := condition.Parse(text)
	if err != nil {
		v.Problem(path, "%v", err)
		return
	}
	v.variable(path, c.Subject, append([]string{condition.Status, condition.Body}, v.variables...))
}
