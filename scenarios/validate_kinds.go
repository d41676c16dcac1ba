package scenarios

import (
	"reflect"
	"slices"
	"strings"

	"fsctl/scenarios/kinds"
	"fsctl/scenarios/strict"
)

// useful reports the fields of a part that have no effect in its kind or form, and those without which others have none. Of a text
// it knows which are there; of a part that a program made, those are that differ from their defaults.
//
//	place  words that the kind follows, such as "at a "
func (v *validator) useful(path string, t *kinds.Table, kind, place string, part, usualPart any) {
	if v.isOver || !slices.Contains(t.Kinds, kind) {
		return
	}
	given := func(name string) bool {
		if v.hasText() {
			return v.Has(path + "." + name)
		}
		return !isUsual(fieldOf(reflect.ValueOf(part), name), fieldOf(reflect.ValueOf(usualPart), name))
	}
	for i := range t.Fields {
		f := &t.Fields[i]
		if !given(f.Name) {
			continue
		}
		at := path + "." + f.Name
		if t.Use(f.Name, kind) == kinds.None {
			v.Problem(at, "found it %s%s, wanted it %s%s only%s", place, kind, place, either(f.With(t.Kinds)), instead(f))
			continue
		}
		if needed := f.Needs[kind]; needed != "" && !given(needed) && !v.IsUnread(path+"."+needed) {
			v.Problem(at, "found it %s%s without %s, where it has no effect; wanted both, or neither", place, kind, needed)
		}
	}
}

// hasText reports whether the scenario was read from a text, so that it is known which fields are there.
func (v *validator) hasText() bool { return v.Has("apiVersion") }

// fieldOf returns a field of a struct by its path in a file; not valid where there is none.
func fieldOf(part reflect.Value, path string) reflect.Value {
	name, rest, isPath := strings.Cut(path, ".")
	f, ok := strict.FieldsOf(part.Type())[name]
	switch {
	case !ok:
		return reflect.Value{}
	case isPath:
		return fieldOf(part.FieldByIndex(f.Index), rest)
	}
	return part.FieldByIndex(f.Index)
}

// isUsual reports whether a field is as it would be if nobody had given it.
func isUsual(value, usual reflect.Value) bool {
	return !value.IsValid() || value.IsZero() || reflect.DeepEqual(value.Interface(), usual.Interface())
}

func instead(f *kinds.Field) string {
	if f.Instead == "" {
		return "; leave it out"
	}
	return "; leave it out: " + f.Instead
}

// either joins words: a, b or c.
func either(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// serviceKinds checks a service's fields against its kind.
func (v *validator) serviceKinds(path string, s *Service) {
	usual := Service{Kind: s.Kind}
	defaults{strict.NoFields("")}.service("services", &usual)
	v.useful(path, kinds.OfServices(), s.Kind, "at a ", *s, usual)
}
