package expression

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var drawNumeral = rapid.OneOf(
	rapid.StringMatching(`-?[0-9]{1,20}(\.[0-9]{1,12})?`),
	rapid.StringMatching(`[-+]?[0-9]{0,3}\.[0-9]{1,3}`),
	rapid.StringMatching(`-?[0-9]{1,4}0{0,15}(\.[0-9]0{0,4})?(e[-+]?[0-9]{1,2})?`),
	rapid.StringMatching(`-?[0-9]{1,2}`),
)

func rational(t *rapid.T, text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no number to math/big", text)
	}
	return r
}

// Numbers are those of exact arithmetic, where there are results.
func TestNumbersAreRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawNumeral.Draw(t, "a"), drawNumeral.Draw(t, "b")
		n, okN := parseNumber([]byte(a))
		m, okM := parseNumber([]byte(b))
		if !okN || !okM {
			t.Fatalf("%s, %s: not read as numbers", a, b)
		}
		x, y := rational(t, a), rational(t, b)
		if got := n.compare(&m); got != x.Cmp(y) {
			t.Fatalf("%s and %s compare as %d", a, b, got)
		}
		if whole, ok := n.integer(); ok != (x.IsInt() && x.Num().CmpAbs(big.NewInt(1e18)) < 0) || ok && x.Cmp(new(big.Rat).SetInt64(whole)) != 0 {
			t.Fatalf("%s is the integer %d, %v", a, whole, ok)
		}
		operator := rapid.SampledFrom([]string{"+", "-", "*", "%"}).Draw(t, "operator")
		result, ok := calculate(&n, &m, operator)
		if !ok {
			if len(a)+len(b) < 12 && operator != "%" && !strings.Contains(a+b, "e") {
				t.Fatalf("%s %s %s has no result", a, operator, b)
			}
			return
		}
		want := new(big.Rat)
		switch operator {
		case "+":
			want.Add(x, y)
		case "-":
			want.Sub(x, y)
		case "*":
			want.Mul(x, y)
		case "%":
			q := new(big.Rat).Quo(x, y)
			whole := new(big.Int).Quo(q.Num(), q.Denom())
			want.Sub(x, new(big.Rat).Mul(y, new(big.Rat).SetInt(whole)))
		}
		if got := rational(t, result.show()); got.Cmp(want) != 0 {
			t.Fatalf("%s %s %s is %s, wanted %s", a, operator, b, result.show(), want)
		}
	})
}

func TestNumbersWithLongExponents(t *testing.T) {
	for text, want := range map[string]bool{"0e999999999999999": true, "1e999999999": false, "1e-999999999": false, "1000e-3": true, "10e-3": false, "100.00e1": true, "0.00": true, "200.0000000000000000000": true, "-0": true} {
		n, ok := parseNumber([]byte(text))
		if _, is := n.integer(); !ok || is != want {
			t.Errorf("%s is an integer: %v, wanted %v", text, is, want)
		}
	}
}
