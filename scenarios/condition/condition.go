// Package condition reads tests of an answer, such as status in 200,409, and says whether they hold.
package condition

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fsctl/scenarios/decimal"
)

// Subjects of a condition that are not extracted variables.
const (
	Status = "status" // of the answer, a number
	Body   = "body"   // of the answer, text
)

// Condition is a test of an answer: subject, operator, values.
type Condition struct {
	Subject  string // status, body or a variable
	Operator string // in, not in, ==, !=, <, <=, >, >=, contains, matches
	Values   []Value
	Pattern  *regexp.Regexp // of matches

	part    []byte // that contains looks for
	numeric bool   // one of the values is a number
}

// Value is what a condition compares with.
type Value struct {
	Text   string         // without quotes
	Number decimal.Number // what it is as a number; none where it is text: in quotes, no numeral, or after contains or matches
}

var (
	conditionForm = regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_.]*)(?:\s+(not\s+in|in|contains|matches)\s+|\s*(===?|!==?|<=|>=|<|>)\s*)(.+?)\s*$`)
	shortForm     = regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_.]*)\s+("[^"]+"|'[^']+'|[^\s=!<>~]+)\s*$`)
	operatorWords = []string{"not", "in", "contains", "matches"}
	stateWords    = []string{"exists", "exist", "defined", "undefined", "empty", "present", "absent", "missing"} // tests of other tools

	// secondTest finds what would be taken for a part of the value, which then never holds.
	secondTest = regexp.MustCompile(`(^|\s)(&&|\|\||(and|or|AND|OR)\s+[A-Za-z_][A-Za-z0-9_.]*\s*(\s(not\s+in|in|contains|matches)\s|[=!<>]))`)
)

// What would be taken for a part of a text to look for, or of one value, which then is in no answer.
var (
	secondSubject = regexp.MustCompile(`\s(&&|\|\||and|or|AND|OR)\s+(status|body)\s*([=!<>]|\s(\d|not\s+in\s|in\s|contains\s|matches\s))`)
	placeholder   = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_.]*\}`)
	slashes       = regexp.MustCompile(`^/.*/[a-z]*$`)
	numberRange   = regexp.MustCompile(`^[+-]?[0-9.]*[0-9]\.\.[+-]?[0-9.]+$`)
)

// Parse reads conditions such as: status in 200,409; status 409; state == confirmed; body contains ok.
// Without an operator, the one word after the subject must be equal to it. Quotes around a value, "sold out" or
// 'sold out', are not part of it; '"a"' has the inner ones. A list may stand in brackets.
//
// A numeral is compared by its value, however long it is: 7 is equal to 7.0. In quotes it is text: "7" is not equal to 7.0. Where
// only numbers can be compared, with the status and after <, <=, > and >=, quotes change nothing.
//
// It fails for text of another form, an empty value in a list, what is no regular expression after matches, words where
// numbers are compared, and a test that could never hold: of a status that there is not, a quote that is not closed, a
// variable equal to nothing or null, two tests in one, a list without in, a ${variable} as the value. So it does for one
// that every body fulfils: contains nothing.
func Parse(text string) (Condition, error) {
	var c Condition
	if m := conditionForm.FindStringSubmatch(text); m != nil {
		c = Condition{Subject: m[1], Operator: m[3], Values: []Value{{Text: m[4]}}}
		if m[2] != "" {
			c.Operator = strings.Join(strings.Fields(m[2]), " ")
		}
	} else if m := shortForm.FindStringSubmatch(text); m != nil && !slices.Contains(operatorWords, m[2]) {
		if slices.Contains(stateWords, strings.ToLower(m[2])) {
			return c, fmt.Errorf("found %q, wanted an operator before the value: %s != null for a variable that has a value, %s == %s for that word", text, m[1], m[1], m[2])
		}
		c = Condition{Subject: m[1], Operator: "==", Values: []Value{{Text: m[2]}}}
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
	}
	if err := c.readValues(text); err != nil {
		return err
	}
	switch c.Operator {
	case "matches":
		p, err := regexp.Compile(c.Values[0].Text)
		if err != nil {
			return fmt.Errorf("found %q, wanted a regular expression after matches: %w", c.Values[0].Text, err)
		}
		c.Pattern = p
	case "contains":
		c.part = []byte(c.Values[0].Text)
	}
	if c.isOfNumbers() && slices.ContainsFunc(c.Values, func(v Value) bool { return !v.Number.IsNumber() }) {
		return fmt.Errorf("found %q, wanted numbers after %s", text, c.Operator)
	}
	return c.wantHoldable(text)
}

// isOfNumbers reports whether the condition compares numbers only.
func (c *Condition) isOfNumbers() bool {
	return c.Operator[0] == '<' || c.Operator[0] == '>' || c.Subject == Status && !c.isOfText()
}

// isOfText reports whether the condition looks at characters only.
func (c *Condition) isOfText() bool { return c.Operator == "contains" || c.Operator == "matches" }

// readValues cuts what follows the operator into values, and takes the quotes off them.
func (c *Condition) readValues(text string) error {
	whole := c.Values[0].Text
	isList := c.Operator == "in" || c.Operator == "not in"
	if isList {
		whole = withoutBrackets(whole)
		c.Values = nil
		for _, v := range splitList(whole) {
			c.Values = append(c.Values, Value{Text: v})
		}
	}
	for i := range c.Values {
		v := strings.TrimSpace(c.Values[i].Text)
		inner, quoted := unquote(v)
		c.Values[i].Text = inner
		if !c.isOfText() && (!quoted || c.isOfNumbers()) {
			n, ok := decimal.Parse([]byte(inner))
			c.Values[i].Number, c.numeric = n, c.numeric || ok
		}
		if placeholder.MatchString(v) {
			return fmt.Errorf("found %q, wanted a value: a variable is not filled in there", text)
		}
		if quoted {
			continue
		}
		if v == "" && isList {
			return fmt.Errorf("found %q, wanted values with commas between them, such as: status in 200,202", text)
		}
		if err := c.wantOneValue(text, v); err != nil {
			return err
		}
	}
	return nil
}

// wantOneValue refuses a value without quotes that is meant as something else.
func (c *Condition) wantOneValue(text, v string) error {
	switch c.Operator {
	case "contains", "matches":
		if secondSubject.MatchString(v) {
			return fmt.Errorf("found %q, wanted one test in each condition, or quotes around a text such as that: checks that must all hold stand in a list", text)
		}
		if c.Operator == "matches" && slashes.MatchString(v) {
			return fmt.Errorf("found %q, wanted the expression without slashes around it (with (?i) before it for letters of either case), or quotes around both", text)
		}
		return nil
	case "in", "not in":
		if numberRange.MatchString(v) {
			return fmt.Errorf("found %q, wanted single values: a range is two conditions, with >= and <=", text)
		}
	case "==", "!=":
		if strings.Contains(v, ",") && c.Subject != Body {
			return fmt.Errorf("found %q, wanted in (or not in) before a list, or quotes around a value with a comma", text)
		}
	}
	switch {
	case v == "null" && c.Subject != Body && c.Subject != Status && c.Operator != "!=" && c.Operator != "not in":
		return &neverError{text, true}
	case closing(v) != "":
		return fmt.Errorf("found %q, wanted the quote in %s closed, or none; for a text with quotes in it the other kind around it, such as '\"a\"'", text, v)
	case secondTest.MatchString(v):
		return fmt.Errorf("found %q, wanted one test in each condition: checks that must all hold stand in a list", text)
	}
	return nil
}

// wantHoldable refuses a test that holds for no answer, and one that a value was forgotten in.
func (c *Condition) wantHoldable(text string) error {
	if c.isOfText() && c.Values[0].Text == "" {
		return fmt.Errorf("found %q, which always holds, wanted a text after %s", text, c.Operator)
	}
	if c.Subject == Status {
		return c.wantStatus(text)
	}
	if c.Subject != Body && !c.isOfText() && c.Operator != "!=" && c.Operator != "not in" {
		for _, v := range c.Values {
			if v.Text == "" {
				return &neverError{text, false}
			}
		}
	}
	return nil
}

// neverError is a test of a variable that never holds.
type neverError struct {
	text   string
	isNull bool // it is compared with null, else with nothing
}

// Error says what was found and wanted.
func (e *neverError) Error() string {
	return fmt.Sprintf("found %q, which never holds: an answer with null or nothing leaves a variable without a value; wanted a value, or != null for a variable that has one", e.text)
}

// wantStatus refuses a test of the status that holds for none, and values that no status has.
func (c *Condition) wantStatus(text string) error {
	least, _ := decimal.Parse([]byte("0"))
	most, _ := decimal.Parse([]byte("1000"))
	for _, v := range c.Values {
		isEqual := Condition{Operator: "==", Values: []Value{v}, numeric: true}
		switch {
		case c.isOfText():
		case c.Operator[0] == '<' || c.Operator[0] == '>':
			if v.Number.Compare(least) < 0 || v.Number.Compare(most) > 0 {
				return fmt.Errorf("found %q, wanted a status from 100 to 999", text)
			}
		case !isEqual.holdsForSomeStatus():
			return fmt.Errorf("found %q, wanted a status from 100 to 999", text)
		}
	}
	if !c.holdsForSomeStatus() {
		return fmt.Errorf("found %q, which never holds, wanted a status from 100 to 999", text)
	}
	return nil
}

// holdsForSomeStatus reports whether a test of the status holds for any that there is.
func (c *Condition) holdsForSomeStatus() bool {
	for status := 100; status <= 999; status++ {
		if c.Holds(strconv.AppendInt(nil, int64(status), 10)) {
			return true
		}
	}
	return false
}

// Holds reports whether the condition holds for the text of its subject. It allocates nothing, but for what a regular expression
// takes.
func (c *Condition) Holds(word []byte) bool {
	switch c.Operator {
	case "contains":
		return bytes.Contains(word, c.part)
	case "matches":
		return c.Pattern.Match(word)
	}
	var number decimal.Number
	if c.numeric {
		number, _ = decimal.Parse(word)
	}
	switch c.Operator {
	case "in", "==":
		return c.has(word, number)
	case "not in", "!=":
		return !c.has(word, number)
	}
	if !number.IsNumber() {
		return false
	}
	order := number.Compare(c.Values[0].Number)
	switch c.Operator {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// has reports whether one of the values is equal to a text, or to the number that it is.
func (c *Condition) has(word []byte, number decimal.Number) bool {
	for i := range c.Values {
		switch v := &c.Values[i]; {
		case !v.Number.IsNumber():
			if v.Text == string(word) {
				return true
			}
		case number.IsNumber() && number.Compare(v.Number) == 0:
			return true
		}
	}
	return false
}

// String returns a condition that Parse reads as the same.
func (c Condition) String() string {
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		values[i] = v.Text
		if v.Number.IsNumber() {
			continue // in quotes it would be text
		}
		for _, q := range quotes {
			if !strings.Contains(v.Text, q[0]) && !strings.Contains(v.Text, q[1]) {
				values[i] = q[0] + v.Text + q[1]
				break
			}
		}
	}
	return c.Subject + " " + c.Operator + " " + strings.Join(values, ",")
}

// quotes are the pairs that may stand around a value; the typographic ones come with text from a word processor.
var quotes = [][2]string{{`"`, `"`}, {"'", "'"}, {"\u201c", "\u201d"}, {"\u2018", "\u2019"},
	{"\u201e", "\u201c"}, {"\u201a", "\u2018"}, {"\u00ab", "\u00bb"}, {"`", "`"}}

// closing returns the quote that closes the one at the begin of a value, empty where none stands there.
func closing(v string) string {
	for _, q := range quotes {
		if strings.HasPrefix(v, q[0]) {
			return q[1]
		}
	}
	return ""
}

// unquote takes the quotes off a value that is in quotes as a whole.
func unquote(v string) (inner string, quoted bool) {
	for _, q := range quotes {
		if len(v) >= len(q[0])+len(q[1]) && strings.HasPrefix(v, q[0]) && strings.HasSuffix(v, q[1]) {
			inner = v[len(q[0]) : len(v)-len(q[1])]
			if !strings.Contains(inner, q[0]) && !strings.Contains(inner, q[1]) {
				return inner, true
			}
		}
	}
	return v, false
}

// withoutBrackets takes the brackets off a list such as [a, b] or (a, b).
func withoutBrackets(list string) string {
	for _, pair := range []string{"[]", "()"} {
		if len(list) >= 2 && list[0] == pair[0] && list[len(list)-1] == pair[1] {
			return list[1 : len(list)-1]
		}
	}
	return list
}

// splitList cuts a list at its commas, except at those in quotes.
func splitList(list string) (values []string) {
	for {
		v := strings.TrimLeft(list, " \t")
		end := -1
		if q := closing(v); q != "" {
			if first := strings.Index(v[1:], q); first >= 0 {
				after := first + 1 + len(q)
				if rest := strings.TrimLeft(v[after:], " \t"); rest == "" || rest[0] == ',' {
					end = len(v) - len(rest)
				}
			}
		}
		if end < 0 {
			end = strings.IndexByte(v, ',')
		}
		if end < 0 || end == len(v) {
			return append(values, v)
		}
		values, list = append(values, v[:end]), v[end+1:]
	}
}
