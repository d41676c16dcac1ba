package cmd_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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
	needsSeconds(t)
	t.Parallel()
	fsctl, found := released(t), 0
	for page, text := range manual(t) {
		commands := shown.FindAllStringSubmatch(text, -1)
		if found += len(commands); len(commands) == 0 {
			continue
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, m := range commands {
				want, _ := strconv.Atoi(m[2])
				args := strings.Fields(m[1])[1:]
				c := exec.Command(fsctl, append(args, besides(args)...)...)
				c.Dir = dir
				if out, err := c.CombinedOutput(); exitOf(err) != want {
					t.Errorf("%s: %s: exit code %d, wanted %d\n%s", page, m[1], exitOf(err), want, out)
				}
			}
		})
	}
	if found < 5 {
		t.Errorf("found %d commands, wanted those of the README", found)
	}
}

// besides returns flags that a command of the manual gets here. How fast this machine is now is not the point: nothing is late,
// and no limit is held against what was measured. A storm begins 2 s before its T0 and ends 3 s after it, with the users
// that come at T0 as they are.
func besides(args []string) (flags []string) {
	set := func(fields ...string) {
		for _, f := range fields {
			flags = append(flags, "--set", f)
		}
	}
	switch {
	case args[0] == "rehearse":
		set("storm.lateness.limit=1m", "thresholds={}", "storm.t0=2s", "storm.phases.0.from=T0-2s", "storm.phases.0.to=T0+3s")
		if !slices.Contains(args, "my-sale.yaml") {
			set("storm.phases.1.from=T0-2s")
		}
	case args[0] == "plan" && slices.Contains(args, "--calibration"):
		set("services.shop.latency.limit=1h")
	}
	return flags
}

// Every command and flag that the manual mentions is there.
func TestManualFlags(t *testing.T) {
	t.Parallel()
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
