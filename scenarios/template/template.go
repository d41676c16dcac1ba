// Package template reads texts with ${...} in them. In the braces stands a variable or a function, perhaps with a default and a form:
//
//	${sku}                      a variable, also ${user.name} of a feeder and ${env.NAME} of the environment
//	${random.int(1, 2)}         a function; Functions lists them
//	${page|1}                   with a default, for a user who has no value of the variable
//	${qty:number}, ${cart:json} with a form: in JSON it stands as a number, or as JSON, in place of text
//
// A $ without a brace is text.
package template

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"fsctl/scenarios/expression"
)

// Form says as what a value stands in JSON.
type Form uint8

// The forms of values.
const (
	AsText   Form = iota // text, the default
	AsNumber             // :number, a number of JSON
	AsJSON               // :json, any JSON value
)

var forms = map[string]Form{"number": AsNumber, "json": AsJSON}

// String returns the form as it is written: number or json, and nothing for text.
func (f Form) String() string { return [...]string{"", "number", "json"}[f] }

// Value is what stands in ${...}.
type Value struct {
	Text    string           // as written, without ${ and }
	Term    expression.Term  // a name or a call
	Default *expression.Term // for a user without a value; nil for none
	Form    Form
}

// String returns the value as it is written in a template.
func (v *Value) String() string { return "${" + v.Text + "}" }

// Part is a piece of a template: literal text, or a value in its place.
type Part struct {
	Literal string
	Value   *Value // nil for a literal
}

// Template is text with ${...} in it.
type Template []Part

// Parse cuts text at every ${...}. It fails where ${ is not closed, and where it holds no value of the form that the package
// describes. Whether names and functions are known is left to Check.
func Parse(text string) (Template, error) {
	var t Template
	for text != "" {
		before, rest, found := strings.Cut(text, "${")
		if before != "" {
			t = append(t, Part{Literal: before})
		}
		if !found {
			break
		}
		v, end, err := read(rest)
		if err != nil {
			return nil, err
		}
		v.Text = rest[:end-1]
		t = append(t, Part{Value: v})
		text = rest[end:]
	}
	return t, nil
}

// Values returns the values of a template in their order.
func (t Template) Values() (values []*Value) {
	for _, p := range t {
		if p.Value != nil {
			values = append(values, p.Value)
		}
	}
	return values
}

// Names returns the names in a template, in their order, one that stands twice twice: variables, and words such as uuid and body.
func (t Template) Names() (names []string) {
	for _, v := range t.Values() {
		names = append(names, v.Names()...)
	}
	return names
}

// Needed returns the names in a template that a user must have a value of, if they are variables: those without a default.
func (t Template) Needed() (names []string) {
	for _, v := range t.Values() {
		if v.Default == nil {
			names = append(names, v.Names()...)
		}
	}
	return names
}

// Names returns the names in a value: of arguments and of the default too.
func (v *Value) Names() []string {
	names := namesIn(v.Term)
	if v.Default != nil {
		names = append(names, namesIn(*v.Default)...)
	}
	return names
}

func namesIn(t expression.Term) (names []string) {
	if t.Kind == expression.NameTerm {
		return []string{t.Text}
	}
	for _, a := range t.Args {
		names = append(names, namesIn(a)...)
	}
	return names
}

// Literals returns the texts in quotes that stand in a value: its arguments and its default.
func (v *Value) Literals() []string {
	texts := textsIn(v.Term)
	if v.Default != nil {
		texts = append(texts, textsIn(*v.Default)...)
	}
	return texts
}

func textsIn(t expression.Term) (texts []string) {
	if t.Kind == expression.TextTerm {
		return []string{t.Text}
	}
	for _, a := range t.Args {
		texts = append(texts, textsIn(a)...)
	}
	return texts
}

var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$`)
	leadingName  = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)[ \t]*[|:}]`)
	formWord     = regexp.MustCompile(`^[ \t]*([A-Za-z]*)`)
)

// read reads the value after a ${, and returns where the text after its } begins.
func read(text string) (v *Value, end int, err error) {
	v = &Value{}
	at, fail := 0, func(at int, err error) (*Value, int, error) {
		return nil, 0, fmt.Errorf("found %q, wanted a variable such as ${sku} or ${user.id}, or a function such as ${uuid}%s", shown(text), describe(text, at, err))
	}
	if v.Term, at, err = readTerm(text, 0); err != nil {
		return fail(at, err)
	}
	if v.Term.Kind != expression.NameTerm && v.Term.Kind != expression.CallTerm {
		return fail(0, nil)
	}
	at = skipBlanks(text, at)
	if strings.HasPrefix(text[at:], "|") {
		v.Default = new(expression.Term)
		if *v.Default, at, err = readTerm(text, at+1); err != nil {
			return fail(at, err)
		}
		at = skipBlanks(text, at)
	}
	if strings.HasPrefix(text[at:], ":") {
		word := formWord.FindStringSubmatch(text[at+1:])
		form, known := forms[word[1]]
		if !known {
			return fail(at, errors.New("after : stands number or json"))
		}
		v.Form = form
		at = skipBlanks(text, at+1+len(word[0]))
	}
	if !strings.HasPrefix(text[at:], "}") {
		return fail(at, errors.New("after it stands |DEFAULT, :FORM or }"))
	}
	if v.Default != nil && v.Term.Kind != expression.NameTerm {
		return fail(0, errors.New("a function always has a value, and takes no default"))
	}
	return v, at + 1, nil
}

// readTerm reads the term that begins at a place of a text, and returns the place after it. Where it fails, the place is where it
// began.
func readTerm(text string, from int) (t expression.Term, end int, err error) {
	rest := text[from:]
	if name := leadingName.FindStringSubmatch(rest); name != nil { // header.x, too, which conditions have another meaning for
		return expression.Term{Kind: expression.NameTerm, Text: name[1], Column: 1}, from + len(name[1]), nil
	}
	window := rest[:min(len(rest), expression.MaxBytes)]
	t, left, err := expression.ParseTerm(window)
	if err == nil {
		err = checkTerm(t)
	}
	if err != nil {
		return t, from, err
	}
	return t, from + len(window) - len(left), nil
}

// checkTerm refuses what conditions have and templates have not.
func checkTerm(t expression.Term) error {
	switch {
	case t.Kind == expression.DurationTerm:
		return &expression.Error{Column: t.Column, Found: t.Text, Wanted: "a number, or text in quotes: '" + t.Text + "'"}
	case t.Kind == expression.NameTerm && !variableName.MatchString(t.Text):
		return &expression.Error{Column: t.Column, Found: t.Text, Wanted: "a name with one dot at most, which no digit follows"}
	}
	for _, a := range t.Args {
		if err := checkTerm(a); err != nil {
			return err
		}
	}
	return nil
}

func skipBlanks(text string, at int) int {
	return len(text) - len(strings.TrimLeft(text[at:], " \t"))
}

// describe says what is wrong in a value, by the column in the value with its ${.
func describe(text string, at int, err error) string {
	if err == nil {
		return ""
	}
	column := len("${") + utf8.RuneCountInString(text[:at])
	if e, ok := errors.AsType[*expression.Error](err); ok {
		if e.Found == "}" && strings.Contains(e.Wanted, "[ ]") { // conditions have lists
			e.Wanted = "a parenthesis ) or a comma before it"
		}
		return ": " + (&expression.Error{Column: column + e.Column, Found: e.Found, Wanted: e.Wanted}).Error()
	}
	return fmt.Sprintf(": column %d: %v", column+1, err)
}

// shown is the beginning of a value for a message.
func shown(text string) string {
	const most = 60
	end := len(text)
	if i := strings.IndexAny(text, "}\r\n"); i >= 0 {
		end = i
		if text[i] == '}' {
			end++
		}
	}
	if end > most {
		for end = most; end > 0 && !utf8.RuneStart(text[end]); {
			end--
		}
		return "${" + text[:end] + "..."
	}
	return "${" + text[:end]
}
