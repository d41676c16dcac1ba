package expression

import (
	"fmt"
	"strconv"
	"strings"

	"fsctl/scenarios/quantity"
)

// Explain says why the test does not hold: stock is 0, wanted > 0. It is empty where the test holds. Values of over 60 bytes are
// cut, and values of env. variables are left out, which may be secrets; what else is secret is the caller's to hide.
func (t *Test) Explain(in Input) string {
	if t.holds(in) {
		return ""
	}
	return printable(explain(t.root, in, true))
}

// explain says why a part is not as wanted.
func explain(n *node, in Input, wanted bool) string {
	switch {
	case n.kind == notNode:
		return explain(n.parts[0], in, !wanted)
	case n.kind == logicNode:
		var list []string
		for _, part := range n.parts {
			if compile(part)(in) != wanted {
				list = append(list, explain(part, in, wanted))
			}
		}
		return strings.Join(list, " and ")
	case n.isComparison():
		return explainComparison(n, in, wanted)
	}
	want := "a value other than false, null, 0 and empty"
	switch {
	case n.typ == truth:
		want = strconv.FormatBool(wanted)
	case !wanted:
		want = "false, null, 0, empty or none"
	}
	return fmt.Sprintf("%s %s, wanted %s", shorten(n.String()), show(n, in), want)
}

// opposites are the operators that hold where others do not, for values that there are.
var opposites = map[string]string{"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}

func explainComparison(n *node, in Input, wanted bool) string {
	left, right, operator := n.parts[0], n.parts[1], n.operator
	if left.constant && relations[operator] != 0 {
		left, right = right, left
		if m := mirrored[operator]; m != "" {
			operator = m
		}
	}
	if !wanted || n.negated {
		switch opposite, known := opposites[operator]; {
		case n.negated && !wanted: // it holds, and should not
		case known:
			operator = opposite
		default:
			operator = "not " + operator
		}
	}
	said := fmt.Sprintf("%s %s, wanted %s %s", shorten(left.String()), show(left, in), operator, shorten(right.String()))
	if !right.constant && right.kind != listNode && right.kind != rangeNode {
		said += ", which " + show(right, in)
	}
	return said
}

// show says what an operand is in a run: is 7, has no value.
func show(n *node, in Input) string {
	switch v := evaluator(n)(in); {
	case v.kind == nothing && n.typ == number:
		return "has no value: an operand is no number, or the result has over 18 digits"
	case v.kind == nothing:
		return "has no value"
	case strings.HasPrefix(n.text, "env.") && n.source == Variable || hasSecret(n):
		return "is set"
	case n.source == Body && n.kind == nameNode:
		return fmt.Sprintf("is text of %d bytes", len(v.text))
	case v.kind == truth:
		return "is " + strconv.FormatBool(v.holds)
	case v.kind == number:
		return "is " + v.number.show()
	case v.kind == duration:
		return "is " + quantity.Exact(v.duration) // rounded, it could seem to be the limit
	default:
		if _, ok := parseNumber(v.text); ok || isTruthWord(v.text, true) || isTruthWord(v.text, false) {
			return "is " + shorten(string(v.text))
		}
		return "is " + strconv.Quote(shorten(string(v.text)))
	}
}

// hasSecret reports whether the value of an operand may be that of an environment variable.
func hasSecret(n *node) bool {
	for _, part := range n.parts {
		if part.source == Variable && strings.HasPrefix(part.text, "env.") || hasSecret(part) {
			return true
		}
	}
	return false
}
