package expression

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"fsctl/scenarios/decimal"
)

// Error says what is wrong with a text, and where.
type Error struct {
	Column int    // of the first character that is wrong, from 1, in characters
	Found  string // what stands there
	Wanted string // what may stand there, and what to do
}

// Error returns the message: column 8: found 'ok', wanted a number.
func (e *Error) Error() string {
	return fmt.Sprintf("column %d: found %s, wanted %s", e.Column, e.Found, e.Wanted)
}

type tokenKind uint8

const (
	endToken      tokenKind = iota
	wordToken               // a keyword or a name: and, stock, user.level
	numberToken             // 200, 0.1, 1e3
	durationToken           // 200ms
	textToken               // 'ok'; its text is without quotes and escapes
	headerToken             // header.Retry-After, header["Retry-After"]; its text is the name
	jsonToken               // json:$.a; its text is the path
	symbolToken             // an operator, a bracket or a comma
)

type token struct {
	kind tokenKind
	text string
	from int // where it begins in the source [bytes]
	to   int // where it ends [bytes]
}

// lexer cuts a text into tokens, in one pass.
type lexer struct {
	source string
	at     int
}

func (l *lexer) errorAt(from int, found, wanted string) *Error {
	return &Error{Column: utf8.RuneCountInString(l.source[:from]) + 1, Found: printable(found), Wanted: printable(wanted)}
}

// printable makes one line of a text that may hold control characters, which would reach a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return utf8.RuneError
	}, text)
}

// shorten cuts a text for a message.
func shorten(text string) string {
	const most = 60
	if len(text) <= most {
		return text
	}
	end := most
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}

func (l *lexer) rest() string { return l.source[l.at:] }

// next returns the next token.
func (l *lexer) next() (token, *Error) {
	for l.at < len(l.source) && strings.IndexByte(" \t\r\n", l.source[l.at]) >= 0 {
		l.at++
	}
	from := l.at
	if from == len(l.source) {
		return token{kind: endToken, from: from, to: from}, nil
	}
	c := l.source[from]
	var t token
	var err *Error
	switch {
	case isDigit(c) || c == '.' && from+1 < len(l.source) && isDigit(l.source[from+1]):
		t, err = l.number()
	case c == '\'' || c == '"':
		t, err = l.quoted(c)
	case c == '`':
		t, err = l.raw()
	case isLetter(c):
		t, err = l.word()
	default:
		t, err = l.symbol()
	}
	t.from, t.to = from, l.at
	return t, err
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// wrongSymbols are operators of other languages, and what to write for them.
var wrongSymbols = map[string]string{
	"===": "==", "!==": "!=", "=": "==", "<>": "!=", "=~": "matches", "~=": "matches", "!~": "not matches", "=>": ">=", "=<": "<=",
	"&": "and", "|": "or", "~": "matches",
	"/": "a product on the other side (a > 2 * b for a / b > 2), since quotients are rounded",
	"?": "and, or and not, since there is no choice between values", ":": "one test, or json:$.path without a space before $",
	"**": "* or +", "^": "* or +", ";": "and between two tests", "{": "a list in [ ]", "}": "a list in [ ]", "$": "a variable's name alone (stock), or json:$.path",
	"#": "a test without comments", "//": "a test without comments", "/*": "a test without comments",
	"\\": "text in quotes", "@": "text in quotes",
	"++": "+", "--": "- with a space between two of them",
}

// symbols are tried in this order: longer ones first.
var symbols = []string{"===", "!==", "==", "!=", "<=", ">=", "<>", "=~", "~=", "!~", "=>", "=<", "&&", "||", "??", "**", "..", "//", "/*", "++", "--",
	"<", ">", "!", "(", ")", "[", "]", ",", "+", "-", "*", "%", "=", "&", "|", "~", "/", "?", ":", "^", ";", "{", "}", "$", "#", "\\", "@"}

func (l *lexer) symbol() (token, *Error) {
	from := l.at
	for _, s := range symbols {
		if !strings.HasPrefix(l.rest(), s) {
			continue
		}
		l.at += len(s)
		if wanted, wrong := wrongSymbols[s]; wrong {
			return token{}, l.errorAt(from, s, wanted)
		}
		return token{kind: symbolToken, text: s}, nil
	}
	r, size := utf8.DecodeRuneInString(l.rest())
	l.at += size
	found := fmt.Sprintf("%q", l.source[from:l.at])
	switch {
	case strings.ContainsRune("“”„‘’‚«»", r):
		return token{}, l.errorAt(from, found, `plain quotes around a text: 'ok' or "ok"`)
	case unicode.IsLetter(r):
		return token{}, l.errorAt(from, found, "a name of the letters a to z, digits and _, or text in quotes")
	}
	return token{}, l.errorAt(from, found, "an operator, a name, a number or text in quotes")
}

// number reads a numeral or a duration.
func (l *lexer) number() (token, *Error) {
	from := l.at
	digits := func() {
		for l.at < len(l.source) && isDigit(l.source[l.at]) {
			l.at++
		}
	}
	digits()
	if r := l.rest(); len(r) > 1 && r[0] == '.' && isDigit(r[1]) {
		l.at++
		digits()
	}
	if r := l.rest(); len(r) > 1 && r[0]|0x20 == 'e' && (isDigit(r[1]) || len(r) > 2 && (r[1] == '+' || r[1] == '-') && isDigit(r[2])) {
		l.at += 2
		digits()
	}
	numeral := l.source[from:l.at]
	for l.at < len(l.source) { // a unit, or what should not be there
		c := l.source[l.at]
		isPart := isLetter(c) || isDigit(c) || c >= utf8.RuneSelf
		if c == '.' && l.at+1 < len(l.source) && isDigit(l.source[l.at+1]) {
			isPart = true // 1m1.5s, 1.2.3
		}
		if !isPart {
			break
		}
		l.at++
	}
	whole := l.source[from:l.at]
	if whole != numeral {
		if _, err := time.ParseDuration(whole); err != nil {
			return token{}, l.errorAt(from, shorten(whole), "a number such as 200, 0.5 or 1e3, or a duration such as 200ms, 1.5s or 1m30s; text stands in quotes")
		}
		return token{kind: durationToken, text: whole}, nil
	}
	if len(numeral) > 1 && numeral[0] == '0' && isDigit(numeral[1]) {
		return token{}, l.errorAt(from, shorten(numeral), "a number without zeros in front, or text in quotes: '"+shorten(numeral)+"'")
	}
	if _, ok := decimal.Parse([]byte(numeral)); !ok {
		return token{}, l.errorAt(from, shorten(numeral), "an exponent of at most 15 digits")
	}
	return token{kind: numberToken, text: numeral}, nil
}

// word reads a keyword, a name with dots, a header or a JSON path.
func (l *lexer) word() (token, *Error) {
	from := l.at
	l.letters("")
	first := l.source[from:l.at]
	switch r := l.rest(); {
	case first == "json" && strings.HasPrefix(r, ":"):
		l.at++
		return l.path(from)
	case first == "header" && strings.HasPrefix(r, "."):
		l.at++
		begin := l.at
		l.letters("-")
		if begin == l.at {
			return token{}, l.errorAt(from, "header.", `the name of a header: header.Location or header["Location"]`)
		}
		return token{kind: headerToken, text: l.source[begin:l.at]}, nil
	case first == "header" && strings.HasPrefix(strings.TrimLeft(r, " \t"), "["):
		return l.header(from)
	}
	for r := l.rest(); len(r) > 1 && r[0] == '.' && (isLetter(r[1]) || isDigit(r[1])); r = l.rest() {
		l.at++
		l.letters("")
	}
	return token{kind: wordToken, text: l.source[from:l.at]}, nil
}

func (l *lexer) letters(also string) {
	for l.at < len(l.source) {
		if c := l.source[l.at]; !isLetter(c) && !isDigit(c) && strings.IndexByte(also, c) < 0 {
			return
		}
		l.at++
	}
}

// header reads the name in brackets.
func (l *lexer) header(from int) (token, *Error) {
	const wanted = `the name of a header in quotes: header["Content-Type"]`
	l.at = from + strings.IndexByte(l.source[from:], '[') + 1
	name, err := l.next()
	if err != nil {
		return token{}, err
	}
	if name.kind != textToken || !isHeaderName(name.text) {
		return token{}, l.errorAt(name.from, l.shown(name), wanted)
	}
	closing, err := l.next()
	if err != nil {
		return token{}, err
	}
	if closing.kind != symbolToken || closing.text != "]" {
		return token{}, l.errorAt(closing.from, l.shown(closing), "] after the name of the header")
	}
	return token{kind: headerToken, text: name.text}, nil
}

// isHeaderName reports whether a text is a token by RFC 9110, 5.6.2.
func isHeaderName(name string) bool {
	for i := range len(name) {
		if c := name[i]; !isLetter(c) && !isDigit(c) && strings.IndexByte("!#$%&'*+-.^`|~", c) < 0 {
			return false
		}
	}
	return name != ""
}

// path reads a JSON path. It ends where no segment of RFC 9535 follows: at a blank, a bracket that closes, a comma, an operator.
func (l *lexer) path(from int) (token, *Error) {
	begin := l.at
	if !strings.HasPrefix(l.rest(), "$") {
		return token{}, l.errorAt(from, "json:", "a JSON path right after it: json:$.path")
	}
	l.at++
	for l.at < len(l.source) {
		switch c := l.source[l.at]; {
		case c == '.' || c == '*' && l.source[l.at-1] == '.' || c >= utf8.RuneSelf || isLetter(c) || isDigit(c):
			l.at++
			continue
		case c == '[':
			if !l.skipBrackets() {
				return token{}, l.errorAt(from, shorten(l.source[from:]), "every bracket and quote of the JSON path closed")
			}
			continue
		case c == '-' && l.source[l.at-1] != ']':
			return token{}, l.errorAt(l.at, "- in a JSON path", "brackets around a name with it, as in json:$['retry-after'], or a space before a minus")
		}
		break
	}
	return token{kind: jsonToken, text: l.source[begin:l.at]}, nil
}

// skipBrackets goes beyond the bracket that closes the one at hand, and reports whether there is one.
func (l *lexer) skipBrackets() bool {
	depth, quote := 0, byte(0)
	for ; l.at < len(l.source); l.at++ {
		switch c := l.source[l.at]; {
		case quote != 0 && c == '\\':
			l.at++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '\'' || c == '"':
			quote = c
		case c == '[' || c == '(':
			depth++
		case c == ']' || c == ')':
			if depth--; depth == 0 {
				l.at++
				return true
			}
		}
	}
	l.at = len(l.source)
	return false
}

// shown is a token as a message shows it.
func (l *lexer) shown(t token) string {
	if t.kind == endToken {
		return "the end"
	}
	return shorten(l.source[t.from:t.to])
}
