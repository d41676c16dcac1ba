package expression

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// TermKind says what a term is.
type TermKind uint8

// The kinds of terms.
const (
	NameTerm     TermKind = iota // stock, user.level, env.SIGN_KEY, now.unix
	TextTerm                     // 'shoe'
	NumberTerm                   // 2, -0.5, 1e3
	DurationTerm                 // 200ms
	CallTerm                     // random.int(1, 2)
)

// Term is a value in a template: a literal, a name, or the call of a function.
type Term struct {
	Kind   TermKind
	Text   string // the name, of a call too; the literal as written, and a text without quotes and escapes
	Args   []Term // of a call
	Column int    // of its first character in the text, from 1, in characters
}

// ParseTerm reads the term that a text begins with, such as hmac('sha256', env.SIGN_KEY, body), and returns what stands after it,
// such as :number. Literals and names are those of a condition. Which names and functions there are, and what they take, is the
// caller's to check. The error is an *Error: it gives the column, what was found, what was wanted and what to do. It fails where
// no term stands, for a quote or a parenthesis that is not closed, and for what is beyond MaxBytes, MaxNesting and MaxList.
func ParseTerm(text string) (t Term, rest string, err error) {
	if len(text) > MaxBytes {
		return Term{}, "", &Error{1, fmt.Sprintf("%d bytes", len(text)), fmt.Sprintf("at most %d", MaxBytes)}
	}
	l := &lexer{source: text}
	t, failure := l.term(0, 1)
	if failure != nil {
		return Term{}, "", failure
	}
	return t, l.rest(), nil
}

const termForm = "a name, a number, text in quotes or a function, such as user.name, 2, 'shoe' or random.int(1, 2)"

// term reads one term. The column is that of the lexer's place, so that many arguments take linear time.
func (l *lexer) term(depth, column int) (Term, *Error) {
	before := l.at
	first, err := l.next()
	if err != nil {
		if at := before + len(l.source[before:]) - len(strings.TrimLeft(l.source[before:], " ")); strings.HasPrefix(l.source[at:], "}") { // of a template
			return Term{}, l.errorAt(at, "}", termForm)
		}
		return Term{}, err
	}
	sign := ""
	if first.kind == symbolToken && first.text == "-" {
		from := first.from
		if first, err = l.next(); err != nil {
			return Term{}, err
		}
		if first.kind != numberToken && first.kind != durationToken {
			return Term{}, l.errorAt(first.from, l.shown(first), "a number after -")
		}
		first.from, sign = from, "-"
	}
	t := Term{Text: sign + first.text, Column: column + utf8.RuneCountInString(l.source[before:first.from])}
	switch first.kind {
	case wordToken:
		return l.call(t, first, depth)
	case textToken:
		t.Kind = TextTerm
	case numberToken:
		t.Kind = NumberTerm
	case durationToken:
		t.Kind = DurationTerm
	default:
		return Term{}, l.errorAt(first.from, l.shown(first), termForm)
	}
	return t, nil
}

// call reads the arguments after a name, if there are any.
func (l *lexer) call(t Term, name token, depth int) (Term, *Error) {
	if !strings.HasPrefix(strings.TrimLeft(l.rest(), " \t"), "(") {
		return t, nil
	}
	if depth++; depth > MaxNesting {
		return Term{}, l.errorAt(name.from, shorten(name.text)+"()", fmt.Sprintf("at most %d functions within one another", MaxNesting))
	}
	l.at += strings.IndexByte(l.rest(), '(') + 1
	t.Kind = CallTerm
	if blank := strings.TrimLeft(l.rest(), " \t\r\n"); strings.HasPrefix(blank, ")") {
		l.at = len(l.source) - len(blank) + 1
		return t, nil
	}
	before, column := name.from, t.Column
	for {
		column += utf8.RuneCountInString(l.source[before:l.at])
		before = l.at
		argument, err := l.term(depth, column)
		if err != nil {
			return Term{}, err
		}
		if t.Args = append(t.Args, argument); len(t.Args) > MaxList {
			return Term{}, l.errorAt(name.from, shorten(name.text)+"()", fmt.Sprintf("at most %d arguments", MaxList))
		}
		next, err := l.next()
		switch {
		case err != nil:
			return Term{}, err
		case next.kind == symbolToken && next.text == ")":
			return t, nil
		case next.kind == endToken:
			return Term{}, l.errorAt(next.from, l.shown(next), "a parenthesis ) after the arguments of "+shorten(name.text))
		case next.kind != symbolToken || next.text != ",":
			return Term{}, l.errorAt(next.from, l.shown(next), "a comma or ) after an argument of "+shorten(name.text))
		}
	}
}

// String writes the term so that ParseTerm reads it as the same, but for columns.
func (t Term) String() string {
	var b strings.Builder
	t.write(&b)
	return b.String()
}

func (t Term) write(b *strings.Builder) {
	switch t.Kind {
	case TextTerm:
		b.WriteString(quote(t.Text))
	case CallTerm:
		b.WriteString(t.Text + "(")
		for i, a := range t.Args {
			if i > 0 {
				b.WriteString(", ")
			}
			a.write(b)
		}
		b.WriteString(")")
	default:
		b.WriteString(t.Text)
	}
}
