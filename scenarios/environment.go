package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"fsctl/scenarios/expression"
	"fsctl/scenarios/request"
	"fsctl/scenarios/strict"
	"fsctl/scenarios/template"
)

// environmentName is what stands before the dot in ${env.NAME}. No feeder and no extracted variable has that name.
const environmentName = "env"

// EnvironmentVariable returns NAME of the template variable env.NAME. It returns false for any other.
func EnvironmentVariable(variable string) (name string, ok bool) {
	return strings.CutPrefix(variable, environmentName+".")
}

// WithEnvironment returns the scenario with the values of ${env.NAME} in its requests and its ledger's URL, which lookup finds as
// os.LookupEnv does. They are secrets, and kept in memory alone: Document keeps the names. The error is a *[strict.Error] that names
// every variable that is not set or empty, and where it is used.
func (s *Scenario) WithEnvironment(lookup func(name string) (string, bool)) (*Scenario, error) {
	fields := strict.NoFields(s.File)
	c := *s
	c.environment = map[string]string{}
	var missing []string
	use := func(path string, text request.Text) {
		t, _ := text.Parse() // the scenario is valid
		for _, v := range t.Values() {
			for _, variable := range v.Names() {
				name, ok := EnvironmentVariable(variable)
				if !ok {
					continue
				}
				value, isSet := lookup(name)
				if value == "" {
					found := "which is not set in the environment"
					if isSet {
						found = "which is empty in the environment"
					}
					fields.Problem(path, "found ${env.%s}, %s, wanted a value for it", name, found)
					if assign := name + "=VALUE"; !slices.Contains(missing, assign) {
						missing = append(missing, assign)
					}
					continue
				}
				if why := unfit(path, value); why != "" && stands(v, variable) { // which does not say the value: it is a secret
					fields.Problem(path, "found ${env.%s}, whose value has %s, wanted one that can stand there", name, why)
					fields.Hint(fmt.Sprintf("set it without; of a file the shell takes the line end off: export %s=\"$(cat FILE)\"", name))
				}
				c.environment[name] = value
			}
		}
	}
	for i := range s.Steps {
		r, path := &s.Steps[i].Request, "steps."+s.Steps[i].Name+".request."
		for _, text := range r.Texts() {
			use(path+text.Field, text)
		}
	}
	if s.Ledger.IsRead() {
		use("ledger.url", request.Text{Written: s.Ledger.URL})
	}
	s.eachCondition(func(path, text string) {
		for _, name := range conditionVariables(text) {
			if _, ok := EnvironmentVariable(name); ok {
				use(path, request.Text{Written: "${" + name + "}"})
			}
		}
	})
	if len(missing) > 0 {
		them := "them"
		if len(missing) == 1 {
			them = "it"
		}
		fields.Hint(fmt.Sprintf("set %s for the command that sends the storm: export %s", them, strings.Join(missing, " ")))
	}
	return &c, fields.Err()
}

// stands reports whether a variable is sent as it is, and not as the argument of a function.
func stands(v *template.Value, variable string) bool {
	is := func(t expression.Term) bool { return t.Kind == expression.NameTerm && t.Text == variable }
	return is(v.Term) || v.Default != nil && is(*v.Default)
}

// unfit says what in a value cannot stand at a place of a request; nothing where it can, as anything can in a body.
func unfit(path, value string) string {
	isHeader := strings.Contains(path, ".headers.")
	switch {
	case !isHeader && !strings.HasSuffix(path, "url"):
		return ""
	case strings.ContainsAny(value, "\r\n"):
		return "a line end"
	case strings.ContainsFunc(value, unicode.IsControl):
		return "a control character"
	case isHeader && strings.EqualFold(path[strings.LastIndex(path, ".")+1:], "Host") && strings.ContainsAny(value, " \"/\\@?#<>"):
		return "characters that no host has"
	}
	return ""
}

// Environment returns the values that WithEnvironment found, by the names of their variables. They are secrets.
func (s *Scenario) Environment() map[string]string { return maps.Clone(s.environment) }

// onlyEnvironment reports whether a text has no values but ${env.NAME}.
func onlyEnvironment(text string) bool {
	t, err := template.Parse(text)
	return err == nil && !slices.ContainsFunc(t.Values(), func(v *template.Value) bool {
		_, ok := EnvironmentVariable(v.Text)
		return !ok || v.Text != v.Term.Text
	})
}
