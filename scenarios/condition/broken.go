package condition

import (
	"regexp"
	"slices"
	"strings"

	"fsctl/scenarios/expression"
)

// What no text has that is meant as a value without quotes. Words such as rock and roll, not found and 1 or more are texts.
var (
	doubledWords  = regexp.MustCompile(`(^|\s)(?i:and|or)\s+(?i:and|or)(\s|$)`)
	danglingWords = regexp.MustCompile(`^(?i:and|or)\s|^(&&|\|\|)|\s((?i:and|or)(\s+(?i:not))?|&&|\|\|)$`)
	betweenNumber = regexp.MustCompile(`^[+-]?[\d.]+(\s+((?i:and|or)|&&|\|\|)\s+[+-]?[\d.]+)+$`)
	operatorThere = regexp.MustCompile(`^([=!<>]=|[<>=]\s)|\s[=!<>]=\s`)
	oneWord       = regexp.MustCompile(`^\(*[\p{L}\p{N}_.-]+\)*$`)
	nameAtBegin   = regexp.MustCompile(`^(?:(?i:not)\s+|[!(\s])*([A-Za-z_][A-Za-z0-9_.]*)`)
	singleEquals  = regexp.MustCompile(`[^=!<>]=[^=~]`)
)

// isBroken reports whether a value without quotes, in the text of the condition, can only be the rest of an expression that has a
// fault: and or or that nothing follows, two of them in a row, numbers with or between them, a variable or an outcome after them, a
// second operator, a parenthesis without the other. tails are what stands after each and, or, not.
func (c *Condition) isBroken(text string, tails []string, names expression.Names) bool {
	if m := shortForm.FindStringSubmatch(text); m != nil && conditionForm.FindString(text) == "" {
		return connective.MatchString(m[2]) // stock or
	}
	m := conditionForm.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	if doubledWords.MatchString(withoutQuotes(m[4])) {
		return true
	}
	if c.isOfText() || c.Subject == Body {
		return false
	}
	for _, tail := range tails {
		m := nameAtBegin.FindStringSubmatch(tail)
		if m == nil {
			continue
		}
		_, isVariable := names.Variable(m[1])
		if _, isOutcome := names.Outcome(m[1]); isVariable || isOutcome {
			return true
		}
	}
	values := []string{m[4]}
	if c.Operator == "in" || c.Operator == "not in" {
		values = splitList(withoutBrackets(m[4]))
	}
	return slices.ContainsFunc(values, func(v string) bool {
		v = withoutQuotes(strings.TrimSpace(v))
		return danglingWords.MatchString(v) || betweenNumber.MatchString(v) || operatorThere.MatchString(v) ||
			oneWord.MatchString(v) && strings.Count(v, "(") != strings.Count(v, ")")
	})
}
