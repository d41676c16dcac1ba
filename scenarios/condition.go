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

	// secondTest finds what would be taken for a part of the value, which then never holds.
	secondTest = regexp.MustCompile(`(^|\s)(&&|\|\||(and|or|AND|OR)\s+[A-Za-z_][A-Za-z0-9_.]*\s*(\s(not\s+in|in|contains|matches)\s|[=!<>]))`)
)

// ParseCondition reads conditions such as: status in 200,409; status 409; state == confirmed; body contains ok.
// Without an operator, the one word after the subject must be equal to it. Quotes around a value, "sold out" or
// 'sold out', are not part of it; '"a"' has the inner ones. A list may stand in brackets.
//
// It fails for text of another form, an empty value in a list, what is no regular expression after matches, words where
// numbers are compared, and a test that could never hold: a status outside 100 to 999, a quote that is not closed, a
// variable equal to nothing or null, two tests in one.
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
		switch {
		case quoted:
		case v == "" && isList:
			return fmt.Errorf("found %q, wanted values with commas between them, such as: status in 200,202", text)
		case c.Operator != "contains" && c.Operator != "matches" && closing(v) != "":
			return fmt.Errorf("found %q, wanted the quote in %s closed, or none", text, v)
		case c.Operator != "contains" && c.Operator != "matches" && secondTest.MatchString(v):
			return fmt.Errorf("found %q, wanted one test in each condition: checks that must all hold stand in a list", text)
		}
	}
	return nil
}

// wantHoldable refuses a test whose result would be the same for every answer.
func (c *Condition) wantHoldable(text string) error {
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

// String returns a condition that ParseCondition reads as the same.
func (c Condition) String() string {
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		switch {
		case !strings.Contains(v, `"`):
			values[i] = `"` + v + `"`
		case !strings.Contains(v, "'"):
			values[i] = "'" + v + "'"
		default:
			values[i] = v
		}
	}
	return c.Subject + " " + c.Operator + " " + strings.Join(values, ",")
}

// quotes are the pairs that may stand around a value; the typographic ones come with text from a word processor.
var quotes = [][2]string{{`"`, `"`}, {"'", "'"}, {"\u201c", "\u201d"}, {"\u2018", "\u2019"}}

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
