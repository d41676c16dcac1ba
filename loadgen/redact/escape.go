package redact

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape returns a text that a terminal only shows: printable characters stay, all others are written out.
//
//	line feed, carriage return, tab          \n, \r, \t
//	other control characters, bad UTF-8      \x1b
//	what changes how other text is shown     \u{202e}: directions, separators of lines, invisible signs
//
// A backslash stays as it is, so that JSON can be read: the form cannot be taken back. Escaping twice changes nothing more.
func Escape(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case isShown(r) && (r != utf8.RuneError || n > 1):
			b.WriteString(text[:n])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
		text = text[n:]
	}
	return b.String()
}

// isShown reports whether a character is shown and changes nothing of what is around it.
func isShown(r rune) bool { return unicode.IsPrint(r) || r == '\u3000' } // the blank of Chinese and Japanese text

func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= 0x7f {
			return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !isShown(r) }) < 0
		}
	}
	return true
}

// cut returns at most so many bytes of a text, and does not cut a character in two.
func cut(text string, bytes int) string {
	if len(text) <= bytes {
		return text
	}
	at := bytes
	for at > bytes-utf8.UTFMax && at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	if !utf8.RuneStart(text[at]) {
		at = bytes // no UTF-8 at all
	}
	return text[:at]
}

// IsBinary reports whether the beginning of a body is no text: it holds a zero byte, or much of it is no UTF-8 or controls.
func IsBinary(text string) bool {
	odd := 0
	for _, r := range text {
		switch {
		case r == 0:
			return true
		case r == utf8.RuneError, r < ' ' && r != '\n' && r != '\r' && r != '\t':
			odd++
		}
	}
	return odd > 8+len(text)/10
}
