package journey

import (
	"path/filepath"
	"testing"

	"fsctl/scenarios"
)

// must returns a value whose error would be a fault of the test itself.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

const head = `apiVersion: fsctl/v1
kind: Scenario
name: test
workload: {requests: 1M}
`

// parse reads a scenario that needs no more than what a test is about.
func parse(t testing.TB, text string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse(filepath.Join(t.TempDir(), "test.yaml"), []byte(head+text))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// compile compiles a scenario.
func compile(t testing.TB, text string) *Compiled {
	t.Helper()
	c, err := Compile(parse(t, text), 1)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
