package scenarios

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
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

// Subjects of a condition that are not extracted variables.
const (
	StatusSubject = "status" // of the answer, a number
	BodySubject   = "body"   // of the answer, text
)

// Condition is a test of an answer: subject, operator, values.
type Condition struct {
	Subject  string // status, body or a variable
	Operator string // in, not in, ==, !=, <, <=, >, >=, contains, matches
	Values   []string
	Numbers  []float64      // Values as numbers, finite, where all are; nil otherwise
	Pattern  *regexp.Regexp // of matches
}

var (
	conditionForm = regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_.]*)(?:\s+(not\s+in|in|contains|matches)\s+|\s*(===?|!==?|<=|>=|<|>)\s*)(.+?)\s*$`)
	shortForm     = regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_.]*)\s+([^\s=!<>~]+)\s*$`)
	operatorWords = []string{"not", "in", "contains", "matches"}
)

// ParseCondition reads conditions such as: status in 200,409; status 409; state == confirmed; body contains ok.
// Without an operator, the one word after the subject must be equal to it. It fails for text of another form,
// an empty value in a list, what is no regular expression after matches, and words where numbers are compared.
func ParseCondition(text string) (Condition, error) {
	var c Condition
	if m := conditionForm.FindStringSubmatch(text); m != nil {
		c = Condition{Subject: m[1], Operator: m[3], Values: []string{m[4]}}
		if m[2] != "" {
			c.Operator = strings.Join(strings.Fields(m[2]), " ")
		}
	} else if m := shortForm.FindStringSubmatch(text); m != nil && !slices.Contains(operatorWords, m[2]) {
		c = Condition{Subject: m[1], Operator: "==", Values: []string{m[2]}}
	} else {
		return c, fmt.Errorf("found %q, wanted a condition such as: status in 200,202; state == confirmed; body contains ok", text)
	}
	return c, c.complete(text)
}

// complete reads the values as the operator wants them.
func (c *Condition) complete(text string) error {
	switch c.Operator {
	case "===", "!==":
		c.Operator = c.Operator[:2]
	case "in", "not in":
		c.Values = strings.Split(c.Values[0], ",")
		for i, v := range c.Values {
			if c.Values[i] = strings.TrimSpace(v); c.Values[i] == "" {
				return fmt.Errorf("found %q, wanted values with commas between them, such as: status in 200,202", text)
			}
		}
	case "matches":
		p, err := regexp.Compile(c.Values[0])
		if err != nil {
			return fmt.Errorf("found %q, wanted a regular expression after matches: %w", c.Values[0], err)
		}
		c.Pattern = p
	}
	c.Numbers = numbers(c.Values)
	compares := slices.Contains([]string{"<", "<=", ">", ">="}, c.Operator)
	if c.Numbers == nil && (compares || c.Subject == StatusSubject && c.Pattern == nil) {
		return fmt.Errorf("found %q, wanted numbers after %s", text, c.Operator)
	}
	return nil
}

// numbers returns the values as numbers, or nil where one of them is none.
func numbers(values []string) []float64 {
	var n []float64
	for _, v := range values {
		f, err := strconv.ParseFloat(v, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return nil
		}
		n = append(n, f)
	}
	return n
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
