package expression

import (
	"bytes"
	"regexp"
)

// relation is the set of orders for which a comparison holds.
type relation uint8

const (
	below relation = 1 << iota
	same
	above
)

var relations = map[string]relation{"==": same, "!=": below | above, "<": below, "<=": below | same, ">": above, ">=": same | above}

// has reports whether an order of -1, 0 or 1 is in the set.
func (r relation) has(order int) bool { return r&(1<<(order+1)) != 0 }

// compile returns the function that says whether a checked test holds.
func compile(n *node) func(Input) bool {
	switch n.kind {
	case notNode:
		part := compile(n.parts[0])
		return func(in Input) bool { return !part(in) }
	case logicNode:
		return compileLogic(n)
	case nameNode:
		if slot := n.slot; n.source == Outcome {
			return func(in Input) bool { return in.Outcome(slot) }
		}
		text := reader(n)
		return func(in Input) bool {
			t, ok := text(in)
			return ok && isTrueText(t)
		}
	}
	if n.isComparison() {
		holds := compileComparison(n)
		if n.negated {
			return func(in Input) bool { return !holds(in) }
		}
		return holds
	}
	v := evaluator(n)
	return func(in Input) bool {
		found := v(in)
		return found.isTrue()
	}
}

func compileLogic(n *node) func(Input) bool {
	parts := make([]func(Input) bool, len(n.parts))
	for i, part := range n.parts {
		parts[i] = compile(part)
	}
	isOr := n.operator == "or"
	if a, b := parts[0], parts[1]; len(parts) == 2 {
		if isOr {
			return func(in Input) bool { return a(in) || b(in) }
		}
		return func(in Input) bool { return a(in) && b(in) }
	}
	return func(in Input) bool {
		for _, part := range parts {
			if part(in) == isOr {
				return isOr
			}
		}
		return !isOr
	}
}

// compileComparison returns the function of a comparison, without its not.
func compileComparison(n *node) func(Input) bool {
	left, right := n.parts[0], n.parts[1]
	switch n.operator {
	case "in":
		if right.kind == rangeNode {
			return compileRange(left, right)
		}
		return compileList(left, right)
	case "contains":
		return compileSearch(n, bytes.Contains)
	case "startsWith":
		return compileSearch(n, bytes.HasPrefix)
	case "endsWith":
		return compileSearch(n, bytes.HasSuffix)
	case "matches":
		text, pattern := evaluator(left), regexp.MustCompile(right.text)
		return func(in Input) bool {
			v := text(in)
			t, ok := v.textOf()
			return ok && pattern.Match(t)
		}
	}
	r := relations[n.operator]
	if special := compileSpecial(left, right, r); special != nil {
		return special
	}
	a, b := evaluator(left), evaluator(right)
	if n.operator == "==" || n.operator == "!=" {
		return func(in Input) bool {
			x, y := a(in), b(in)
			return equal(&x, &y) == (r == same)
		}
	}
	return func(in Input) bool {
		x, y := a(in), b(in)
		o, ok := order(&x, &y)
		return ok && r.has(o)
	}
}

// compileSpecial returns a fast function for the most common comparisons, of a name with a literal, and nil for any other.
func compileSpecial(left, right *node, r relation) func(Input) bool {
	if left.kind != nameNode || right.kind != literalNode {
		return nil
	}
	isEquality := r == same || r == below|above
	literal := right.value
	switch {
	case left.source == Status || left.source == Size:
		whole, ok := literal.number.integer()
		if !ok || literal.kind != number {
			return nil
		}
		if left.source == Status {
			return func(in Input) bool { return r.has(compareInts(int64(in.Status()), whole)) }
		}
		return func(in Input) bool { return r.has(compareInts(in.Size(), whole)) }
	case left.source == Duration:
		limit := int64(literal.duration)
		return func(in Input) bool { return r.has(compareInts(int64(in.Duration()), limit)) }
	case left.typ != looseText:
		return nil
	case literal.kind == nothing:
		text := reader(left)
		return func(in Input) bool {
			_, ok := text(in)
			return ok != (r == same)
		}
	case literal.kind == exactText && isEquality:
		text, want := reader(left), literal.text
		return func(in Input) bool {
			t, ok := text(in)
			return (ok && bytes.Equal(t, want)) == (r == same)
		}
	case literal.kind == number:
		text, want := reader(left), literal.number
		return func(in Input) bool {
			t, ok := text(in)
			if !ok {
				return r == below|above
			}
			n, ok := parseNumber(t)
			if !ok {
				return r == below|above
			}
			return r.has(n.compare(&want))
		}
	}
	return nil
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func compileSearch(n *node, found func(text, part []byte) bool) func(Input) bool {
	text, part := evaluator(n.parts[0]), evaluator(n.parts[1])
	return func(in Input) bool {
		v, w := text(in), part(in)
		a, okA := v.textOf()
		b, okB := w.textOf()
		return okA && okB && found(a, b)
	}
}

func compileRange(left, right *node) func(Input) bool {
	low, _ := right.parts[0].value.number.integer()
	high, _ := right.parts[1].value.number.integer()
	if left.source == Status && left.kind == nameNode {
		return func(in Input) bool {
			s := int64(in.Status())
			return s >= low && s <= high
		}
	}
	v := evaluator(left)
	return func(in Input) bool {
		found := v(in)
		n, ok := found.asNumber()
		if !ok {
			return false
		}
		whole, ok := n.integer()
		return ok && whole >= low && whole <= high
	}
}

func compileList(left, right *node) func(Input) bool {
	if left.kind == nameNode && left.source == Status {
		statuses := make([]int64, len(right.parts))
		for i, part := range right.parts {
			statuses[i], _ = part.value.number.integer()
		}
		return func(in Input) bool {
			s := int64(in.Status())
			for _, want := range statuses {
				if s == want {
					return true
				}
			}
			return false
		}
	}
	literals := make([]value, len(right.parts))
	for i, part := range right.parts {
		literals[i] = part.value
	}
	v := evaluator(left)
	return func(in Input) bool {
		found := v(in)
		n, isNumeral := found.asNumber() // once, however long the list
		for i := range literals {
			want := &literals[i]
			switch {
			case want.kind == number:
				if isNumeral && n.compare(&want.number) == 0 {
					return true
				}
			case equal(&found, want):
				return true
			}
		}
		return false
	}
}

// reader returns the function that gets the text of a header, a JSON value or a variable.
func reader(n *node) func(Input) ([]byte, bool) {
	slot := n.slot
	switch n.source {
	case Header:
		return func(in Input) ([]byte, bool) { return in.Header(slot) }
	case JSON:
		return func(in Input) ([]byte, bool) { return in.JSON(slot) }
	}
	return func(in Input) ([]byte, bool) { return in.Variable(slot) }
}

// evaluator returns the function that gets the value of an operand.
func evaluator(n *node) func(Input) value {
	switch {
	case n.kind == literalNode, n.constant && n.value.kind != nothing:
		literal := n.value
		return func(Input) value { return literal }
	case n.kind == nameNode:
		return nameEvaluator(n)
	case n.kind == minusNode:
		part := evaluator(n.parts[0])
		zero := integerNumber(0)
		return func(in Input) value {
			v := part(in)
			m, ok := v.asNumber()
			if !ok {
				return value{}
			}
			return numberValue(calculate(&zero, &m, "-"))
		}
	case n.kind == binaryNode && n.operator == "??":
		a, b := evaluator(n.parts[0]), evaluator(n.parts[1])
		return func(in Input) value {
			if v := a(in); v.kind != nothing {
				return v
			}
			return b(in)
		}
	case n.kind == binaryNode && !n.isComparison():
		a, b, operator := evaluator(n.parts[0]), evaluator(n.parts[1]), n.operator
		return func(in Input) value {
			x, y := a(in), b(in)
			p, okP := x.asNumber()
			q, okQ := y.asNumber()
			if !okP || !okQ {
				return value{}
			}
			return numberValue(calculate(&p, &q, operator))
		}
	}
	holds := compile(n)
	return func(in Input) value { return value{kind: truth, holds: holds(in)} }
}

func nameEvaluator(n *node) func(Input) value {
	switch slot := n.slot; n.source {
	case Status:
		return func(in Input) value { return numberValue(integerNumber(int64(in.Status())), true) }
	case Size:
		return func(in Input) value { return numberValue(integerNumber(in.Size()), true) }
	case Duration:
		return func(in Input) value { return value{kind: duration, duration: in.Duration()} }
	case Body:
		return func(in Input) value { return value{kind: exactText, text: in.Body()} }
	case Outcome:
		return func(in Input) value { return value{kind: truth, holds: in.Outcome(slot)} }
	}
	text := reader(n)
	return func(in Input) value { return looseValue(text(in)) }
}
