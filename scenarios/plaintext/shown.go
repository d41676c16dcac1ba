package plaintext

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
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
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= 0x7f {
			return string(appendEscaped(make([]byte, 0, len(text)+16), text, false))
		}
	}
	return text
}

// EscapeLines is Escape for a text of lines: line feeds and tabs stay, and a carriage return before a line feed is left out.
func EscapeLines(text string) string {
	return string(appendEscaped(nil, strings.ReplaceAll(text, "\r\n", "\n"), true))
}

// appendEscaped appends a text as Escape writes it; with lines, its line feeds and tabs stay.
func appendEscaped(b []byte, text string, lines bool) []byte {
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case IsShown(r) && (r != utf8.RuneError || n > 1), lines && (r == '\n' || r == '\t'):
			b = append(b, text[:n]...)
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == utf8.RuneError && n == 1:
			b = fmt.Appendf(b, `\x%02x`, text[0])
		case r < 0x100:
			b = fmt.Appendf(b, `\x%02x`, r)
		default:
			b = fmt.Appendf(b, `\u{%x}`, r)
		}
		text = text[n:]
	}
	return b
}

// IsShown reports whether a character is shown and changes nothing of what is around it.
func IsShown(r rune) bool { return unicode.IsPrint(r) || r == '\u3000' } // the blank of Chinese and Japanese text

// EscapeJSON returns JSON in which a terminal only shows what strings hold: a character that is not shown is written \u009b, as JSON has
// it, so that the value stays the same. Outside of strings JSON has no such characters but line feeds and tabs.
func EscapeJSON(document []byte) []byte {
	isShown := func(r rune) bool { return IsShown(r) || r == '\n' || r == '\t' || r == '\r' }
	if bytes.IndexFunc(document, func(r rune) bool { return !isShown(r) }) < 0 {
		return document
	}
	var b []byte
	for len(document) > 0 {
		r, n := utf8.DecodeRune(document)
		switch {
		case isShown(r):
			b = append(b, document[:n]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
		document = document[n:]
	}
	return b
}

// Writer passes text on to another writer as Escape writes it, but for line feeds and tabs, which stay. A carriage return before a line
// feed is left out. Writes may come from many goroutines.
type Writer struct {
	mu      sync.Mutex
	to      io.Writer
	pending []byte // the beginning of a character, or a carriage return, whose next byte is not there yet
}

// NewWriter returns a writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{to: w} }

// Write passes p on. The errors are those of the writer behind it; then how much of p it took is not known, and 0 is said.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := append(w.pending, p...)
	end := len(text) - unfinished(text)
	shown := EscapeLines(string(text[:end]))
	w.pending = append([]byte(nil), text[end:]...)
	if len(shown) > 0 {
		if _, err := io.WriteString(w.to, shown); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// Flush passes on what Write has kept until more would come. It fails where the writer behind it does.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.pending) == 0 {
		return nil
	}
	rest := appendEscaped(nil, string(w.pending), true)
	w.pending = nil
	_, err := w.to.Write(rest)
	return err
}

// unfinished returns how many bytes at a text's end are the beginning of a character, or a carriage return.
func unfinished(text []byte) int {
	if n := len(text); n > 0 && text[n-1] == '\r' {
		return 1
	}
	for n := 1; n <= min(utf8.UTFMax-1, len(text)); n++ {
		if start := text[len(text)-n:]; utf8.RuneStart(start[0]) {
			if utf8.FullRune(start) {
				return 0
			}
			return n
		}
	}
	return 0
}
