// Package expression reads and evaluates conditions on an answer, such as stock > 0 and not throttled.
//
// A condition is written in a subset of expr-lang (https://expr-lang.org/docs/language-definition), with the same meaning where
// both accept a text. From the tightest to the loosest operator:
//
//	??                                   the right value where the left one is missing
//	-a
//	* %
//	not a, !a
//	+ -
//	a..b                                 whole numbers, both ends included; only after in
//	== != < <= > >= in contains startsWith endsWith matches    and not in, not contains, ...
//	and, &&
//	or, ||
//
// Literals are numbers (200, 0.1, 1e3), text in ', " or back quotes, true, false, nil (also null), lists of literals, and, beyond
// expr-lang, durations (200ms, 1.5s, 1m30s). The names are:
//
//	status                               a number from 100 to 999
//	duration                             how long the answer took
//	size                                 of the body [bytes]
//	body                                 text
//	header.Location, header["X-Id"]      a value; a minus belongs to the name: header.Retry-After
//	json:$.errors                        a value: the first that the RFC 9535 path selects; beyond expr-lang
//	stock, user.level, env.REGION        a value: a variable
//	throttled                            true or false: an outcome
//
// A JSON path ends where no segment of RFC 9535 follows: at a blank, a closing bracket, a comma or an operator.
//
// The types of two operands must meet, which Compile checks. A value, in the list above, is text, and only the run shows what
// it holds:
//
//   - With a number it is compared as a number: "7" and "7.0" are equal to 7. Numbers are compared exactly, however long.
//   - With text in quotes it is compared by characters: "7.0" is not equal to '7'.
//   - With true and false it is equal where it is that word.
//   - Two values are equal where their characters are, or where both are plain numerals (19.90, not 007 or 1e3) of equal value.
//   - It is missing, which is nil, where a variable is not set, a header is not there, and a path selects nothing or null.
//     nil is equal to nil alone, so that x != 5 holds for a missing x. An order (<, <=, >, >=), contains, startsWith, endsWith
//     and matches do not hold for a missing value, nor < and its like for text that is no numeral. Their opposites with not do.
//   - Where a test stands (alone, or with and, or, not) it holds unless it is missing, empty, false, null, a zero, [] or {}.
//
// Sums, differences, products and remainders are of decimal numbers, so that 3 * 19.99 == 59.97. Where a result, or a number on the
// way to it, has over 18 digits, or an operand is no number, the result is missing.
package expression

import (
	"strings"
	"time"
)

// Source says what a name stands for.
type Source uint8

// What names stand for.
const (
	Status   Source = iota // of the answer, 100 to 999
	Duration               // of the answer
	Size                   // of the answer's body [bytes]
	Body                   // of the answer
	Header                 // a header of the answer
	JSON                   // what a path selects in the answer's body
	Variable               // a variable of the user
	Outcome                // an outcome of a step
)

// Names resolves the names of a test. A slot is a number of the caller's that its Input gets back.
type Names interface {
	// Variable returns the slot of a variable, such as stock, user.level or env.REGION, and false where there is none.
	Variable(name string) (slot int, ok bool)
	// Outcome returns the slot of an outcome, and false where there is none.
	Outcome(name string) (slot int, ok bool)
	// Header returns the slot of a header; its name is a token by RFC 9110, in the letters of the test.
	Header(name string) (slot int)
	// JSON returns the slot of a path, such as $.errors. It fails for a path that is not well-formed by RFC 9535.
	JSON(path string) (slot int, err error)
	// Known lists the variables and outcomes, for hints.
	Known() []string
}

// Input is an answer and the user that it is for. What it returns must stay as it is until Holds or Explain returns, over further
// calls too. The second result is false for what is missing.
type Input interface {
	// Status is that of the answer, 100 to 999.
	Status() int
	// Duration is how long the answer took, not below 0.
	Duration() time.Duration
	// Size is that of the body [bytes].
	Size() int64
	// Body is the body as text.
	Body() []byte
	// Header returns the first value of a header; slot is from 0.
	Header(slot int) (value []byte, ok bool)
	// JSON returns what a path selects first, a string without its quotes, else as it stands; false for null; slot is from 0.
	JSON(slot int) (value []byte, ok bool)
	// Variable returns the value of a variable, and false where it is not set; slot is from 0.
	Variable(slot int) (value []byte, ok bool)
	// Outcome reports whether the last answer had an outcome; slot is from 0.
	Outcome(slot int) bool
}

// Use is a name that a test speaks of.
type Use struct {
	Source Source
	Text   string // the name as written: stock, Retry-After, $.errors
	Slot   int    // what Names said; 0 for the status, duration, size and body
}

// Test is a compiled condition. It may be used by many goroutines.
type Test struct {
	root  *node
	uses  []Use
	holds func(Input) bool
}

// Compile reads a condition and checks its types. The error is an *Error: it gives the column, what was found, what was wanted and
// what to do. It fails for text of another form, an unknown name, types that cannot meet, a part that is the same for
// every answer, and what is beyond MaxBytes, MaxNesting and MaxList.
func Compile(text string, names Names) (*Test, error) {
	root, err := parse(text)
	if err != nil {
		return nil, err
	}
	c := checker{lexer: lexer{source: text}, names: names, seen: map[Use]bool{}}
	if err := c.test(root); err != nil {
		return nil, err
	}
	return &Test{root: root, uses: c.uses, holds: compile(root)}, nil
}

// Holds reports whether the test holds. It allocates nothing, but for what a regular expression takes.
func (t *Test) Holds(in Input) bool { return t.holds(in) }

// Uses lists what the test speaks of, each once, in the order of the text.
func (t *Test) Uses() []Use { return t.uses }

// String returns the test in its canonical form, which Compile reads as the same: not, and, or, == and single quotes.
func (t *Test) String() string { return t.root.String() }

// reserved are the words that cannot name a variable in a test.
var reserved = []string{"status", "duration", "size", "body", "header", "json", "and", "or", "not", "in", "contains", "startsWith", "endsWith", "matches",
	"true", "false", "nil", "null"}

// Reserved reports whether a word means something else in a test, so that no variable or outcome of that name can be tested.
func Reserved(word string) bool {
	for _, r := range reserved {
		if word == r || strings.HasPrefix(word, "header.") {
			return true
		}
	}
	return false
}
