package decimal

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func parse(t interface{ Fatalf(string, ...any) }, text string) Number {
	n, ok := Parse([]byte(text))
	if !ok || !n.IsNumber() {
		t.Fatalf("%q is no number", text)
	}
	return n
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"9007199254740993", "9007199254740992", 1}, {"9007199254740992", "9007199254740993", -1}, {"9007199254740993", "9007199254740993.0", 0},
		{"12345678901234567890123", "12345678901234567890124", -1}, {"0.1", "0.10", 0}, {"0.1", ".1", 0}, {"1e3", "1000", 0}, {"1E+3", "1000.000", 0},
		{"5.", "5", 0}, {"007", "7", 0}, {"-0", "0", 0}, {"+5", "5", 0}, {"-1", "1", -1}, {"-2", "-1", -1}, {"-1.5", "-1.25", -1}, {"0", "-0.001", 1},
		{"1e999999999", "1e999999998", 1}, {"1e999999999", "10e999999998", 0}, {"1e-999999999", "0", 1}, {"-1e999999999", "1e-999999999", -1},
		{"0.000123", "1.23e-4", 0}, {"0.30000000000000004", "0.3", 1}, {"100", "99.999", 1}, {"0e99999999999999999999999", "0", 0},
		{"1.2345", "12345e-4", 0}, {"10", "9", 1}, {"1" + strings.Repeat("0", 5000), "1e5000", 0}, {"1" + strings.Repeat("0", 5000) + "1", "1e5001", 1},
	} {
		if got := parse(t, c.a).Compare(parse(t, c.b)); got != c.want {
			t.Errorf("%.40s and %.40s compare as %d, wanted %d", c.a, c.b, got, c.want)
		}
		if got := parse(t, c.b).Compare(parse(t, c.a)); got != -c.want {
			t.Errorf("%.40s and %.40s compare as %d, wanted %d", c.b, c.a, got, -c.want)
		}
	}
	for _, text := range []string{"", "-", "+", ".", "e3", "1e", "1e+", "1e1.5", "1_000", "0x10", "inf", "NaN", "1,5", " 1", "1 ", "1.2.3", "--1", "abc", "1e9999999999999999", "１"} {
		if n, ok := Parse([]byte(text)); ok || n.IsNumber() {
			t.Errorf("%q is read as the number %+v", text, n)
		}
	}
}

// checkRat compares with the exact arithmetic of math/big, where exponents are small enough for it.
func checkRat(t interface{ Fatalf(string, ...any) }, a, b string) {
	n, isN := Parse([]byte(a))
	m, isM := Parse([]byte(b))
	for _, c := range []struct {
		text string
		ok   bool
	}{{a, isN}, {b, isM}} {
		if digits := strings.ContainsAny(c.text, "0123456789"); c.ok && !digits {
			t.Fatalf("%q is read as a number", c.text)
		}
	}
	if !isN || !isM || longExponent(a) || longExponent(b) {
		return
	}
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	if !okX || !okY {
		t.Fatalf("%q, %q: math/big reads %v, %v", a, b, okX, okY)
	}
	if got, want := n.Compare(m), x.Cmp(y); got != want {
		t.Fatalf("%q and %q compare as %d, wanted %d", a, b, got, want)
	}
}

func longExponent(text string) bool {
	_, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	return len(strings.TrimLeft(exponent, "+-0")) > 3
}

func TestCompareIsThatOfRationals(t *testing.T) {
	numeral := rapid.Custom(func(t *rapid.T) string {
		text := rapid.SampledFrom([]string{"", "-", "+"}).Draw(t, "sign") + rapid.StringMatching(`[0-9]{0,25}`).Draw(t, "whole")
		if rapid.Bool().Draw(t, "point") {
			text += "." + rapid.StringMatching(`[0-9]{0,25}`).Draw(t, "fraction")
		}
		if rapid.Bool().Draw(t, "scientific") {
			text += fmt.Sprintf("e%d", rapid.IntRange(-60, 60).Draw(t, "exponent"))
		}
		return text
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := numeral.Draw(t, "a"), numeral.Draw(t, "b")
		checkRat(t, a, b)
		checkRat(t, a, a+"0")                            // nearly the same
		checkRat(t, a, strings.Replace(a, ".", "0.", 1)) // ten times as much
		checkRat(t, strings.TrimLeft(a, "0"), strings.TrimRight(a, "0"))
	})
}

func FuzzCompare(f *testing.F) {
	for _, c := range [][2]string{{"9007199254740993", "9007199254740992"}, {"0.1", "0.10"}, {"1e3", "1000"}, {"-0", "0"}, {"1e999999999", "1"}, {".5", "5."}, {"1e-3", "0.001"}} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) { checkRat(t, a, b) })
}

func TestComparingAllocatesNothing(t *testing.T) {
	word, want := []byte("9007199254740993"), parse(t, "9007199254740992")
	if n := testing.AllocsPerRun(100, func() {
		if got, _ := Parse(word); got.Compare(want) != 1 {
			t.Error("found another order")
		}
	}); n != 0 {
		t.Errorf("%v allocations, wanted none", n)
	}
}

func BenchmarkCompare(b *testing.B) {
	word, want := []byte("1024"), parse(b, "1025")
	b.ReportAllocs()
	for b.Loop() {
		if got, _ := Parse(word); got.Compare(want) != -1 {
			b.Fatal("found another order")
		}
	}
}
