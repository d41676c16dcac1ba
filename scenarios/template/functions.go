package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fsctl/scenarios/expression"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/strict"
)

// The functions.
const (
	UUID       = "uuid"
	RandomInt  = "random.int"
	RandomPick = "random.pick"
	RandomText = "random.text"
	NowUnix    = "now.unix"
	NowMillis  = "now.millis"
	NowISO     = "now.iso"
	HMAC       = "hmac"
	SHA256     = "sha256"
	Base64     = "base64"
	URLEncode  = "urlencode"
	Concat     = "concat"
)

// What arguments may speak of beside variables: parts of the request that is being written.
const (
	Method = "method" // GET, POST, ...
	Path   = "path"   // of the URL, as it is sent, without what the target has before it
	Query  = "query"  // of the URL, as it is sent, without ?
	Body   = "body"   // as it is sent
)

// MostRandom is the most characters that random.text gives, from 1.
const MostRandom = 1000

// function is what is known of a function before a request is written.
type function struct {
	name, usage string
	fewest      int // arguments
	most        int
	isNumber    bool // its results are numbers of JSON
	check       func(args []expression.Term) error
}

func functions() []function {
	return []function{
		{name: UUID, usage: "uuid"},
		{name: RandomInt, usage: "random.int(1, 6)", fewest: 2, most: 2, isNumber: true, check: checkInt},
		{name: RandomPick, usage: "random.pick('a', 'b')", fewest: 1, most: expression.MaxList},
		{name: RandomText, usage: "random.text(16)", fewest: 1, most: 1, check: checkLength},
		{name: NowUnix, usage: "now.unix", isNumber: true},
		{name: NowMillis, usage: "now.millis", isNumber: true},
		{name: NowISO, usage: "now.iso"},
		{name: HMAC, usage: "hmac('sha256', env.KEY, body) or hmac('sha256', env.KEY, body, 'base64')", fewest: 3, most: 4, check: checkHMAC},
		{name: SHA256, usage: "sha256(body)", fewest: 1, most: 1},
		{name: Base64, usage: "base64(user.name)", fewest: 1, most: 1},
		{name: URLEncode, usage: "urlencode(user.name)", fewest: 1, most: 1},
		{name: Concat, usage: "concat(method, path, body)", fewest: 1, most: expression.MaxList},
	}
}

// Functions returns the names of all functions.
func Functions() (names []string) {
	for _, f := range functions() {
		names = append(names, f.name)
	}
	return names
}

// RequestParts returns the names of what arguments may speak of beside variables.
func RequestParts() []string { return []string{Method, Path, Query, Body} }

// IsWord reports whether a name is that of a function or of a part of the request. A variable of that name comes first.
func IsWord(name string) bool {
	_, isFunction := functionOf(name)
	return isFunction || slices.Contains(RequestParts(), name)
}

func functionOf(name string) (function, bool) {
	list := functions()
	i := slices.IndexFunc(list, func(f function) bool { return f.name == name })
	if i < 0 {
		return function{}, false
	}
	return list[i], true
}

// Algorithms returns the names of hash functions that hmac takes.
func Algorithms() []string { return []string{"sha1", "sha256", "sha512"} }

// Encodings returns the names of the forms that hmac gives its result in, the first by default.
func Encodings() []string { return []string{"hex", "base64"} }

func checkInt(args []expression.Term) error {
	low, err := WholeNumber(args[0])
	if err != nil {
		return err
	}
	high, err := WholeNumber(args[1])
	if err == nil && low > high {
		return fmt.Errorf("found %d to %d, wanted the smaller number first", low, high)
	}
	return err
}

func checkLength(args []expression.Term) error {
	n, err := WholeNumber(args[0])
	if err == nil && (n < 1 || n > MostRandom) {
		return fmt.Errorf("found %d, wanted 1 to %d characters", n, MostRandom)
	}
	return err
}

// WholeNumber returns the whole number that an argument is. It fails for anything else, and for one beyond 64 bits.
func WholeNumber(t expression.Term) (int64, error) {
	n, err := strconv.ParseInt(t.Text, 10, 64)
	if t.Kind != expression.NumberTerm || err != nil {
		return 0, fmt.Errorf("found %s, wanted a whole number such as 6", t)
	}
	return n, nil
}

func checkHMAC(args []expression.Term) error {
	words := func(t expression.Term, what string, known []string) error {
		if t.Kind != expression.TextTerm || !slices.Contains(known, t.Text) {
			return fmt.Errorf("found the %s %s, wanted '%s'%s", what, t, strings.Join(known, "' or '"), strict.DidYouMean(t.Text, known))
		}
		return nil
	}
	if err := words(args[0], "algorithm", Algorithms()); err != nil {
		return err
	}
	if args[1].Kind == expression.TextTerm && args[1].Text == "" {
		return fmt.Errorf("found an empty key, wanted one such as env.KEY")
	}
	if len(args) == 4 {
		return words(args[3], "encoding", Encodings())
	}
	return nil
}

// Place is where in a request a template stands. It decides what a value may be and which parts of the request are known by then:
// the body is written first, then the URL, then the headers.
type Place uint8

// The places.
const (
	InText   Place = iota // in a body that is no JSON
	InJSON                // in a body of JSON
	InURL                 // in the URL
	InHeader              // in a header
)

// Check reports what is wrong with a value, but for names that are neither variables nor words: functions that there are not, their
// arguments, parts of the request that are not known yet, and forms. isVariable says whether a name is one of the scenario.
func (v *Value) Check(place Place, isVariable func(name string) bool) error {
	c := checker{place, isVariable}
	err := c.top(v.Term)
	if err == nil && v.Default != nil {
		err = c.top(*v.Default)
	}
	if err == nil && v.Form != AsText {
		err = c.form(v)
	}
	if err != nil {
		return fmt.Errorf("in %s: %w", v, err)
	}
	return nil
}

type checker struct {
	place      Place
	isVariable func(name string) bool
}

// top checks a term that is no argument.
func (c checker) top(t expression.Term) error {
	if t.Kind == expression.NameTerm && !c.isVariable(t.Text) && slices.Contains(RequestParts(), t.Text) {
		return fmt.Errorf("found %s by itself, wanted it in a function, such as sha256(%s)", t.Text, t.Text)
	}
	return c.term(t)
}

func (c checker) term(t expression.Term) error {
	isCall := t.Kind == expression.CallTerm
	if !isCall && (t.Kind != expression.NameTerm || c.isVariable(t.Text)) {
		return nil
	}
	if !isCall && slices.Contains(RequestParts(), t.Text) {
		return c.part(t.Text)
	}
	if _, known := functionOf(t.Text); !known && !isCall {
		return nil // no variable either, which is reported with those that there are
	}
	if err := CheckCall(t); err != nil {
		return err
	}
	for _, a := range t.Args {
		if err := c.term(a); err != nil {
			return err
		}
	}
	return nil
}

// CheckCall fails where a term is the call of a function that there is not, or that does not take as many arguments or such literals.
// Arguments that are calls themselves are not looked into.
func CheckCall(t expression.Term) error {
	f, known := functionOf(t.Text)
	switch n := len(t.Args); {
	case !known:
		return fmt.Errorf("no function %q, wanted %s%s", t.Text, strings.Join(Functions(), ", "), strict.DidYouMean(t.Text, Functions()))
	case n < f.fewest || n > f.most:
		return fmt.Errorf("found %s with %s, wanted %s", f.name, quantity.Of(n, "argument"), f.usage)
	case f.check != nil:
		if err := f.check(t.Args); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}

// part checks that a part of the request is written before the place is.
func (c checker) part(name string) error {
	switch {
	case name == Method, c.place == InHeader, c.place == InURL && name == Body:
		return nil
	case name == Body:
		return fmt.Errorf("found body in the body itself, wanted it in a header or in the URL")
	}
	return fmt.Errorf("found %s before the URL is written, wanted it in a header", name)
}

// form checks that a value stands where its form has a meaning, and that it has it, as far as that is known.
func (c checker) form(v *Value) error {
	if c.place != InJSON {
		return fmt.Errorf("found :%s outside of JSON, wanted the value without it: there everything is text", v.Form)
	}
	terms := []expression.Term{v.Term}
	if v.Default != nil {
		terms = append(terms, *v.Default)
	}
	for _, t := range terms {
		isVariable := t.Kind == expression.NameTerm && (c.isVariable(t.Text) || !IsWord(t.Text))
		if !isVariable && !v.Form.isOf(t) {
			return fmt.Errorf("found :%s after %s, which is none, wanted it without", v.Form, t)
		}
	}
	return nil
}

// isOf reports whether the value of a term, which is no variable, always has the form.
func (f Form) isOf(t expression.Term) bool {
	switch t.Kind {
	case expression.TextTerm, expression.NumberTerm:
		return f.Fits([]byte(t.Text))
	}
	if t.Text == RandomPick {
		return !slices.ContainsFunc(t.Args, func(a expression.Term) bool { return a.Kind == expression.NameTerm || !f.isOf(a) })
	}
	known, _ := functionOf(t.Text)
	return known.isNumber
}

// Fits reports whether a value has the form: a number as JSON writes it, or a JSON value. Any text is text.
func (f Form) Fits(value []byte) bool {
	switch f {
	case AsNumber:
		return isNumber(value)
	case AsJSON:
		return json.Valid(value)
	}
	return true
}

// isNumber reports whether a value is a number by RFC 8259, section 6.
func isNumber(value []byte) bool {
	value = bytes.TrimPrefix(value, []byte("-"))
	whole := digits(value)
	if whole == 0 || whole > 1 && value[0] == '0' {
		return false
	}
	value = value[whole:]
	if len(value) > 0 && value[0] == '.' {
		n := digits(value[1:])
		if n == 0 {
			return false
		}
		value = value[1+n:]
	}
	if len(value) > 0 && value[0]|0x20 == 'e' {
		value = value[1:]
		if len(value) > 0 && (value[0] == '+' || value[0] == '-') {
			value = value[1:]
		}
		n := digits(value)
		return n > 0 && n == len(value)
	}
	return len(value) == 0
}

// digits returns how many digits a value begins with.
func digits(value []byte) (n int) {
	for n < len(value) && value[n] >= '0' && value[n] <= '9' {
		n++
	}
	return n
}
