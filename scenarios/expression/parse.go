package expression

import (
	"fmt"
	"strings"
	"time"
)

// What an expression may hold at most.
const (
	MaxBytes   = 10_000 // of its text [bytes]
	MaxNesting = 100    // parentheses, not and - within one another [parts]
	MaxList    = 10_000 // of a list [elements]
)

// parser reads an expression by precedence climbing, as expr-lang does.
type parser struct {
	lexer lexer
	token token
	depth int
}

// wrongOperators are operators of other languages in lower case, and what to write for them.
var wrongOperators = map[string]string{
	"and": "and", "or": "or", "not": "not in, not contains or another test after not", "in": "in", "contains": "contains", "matches": "matches", "startswith": "startsWith", "endswith": "endsWith",
	"starts_with": "startsWith", "ends_with": "endsWith", "starts": "startsWith", "ends": "endsWith", "has": "contains", "includes": "contains", "include": "contains",
	"contain": "contains", "match": "matches", "like": "contains or matches", "is": "==", "eq": "==", "equals": "==", "ne": "!=", "neq": "!=", "lt": "<", "le": "<=", "lte": "<=", "gt": ">",
	"ge": ">=", "gte": ">=", "mod": "%", "xor": "!=", "between": "in with a range: status in 200..299", "exists": "!= nil", "exist": "!= nil", "defined": "!= nil", "present": "!= nil",
	"undefined": "== nil", "missing": "== nil", "absent": "== nil", "empty": "== ''",
}

// wrongOperands are literals of other languages, and what to write for them.
var wrongOperands = map[string]string{"True": "true", "TRUE": "true", "False": "false", "FALSE": "false", "None": "nil", "NULL": "nil", "Null": "nil", "Nil": "nil", "NIL": "nil",
	"undefined": "nil", "NOT": "not", "Not": "not"}

// parse reads a whole expression into a tree, in which names are not yet resolved.
func parse(text string) (*node, *Error) {
	p := &parser{lexer: lexer{source: text}}
	if len(text) > MaxBytes {
		return nil, &Error{1, fmt.Sprintf("a test of %d bytes", len(text)), fmt.Sprintf("at most %d: cut it into several", MaxBytes)}
	}
	if err := p.next(); err != nil {
		return nil, err
	}
	if p.token.kind == endToken {
		return nil, p.wanted("a test such as status in [200, 202] or stock > 0")
	}
	n, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if p.token.kind != endToken {
		return nil, p.leftOver(n)
	}
	return n, nil
}

func (p *parser) next() (err *Error) {
	p.token, err = p.lexer.next()
	return err
}

func (p *parser) wanted(what string) *Error {
	return p.lexer.errorAt(p.token.from, p.lexer.shown(p.token), what)
}

func (p *parser) is(symbol string) bool { return p.token.kind == symbolToken && p.token.text == symbol }

// leftOver says what to do about text after an expression.
func (p *parser) leftOver(n *node) *Error {
	if right, known := wrongOperands[n.text]; known && n.kind == nameNode {
		return p.lexer.errorAt(n.from, n.text, right)
	}
	switch {
	case p.is(","):
		return p.wanted("a list in brackets after in, such as status in [200, 202], or and or or between two tests")
	case p.is(")"), p.is("]"):
		return p.wanted("no bracket here, or its opening one before")
	case p.is("("):
		return p.wanted("an operator before the parenthesis")
	case p.is("["):
		return p.wanted("an operator before the bracket; a part of a JSON value is json:$.list[0]")
	case p.token.kind == wordToken:
		if right, known := wrongOperators[strings.ToLower(p.token.text)]; known {
			return p.wanted(right)
		}
		return p.wanted("an operator such as == before it; text stands in quotes, and the next test after and or or")
	case n.kind == nameNode:
		return p.wanted(fmt.Sprintf("an operator after %s, such as %s == %s", shorten(n.name()), shorten(n.name()), p.lexer.shown(p.token)))
	}
	return p.wanted("an operator such as ==, or and or or before the next test")
}

// operator returns the binary operator at hand in its one spelling, empty where there is none. It may be not, of not in.
func (p *parser) operator() string {
	switch p.token.kind {
	case symbolToken:
		switch p.token.text {
		case "&&":
			return "and"
		case "||":
			return "or"
		}
		if precedences[p.token.text] > 0 {
			return p.token.text
		}
	case wordToken:
		if precedences[p.token.text] > 0 || p.token.text == "not" {
			return p.token.text
		}
	}
	return ""
}

// expression reads operators that bind at least as tight as least, and their operands.
func (p *parser) expression(least int) (*node, *Error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	for {
		operator, negated := p.operator(), false
		if operator == "not" {
			if least > comparisonPrecedence {
				return left, nil
			}
			if operator, err = p.afterNot(); err != nil {
				return nil, err
			}
			negated = true
		}
		precedence := precedences[operator]
		if operator == "" || precedence < least {
			return left, nil
		}
		if err := p.wantNoDoubt(left, operator); err != nil {
			return nil, err
		}
		if err := p.next(); err != nil {
			return nil, err
		}
		right, err := p.expression(precedence + 1)
		if err != nil {
			return nil, err
		}
		if left, err = p.join(left, right, operator, negated); err != nil {
			return nil, err
		}
	}
}

// afterNot reads the not of not in, and returns the operator after it.
func (p *parser) afterNot() (string, *Error) {
	if err := p.next(); err != nil {
		return "", err
	}
	switch o := p.operator(); o {
	case "in", "contains", "matches", "startsWith", "endsWith":
		return o, nil
	}
	return "", p.wanted("in, contains, startsWith, endsWith or matches after not; and not or or not between two tests")
}

// wantNoDoubt refuses what languages read in different ways.
func (p *parser) wantNoDoubt(left *node, operator string) *Error {
	whole := shorten(p.lexer.source[left.from:left.to])
	isComparison := precedences[operator] == comparisonPrecedence
	switch {
	case left.inParens:
	case left.operator == "??" && operator != "??":
		return p.wanted(fmt.Sprintf("parentheses around %s before it", whole))
	case isComparison && left.precedence() == comparisonPrecedence:
		return p.wanted("and between two comparisons, such as a > 1 and a < 5")
	case isComparison && left.kind == notNode:
		return p.lexer.errorAt(left.from, whole+" before "+operator, "parentheses after not: not (a == b), or the opposite operator")
	case operator == ".." && left.kind != literalNode:
		return p.wanted("whole numbers around .., such as 200..299")
	}
	return nil
}

func (p *parser) join(left, right *node, operator string, negated bool) (*node, *Error) {
	n := &node{kind: binaryNode, operator: operator, negated: negated, from: left.from, to: right.to}
	switch operator {
	case "and", "or":
		n.kind = logicNode
		n.parts = append(left.operands(operator), right.operands(operator)...) // in linear time: left is needed no more
		return n, nil
	case "..":
		n.kind = rangeNode
		for _, end := range []*node{left, right} {
			if end.kind != literalNode || !end.value.isInteger() {
				return nil, p.lexer.errorAt(end.from, shorten(p.lexer.source[end.from:end.to]), "whole numbers around .., such as 200..299")
			}
		}
		if left.value.number.compare(&right.value.number) > 0 {
			return nil, p.lexer.errorAt(left.from, n.short(p.lexer.source), "the smaller number first")
		}
	}
	n.parts = []*node{left, right}
	return n, nil
}

// operands returns the operands of an operator, which is and or or: the node itself where it is another one.
func (n *node) operands(operator string) []*node {
	if n.kind == logicNode && n.operator == operator {
		return n.parts
	}
	return []*node{n}
}

func (n *node) short(source string) string { return shorten(source[n.from:n.to]) }

// operand reads what stands before, between and after binary operators.
func (p *parser) operand() (*node, *Error) {
	t := p.token
	switch t.kind {
	case endToken:
		return nil, p.wanted("a value after it: a name, a number or text in quotes")
	case wordToken:
		return p.wordOperand()
	case symbolToken:
		return p.symbolOperand()
	}
	n := &node{kind: literalNode, text: t.text, from: t.from, to: t.to}
	switch t.kind {
	case numberToken:
		n.value = numberValue(parseNumber([]byte(t.text)))
	case durationToken:
		d, err := time.ParseDuration(t.text)
		if err != nil {
			return nil, p.wanted("a duration such as 200ms, of less than 292 years")
		}
		n.value = value{kind: duration, duration: d}
	case textToken:
		n.value = value{kind: exactText, text: []byte(t.text)}
	case headerToken:
		n.kind, n.source = nameNode, Header
	case jsonToken:
		n.kind, n.source = nameNode, JSON
	}
	return n, p.next()
}

func (p *parser) wordOperand() (*node, *Error) {
	t := p.token
	n := &node{kind: literalNode, from: t.from, to: t.to}
	switch t.text {
	case "true", "false":
		n.value = value{kind: truth, holds: t.text == "true"}
	case "nil", "null":
	case "not":
		return p.unary(notNode, notPrecedence)
	default:
		if precedences[t.text] > 0 {
			if strings.HasPrefix(p.lexer.rest(), "(") {
				return nil, p.wanted(functionWanted(t.text))
			}
			return nil, p.wanted("a value before it: a name, a number or text in quotes")
		}
		n.kind, n.source, n.text = nameNode, Variable, t.text
	}
	if err := p.next(); err != nil {
		return nil, err
	}
	if n.kind == nameNode && p.is("(") {
		return nil, p.lexer.errorAt(t.from, shorten(t.text)+"()", functionWanted(t.text))
	}
	return n, nil
}

// functionWanted says what to write for a function: a test has none.
func functionWanted(name string) string {
	switch strings.ToLower(name) {
	case "len", "length", "size", "count":
		return "a test without functions: size is the body's [bytes], json:$.list != [] is no test, and json:$.list alone holds for a list with elements"
	case "not":
		return "not"
	case "contains", "startswith", "endswith", "matches":
		return "the operator between two values: body contains 'ok'"
	}
	return "a test without functions, of names, values and operators"
}

func (p *parser) symbolOperand() (*node, *Error) {
	switch from := p.token.from; p.token.text {
	case "!":
		return p.unary(notNode, notPrecedence)
	case "-":
		return p.unary(minusNode, minusPrecedence)
	case "+":
		return nil, p.wanted("a value without a plus before it")
	case "[":
		return p.list()
	case "(":
		n, err := p.nested(0)
		if err != nil {
			return nil, err
		}
		if !p.is(")") {
			if p.is(",") {
				return nil, p.wanted("brackets around a list: [200, 202]")
			}
			if p.token.kind == endToken {
				return nil, p.wanted(fmt.Sprintf("a parenthesis ) for that of column %d", p.lexer.errorAt(from, "", "").Column))
			}
			return nil, p.leftOver(n)
		}
		n.inParens, n.from, n.to = true, from, p.token.to
		return n, p.next()
	}
	return nil, p.wanted("a value before it: a name, a number or text in quotes")
}

// nested reads what stands within something else, and bounds how deep.
func (p *parser) nested(least int) (*node, *Error) {
	if p.depth++; p.depth > MaxNesting {
		return nil, p.wanted(fmt.Sprintf("at most %d parts within one another", MaxNesting))
	}
	defer func() { p.depth-- }()
	if err := p.next(); err != nil {
		return nil, err
	}
	return p.expression(least)
}

func (p *parser) unary(kind nodeKind, precedence int) (*node, *Error) {
	from := p.token.from
	part, err := p.nested(precedence)
	if err != nil {
		return nil, err
	}
	if kind == minusNode && part.kind == literalNode && !part.inParens && !part.isNegative() && (part.value.kind == number || part.value.kind == duration) {
		part.text = "-" + part.text
		part.from = from
		if part.value.kind == number {
			part.value = numberValue(parseNumber([]byte(part.text)))
		} else {
			part.value.duration = -part.value.duration
		}
		return part, nil
	}
	return &node{kind: kind, parts: []*node{part}, from: from, to: part.to}, nil
}

// list reads a list of literals.
func (p *parser) list() (*node, *Error) {
	n := &node{kind: listNode, from: p.token.from}
	for {
		part, err := p.nested(comparisonPrecedence + 1)
		if p.is("]") && len(n.parts) == 0 && err != nil {
			return nil, p.wanted("values in the list, such as [200, 202]")
		}
		if err != nil {
			return nil, err
		}
		if part.kind != literalNode {
			return nil, p.lexer.errorAt(part.from, part.short(p.lexer.source), "numbers, text in quotes, durations, true, false or nil in a list; other values are compared with == and or, and a range stands without brackets")
		}
		if n.parts = append(n.parts, part); len(n.parts) > MaxList {
			return nil, p.wanted(fmt.Sprintf("at most %d values in a list", MaxList))
		}
		if p.is("]") {
			n.to = p.token.to
			return n, p.next()
		}
		if !p.is(",") {
			return nil, p.wanted(", or ] in the list")
		}
	}
}
