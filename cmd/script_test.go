package cmd_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"fsctl/cmd"
	"fsctl/loadgen/loadtest"
)

// raceExit keeps the race detector from waiting for a second at the end of every command.
const raceExit = "atexit_sleep_ms=0"

// suite is the tests, with the removal of what they built.
type suite struct{ *testing.M }

func (s suite) Run() int {
	loadtest.Waiting(4)                              // most of them wait for a storm to pass
	defer func() { _ = os.RemoveAll(programsDir) }() // what stays is in the system's directory for temporary files
	return s.M.Run()
}

func TestMain(m *testing.M) {
	os.Setenv("GORACE", raceExit)
	testscript.Main(suite{m}, map[string]func(){
		"fsctl": func() { os.Exit(cmd.Main()) },
	})
}

// TestScript runs one file a behaviour; the headline says which.
func TestScript(t *testing.T) {
	t.Parallel()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireExplicitExec: true, Setup: func(e *testscript.Env) error {
		e.Setenv("PATH", dir+string(filepath.ListSeparator)+e.Getenv("PATH")) // the released build comes first
		e.Setenv("GORACE", raceExit)
		return nil
	}})
}
