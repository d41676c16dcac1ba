package scenarios

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/request"
	"fsctl/scenarios/strict"
	"fsctl/scenarios/template"
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

// NamePattern is a regular expression that matches the names of scenarios, steps, journeys and what else has a name of its own.
const NamePattern = `^[a-z0-9][a-z0-9_-]*$`

var plainName = regexp.MustCompile(NamePattern)

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

// template reports what is wrong with the values in a text of a request.
func (v *validator) template(path string, text *request.Text) {
	t, err := text.Parse()
	if err != nil {
		v.Problem(path, "%v", err)
	}
	for _, value := range t.Values() {
		if err := value.Check(text.Place, v.isVariable); err != nil {
			v.Problem(path, "%v", err)
			continue
		}
		for _, name := range value.Names() {
			_, isEnvironment := EnvironmentVariable(name)
			switch {
			case isEnvironment || template.IsWord(name) || v.isVariable(name):
			case value.Default != nil && name == value.Term.Text: // the default counts
			case value.Default != nil:
				v.Problem(path, "no variable %q for the default of %s, wanted one that every user has; text stands in quotes: '%s'", name, value, name)
			default:
				v.variable(path, name, append(slices.Clone(v.variables), near(name, template.Functions())...))
			}
		}
		if value.Default != nil {
			v.alwaysSet(path, value)
		}
	}
}

// alwaysSet reports a default that users may lack.
func (v *validator) alwaysSet(path string, value *template.Value) {
	of := template.Template{{Value: &template.Value{Term: *value.Default}}}
	for _, name := range of.Names() {
		if slices.ContainsFunc(v.s.Steps, func(s Step) bool { _, ok := s.Extract[name]; return ok }) {
			v.Problem(path, "found %s as the default of %s, wanted one that every user has: %s is there only once a step has set it", name, value, name)
		}
	}
}

// near returns the words that a name may be meant for.
func near(name string, words []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(word string) bool { return strict.DidYouMean(name, []string{word}) == "" })
}

// isVariable reports whether a name is that of a variable, as far as that is known: what a feeder that could not be read gives is not.
func (v *validator) isVariable(name string) bool {
	feeder, _, isField := strings.Cut(name, ".")
	return slices.Contains(v.variables, name) || isField && (v.IsUnread("feeders."+feeder) || v.HasUnread("feeders."+feeder))
}

// variable reports a name that nothing defines. What a feeder that could not be read would define is not known.
func (v *validator) variable(path, name string, known []string) {
	if !v.isVariable(name) {
		v.oneOf(path, "variable", name, known)
	}
}

// MostReach is by what factor the 1 and 99 % points of an interval may lie beyond its own low and high.
const MostReach = 10

// mostVariability is the largest squared coefficient of variation that a service may have.
const mostVariability = 100

// reach refuses an interval so wide that one in a hundred draws is a multiple of what it names.
func reach[T float64 | amount.Count | amount.Ratio | amount.Rate | time.Duration](v *validator, path string, iv amount.Interval[T]) {
	below, above := iv.Reach()
	if v.isOver || max(below, above) <= MostReach {
		return
	}
	what, factor, side := "low and mid", below, "below its low"
	if above > below {
		what, factor, side = "mid and high", above, "above its high"
	}
	v.Problem(path, "found %s so far apart that one draw in a hundred lies %s times %s; wanted each within 16 times of mid, or a smaller range", what, quantity.Number(factor), side)
}
