package template

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"fsctl/scenarios/expression"
)

// Quotes follows JSON text and knows whether it is within a string. The zero value is before the text.
type Quotes struct {
	Inside   bool // of a string
	isEscape bool // the next character of the string is escaped
}

// Pass goes over a part of the text.
func (q *Quotes) Pass(text string) {
	for _, c := range []byte(text) {
		switch {
		case q.isEscape:
			q.isEscape = false
		case q.Inside && c == '\\':
			q.isEscape = true
		case c == '"':
			q.Inside = !q.Inside
		}
	}
}

// ParseJSON reads the template of a JSON text as Parse does, but for values within strings, whose escapes are JSON's first:
// "${random.pick(\"a\", \"b\")}" is random.pick("a", "b"). Values with a form are without their quotes, as InJSON has them. It fails as Parse and InJSON do.
func ParseJSON(text string) (Template, error) {
	var t Template
	var q Quotes
	for text != "" {
		before, rest, found := strings.Cut(text, "${")
		if before != "" {
			t = append(t, Part{Literal: before})
			q.Pass(before)
		}
		if !found {
			break
		}
		plain, places := rest, []int(nil)
		if q.Inside {
			plain, places = unescape(rest)
		}
		v, end, err := read(plain)
		if err != nil {
			return nil, err
		}
		if places != nil {
			end = places[end]
		}
		v.Text = rest[:end-1]
		t = append(t, Part{Value: v})
		text = rest[end:]
	}
	return t.InJSON()
}

// unescape returns what a string of JSON says from a place in it to its end, or as much of that as a value may have, and for each
// byte, and for the end, where in the text it comes from.
func unescape(text string) (plain string, places []int) {
	var b strings.Builder
	at := 0
	for at < len(text) && text[at] != '"' && b.Len() < 2*expression.MaxBytes {
		n, r := 1, rune(-1)
		switch {
		case text[at] != '\\':
		case strings.HasPrefix(text[at:], `\u`):
			n, r = codePoint(text[at:])
		case at+1 < len(text):
			n = 2
			if i := strings.IndexByte(`"\/bfnrt`, text[at+1]); i >= 0 {
				r = rune("\"\\/\b\f\n\r\t"[i])
			}
		}
		before := b.Len()
		if r >= 0 {
			b.WriteRune(r)
		} else {
			b.WriteString(text[at : at+n])
		}
		for range b.Len() - before {
			places = append(places, at)
		}
		at += n
	}
	return b.String(), append(places, at)
}

// codePoint reads \u0041, or two that are one character, and returns how many bytes that takes; -1 for no character.
func codePoint(text string) (n int, r rune) {
	unit := func(text string) rune {
		if len(text) < 6 || text[:2] != `\u` {
			return -1
		}
		code, err := strconv.ParseUint(text[2:6], 16, 16)
		if err != nil {
			return -1
		}
		return rune(code)
	}
	first := unit(text)
	switch {
	case first < 0:
		return 1, -1
	case !utf16.IsSurrogate(first):
		return 6, first
	}
	if both := utf16.DecodeRune(first, unit(text[6:])); both != utf8.RuneError {
		return 12, both
	}
	return 6, utf8.RuneError
}

// InJSON returns the template of a JSON text with the quotes taken off around each value that has a form, since that stands there as
// a number or as JSON: {"n": "${qty:number}"} becomes {"n": ${qty:number}}. It fails where such a value has other text beside it in
// its string, and where it is the name of a member.
func (t Template) InJSON() (Template, error) {
	var list Template
	var q Quotes
	t = slices.Clone(t)
	for i, p := range t {
		switch p = t[i]; { // which the value before it may have changed
		case p.Value == nil && p.Literal == "":
			continue
		case p.Value == nil:
			q.Pass(p.Literal)
		case p.Value.Form == AsText:
			q.Pass("0")
		default:
			var next Part
			if i+1 < len(t) {
				next = t[i+1]
			}
			if q.Inside {
				before := list.last()
				if !opens(before) || !strings.HasPrefix(next.Literal, `"`) {
					return nil, fmt.Errorf("found %s beside other text in a string, wanted it alone in its quotes, or without :%s", p.Value, p.Value.Form)
				}
				if list[len(list)-1].Literal = before[:len(before)-1]; len(before) == 1 {
					list = list[:len(list)-1]
				}
				next.Literal = next.Literal[1:]
				t[i+1], q = next, Quotes{}
			}
			if strings.HasPrefix(strings.TrimLeft(next.Literal, " \t\r\n"), ":") {
				return nil, fmt.Errorf("found %s as the name of a member, wanted it without :%s: names are text", p.Value, p.Value.Form)
			}
		}
		list = append(list, p)
	}
	return list, nil
}

// last returns the literal at the end of a template, if there is one.
func (t Template) last() string {
	if len(t) == 0 {
		return ""
	}
	return t[len(t)-1].Literal
}

// opens reports whether a literal within a string ends with the quote that opens it.
func opens(literal string) bool {
	if !strings.HasSuffix(literal, `"`) {
		return false
	}
	slashes := len(literal) - 1 - len(strings.TrimRight(literal[:len(literal)-1], `\`))
	return slashes%2 == 0
}
