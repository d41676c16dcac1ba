// Package decimal compares decimal numbers of any length by their exact values.
//
// A float64 holds whole numbers up to 2^53 only, and order numbers are larger than that.
package decimal

import "cmp"

// Number is the exact value of a decimal numeral. The zero Number is none.
type Number struct {
	isNumber   bool
	isNegative bool
	digits     []byte // from the first that is not 0 to the last that is not 0, perhaps with a point in between; empty for 0
	magnitude  int64  // the value is 0.DIGITS x 10^magnitude
}

// mostExponentDigits bounds exponents to what an int64 holds, with room for the length of the numeral.
const mostExponentDigits = 15

// Parse reads a numeral such as 17, -0.5, .5, 1e3 or +7.50E-2, however long it is: it costs as much as reading the text, whatever
// the exponent. It returns false for any other text, and for a number other than 0 whose exponent has over 15 digits. The Number
// refers to the text, which must not change while it is used.
func Parse(text []byte) (Number, bool) {
	n := Number{isNumber: true}
	rest := text
	if len(rest) > 0 && (rest[0] == '-' || rest[0] == '+') {
		n.isNegative = rest[0] == '-'
		rest = rest[1:]
	}
	first, last, point := -1, -1, -1 // of the digits that are not 0; of the point
	end, digits := 0, 0
	for ; end < len(rest); end++ {
		c := rest[end]
		if c == '.' && point < 0 {
			point = end
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		digits++
		if c != '0' {
			if first < 0 {
				first = end
			}
			last = end
		}
	}
	exponent, ok := parseExponent(rest[end:], first < 0)
	if digits == 0 || !ok {
		return Number{}, false
	}
	if first < 0 {
		n.isNegative = false // -0 is 0
		return n, true
	}
	n.digits = rest[first : last+1]
	switch {
	case point < 0:
		n.magnitude = exponent + int64(end-first)
	case point > first:
		n.magnitude = exponent + int64(point-first)
	default:
		n.magnitude = exponent - int64(first-point-1)
	}
	return n, true
}

// parseExponent reads nothing, or e and a whole number. The exponent of a 0 says nothing and may have any length.
func parseExponent(text []byte, ofZero bool) (exponent int64, ok bool) {
	if len(text) == 0 {
		return 0, true
	}
	if text[0] != 'e' && text[0] != 'E' {
		return 0, false
	}
	text = text[1:]
	isNegative := false
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		isNegative = text[0] == '-'
		text = text[1:]
	}
	if len(text) == 0 {
		return 0, false
	}
	significant := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		if significant > 0 || c != '0' {
			significant++
		}
		if significant <= mostExponentDigits {
			exponent = exponent*10 + int64(c-'0')
		}
	}
	if isNegative {
		exponent = -exponent
	}
	return exponent, ofZero || significant <= mostExponentDigits
}

// IsNumber reports whether n is a number at all, which the zero Number is not.
func (n Number) IsNumber() bool { return n.isNumber }

// Compare returns -1 where n is below m, 0 where they are equal and 1 where n is above m. Both must be numbers.
func (n Number) Compare(m Number) int {
	if c := cmp.Compare(n.sign(), m.sign()); c != 0 || n.sign() == 0 {
		return c
	}
	c := cmp.Compare(n.magnitude, m.magnitude)
	if c == 0 {
		c = compareDigits(n.digits, m.digits)
	}
	return c * n.sign()
}

func (n Number) sign() int {
	switch {
	case len(n.digits) == 0:
		return 0
	case n.isNegative:
		return -1
	}
	return 1
}

// compareDigits compares digits after a common point. Neither ends with a 0, so that of two with a common begin the longer one is
// the larger.
func compareDigits(a, b []byte) int {
	for {
		if len(a) > 0 && a[0] == '.' {
			a = a[1:]
		}
		if len(b) > 0 && b[0] == '.' {
			b = b[1:]
		}
		if len(a) == 0 || len(b) == 0 {
			return cmp.Compare(len(a), len(b))
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
}
