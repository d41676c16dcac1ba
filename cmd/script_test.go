package cmd_test

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"fsctl/cmd"
)

// raceExit keeps the race detector from waiting for a second at the end of every command.
const raceExit = "atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	os.Setenv("GORACE", raceExit)
	testscript.Main(m, map[string]func(){
		"fsctl": func() { os.Exit(cmd.Main()) },
		"jq":    jq,
		"code":  code,
	})
}

// TestScript runs one file a behaviour; the headline says which.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireExplicitExec: true, Setup: func(e *testscript.Env) error {
		e.Setenv("GORACE", raceExit)
		return nil
	}})
}
