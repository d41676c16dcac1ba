package scenarios

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/theory/jsonpath"
)

// Part is a piece of a template: literal text, or the variable that stands in its place.
type Part struct{ Literal, Variable string }

// Template is text with ${name} in it.
type Template []Part

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$`)

// ParseTemplate cuts text at every ${name}. A lone $ is text. It fails where ${ is not closed, or what it holds
// is no name such as sku or user.id.
func ParseTemplate(text string) (Template, error) {
	var t Template
	for text != "" {
		before, rest, found := strings.Cut(text, "${")
		if before != "" {
			t = append(t, Part{Literal: before})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || !variableName.MatchString(name) {
			return nil, fmt.Errorf("found %q, wanted a variable such as ${sku} or ${user.id}", "${"+name)
		}
		t = append(t, Part{Variable: name})
		text = after
	}
	return t, nil
}

// Variables returns the names of a template's variables in their order, one that stands twice twice.
func (t Template) Variables() []string {
	var names []string
	for _, p := range t {
		if p.Variable != "" {
			names = append(names, p.Variable)
		}
	}
	return names
}

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// Extract says where in an answer a variable is.
type Extract struct {
	From    string // json, header, regex or cookie
	Name    string // of the header or cookie
	Path    *jsonpath.Path
	Pattern *regexp.Regexp
}

// ParseExtract reads json:$.order_id, header:Location, regex:id=(\d+) or cookie:session. It fails for another
// kind, an empty name, and a JSON path (RFC 9535), regular expression or header name that is not well-formed.
func ParseExtract(text string) (Extract, error) {
	from, what, _ := strings.Cut(text, ":")
	e := Extract{From: from, Name: strings.TrimSpace(what)}
	var err error
	switch {
	case e.Name == "":
		err = fmt.Errorf("found %q, wanted json:$.path, header:NAME, regex:EXPR or cookie:NAME", text)
	case from == "json":
		e.Path, err = jsonpath.Parse(e.Name)
		if err != nil {
			err = fmt.Errorf("found %q, wanted a JSON path such as $.order_id: %w", what, err)
		}
	case from == "regex":
		e.Pattern, err = regexp.Compile(what)
		if err != nil {
			err = fmt.Errorf("found %q, wanted a regular expression: %w", what, err)
		}
	case from != "header" && from != "cookie":
		err = fmt.Errorf("found %q, wanted json:PATH, header:NAME, regex:EXPR or cookie:NAME", from+":")
	case !headerName.MatchString(e.Name):
		err = fmt.Errorf("found %q, wanted the name of a %s", e.Name, from)
	}
	return e, err
}
