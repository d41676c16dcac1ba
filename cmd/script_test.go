package cmd_test

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"fsctl/cmd"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"fsctl": func() { os.Exit(cmd.Main()) },
		"jq":    jq,
		"code":  code,
	})
}

// TestScript runs one file a behaviour; the headline says which.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireExplicitExec: true})
}
