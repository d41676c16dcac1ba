package plaintext

import (
	"strings"
	"unicode"
)

// Line makes a text from outside fit for one line: it can break no layout and send a terminal nothing.
func Line(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return '?'
	}, text)
	return strings.TrimSpace(text)
}
