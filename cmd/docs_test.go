package cmd_test

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"fsctl/cmd"
)

// shown is a command in the manual, "$ fsctl ..." with the exit code it has if not 0.
var shown = regexp.MustCompile(`(?m)^\s+\$ (fsctl .*?)(?:\s+# exit ([0-9]+))?$`)

// mentioned is any command line of fsctl in the manual.
var mentioned = regexp.MustCompile("(?m)(?:^\\s+(?:\\$ )?|`)(fsctl [^`\n]*)")

func manual(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, f := range append(files, "../README.md") {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		pages[f] = string(text)
	}
	return pages
}

// Every command that the manual shows with its prompt runs, in order, page by page.
func TestManualCommands(t *testing.T) {
	t.Parallel()
	ran := 0
	for page, text := range manual(t) {
		dir := t.TempDir()
		for _, m := range shown.FindAllStringSubmatch(text, -1) {
			want, _ := strconv.Atoi(m[2])
			args := strings.Fields(m[1])[1:]
			if args[0] == "rehearse" {
				args = append(args, "--set", "storm.lateness.limit=5s", "--set", "thresholds={}") // how fast this machine is now is not the point
			}
			c := command(dir, args...)
			if out, err := c.CombinedOutput(); exitOf(err) != want {
				t.Errorf("%s: %s: exit code %d, wanted %d\n%s", page, m[1], exitOf(err), want, out)
			}
			ran++
		}
	}
	if ran < 5 {
		t.Errorf("ran %d commands, wanted those of the README", ran)
	}
}

// Every command and flag that the manual mentions is there.
func TestManualFlags(t *testing.T) {
	flag := regexp.MustCompile(`--[a-z][a-z-]*`)
	for page, text := range manual(t) {
		for _, m := range mentioned.FindAllStringSubmatch(text, -1) {
			root := cmd.New(cmd.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
			root.InitDefaultHelpCmd()
			line, _, _ := strings.Cut(m[1], " # ")
			c, _, err := root.Find(strings.Fields(line)[1:])
			if err != nil {
				t.Errorf("%s: %s: %v", page, line, err)
				continue
			}
			for _, f := range flag.FindAllString(line, -1) {
				if c.Flags().Lookup(f[2:]) == nil && c.InheritedFlags().Lookup(f[2:]) == nil && f != "--help" {
					t.Errorf("%s: %s: %s has no flag %s", page, line, c.Name(), f)
				}
			}
		}
	}
}
