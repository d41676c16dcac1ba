package expression

import (
	"cmp"
	"math"
	"strconv"

	"fsctl/scenarios/decimal"
)

// decimalNumber is the exact value of a numeral. It is coefficient x 10^exponent where isShort, else what the text says.
type decimalNumber struct {
	isShort     bool
	coefficient int64 // less than 10^18 in magnitude
	exponent    int64 // from -shortExponent to shortExponent
	text        []byte
}

const (
	shortDigits   = 18
	shortExponent = 1000
)

var powers = func() (list [shortDigits + 1]int64) {
	list[0] = 1
	for i := 1; i < len(list); i++ {
		list[i] = list[i-1] * 10
	}
	return list
}()

// integerNumber is a whole number less than 10^18 in magnitude.
func integerNumber(n int64) decimalNumber { return decimalNumber{isShort: true, coefficient: n} }

// parseNumber reads a numeral as decimal.Parse does. The number refers to the text. It allocates nothing.
func parseNumber(text []byte) (n decimalNumber, ok bool) {
	if n, ok = parseShort(text); ok {
		return n, true
	}
	_, ok = decimal.Parse(text)
	return decimalNumber{text: text}, ok
}

// parseShort reads whole numbers and fractions of few digits, without an exponent.
func parseShort(text []byte) (n decimalNumber, ok bool) {
	rest, isNegative := text, false
	if len(rest) > 0 && (rest[0] == '-' || rest[0] == '+') {
		isNegative, rest = rest[0] == '-', rest[1:]
	}
	if len(rest) == 0 || len(rest) > shortDigits {
		return n, false
	}
	point, digits := -1, 0
	for i, c := range rest {
		switch {
		case c >= '0' && c <= '9':
			n.coefficient = n.coefficient*10 + int64(c-'0')
			digits++
		case c == '.' && point < 0:
			point = i
		default:
			return n, false
		}
	}
	if digits == 0 {
		return n, false
	}
	if point >= 0 {
		n.exponent = int64(point + 1 - len(rest))
	}
	if isNegative {
		n.coefficient = -n.coefficient
	}
	n.isShort = true
	return n, true
}

// compare returns -1 where n is below m, 0 where they are equal and 1 where n is above m.
func (n *decimalNumber) compare(m *decimalNumber) int {
	if n.isShort && m.isShort {
		if n.exponent == m.exponent {
			return cmp.Compare(n.coefficient, m.coefficient)
		}
		if a, b, _, ok := align(n, m); ok {
			return cmp.Compare(a, b)
		}
	}
	var a, b [48]byte
	x, _ := decimal.Parse(n.numeral(a[:0]))
	y, _ := decimal.Parse(m.numeral(b[:0]))
	return x.Compare(y)
}

// numeral returns the number's text; it makes it in the buffer where there is none.
func (n *decimalNumber) numeral(buffer []byte) []byte {
	if !n.isShort {
		return n.text
	}
	buffer = strconv.AppendInt(buffer, n.coefficient, 10)
	if n.exponent != 0 {
		buffer = append(buffer, 'e')
		buffer = strconv.AppendInt(buffer, n.exponent, 10)
	}
	return buffer
}

// show writes the number for people: 59.97.
func (n *decimalNumber) show() string {
	if !n.isShort || n.exponent >= 0 || n.exponent < -shortDigits {
		return string(n.numeral(nil))
	}
	sign, magnitude := "", n.coefficient
	if magnitude < 0 {
		sign, magnitude = "-", -magnitude
	}
	digits := strconv.FormatInt(magnitude, 10)
	for int64(len(digits)) <= -n.exponent {
		digits = "0" + digits
	}
	point := len(digits) + int(n.exponent)
	return sign + digits[:point] + "." + digits[point:]
}

// integer returns a whole number, and false for any other and one of over 18 digits.
func (n *decimalNumber) integer() (int64, bool) {
	short, ok := n.shorten()
	if !ok || short.exponent < 0 {
		return 0, false
	}
	return scale(short.coefficient, short.exponent)
}

// shorten returns the same number without zeros at the end of its coefficient, and false where it has too many digits.
func (n *decimalNumber) shorten() (decimalNumber, bool) {
	short := *n
	if !n.isShort {
		var ok bool
		if short, ok = parseScientific(n.text); !ok {
			return short, false
		}
	}
	if short.coefficient == 0 {
		short.exponent = 0
		return short, true
	}
	for short.exponent < 0 && short.coefficient%10 == 0 {
		short.coefficient /= 10
		short.exponent++
	}
	return short, true
}

// parseScientific reads a numeral with an exponent or zeros around it, if it has at most 18 digits from the first to the last
// that is not 0. The text must be a numeral.
func parseScientific(text []byte) (n decimalNumber, ok bool) {
	isNegative, seenPoint, zeros := false, false, 0 // zeros are those since the last other digit
	for i, c := range text {
		switch {
		case c == '+' || c == '-':
			isNegative = c == '-'
			continue
		case c == '.':
			seenPoint = true
			continue
		case c == 'e' || c == 'E':
			e, ok := shortExponentOf(text[i+1:])
			if !ok {
				return integerNumber(0), n.coefficient == 0
			}
			return finish(n, n.exponent+int64(zeros)+e, isNegative)
		}
		if seenPoint {
			n.exponent--
		}
		if c == '0' {
			zeros++
			continue
		}
		if n.coefficient == 0 {
			zeros = 0
		}
		if zeros >= shortDigits || n.coefficient >= powers[shortDigits-1-zeros] {
			return n, false
		}
		n.coefficient = n.coefficient*powers[zeros+1] + int64(c-'0')
		zeros = 0
	}
	return finish(n, n.exponent+int64(zeros), isNegative)
}

// finish completes a number of which the digits were read.
func finish(n decimalNumber, exponent int64, isNegative bool) (decimalNumber, bool) {
	if n.coefficient == 0 {
		return integerNumber(0), true
	}
	if isNegative {
		n.coefficient = -n.coefficient
	}
	n.exponent = exponent
	n.isShort = exponent >= -shortExponent && exponent <= shortExponent
	return n, n.isShort
}

// shortExponentOf reads the exponent of a numeral, and returns false for a long one.
func shortExponentOf(text []byte) (exponent int64, ok bool) {
	isNegative := false
	for _, c := range text {
		switch {
		case c == '+' || c == '-':
			isNegative = c == '-'
		case exponent > 100*shortExponent:
			return 0, false
		default:
			exponent = exponent*10 + int64(c-'0')
		}
	}
	if isNegative {
		exponent = -exponent
	}
	return exponent, true
}

// align returns two short numbers as whole multiples of the same power of ten, and false where that takes over 18 digits.
func align(n, m *decimalNumber) (a, b, exponent int64, ok bool) {
	a, b, exponent = n.coefficient, m.coefficient, min(n.exponent, m.exponent)
	a, okA := scale(a, n.exponent-exponent)
	b, okB := scale(b, m.exponent-exponent)
	return a, b, exponent, okA && okB
}

func scale(n, exponent int64) (int64, bool) {
	if n == 0 || exponent == 0 {
		return n, true
	}
	if exponent > shortDigits {
		return 0, false
	}
	return multiply(n, powers[exponent])
}

func multiply(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	if a == math.MinInt64 || b == math.MinInt64 {
		return 0, false
	}
	p := a * b
	return p, p/b == a && isShortCoefficient(p)
}

func isShortCoefficient(n int64) bool { return n < powers[shortDigits] && n > -powers[shortDigits] }

// calculate returns n operator m, exactly. It returns false where the result, or what it takes, has over 18 digits, and for a
// remainder of 0.
func calculate(n, m *decimalNumber, operator string) (result decimalNumber, ok bool) {
	x, okX := n.shorten()
	y, okY := m.shorten()
	if !okX || !okY {
		return result, false
	}
	result.isShort = true
	if operator == "*" {
		result.coefficient, ok = multiply(x.coefficient, y.coefficient)
		result.exponent = x.exponent + y.exponent
		return result, ok && result.exponent >= -shortExponent && result.exponent <= shortExponent
	}
	a, b, exponent, ok := align(&x, &y)
	if !ok {
		return result, false
	}
	result.exponent = exponent
	switch operator {
	case "+":
		result.coefficient = a + b
	case "-":
		result.coefficient = a - b
	case "%":
		if b == 0 {
			return result, false
		}
		result.coefficient = a % b
	}
	return result, isShortCoefficient(result.coefficient)
}
