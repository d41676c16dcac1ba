package scenarios

import (
	"reflect"
	"strings"
)

// Fields is where the fields of a file are, to report what is wrong with them.
type Fields struct {
	file     string
	lines    map[string]int
	problems []Problem
}

// ReadStrictly fills v, a pointer to a struct with yaml and jsonschema tags, from the one YAML document
// of a file of another kind, as strictly as a scenario is read: a field that v does not know, a field
// twice, a missing one that is required and a value out of its form are problems of the Fields returned.
//
// The error is an *[Error] for a text that is not one document with a mapping, and it says that kind,
// such as calibration, was wanted.
func ReadStrictly(file, kind string, text []byte, v any) (*Fields, error) {
	document, problem := readDocument(text)
	if problem == nil {
		problem = refused(document)
	}
	if problem != nil {
		problem.Message, _, _ = strings.Cut(problem.Message, "; see:")
		problem.Message = strings.ReplaceAll(problem.Message, "scenario", kind)
		return nil, &Error{file, []Problem{*problem}}
	}
	root := document.Content[0]
	d := &decoder{lines: map[string]int{"": root.Line}}
	d.structure(root, "", reflect.ValueOf(v).Elem())
	return &Fields{file: file, lines: d.lines, problems: d.problems}, nil
}

// Problem adds what is wrong with a field, by its path of names, with a message that says what was
// found and what was wanted. Nothing is added about a field that could not be read.
func (f *Fields) Problem(path, format string, args ...any) {
	v := validator{lines: f.lines}
	for _, p := range f.problems {
		v.unread = append(v.unread, p.Field)
	}
	v.problem(path, format, args...)
	f.problems = append(f.problems, v.problems...)
}

// Err returns an *[Error] with every problem, or nil where there is none.
func (f *Fields) Err() error {
	if len(f.problems) == 0 {
		return nil
	}
	return &Error{f.file, f.problems}
}
