package expression

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// escapes are what may follow a backslash, beside u and four hexadecimal digits.
var escapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', '\\': '\\', '\'': '\'', '"': '"'}

// quoted reads a text in quotes.
func (l *lexer) quoted(quote byte) (token, *Error) {
	from := l.at
	var text strings.Builder
	for l.at++; l.at < len(l.source); {
		switch c := l.source[l.at]; c {
		case quote:
			l.at++
			return token{kind: textToken, text: text.String()}, nil
		case '\n', '\r':
			return token{}, l.errorAt(from, shorten(l.source[from:l.at]), "the quote closed in the same line; a line break in a text is written \\n")
		case '\\':
			if err := l.escape(&text); err != nil {
				return token{}, err
			}
		default:
			text.WriteByte(c)
			l.at++
		}
	}
	return token{}, l.errorAt(from, shorten(l.source[from:]), "the quote closed: "+string(quote)+" at the end of the text")
}

func (l *lexer) escape(text *strings.Builder) *Error {
	from := l.at
	r := l.rest()
	if len(r) < 2 {
		l.at = len(l.source)
		return nil // the quote is not closed
	}
	if c, known := escapes[r[1]]; known {
		text.WriteByte(c)
		l.at += 2
		return nil
	}
	if r[1] == 'u' && len(r) >= 6 {
		if code, err := strconv.ParseUint(r[2:6], 16, 32); err == nil && utf8.ValidRune(rune(code)) {
			text.WriteRune(rune(code))
			l.at += 6
			return nil
		}
	}
	_, size := utf8.DecodeRuneInString(r[1:])
	return l.errorAt(from, r[:1+size], `\\ for a backslash, or one of \n \r \t \' \" \u0041; in `+"`back quotes`"+` a backslash is itself`)
}

// raw reads a text in back quotes, in which nothing is escaped.
func (l *lexer) raw() (token, *Error) {
	from := l.at
	end := strings.IndexByte(l.source[from+1:], '`')
	if end < 0 {
		l.at = len(l.source)
		return token{}, l.errorAt(from, shorten(l.source[from:]), "the quote closed: ` at the end of the text")
	}
	l.at = from + 1 + end + 1
	return token{kind: textToken, text: l.source[from+1 : l.at-1]}, nil
}

// quote writes a text so that it is read as the same.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for i := range len(text) {
		switch c := text[i]; c {
		case '\'', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
