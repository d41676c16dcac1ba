package expression

import (
	"bytes"
	"time"
)

// kind is the kind of a value.
type kind uint8

const (
	nothing   kind = iota // nil: a variable that is not set, a path that selects nothing or null
	truth                 // true or false
	number                // the status, the size, a literal
	duration              // the duration, a literal
	exactText             // the body, a literal in quotes: it is no number, whatever it looks like
	looseText             // a header, JSON value or variable: it may be a numeral, true or false
)

func (k kind) String() string {
	return [...]string{"nil", "true or false", "a number", "a duration", "text", "a value"}[k]
}

// value is what an expression has in a run. It refers to the memory of its source.
type value struct {
	kind     kind
	holds    bool
	duration time.Duration
	number   decimalNumber
	text     []byte
}

// numberValue returns a number, and nil where there is none.
func numberValue(n decimalNumber, ok bool) value {
	if !ok {
		return value{}
	}
	return value{kind: number, number: n}
}

func looseValue(text []byte, ok bool) value {
	if !ok {
		return value{}
	}
	return value{kind: looseText, text: text}
}

func (v *value) isInteger() bool {
	if v.kind != number {
		return false
	}
	_, ok := v.number.integer()
	return ok
}

// asNumber returns the number that a value is.
func (v *value) asNumber() (n decimalNumber, ok bool) {
	switch v.kind {
	case number:
		return v.number, true
	case looseText:
		return parseNumber(v.text)
	}
	return n, false
}

// isTrue says what a value is where a truth value stands.
func (v *value) isTrue() bool {
	switch v.kind {
	case truth:
		return v.holds
	case number:
		return v.number.compare(&decimalNumber{isShort: true}) != 0
	case looseText:
		return isTrueText(v.text)
	}
	return false
}

// isTrueText reports whether a text is anything but empty, false, null, a zero, [] and {}.
func isTrueText(text []byte) bool {
	switch string(text) {
	case "", "false", "null", "[]", "{}":
		return false
	case "true":
		return true
	}
	n, isNumeral := parseNumber(text)
	return !isNumeral || n.compare(&decimalNumber{isShort: true}) != 0
}

// equal reports whether two values are equal, by the rules in the documentation of the package.
func equal(a, b *value) bool {
	if a.kind > b.kind {
		a, b = b, a
	}
	switch a.kind {
	case nothing:
		return b.kind == nothing
	case truth:
		if b.kind == looseText {
			return isTruthWord(b.text, a.holds)
		}
		return b.kind == truth && a.holds == b.holds
	case number:
		n, ok := b.asNumber()
		return ok && a.number.compare(&n) == 0
	case duration:
		return b.kind == duration && a.duration == b.duration
	case exactText:
		return bytes.Equal(a.text, b.text)
	}
	return bytes.Equal(a.text, b.text) || isPlainNumeral(a.text) && isPlainNumeral(b.text) && isSameNumber(a.text, b.text)
}

func isTruthWord(text []byte, holds bool) bool {
	if holds {
		return string(text) == "true"
	}
	return string(text) == "false"
}

func isSameNumber(a, b []byte) bool {
	n, okN := parseNumber(a)
	m, okM := parseNumber(b)
	return okN && okM && n.compare(&m) == 0
}

// isPlainNumeral reports whether a text is a number as most programs write one: 7, -7, 19.90. Others, such as 007, 1e3 and +7,
// may be codes: two of them are not equal because their values are.
func isPlainNumeral(text []byte) bool {
	if len(text) > 0 && text[0] == '-' {
		text = text[1:]
	}
	whole, fraction, hasPoint := bytes.Cut(text, []byte{'.'})
	return isDigits(whole) && (len(whole) == 1 || whole[0] != '0') && (!hasPoint || isDigits(fraction))
}

func isDigits(text []byte) bool {
	for _, c := range text {
		if !isDigit(c) {
			return false
		}
	}
	return len(text) > 0
}

// order compares two numbers or two durations. It returns false for any other values.
func order(a, b *value) (int, bool) {
	if a.kind == duration || b.kind == duration {
		switch {
		case a.kind != b.kind:
			return 0, false
		case a.duration < b.duration:
			return -1, true
		case a.duration > b.duration:
			return 1, true
		}
		return 0, true
	}
	n, okN := a.asNumber()
	m, okM := b.asNumber()
	if !okN || !okM {
		return 0, false
	}
	return n.compare(&m), true
}

// textOf returns the text that contains and its like look at, and false where there is none.
func (v *value) textOf() ([]byte, bool) {
	return v.text, v.kind == exactText || v.kind == looseText
}
