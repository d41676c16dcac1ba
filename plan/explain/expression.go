package explain

import (
	"fmt"
	"strconv"
	"strings"
)

// expression is a formula of an explanation: numbers, names such as rate[shop], + - * /, parentheses
// and functions. The formula that is shown is the one that is evaluated, so the two cannot differ.
type expression struct {
	text       string
	op         byte // + - * / for two operands, n a number, v a name, f a function, ( in parentheses
	name       string
	value      float64
	operands   []*expression
	start, end int // of a name in the whole text
}

// Evaluate returns the value of a formula with its numbers put in, such as an explanation's Filled.
// Errors say what is not a formula, or which name has no number.
func Evaluate(filled string) (float64, error) {
	e, err := parseExpression(filled)
	if err != nil {
		return 0, err
	}
	return e.eval(nil, nil)
}

// parseExpression reads a formula. Errors say what was found where.
func parseExpression(text string) (*expression, error) {
	p := &expressionParser{text: text}
	e, err := p.sum()
	if err != nil {
		return nil, fmt.Errorf("formula %q: %w", text, err)
	}
	if p.peek(); p.at < len(text) {
		return nil, fmt.Errorf("formula %q: found %q after its end", text, text[p.at:])
	}
	return e, nil
}

type expressionParser struct {
	text string
	at   int
}

// peek returns the next character that is not a space, 0 at the end.
func (p *expressionParser) peek() byte {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *expressionParser) sum() (*expression, error) { return p.chain("+-", p.product) }

func (p *expressionParser) product() (*expression, error) { return p.chain("*/", p.operand) }

// chain reads operands with one of the operators between them, from the left.
func (p *expressionParser) chain(operators string, next func() (*expression, error)) (*expression, error) {
	p.peek()
	start := p.at
	left, err := next()
	for err == nil {
		op := p.peek()
		if op == 0 || !strings.ContainsRune(operators, rune(op)) {
			return left, nil
		}
		p.at++
		var right *expression
		if right, err = next(); err == nil {
			left = &expression{text: p.text[start:p.at], op: op, operands: []*expression{left, right}}
		}
	}
	return nil, err
}

func (p *expressionParser) operand() (*expression, error) {
	c := p.peek()
	start := p.at
	switch {
	case c == '(':
		inner, err := p.list()
		if err != nil {
			return nil, err
		}
		return &expression{text: p.text[start:p.at], op: '(', operands: inner}, nil
	case isDigit(c):
		for p.at < len(p.text) && (isDigit(p.text[p.at]) || strings.ContainsRune(".e", rune(p.text[p.at])) || p.isExponentSign()) {
			p.at++
		}
		v, err := strconv.ParseFloat(p.text[start:p.at], 64)
		return &expression{text: p.text[start:p.at], op: 'n', value: v}, err
	case isLetter(c):
		return p.named()
	}
	return nil, fmt.Errorf("found %q at %d, wanted a number, a name or (", p.text[p.at:], p.at)
}

func (p *expressionParser) isExponentSign() bool {
	c := p.text[p.at]
	return (c == '-' || c == '+') && p.text[p.at-1] == 'e'
}

// named reads a name, its index in brackets if it has one, or a function with its arguments.
func (p *expressionParser) named() (*expression, error) {
	start := p.at
	for p.at < len(p.text) && (isLetter(p.text[p.at]) || isDigit(p.text[p.at])) {
		p.at++
	}
	name := p.text[start:p.at]
	switch p.peek() {
	case '(':
		arguments, err := p.list()
		if err != nil {
			return nil, err
		}
		return &expression{text: p.text[start:p.at], op: 'f', name: name, operands: arguments}, nil
	case '[':
		length := strings.IndexByte(p.text[p.at:], ']')
		if length < 0 {
			return nil, fmt.Errorf("found no ] after %q", name)
		}
		p.at += length + 1
	}
	name = strings.TrimSpace(p.text[start:p.at])
	return &expression{text: name, op: 'v', name: name, start: start, end: start + len(name)}, nil
}

// list reads operands between parentheses, with commas between them.
func (p *expressionParser) list() ([]*expression, error) {
	var list []*expression
	for p.at++; ; p.at++ {
		e, err := p.sum()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		switch p.peek() {
		case ')':
			p.at++
			return list, nil
		case ',':
		default:
			return nil, fmt.Errorf("found %q at %d, wanted , or )", p.text[p.at:], p.at)
		}
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

// eval returns the value with the names' values. Each function of the model that it asks is reported
// to called, which may be nil.
func (e *expression) eval(values map[string]float64, called func(text string, f function, value float64)) (float64, error) {
	switch e.op {
	case 'n':
		return e.value, nil
	case 'v':
		v, ok := values[e.name]
		if !ok {
			return 0, fmt.Errorf("formula: the symbol %s has no value", e.name)
		}
		return v, nil
	}
	arguments := make([]float64, len(e.operands))
	for i, o := range e.operands {
		v, err := o.eval(values, called)
		if err != nil {
			return 0, err
		}
		arguments[i] = v
	}
	switch e.op {
	case '+':
		return arguments[0] + arguments[1], nil
	case '-':
		return arguments[0] - arguments[1], nil
	case '*':
		return arguments[0] * arguments[1], nil
	case '/':
		return arguments[0] / arguments[1], nil
	case '(':
		return arguments[len(arguments)-1], nil
	}
	f, ok := functionOf(e.name)
	if !ok || f.arguments > 0 && len(arguments) != f.arguments {
		return 0, fmt.Errorf("formula: no function %s of %d arguments", e.name, len(arguments))
	}
	v := f.value(arguments)
	if called != nil && f.meaning != "" {
		called(e.text, f, v)
	}
	return v, nil
}

// fill returns the formula with numbers in place of its names.
func (e *expression) fill(whole string, values map[string]float64, write func(float64) string) string {
	var b strings.Builder
	at := 0
	var walk func(*expression)
	walk = func(x *expression) {
		if x.op == 'v' {
			b.WriteString(whole[at:x.start] + write(values[x.name]))
			at = x.end
		}
		for _, o := range x.operands {
			walk(o)
		}
	}
	walk(e)
	return b.String() + whole[at:]
}
