package condition

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"fsctl/scenarios/expression"
)

// Test is a condition in either of its languages: exactly one field is set.
type Test struct {
	Simple     *Condition       // one subject, one operator: status in 200,409
	Expression *expression.Test // stock > 0 and not throttled
}

// Compile reads a condition as Parse does, which keeps the meaning of what older scenarios say, else as an expression.
//
// Where both read a text, the expression counts if one of its words and, or, not, &&, || stands outside quotes, if the value after ==
// and its like is more than a word, a number or a text in quotes, and if that word is nil: stock == 1 + 1 and state == nil.
//
// It fails where neither reads it, with the message of the language that was meant; where only the simple one does, and its value
// without quotes is the rest of a broken expression, such as state == 1 or or stock; for a variable compared with nothing, which never
// holds; and for a value without quotes after which a second test stands, such as state == open and not throttled. The subject of a
// simple condition may be a variable that names does not know: the caller reports that.
func Compile(text string, names expression.Names) (Test, error) {
	simple, failure := Parse(text)
	isKnown := failure == nil && (simple.Subject == Status || simple.Subject == Body)
	if failure == nil && !isKnown {
		_, isKnown = names.Variable(simple.Subject)
	}
	tails := secondTests(text)
	if isKnown && len(tails) == 0 && simple.isPlain(text) {
		return Test{Simple: &simple}, nil
	}
	if never, ok := errors.AsType[*neverError](failure); ok && !never.isNull {
		return Test{}, failure
	}
	test, err := expression.Compile(text, names)
	switch {
	case err == nil:
		return Test{Expression: test}, nil
	case failure == nil && isKnown:
		for _, tail := range tails {
			if _, err := expression.Compile(tail, names); err == nil {
				return Test{}, fmt.Errorf("found %q, wanted quotes around the text that stands before %q: without them all that follows belongs to it", text, tail)
			}
		}
		if simple.isBroken(text, tails, names) {
			return Test{}, fmt.Errorf("%w; or quotes around a text that is meant as it stands", err)
		}
		return Test{Simple: &simple}, nil
	case isExpression(text), singleEquals.MatchString(withoutQuotes(text)):
		return Test{}, err
	case failure == nil:
		return Test{Simple: &simple}, nil
	}
	return Test{}, failure
}

var (
	// word is a value that means itself.
	word = regexp.MustCompile(`^[\p{L}\p{N}_.:/@-]+$`)
	// connective is a word between two tests, or before one; not in is an operator.
	connective = regexp.MustCompile(`(?:^|[\s)])(?:(?i:and|or|not)(?:[\s(]|$))|&&|\|\|`)
	notIn      = regexp.MustCompile(`\bnot\s+(in|contains|matches|startsWith|endsWith)\b`)
	// ofExpressions is what only expressions have.
	ofExpressions = regexp.MustCompile(`[()]|\bheader[.\[]|\bjson:|\b(duration|size|startsWith|endsWith)\b|\?\?`)
)

// isPlain reports whether the values in the text of the condition are words, numbers and texts in quotes, or whatever stands after
// contains and matches.
func (c *Condition) isPlain(text string) bool {
	m := conditionForm.FindStringSubmatch(text)
	if c.isOfText() || m == nil {
		return true
	}
	values := []string{m[4]}
	if c.Operator == "in" || c.Operator == "not in" {
		values = splitList(withoutBrackets(m[4]))
	}
	return !slices.ContainsFunc(values, func(v string) bool {
		v = strings.TrimSpace(v)
		_, quoted := unquote(v)
		return !quoted && (!word.MatchString(v) || v == "nil")
	})
}

// withoutQuotes returns a text of the same length with blanks for what stands in plain quotes.
func withoutQuotes(text string) string {
	b := []byte(text)
	var open byte
	for i := range b {
		switch {
		case open == 0 && (b[i] == '"' || b[i] == '\'' || b[i] == '`'):
			open = b[i]
			b[i] = '_'
		case open != 0 && b[i] == open:
			open = 0
			b[i] = '_'
		case open != 0:
			b[i] = '_'
		}
	}
	return string(b)
}

// secondTests returns what stands after each word that joins tests, outside quotes.
func secondTests(text string) (tails []string) {
	bare := notIn.ReplaceAllStringFunc(withoutQuotes(text), func(s string) string { return strings.Repeat("_", len(s)) })
	for _, at := range connective.FindAllStringIndex(bare, -1) {
		tails = append(tails, strings.TrimSpace(text[at[1]:]))
		if strings.HasSuffix(strings.TrimSpace(bare[:at[1]]), "not") {
			tails[len(tails)-1] = "not " + tails[len(tails)-1]
		}
	}
	return tails
}

// isExpression reports whether a text has what only expressions have.
func isExpression(text string) bool {
	return len(secondTests(text)) > 0 || ofExpressions.MatchString(withoutQuotes(text))
}

// Variables returns the names of variables and outcomes that a condition speaks of, each once; nothing for one that cannot be read.
func Variables(text string) (names []string) {
	test, err := Compile(text, anything{})
	switch {
	case err != nil:
	case test.Simple != nil && test.Simple.Subject != Status && test.Simple.Subject != Body:
		return []string{test.Simple.Subject}
	case test.Expression != nil:
		for _, use := range test.Expression.Uses() {
			if use.Source == expression.Variable {
				names = append(names, use.Text)
			}
		}
	}
	return names
}

// anything takes every name for a variable.
type anything struct{}

// Variable takes every name; the slot is always 0.
func (anything) Variable(string) (slot int, ok bool) { return 0, true }

// Outcome takes no name; the slot is always 0.
func (anything) Outcome(string) (slot int, ok bool) { return 0, false }

// Header takes every name; the slot is always 0.
func (anything) Header(string) (slot int) { return 0 }

// JSON takes every path, and never fails; the slot is always 0.
func (anything) JSON(string) (slot int, err error) { return 0, nil }

// Known lists nothing.
func (anything) Known() []string { return nil }
