package journey

import (
	"os"
	"path/filepath"
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

// csvRequest compiles a step whose request takes values from the rows of a CSV file, as feeder user.
func csvRequest(t testing.TB, csv, request string) (*Compiled, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "users.csv"), []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	sc, err := scenarios.Parse(filepath.Join(dir, "test.yaml"), []byte(loadtest.Head+`
steps: {a: {share: 100%, request: {method: POST, url: /, `+request+`}}}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 1}]}
journeys: {j: [a]}
feeders: {user: {from: csv, file: users.csv}}
`))
	if err != nil {
		t.Fatal(err)
	}
	return Compile(sc, 0)
}

// userWith gives a user the value of the first variable.
func userWith(u *User, value string) *User {
	u.Set(0, []byte(value))
	return u
}
