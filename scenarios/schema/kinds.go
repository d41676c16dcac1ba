package schema

import (
	"strings"

	"github.com/invopop/jsonschema"

	"fsctl/scenarios/kinds"
)

// byKind adds to the schema of a part what its kind, the word in one of its fields, says of the others: which must be there, which
// have no effect and must not, and which need another one.
func byKind(s *jsonschema.Schema, field string, t *kinds.Table) *jsonschema.Schema {
	for _, kind := range t.Kinds {
		is := jsonschema.NewProperties()
		is.Set(field, &jsonschema.Schema{Const: kind})
		if then := rules(t, kind); then != nil {
			s.AllOf = append(s.AllOf, &jsonschema.Schema{If: &jsonschema.Schema{Properties: is, Required: []string{field}}, Then: then})
		}
	}
	return s
}

// byForm does the same for a part whose form follows from which of its fields are there: one for each form of the table.
func byForm(s *jsonschema.Schema, t *kinds.Table, fields ...string) *jsonschema.Schema {
	for i, form := range t.Kinds {
		s.AllOf = append(s.AllOf, &jsonschema.Schema{If: &jsonschema.Schema{Required: fields[i : i+1]}, Then: rules(t, form)})
	}
	return s
}

// forbid adds that a field, or one of a field's own, must not be there.
func forbid(s *jsonschema.Schema, path string) {
	name, rest, isPath := strings.Cut(path, ".")
	if !isPath {
		s.Properties.Set(name, jsonschema.FalseSchema)
		return
	}
	below := &jsonschema.Schema{Properties: jsonschema.NewProperties()}
	s.Properties.Set(name, below)
	forbid(below, rest)
}

// rules returns what holds for one kind, nil where all fields are optional.
func rules(t *kinds.Table, kind string) *jsonschema.Schema {
	then := &jsonschema.Schema{Properties: jsonschema.NewProperties()}
	for i := range t.Fields {
		f := &t.Fields[i]
		switch t.Use(f.Name, kind) {
		case kinds.None:
			forbid(then, f.Name)
		case kinds.Required:
			then.Required = append(then.Required, f.Name)
		}
		if needed := f.Needs[kind]; needed != "" {
			if then.DependentRequired == nil {
				then.DependentRequired = map[string][]string{}
			}
			then.DependentRequired[f.Name] = []string{needed}
		}
	}
	return then
}
