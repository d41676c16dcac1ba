package expression

import (
	"strings"
)

type nodeKind uint8

const (
	literalNode nodeKind = iota // a number, a text, a duration, true, false, nil
	listNode                    // [1, 2]
	rangeNode                   // 200..299
	nameNode                    // status, body, a header, a JSON path, a variable, an outcome
	notNode                     // not a
	minusNode                   // -a
	binaryNode                  // a == b, a + b, a ?? b, a in b; with negated: a not in b
	logicNode                   // a and b and c, a or b or c
)

// node is a part of an expression.
type node struct {
	kind     nodeKind
	operator string // of binaryNode and logicNode
	negated  bool   // not in, not contains, ...
	inParens bool   // it stood in parentheses
	parts    []*node
	source   Source // of nameNode
	text     string // the name, path or header; the numeral
	value    value  // of a literal
	slot     int    // of a name: what the resolver said
	from, to int    // where it stands in the source [bytes]
	typ      kind   // of its value, looseText where only the run tells; set by the check
	constant bool   // no name is in it; set by the check
}

// precedences are expr-lang's: an operator with a higher one binds tighter.
var precedences = map[string]int{"or": 10, "and": 15, "==": 20, "!=": 20, "<": 20, ">": 20, "<=": 20, ">=": 20, "in": 20, "matches": 20, "contains": 20,
	"startsWith": 20, "endsWith": 20, "..": 25, "+": 30, "-": 30, "*": 60, "%": 60, "??": 500}

const (
	comparisonPrecedence = 20
	notPrecedence        = 50
	minusPrecedence      = 90
	tightest             = 1000
)

// precedence says how tight the outermost operator of a node binds.
func (n *node) precedence() int {
	switch n.kind {
	case notNode:
		return notPrecedence
	case minusNode:
		return minusPrecedence
	case binaryNode, logicNode:
		return precedences[n.operator]
	case rangeNode:
		return precedences[".."]
	}
	return tightest
}

// write adds the canonical form of a node, which is parsed into the same node.
func (n *node) write(b *strings.Builder) {
	inParens := func(part *node, isNeeded bool) {
		if !isNeeded {
			part.write(b)
			return
		}
		b.WriteByte('(')
		part.write(b)
		b.WriteByte(')')
	}
	switch n.kind {
	case literalNode:
		b.WriteString(n.literal())
	case nameNode:
		b.WriteString(n.name())
	case rangeNode:
		n.parts[0].write(b)
		b.WriteString("..")
		n.parts[1].write(b)
	case listNode:
		b.WriteByte('[')
		for i, part := range n.parts {
			if i > 0 {
				b.WriteString(", ")
			}
			part.write(b)
		}
		b.WriteByte(']')
	case notNode:
		b.WriteString("not ")
		inParens(n.parts[0], n.parts[0].precedence() < tightest && n.parts[0].kind != notNode)
	case minusNode:
		b.WriteByte('-')
		inParens(n.parts[0], n.parts[0].precedence() < tightest || n.parts[0].isNegative())
	case logicNode, binaryNode:
		for i, part := range n.parts {
			if i > 0 {
				b.WriteByte(' ')
				if n.negated {
					b.WriteString("not ")
				}
				b.WriteString(n.operator)
				b.WriteByte(' ')
			}
			inParens(part, n.mustEnclose(part, i))
		}
	}
}

// mustEnclose reports whether an operand stands in parentheses.
func (n *node) mustEnclose(part *node, i int) bool {
	switch p := part.precedence(); {
	case p < precedences[n.operator], p == precedences[n.operator] && i > 0, p == comparisonPrecedence && n.kind == binaryNode:
		return true
	case n.kind == binaryNode && part.kind == notNode, n.operator == "??" && part.isNegative():
		return true
	default:
		return i == 0 && part.operator == "??" && n.operator != "??"
	}
}

func (n *node) isNegative() bool { return n.kind == literalNode && strings.HasPrefix(n.literal(), "-") }

// literal is a literal as it is written.
func (n *node) literal() string {
	switch n.value.kind {
	case nothing:
		return "nil"
	case truth:
		if n.value.holds {
			return "true"
		}
		return "false"
	case exactText:
		return quote(n.text)
	}
	return n.text
}

// name is a name as it is written.
func (n *node) name() string {
	switch n.source {
	case JSON:
		return "json:" + n.text
	case Header:
		for i := range len(n.text) {
			if c := n.text[i]; !isLetter(c) && !isDigit(c) && c != '-' {
				return "header[" + quote(n.text) + "]"
			}
		}
		return "header." + n.text
	}
	return n.text
}

func (n *node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}
