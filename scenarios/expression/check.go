package expression

import (
	"fmt"
	"regexp"
	"strings"

	"fsctl/scenarios/strict"
)

// checker resolves the names of an expression and checks its types.
type checker struct {
	lexer lexer // for columns
	names Names
	uses  []Use
	seen  map[Use]bool
}

func (c *checker) wrong(n *node, wanted string, a ...any) *Error {
	return c.lexer.errorAt(n.from, n.short(c.lexer.source), fmt.Sprintf(wanted, a...))
}

// test checks what stands where a test is wanted.
func (c *checker) test(n *node) *Error {
	switch {
	case n.kind == notNode || n.kind == logicNode:
		n.typ = truth
		for _, part := range n.parts {
			if err := c.test(part); err != nil {
				return err
			}
		}
		return nil
	case n.isComparison():
		n.typ = truth
		return c.comparison(n)
	case n.kind == listNode, n.kind == rangeNode:
		return c.wrong(n, "in before a list or a range, such as status in [200, 202]")
	}
	if err := c.operand(n); err != nil {
		return err
	}
	switch {
	case n.typ == truth && n.constant:
		return c.wrong(n, "a test that depends on the answer or on a variable")
	case n.typ == truth, n.typ == looseText:
		return nil
	case n.source == Status && n.kind == nameNode:
		return c.wrong(n, "a test of it, such as status == 200: the status is a number")
	case n.source == Body && n.kind == nameNode:
		return c.wrong(n, "a test of it, such as body != '' or body contains 'ok': the body is text")
	case n.kind == nameNode:
		return c.wrong(n, "a test of it, such as %s > %s: it is %s", n.text, map[kind]string{number: "1000", duration: "200ms"}[n.typ], n.typ)
	case n.constant:
		return c.wrong(n, "a test such as status == 200; after or and and stands a whole test, and for one of several values status in [200, 202]; this is %s", n.typ)
	}
	return c.wrong(n, "a test, such as a comparison with ==, and parentheses after not; this is %s", n.typ)
}

// isComparison reports whether a node is true or false because it compares.
func (n *node) isComparison() bool {
	return n.kind == binaryNode && precedences[n.operator] == comparisonPrecedence
}

// operand checks what stands beside an operator, and sets its type.
func (c *checker) operand(n *node) *Error {
	switch n.kind {
	case literalNode:
		n.typ, n.constant = n.value.kind, true
		return nil
	case nameNode:
		return c.name(n)
	case minusNode:
		return c.arithmetic(n)
	case binaryNode:
		switch {
		case n.operator == "??":
			return c.defaulted(n)
		case !n.isComparison():
			return c.arithmetic(n)
		}
	case listNode, rangeNode:
		return c.wrong(n, "in before a list or a range, and one value elsewhere")
	}
	return c.test(n)
}

// arithmetic checks -a, a + b and their like.
func (c *checker) arithmetic(n *node) *Error {
	n.typ, n.constant = number, true
	for _, part := range n.parts {
		if err := c.operand(part); err != nil {
			return err
		}
		n.constant = n.constant && part.constant
		if part.typ != number && part.typ != looseText {
			return c.wrong(part, "a number beside %s: this is %s", n.sign(), part.typ)
		}
	}
	if n.constant {
		if n.value = evaluator(n)(nil); n.value.kind == nothing { // once, for operators above it too
			return c.wrong(n, "numbers whose result has at most 18 digits, and no remainder of 0")
		}
	}
	return nil
}

func (n *node) sign() string {
	if n.kind == minusNode {
		return "-"
	}
	return n.operator
}

// defaulted checks a ?? b, which has the type of b.
func (c *checker) defaulted(n *node) *Error {
	for _, part := range n.parts {
		if err := c.operand(part); err != nil {
			return err
		}
	}
	left, right := n.parts[0], n.parts[1]
	switch {
	case !left.mayMiss():
		return c.wrong(left, "a variable, a header or a JSON path before ??: this is never missing")
	case right.typ == nothing:
		return c.wrong(right, "a value after ??")
	case right.typ == duration:
		return c.wrong(right, "a number or text after ??: a variable holds no duration")
	}
	n.typ = right.typ
	return nil
}

// mayMiss reports whether the value of an operand may be nil.
func (n *node) mayMiss() bool {
	switch {
	case n.operator == "??":
		return n.parts[1].mayMiss()
	case n.kind == minusNode, n.kind == binaryNode && !n.isComparison():
		return !n.constant
	}
	return n.typ == looseText
}

// name resolves a name.
func (c *checker) name(n *node) *Error {
	n.typ = looseText
	switch n.source {
	case Header:
		n.slot = c.names.Header(n.text)
	case JSON:
		slot, err := c.names.JSON(n.text)
		if err != nil {
			return c.wrong(n, "a JSON path by RFC 9535 such as json:$.errors: %v", err)
		}
		n.slot = slot
	default:
		if err := c.word(n); err != nil {
			return err
		}
	}
	use := Use{n.source, n.text, n.slot}
	if !c.seen[use] {
		c.seen[use] = true
		c.uses = append(c.uses, use)
	}
	return nil
}

// word resolves a name without a prefix.
func (c *checker) word(n *node) *Error {
	switch n.text {
	case "status":
		n.source, n.typ = Status, number
		return nil
	case "duration":
		n.source, n.typ = Duration, duration
		return nil
	case "size":
		n.source, n.typ = Size, number
		return nil
	case "body":
		n.source, n.typ = Body, exactText
		return nil
	}
	variable, isVariable := c.names.Variable(n.text)
	outcome, isOutcome := c.names.Outcome(n.text)
	switch {
	case isVariable && isOutcome:
		return c.wrong(n, "another name for the variable or for the outcome: both are called so")
	case isVariable:
		n.source, n.slot = Variable, variable
	case isOutcome:
		n.source, n.slot, n.typ = Outcome, outcome, truth
	default:
		return c.wrong(n, "%s", c.unknown(n.text))
	}
	return nil
}

// otherNames are what other tools call the parts of an answer.
var otherNames = map[string]string{"status_code": "status", "statuscode": "status", "code": "status", "http_status": "status", "response.status": "status", "res.status": "status",
	"r.status": "status", "latency": "duration", "time": "duration", "elapsed": "duration", "response_time": "duration", "length": "size", "content_length": "size", "bytes": "size",
	"text": "body", "content": "body", "response": "body", "response.body": "body", "res.body": "body", "r.body": "body",
	"header": "header.NAME", "headers": "header.NAME", "json": "json:$.path"}

// unknown says what to do about a name that there is not.
func (c *checker) unknown(name string) string {
	if right, known := wrongOperands[name]; known {
		return right
	}
	if right, known := otherNames[strings.ToLower(name)]; known {
		return right
	}
	for _, prefix := range []string{"headers.", "response.header.", "response.headers."} {
		if rest, is := strings.CutPrefix(name, prefix); is {
			return "header." + shorten(rest)
		}
	}
	if rest, is := strings.CutPrefix(name, "json."); is {
		return "json:$." + shorten(rest)
	}
	const wanted = "status, duration, size, body, header.NAME, json:$.path, an outcome or a variable that a step before sets; text stands in quotes"
	if len(name) > 200 {
		return wanted
	}
	return wanted + strict.DidYouMean(name, append([]string{"status", "duration", "size", "body"}, c.names.Known()...))
}

// comparison checks a test with an operator between two operands.
func (c *checker) comparison(n *node) *Error {
	left, right := n.parts[0], n.parts[1]
	if err := c.operand(left); err != nil {
		return err
	}
	if n.operator == "in" {
		return c.membership(n)
	}
	if err := c.operand(right); err != nil {
		return err
	}
	if left.constant && right.constant {
		return c.wrong(n, "a test that depends on the answer or on a variable; this is the same for every answer")
	}
	switch n.operator {
	case "contains", "startsWith", "endsWith", "matches":
		return c.search(n)
	case "==", "!=":
		if err := c.meet(left, right); err != nil {
			return err
		}
	default:
		if err := c.ordered(n); err != nil {
			return err
		}
	}
	return c.notConstant(n)
}

// membership checks a in b.
func (c *checker) membership(n *node) *Error {
	left, right := n.parts[0], n.parts[1]
	switch {
	case left.constant:
		return c.wrong(left, "a name before in: status in [200, 202]")
	case right.kind == rangeNode:
		if left.typ != number && left.typ != looseText {
			return c.wrong(left, "a number before in and a range: this is %s", left.typ)
		}
		return c.notConstant(n)
	case right.kind != listNode:
		return c.wrong(right, "a list in brackets or a range after in, such as [200, 202] or 200..299")
	}
	for _, part := range right.parts {
		if err := c.operand(part); err != nil {
			return err
		}
		if err := c.meet(left, part); err != nil {
			return err
		}
	}
	return c.notConstant(n)
}

// search checks contains, startsWith, endsWith and matches.
func (c *checker) search(n *node) *Error {
	for i, part := range n.parts {
		switch {
		case part.typ == exactText, part.typ == looseText:
		case i == 1 && part.constant:
			return c.wrong(part, "text in quotes after %s: '%s'", n.operator, part.short(c.lexer.source))
		default:
			return c.wrong(part, "text beside %s: this is %s, which is compared with ==, < or in", n.operator, part.typ)
		}
	}
	right := n.parts[1]
	if right.kind == literalNode && right.text == "" {
		return c.wrong(right, "a text after %s: every text has the empty one in it", n.operator)
	}
	if n.operator == "matches" {
		if right.kind != literalNode {
			return c.wrong(right, "a regular expression in quotes after matches")
		}
		if len(right.text) > 1 && right.text[0] == '/' && strings.HasSuffix(right.text, "/") {
			return c.wrong(right, "the regular expression without slashes around it")
		}
		if _, err := regexp.Compile(right.text); err != nil {
			return c.wrong(right, "a regular expression (RE2): %v", err)
		}
	}
	return nil
}
