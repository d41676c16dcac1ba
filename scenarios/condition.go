package scenarios

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

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

// ParseCondition reads conditions such as: status in 200,409; status 409; state == confirmed; body contains ok.
// Without an operator, the one word after the subject must be equal to it. Quotes around a value, "sold out" or
// 'sold out', are not part of it; '"a"' has the inner ones. A list may stand in brackets.
//
// It fails for text of another form, an empty value in a list, what is no regular expression after matches, words where
// numbers are compared, and a test that could never hold: of a status that there is not, a quote that is not closed, a
// variable equal to nothing or null, two tests in one, a list without in, a ${variable} as the value. So it does for one
// that every body fulfils: contains nothing.
func ParseCondition(text string) (Condition, error) {
	var c Condition
	if m := conditionForm.FindStringSubmatch(text); m != nil {
		c = Condition{Subject: m[1], Operator: m[3], Values: []string{m[4]}}
		if m[2] != "" {
			c.Operator = strings.Join(strings.Fields(m[2]), " ")
		}
	} else if m := shortForm.FindStringSubmatch(text); m != nil && !slices.Contains(operatorWords, m[2]) {
		if slices.Contains(stateWords, strings.ToLower(m[2])) {
			return c, fmt.Errorf("found %q, wanted an operator before the value: %s != null for a variable that has a value, %s == %s for that word", text, m[1], m[1], m[2])
		}
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
	}
	if err := c.readValues(text); err != nil {
		return err
	}
	if c.Operator == "matches" {
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
	return c.wantHoldable(text)
}

// readValues cuts what follows the operator into values, and takes the quotes off them.
func (c *Condition) readValues(text string) error {
	whole := c.Values[0]
	isList := c.Operator == "in" || c.Operator == "not in"
	if isList {
		whole = withoutBrackets(whole)
		c.Values = splitList(whole)
	}
	for i, v := range c.Values {
		v = strings.TrimSpace(v)
		inner, quoted := unquote(v)
		c.Values[i] = inner
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
		if strings.Contains(v, ",") && c.Subject != BodySubject {
			return fmt.Errorf("found %q, wanted in (or not in) before a list, or quotes around a value with a comma", text)
		}
	}
	switch {
	case closing(v) != "":
		return fmt.Errorf("found %q, wanted the quote in %s closed, or none", text, v)
	case secondTest.MatchString(v):
		return fmt.Errorf("found %q, wanted one test in each condition: checks that must all hold stand in a list", text)
	}
	return nil
}

// wantHoldable refuses a test that holds for no answer, and one that a value was forgotten in.
func (c *Condition) wantHoldable(text string) error {
	if (c.Operator == "contains" || c.Operator == "matches") && c.Values[0] == "" {
		return fmt.Errorf("found %q, which always holds, wanted a text after %s", text, c.Operator)
	}
	if c.Subject == StatusSubject && !c.holdsForSomeStatus() {
		return fmt.Errorf("found %q, which never holds, wanted a status from 100 to 999", text)
	}
	if c.Operator == "contains" || c.Operator == "matches" {
		return nil
	}
	if c.Subject == StatusSubject {
		for _, n := range c.Numbers {
			if c.Operator[0] != '<' && c.Operator[0] != '>' && (n != math.Trunc(n) || n < 100 || n > 999) || n < 0 || n > 1000 {
				return fmt.Errorf("found %q, wanted a status from 100 to 999", text)
			}
		}
	}
	if c.Subject != BodySubject && c.Operator != "!=" && c.Operator != "not in" {
		for _, v := range c.Values {
			if v == "" || v == "null" {
				return fmt.Errorf("found %q, which never holds: an answer with null or nothing leaves a variable without a value; wanted a value, or != null for a variable that has one", text)
			}
		}
	}
	return nil
}

// holdsForSomeStatus says whether a test of the status, but ==, !=, in and not in, holds for any.
func (c *Condition) holdsForSomeStatus() bool {
	for status := 100; status <= 999; status++ {
		word, holds := strconv.Itoa(status), true
		switch c.Operator {
		case "<":
			holds = float64(status) < c.Numbers[0]
		case "<=":
			holds = float64(status) <= c.Numbers[0]
		case ">":
			holds = float64(status) > c.Numbers[0]
		case ">=":
			holds = float64(status) >= c.Numbers[0]
		case "contains":
			holds = strings.Contains(word, c.Values[0])
		case "matches":
			holds = c.Pattern.MatchString(word)
		}
		if holds {
			return true
		}
	}
	return false
}

// String returns a condition that ParseCondition reads as the same.
func (c Condition) String() string {
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		values[i] = v
		for _, q := range quotes {
			if !strings.Contains(v, q[0]) && !strings.Contains(v, q[1]) {
				values[i] = q[0] + v + q[1]
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
