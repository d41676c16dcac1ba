// Package plaintext takes in text of others: it takes off a byte-order mark, tells UTF-8 from other encodings, and makes one safe line of it.
package plaintext

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// mark is the byte-order mark in UTF-8, which some editors put before a text and which is no part of it.
const mark = "\uFEFF"

// Trim returns a text without the byte-order mark of UTF-8 before it.
func Trim(text []byte) []byte { return bytes.TrimPrefix(text, []byte(mark)) }

// NewReader returns what r gives without the byte-order mark of UTF-8 before it. Errors are those of r.
func NewReader(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if start, _ := b.Peek(len(mark)); string(start) == mark { // an error comes again when the text is read
		_, _ = b.Discard(len(mark)) // the bytes are there
	}
	return b
}

// Check returns what is wrong with a text that is not UTF-8 without NUL characters: the encoding that it seems to have, the line, and
// how to convert it.
func Check(text []byte) error {
	for _, other := range []struct{ mark, name string }{
		{"\xff\xfe\x00\x00", "UTF-32"}, {"\x00\x00\xfe\xff", "UTF-32"}, {"\xff\xfe", "UTF-16"}, {"\xfe\xff", "UTF-16"},
	} {
		if bytes.HasPrefix(text, []byte(other.mark)) {
			return wrong(text, 0, "text in "+other.name, other.name)
		}
	}
	nul := bytes.IndexByte(text, 0)
	if name := encodingOf(text, nul); name != "" {
		return wrong(text, 0, "what seems to be text in "+name, name)
	}
	if at := firstInvalid(text); at >= 0 && (nul < 0 || at < nul) {
		return wrong(text, at, "a byte that is not UTF-8, as in text in Latin-1 or Windows-1252", "WINDOWS-1252")
	}
	if nul >= 0 {
		return fmt.Errorf("line %d: found a NUL character, wanted text", lineOf(text, nul))
	}
	return nil
}

// encodingOf returns the encoding that a text seems to have whose first NUL is there, by how many stand around its first character;
// nothing where it seems to have none of those.
func encodingOf(text []byte, nul int) string {
	switch {
	case bytes.HasPrefix(text, []byte("\x00\x00\x00")):
		return "UTF-32BE"
	case nul == 0 && len(text) > 1:
		return "UTF-16BE"
	case nul == 1 && bytes.HasPrefix(text[1:], []byte("\x00\x00\x00")):
		return "UTF-32LE"
	case nul == 1:
		return "UTF-16LE"
	}
	return ""
}

// firstInvalid returns where a text stops to be UTF-8, -1 for nowhere.
func firstInvalid(text []byte) int {
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
	return -1
}

func wrong(text []byte, at int, found, encoding string) error {
	return fmt.Errorf("line %d: found %s, wanted UTF-8: convert it with iconv -f %s -t UTF-8, or save it as UTF-8", lineOf(text, at), found, encoding)
}

func lineOf(text []byte, at int) int { return 1 + bytes.Count(text[:at], []byte("\n")) }
