package expression

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
	"pgregory.net/rapid"
)

// oracleEnvironment is the sample as expr-lang sees it: variables have the types of their texts.
func oracleEnvironment() map[string]any {
	return map[string]any{
		"status": 200, "size": 12, "body": `{"ok": true}`, "header": map[string]any{"Retry": "2", "Type": "application/json"},
		"stock": 7, "name": "shoe", "a": 5, "b": 3, "placed": true, "throttled": false, "gone": nil, "user": map[string]any{"level": "gold"},
	}
}

func oracleSample() *world {
	w := sample()
	w.headers = map[string]string{"Retry": "2", "Type": "application/json"}
	w.variables = map[string]string{"stock": "7", "name": "shoe", "a": "5", "b": "3", "gone": "", "user.level": "gold"}
	return w
}

var (
	longNumeral = regexp.MustCompile(`[0-9]{6}|[0-9.][eE]`)
	calculation = regexp.MustCompile(`[-+*%]`)
	numerals    = regexp.MustCompile(`(^|[^.])\.\d`) // not those of a range
)

// differs says where the two are documented to differ: floating-point numbers, long integers, texts that are numerals.
func differs(text string) bool {
	return longNumeral.MatchString(text) || calculation.MatchString(text) && numerals.MatchString(text)
}

// agree compiles and runs a text with both, and fails where both accept it and say different things.
func agree(t interface{ Fatalf(string, ...any) }, text string) (both bool) {
	w := oracleSample()
	test, err := Compile(text, w)
	if err != nil || differs(text) {
		return false
	}
	environment := oracleEnvironment()
	program, err := expr.Compile(text, expr.Env(environment), expr.AsBool())
	if err != nil {
		return false
	}
	result, err := vm.Run(program, environment)
	if err != nil {
		return false
	}
	if got := test.Holds(answer{w}); got != result {
		t.Fatalf("%s is %v, and by expr-lang %v; read as %s", text, got, result, test)
	}
	return true
}

// TestOracle draws tests and holds them against expr-lang.
func TestOracle(t *testing.T) {
	accepted, total := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		for range 30 {
			total++
			if agree(t, drawTest(t, 3)) {
				accepted++
			}
		}
	})
	if accepted*4 < total {
		t.Errorf("both accept %d of %d tests, wanted a quarter", accepted, total)
	}
}

// TestOracleAtBoundaries holds what a draw seldom meets.
func TestOracleAtBoundaries(t *testing.T) {
	for _, text := range []string{"stock in 1..7", "stock in 1..6", "stock in 7..9", "stock in 8..9", "-stock in -7..0", "stock not in 1..7", "gone in 0..6", "gone not in [1]", "gone in [nil]", "gone != 5", "gone == nil",
		"a - b - 1 == 1", "-a % b == -2", "a + b * 2 == 11", "not placed or placed", "placed or placed and throttled", "not (placed and throttled)", "7 == gone ?? stock", "-(gone ?? 7) == -stock"} {
		if !agree(t, text) {
			t.Errorf("%s is not accepted by both", text)
		}
	}
}

func draw(t *rapid.T, words ...string) string { return rapid.SampledFrom(words).Draw(t, "word") }

func drawNumber(t *rapid.T, depth int) string {
	switch rapid.IntRange(0, 5+min(depth, 3)).Draw(t, "number") {
	case 0, 1:
		return draw(t, "status", "size", "stock", "a", "b")
	case 2, 3:
		return draw(t, "0", "1", "3", "5", "7", "8", "200", "404", "12", "5.5", "2e2", "-7")
	case 4:
		return draw(t, "stock", "a", "b", "status")
	case 5:
		return draw(t, "(gone ?? 7)", "gone ?? 5", "gone ?? stock", "gone")
	case 6:
		return "-" + draw(t, "a", "b", "stock", "(a)")
	}
	n := drawNumber(t, depth-1) + draw(t, " + ", "-", " - ", "*", " % ") + drawNumber(t, depth-1)
	if rapid.Bool().Draw(t, "parentheses") {
		return "(" + n + ")"
	}
	return n
}

func drawTest(t *rapid.T, depth int) string {
	switch rapid.IntRange(0, 6+2*min(depth, 3)).Draw(t, "test") {
	case 0:
		return draw(t, "placed", "throttled", "!placed", "not throttled", "gone == nil", "gone != nil", "header.Retry != nil", "header['No'] == nil", "gone != 5", "gone == 5", "gone == header.No")
	case 1, 2, 3:
		return drawNumber(t, depth) + draw(t, " == ", " != ", " < ", " <= ", " > ", ">=") + drawNumber(t, depth)
	case 4:
		return drawNumber(t, depth) + draw(t, " in ", " not in ") + draw(t, "[200, 404]", "[7]", "[5, 7.0, -7]", "[1, 'a', nil]", "200..299", "0..6", "-9..0", "1..7")
	case 5, 6:
		return draw(t, "name", "body", "user.level", "header.Type", "(gone ?? 'x')") +
			draw(t, " == ", " != ", " contains ", " startsWith ", " endsWith ", " matches ", " not contains ", " not startsWith ", " not matches ") + draw(t, "'shoe'", "'sh'", `"oe"`, "'{'", "`o+`", "name", "user.level")
	case 7:
		return draw(t, "not ", "!") + "(" + drawTest(t, depth-1) + ")"
	case 8:
		return "(" + drawTest(t, depth-1) + ")"
	}
	return drawTest(t, depth-1) + draw(t, " and ", " or ", " && ", " || ") + drawTest(t, depth-1)
}

var seeds = []string{"status in [200, 202]", "stock > 0 and not throttled", "json:$.a.b == 'x' or header.Retry-After != nil", "not json:$.errors", "duration < 200ms", "name == 'sh\\'oe'", "(gone ?? 0) + 1 == 1",
	"status in 200..299 || placed", "user.level startsWith `go`", "header[\"Type\"] contains 'json'", "-a*-b % 2 == 1 && !placed", "not (a == b) or a - (b - 1) <= 3e0", "name not in ['a', nil, 1.5]", "gone != 5", "body matches '^.'", "json:$.o[?@.a == ')'] == 1", "1 < 2", "not not placed == true"}

// FuzzCompile holds that nothing panics, that the canonical form is read as the same, and that expr-lang says the same.
func FuzzCompile(f *testing.F) {
	for _, text := range seeds {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w := oracleSample()
		test, err := Compile(text, w)
		if err != nil {
			if e, ok := err.(*Error); !ok || e.Column < 1 || e.Found == "" || e.Wanted == "" || len(err.Error()) > 2000 {
				t.Fatalf("%q: %v, wanted a column, what was found and what was wanted", text, err)
			}
			if strings.ContainsFunc(err.Error(), unicode.IsControl) {
				t.Fatalf("%q: %q has control characters", text, err)
			}
			return
		}
		holds := test.Holds(answer{w})
		if (test.Explain(answer{w}) == "") != holds {
			t.Fatalf("%q is %v, explained as %q", text, holds, test.Explain(answer{w}))
		}
		if canonical := test.String(); len(canonical) <= MaxBytes {
			again, err := Compile(canonical, w)
			if err != nil {
				t.Fatalf("%q is written as %q: %v", text, canonical, err)
			}
			if again.String() != canonical || again.Holds(answer{w}) != holds {
				t.Fatalf("%q is written as %q, which is written as %q", text, canonical, again)
			}
		}
		if !strings.Contains(text, "json:") {
			agree(t, text)
		}
	})
}

// FuzzTerm holds that nothing panics, and that what String writes is read as the same.
func FuzzTerm(f *testing.F) {
	for _, text := range []string{"hmac('sha256', env.SIGN_KEY, body)", "random.int(1,2):number", "random.pick('shoe','bag')", "page|1", "now.unix", "f(g(), -1.5, h('x', 200ms))", "uuid()"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		term, rest, err := ParseTerm(text)
		if err != nil {
			return
		}
		if !strings.HasSuffix(text, rest) {
			t.Fatalf("%q leaves %q", text, rest)
		}
		if canonical := term.String(); len(canonical) <= MaxBytes {
			again, rest, err := ParseTerm(canonical)
			if err != nil || rest != "" || again.String() != canonical {
				t.Fatalf("%q is written as %q, which is read as %v, %q, %v", text, canonical, again, rest, err)
			}
		}
	})
}
