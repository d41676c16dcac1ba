package scenarios

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/strict"
)

const example = "testdata/live-drop.yaml"

func exampleText(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// edited returns the example with one piece of it replaced, and the line the piece is in.
func edited(t testing.TB, old, replacement string) (text string, line int) {
	t.Helper()
	text = exampleText(t)
	before, after, found := strings.Cut(text, old)
	if !found {
		t.Fatalf("the example has no %q", old)
	}
	return before + replacement + after, strings.Count(before, "\n") + 1
}

// problemsOf returns the problems of a text as LINE: FIELD: MESSAGE, without the fields' empty parts.
func problemsOf(t testing.TB, text string, set ...string) []string {
	t.Helper()
	_, err := Parse("f.yaml", []byte(text), set...)
	if err == nil {
		return nil
	}
	var e *strict.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %T, wanted *strict.Error: %v", err, err)
	}
	var lines []string
	for _, p := range e.Problems {
		if p.Field != "" {
			p.Field += ": "
		}
		lines = append(lines, fmt.Sprintf("%d: %s%s", p.Line, p.Field, p.Message))
	}
	return lines
}

func mustParse(t testing.TB, text string, set ...string) *Scenario {
	t.Helper()
	s, err := Parse(example, []byte(text), set...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pointer[T any](v T) *T { return &v }

func instant(d time.Duration) *amount.Instant { return pointer(amount.Instant(d)) }

// failer is what testing.T and rapid.T have in common.
type failer interface {
	Fatalf(format string, args ...any)
}
