package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
)

// Two builds of fsctl are tested. The released one is built as users get it, by the flags of `make build`: the scripts, the
// manual's commands and the fleets that meet at a real nats-server run it. All other tests run this test binary, under the
// name fsctl in PATH: it has the race detector where the tests have it. Without the race detector the two are hardly
// different, and everything runs the test binary.

// programs is the directory of the programs that tests build: the released fsctl, where it is another one, jq and code.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "fsctl-programs-")
	if err != nil {
		return "", err
	}
	programsDir = dir
	if isRaceBuilt() {
		if err := build(filepath.Join(dir, "fsctl"), ".."); err != nil {
			return "", err
		}
	}
	if err := build(filepath.Join(dir, "jq"), "./testdata/tools"); err != nil {
		return "", err
	}
	return dir, os.Link(filepath.Join(dir, "jq"), filepath.Join(dir, "code"))
})

// programsDir is what TestMain removes, empty while no test has needed it.
var programsDir string

// build builds a program with the flags of the Makefile's build.
func build(program, dir string) error {
	c := exec.Command("go", "build", "-trimpath", "-o", program, dir)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", dir, err, out)
	}
	return nil
}

// isRaceBuilt reports whether the tests have the race detector.
func isRaceBuilt() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// released returns the program that users get.
func released(t *testing.T) string {
	t.Helper()
	if !isRaceBuilt() {
		return "fsctl"
	}
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "fsctl")
}

// needsSeconds skips a test in short mode that starts servers, or sends a load for some seconds.
func needsSeconds(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs seconds: left out in short mode")
	}
}
