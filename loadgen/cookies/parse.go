package cookies

import (
	"bytes"
	"math"
	"time"
)

// mostAttribute is the longest value of an attribute that counts, in bytes. Source: RFC 6265bis, 5.6.
const mostAttribute = 1024

// cookie is what a Set-Cookie field says. Its texts are parts of the field.
type cookie struct {
	name, value  []byte // the value with its quotes
	path, domain []byte // as the last attribute has them; empty where it names none
	secure       bool
	persistent   bool  // it has an end
	expires      int64 // where it is persistent: milliseconds since 1970
}

// parse reads a Set-Cookie field as browsers do (RFC 6265, 5.2): any bytes may be in a value but control bytes. Unlike them, it takes a
// value in quotes to the closing one, past semicolons, since servers that quote a value mean all of it. The name of what is no cookie is
// empty.
func parse(field []byte, now time.Time) (c cookie) {
	equals, semicolon := bytes.IndexByte(field, '='), bytes.IndexByte(field, ';')
	if equals < 0 || semicolon >= 0 && semicolon < equals || hasControl(field) {
		return cookie{}
	}
	rest := field[equals+1:]
	end := valueEnd(rest)
	c.name, c.value = trim(field[:equals]), trim(rest[:end])
	aged := false
	for rest = rest[end:]; len(rest) > 0; {
		var attribute []byte
		attribute, rest, _ = bytes.Cut(rest, []byte(";"))
		key, value, _ := bytes.Cut(attribute, []byte("="))
		if value = trim(value); len(value) > mostAttribute {
			continue
		}
		switch key = trim(key); {
		case isFold(key, "path"):
			c.path = value
		case isFold(key, "domain"):
			c.domain = bytes.TrimPrefix(value, []byte("."))
		case isFold(key, "secure"):
			c.secure = true
		case isFold(key, "max-age"):
			if seconds, ok := parseAge(value); ok {
				aged, c.persistent, c.expires = true, true, endOf(seconds, now)
			}
		case isFold(key, "expires") && !aged: // Max-Age outranks Expires
			if at := parseExpiry(value); !at.IsZero() {
				c.persistent, c.expires = true, at.UnixMilli()
			}
		}
	}
	return c
}

// gone reports whether the cookie has ended, so that it deletes another.
func (c *cookie) gone(now time.Time) bool { return c.persistent && c.expires <= now.UnixMilli() }

// valueEnd returns where a cookie's value ends: at the first semicolon behind what is in quotes.
func valueEnd(text []byte) int {
	value := bytes.TrimLeft(text, " \t")
	if len(value) > 0 && value[0] == '"' {
		from := len(text) - len(value)
		for i := from + 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				if after := bytes.TrimLeft(text[i+1:], " \t"); len(after) == 0 || after[0] == ';' {
					return i + 1
				}
				i = len(text) // a quote within the value: it is none that is in quotes
			}
		}
	}
	if i := bytes.IndexByte(text, ';'); i >= 0 {
		return i
	}
	return len(text)
}

// parseAge reads a Max-Age: digits, with a minus before them or not. What is larger than an int64 is as good as the largest.
func parseAge(text []byte) (seconds int64, ok bool) {
	digits := bytes.TrimPrefix(text, []byte("-"))
	if len(digits) == 0 {
		return 0, false
	}
	for _, c := range digits {
		switch {
		case !isDigit(c):
			return 0, false
		case seconds > (math.MaxInt64-9)/10:
			seconds = math.MaxInt64 / 10
		default:
			seconds = seconds*10 + int64(c-'0')
		}
	}
	if len(digits) < len(text) {
		return 0, true // it has ended, however long ago
	}
	return seconds, true
}

// endOf returns when a cookie of some age ends, in milliseconds since 1970. An age of 0 has ended at now.
func endOf(seconds int64, now time.Time) int64 {
	at := now.UnixMilli()
	if seconds > (math.MaxInt64-max(at, 0))/1000 {
		return math.MaxInt64
	}
	return at + seconds*1000
}

// ValueOf reads a Set-Cookie field as it came: the name, the value without the quotes around it, and whether it is to be kept
// rather than deleted. The name of what is no cookie is empty. Whose cookie it is, and whether a jar would take it, is not asked.
func ValueOf(field []byte, now time.Time) (name, value []byte, kept bool) {
	c := parse(field, now)
	return c.name, unquote(c.value), len(c.name) > 0 && !c.gone(now)
}

func unquote(value []byte) []byte {
	if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
		return value[1 : n-1]
	}
	return value
}

// trim takes spaces and tabs off both ends. bytes.Trim does so too, and builds a set of characters first.
func trim(text []byte) []byte {
	for len(text) > 0 && isSpace(text[0]) {
		text = text[1:]
	}
	for len(text) > 0 && isSpace(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// hasControl reports whether a text has a control byte but tabs. Browsers refuse such a cookie: RFC 6265bis, 5.6.
func hasControl(text []byte) bool {
	for _, c := range text {
		if c < ' ' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

// isFold reports whether a text is the same as another in any case. Only ASCII letters have cases.
func isFold(text []byte, other string) bool {
	if len(text) != len(other) {
		return false
	}
	for i, c := range text {
		if lower(c) != lower(other[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}
