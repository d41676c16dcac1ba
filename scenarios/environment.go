package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"fsctl/scenarios/strict"
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
	use := func(path, text string) {
		t, _ := ParseTemplate(text) // the scenario is valid
		for _, variable := range t.Variables() {
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
				fields.Hint(fmt.Sprintf("set it for the command that sends the storm: export %s=VALUE", name))
				continue
			}
			if why := unfit(path, value); why != "" { // which does not say the value: it is a secret
				fields.Problem(path, "found ${env.%s}, whose value has %s, wanted one that can stand there", name, why)
				fields.Hint(fmt.Sprintf("set it without; of a file the shell takes the line end off: export %s=\"$(cat FILE)\"", name))
			}
			c.environment[name] = value
		}
	}
	for i := range s.Steps {
		r, path := &s.Steps[i].Request, "steps."+s.Steps[i].Name+".request."
		use(path+"url", r.URL)
		for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
			use(path+"headers."+name, r.Headers[name])
		}
		use(path+"body", r.Body)
		use(path+"json", string(r.JSON))
	}
	if s.Ledger.IsRead() {
		use("ledger.url", s.Ledger.URL)
	}
	return &c, fields.Err()
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

// onlyEnvironment reports whether a text has no variables but ${env.NAME}.
func onlyEnvironment(text string) bool {
	t, err := ParseTemplate(text)
	return err == nil && !slices.ContainsFunc(t.Variables(), func(variable string) bool { _, ok := EnvironmentVariable(variable); return !ok })
}
