package expression

import (
	"fmt"
	"strings"
)

// meet checks that two operands can be equal.
func (c *checker) meet(a, b *node) *Error {
	switch {
	case a.typ == looseText && b.typ != duration, b.typ == looseText && a.typ != duration:
		return nil
	case a.typ == b.typ && a.typ != nothing, a.typ == nothing && b.mayMiss(), b.typ == nothing && a.mayMiss():
		return nil
	}
	wrong, other := b, a
	if a.constant || a.typ == looseText && !b.constant {
		wrong, other = a, b
	}
	return c.wrong(wrong, "%s", c.remedy(wrong, other))
}

// remedy says what to write for an operand so that it meets the other one.
func (c *checker) remedy(wrong, other *node) string {
	source, shown := c.lexer.source, other.short(c.lexer.source)
	text := wrong.short(source)
	switch {
	case wrong.typ == nothing:
		return fmt.Sprintf("%s: %s is never missing", other.typ, shown)
	case other.typ == duration && wrong.typ == number:
		return fmt.Sprintf("a duration, %ss or %sms: %s has a unit", text, text, shown)
	case other.typ == duration && wrong.typ == looseText:
		return fmt.Sprintf("a duration such as 200ms: %s has a unit, which a variable has not", shown)
	case wrong.typ == duration && other.typ == looseText:
		return fmt.Sprintf("a number or text: %s is a value without a unit", shown)
	case other.typ == number && wrong.typ == exactText && wrong.constant:
		if _, ok := parseNumber([]byte(wrong.text)); ok {
			return fmt.Sprintf("%s without quotes: %s is a number", wrong.text, shown)
		}
	case other.typ == exactText && wrong.constant:
		return fmt.Sprintf("text in quotes, '%s': %s is text", text, shown)
	case other.typ == truth:
		return fmt.Sprintf("true or false: %s is one of them", shown)
	}
	return fmt.Sprintf("%s: %s is %s, and this is %s", other.typ, shown, strings.TrimPrefix(other.typ.String(), "is "), wrong.typ)
}

// ordered checks that two operands have an order: both are numbers, or both are durations.
func (c *checker) ordered(n *node) *Error {
	for i, part := range n.parts {
		other := n.parts[1-i]
		switch part.typ {
		case number, duration, looseText:
			continue
		case exactText:
			if part.constant {
				if other.typ == exactText {
					continue // the other one is not a number either, and is named
				}
				if _, ok := parseNumber([]byte(part.text)); ok {
					return c.wrong(part, "%s without quotes: %s compares numbers and durations", part.text, n.operator)
				}
			}
		}
		return c.wrong(part, "a number or a duration beside %s: this is %s", n.operator, part.typ)
	}
	return c.meet(n.parts[0], n.parts[1])
}

// mirrored are the operators with their operands exchanged.
var mirrored = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}

// notConstant refuses tests of the status, size and duration whose result is the same for every answer.
func (c *checker) notConstant(n *node) *Error {
	left, right, operator := n.parts[0], n.parts[1], n.operator
	if left.constant {
		left, right = right, left
		if m := mirrored[operator]; m != "" {
			operator = m
		}
	}
	if left.kind != nameNode || left.source > Size {
		return nil
	}
	switch right.kind {
	case listNode:
		for _, part := range right.parts {
			if err := c.bounded(part, left, "==", part.value); err != nil {
				return err
			}
		}
		return nil
	case rangeNode:
		for _, part := range right.parts {
			if err := c.bounded(part, left, "==", part.value); err != nil {
				return err
			}
		}
		if right.parts[0].text == "100" && right.parts[1].text == "999" && left.source == Status {
			return c.wrong(n, "a test that depends on the answer: every status is from 100 to 999")
		}
		return nil
	}
	if !right.constant {
		return nil
	}
	v := right.value
	if right.kind != literalNode {
		v = evaluator(right)(nil)
	}
	return c.bounded(n, left, operator, v)
}

// bounded checks the comparison of a name whose values are bounded with a constant.
func (c *checker) bounded(where, name *node, operator string, v value) *Error {
	low, high, isBounded := numberValue(integerNumber(0), true), value{}, name.source == Status
	said := "a test that depends on the answer: the size is a whole number of bytes, from 0"
	switch name.source {
	case Status:
		low, high = numberValue(integerNumber(100), true), numberValue(integerNumber(999), true)
		said = "a status from 100 to 999"
	case Duration:
		low = value{kind: duration}
		said = "a test that depends on the answer: no duration is below 0"
	}
	toLow, _ := order(&v, &low)
	toHigh := -1
	if isBounded {
		toHigh, _ = order(&v, &high)
	}
	never, always := false, false
	switch operator {
	case "==", "!=":
		never = toLow < 0 || toHigh > 0 || v.kind == number && !v.isInteger()
		if operator == "!=" {
			never, always = false, never
		}
	case "<":
		never, always = toLow <= 0, toHigh > 0
	case "<=":
		never, always = toLow < 0, toHigh >= 0
	case ">":
		never, always = toHigh >= 0, toLow < 0
	case ">=":
		never, always = toHigh > 0, toLow <= 0
	}
	switch {
	case never:
		return c.wrong(where, "%s; this never holds", said)
	case always:
		return c.wrong(where, "%s; this always holds", said)
	}
	return nil
}
