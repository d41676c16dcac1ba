package redact

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// form reads the first byte of a text that is written in some form, and how many bytes of the text that took: 0 for the end.
type form func(text string) (b byte, n int)

// forms are those in which a value is looked for.
var forms = []form{asIs, inPath, percent, twicePercent, inJSON, inHTML}

func asIs(text string) (byte, int) {
	if text == "" {
		return 0, 0
	}
	return text[0], 1
}

// inPath reads %41.
func inPath(text string) (byte, int) {
	if strings.HasPrefix(text, "%") && len(text) >= 3 {
		if v, err := strconv.ParseUint(text[1:3], 16, 8); err == nil {
			return byte(v), 3
		}
	}
	return asIs(text)
}

// percent reads %41 and, as forms have it, + for a blank.
func percent(text string) (byte, int) {
	if strings.HasPrefix(text, "+") {
		return ' ', 1
	}
	return inPath(text)
}

// twicePercent reads %2541, as in a URL that is the parameter of another.
func twicePercent(text string) (byte, int) {
	first, n := percent(text)
	switch {
	case n == 3 && first == '+':
		return ' ', n // a form's
	case n == 3 && first == '%' && len(text) >= 5:
		if v, err := strconv.ParseUint(text[3:5], 16, 8); err == nil {
			return byte(v), 5
		}
	}
	return percent(text)
}

// inJSON reads the escapes of a string of JSON, which JavaScript and Go have too.
func inJSON(text string) (byte, int) {
	if !strings.HasPrefix(text, `\`) || len(text) < 2 {
		return asIs(text)
	}
	switch text[1] {
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'u':
		return codePoint(text, 2, 4)
	case 'x':
		if len(text) >= 4 {
			if v, err := strconv.ParseUint(text[2:4], 16, 8); err == nil {
				return byte(v), 4
			}
		}
	case '"', '\\', '/', '\'':
		return text[1], 2
	}
	return asIs(text)
}

// codePoint reads a character below 0x80 by its number.
func codePoint(text string, from, digits int) (byte, int) {
	if len(text) >= from+digits {
		if v, err := strconv.ParseUint(text[from:from+digits], 16, 32); err == nil && v < utf8.RuneSelf {
			return byte(v), from + digits
		}
	}
	return asIs(text)
}

// inHTML reads &amp; and &#38;.
func inHTML(text string) (byte, int) {
	const longest = 10
	if strings.HasPrefix(text, "&") {
		if end := strings.IndexByte(text[:min(len(text), longest)], ';'); end > 0 {
			if plain := html.UnescapeString(text[:end+1]); len(plain) == 1 {
				return plain[0], end + 1
			}
		}
	}
	return asIs(text)
}
