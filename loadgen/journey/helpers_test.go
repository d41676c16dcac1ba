package journey

import (
	"testing"

	"fsctl/loadgen/loadtest"
	"fsctl/scenarios"
)

// must returns a value whose error would be a fault of the test itself.
func must[T any](v T, err error) T { return loadtest.Must(v, err) }

// parse reads a scenario that needs no more than what a test is about.
func parse(t testing.TB, text string) *scenarios.Scenario { return loadtest.Parse(t, text) }

// compile compiles a scenario.
func compile(t testing.TB, text string) *Compiled {
	t.Helper()
	c, err := Compile(parse(t, text), 1)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
