package cmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fsctl/cmd"
	"fsctl/loadgen/loadtest"
	"fsctl/scenarios/shop"
)

// inProcess runs a command line in this process, wants its exit code, and returns its result.
func inProcess(t *testing.T, code int, args ...string) string {
	t.Helper()
	var out, log bytes.Buffer
	if got := cmd.Run(t.Context(), args, cmd.Streams{In: strings.NewReader(""), Out: &out, Err: &log}); got != code {
		t.Fatalf("fsctl %s: exit code %d, wanted %d\n%s%s", strings.Join(args, " "), got, code, out.String(), log.String())
	}
	return out.String()
}

// golden holds a text to a file of testdata, and writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		t.Errorf("%s is stale (%v); if the change is meant: go test ./cmd -run %s -update\n%s", path, err, t.Name(), diff.Diff("kept", want, "now", []byte(got)))
	}
}

// ownConfig keeps the configuration of the user who runs the tests out of commands in this process.
func ownConfig(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"} {
		t.Setenv(name, dir)
	}
}

// The help of every command, with its hidden flags, is in testdata/help.txt: what a command takes does not change unseen.
func TestHelp(t *testing.T) {
	ownConfig(t)
	var text strings.Builder
	number := 0
	var walk func(c *cobra.Command, path []string)
	walk = func(c *cobra.Command, path []string) {
		number++
		help := inProcess(t, 0, append(path, "--help")...)
		hidden := ""
		if c.Hidden {
			hidden = " (hidden)"
		}
		fmt.Fprintf(&text, "==== %s%s\n\n%s", c.CommandPath(), hidden, help)
		if c.Runnable() && c.Example == "" && !isCobras(c) {
			t.Errorf("the help of %s has no example", c.CommandPath())
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden {
				fmt.Fprintf(&text, "\nHidden: --%s %s (default %q)\n  %s\n", f.Name, f.Value.Type(), f.DefValue, f.Usage)
			} else if !strings.Contains(help, "--"+f.Name) {
				t.Errorf("the help of %s says nothing of --%s", c.CommandPath(), f.Name)
			}
		})
		text.WriteByte('\n')
		for _, child := range c.Commands() {
			walk(child, append(path[:len(path):len(path)], child.Name()))
		}
	}
	root := cmd.New(cmd.Streams{In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &bytes.Buffer{}})
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	walk(root, nil)
	if number < 20 {
		t.Errorf("found %d commands, wanted all", number)
	}
	golden(t, "help.txt", text.String())
}

// isCobras reports whether a command is one that cobra adds.
func isCobras(c *cobra.Command) bool {
	return c.Name() == "help" || c.Name() == "completion" || c.HasParent() && c.Parent().Name() == "completion"
}

// The JSON forms are a contract: each is kept as a whole, with every name, type and value. What is measured is kept as the
// name of its type.
func TestJSONForms(t *testing.T) {
	ownConfig(t)
	runs, err := filepath.Glob("testdata/runs/*")
	if err != nil || len(runs) != 1 {
		t.Fatalf("found the runs %q, %v, wanted one", runs, err)
	}
	calibration := filepath.Join(t.TempDir(), "measured.yaml")
	inProcess(t, 0, "report", runs[0], "--calibrate", calibration)
	local := loadtest.Must(shop.StartLocal(shop.Config{Items: 20, Stock: 1, Workers: 1}))
	defer local.Close()
	for _, c := range []struct {
		name     string
		code     int
		measured bool
		args     []string
	}{
		{"try", 1, true, []string{"try", "taobao-double11", "--target", local.URL, "--journey", "bot", "--requests", "1"}},
		{"plan", 0, false, []string{"plan", "taobao-double11"}},
		{"plan-calibrated", 0, false, []string{"plan", "taobao-double11", "--calibration", calibration}},
		{"plan-infeasible", 114, false, []string{"plan", "century-mart-coupons", "--max-cores", "10"}},
		{"plan-explain", 0, false, []string{"plan", "taobao-double11", "--explain", "services.shop.instances.p95"}},
		{"plan-architectures", 0, false, []string{"plan", "kuaishou-live-drop", "--compare-architectures"}},
		{"report", 0, false, []string{"report", runs[0]}},
		{"dry-run", 0, true, []string{"attack", "taobao-double11", "--target", "http://127.0.0.1:8080", "--scale", "1%", "--dry-run", "--no-verdict"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := inProcess(t, c.code, append(c.args, "-o", "json")...)
			text = regexp.MustCompile(`"Date: [^"]*"`).ReplaceAllString(text, `"Date: today"`)
			golden(t, "json/"+c.name+".json", keptJSON(t, text, c.measured))
		})
	}
}

// keptJSON returns a document as it is kept: in its own order, floats to nine digits, since the last ones are the
// processor's; and where it was measured, types in place of numbers and conditions, and texts without their figures.
func keptJSON(t *testing.T, document string, measured bool) string {
	t.Helper()
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSuffix(document, "\n"), "\n") {
		indent := line[:indentOf(line)]
		name, value := "", line[len(indent):]
		if at := strings.Index(value, `": `); strings.HasPrefix(value, `"`) && at > 0 {
			name, value = value[:at+3], value[at+3:]
		}
		value, comma := strings.CutSuffix(value, ",")
		var v any
		if json.Unmarshal([]byte(value), &v) == nil {
			value = keptValue(v, value, measured)
		}
		if comma {
			value += ","
		}
		lines = append(lines, indent+name+value)
	}
	return strings.Join(lines, "\n") + "\n"
}

func keptValue(v any, text string, measured bool) string {
	switch v := v.(type) {
	case float64:
		if measured {
			return "number"
		}
		if strings.ContainsAny(text, ".e") {
			return strconv.FormatFloat(v, 'g', 9, 64)
		}
	case bool:
		if measured {
			return "boolean"
		}
	case string:
		if measured {
			return `"` + masked([]string{v}) + `"`
		}
	}
	return text
}

// Every package whose tests write files with -update is one that `make golden` runs.
func TestMakeGoldenWritesThemAll(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, recipe, _ := strings.Cut(string(makefile), "\ngolden:")
	recipe, _, _ = strings.Cut(recipe, "\n\n")
	found := 0
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), `flag.Bool("`+`update"`) {
			found++
			dir := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../")
			if !regexp.MustCompile(`(\./|cd )` + regexp.QuoteMeta(dir) + ` `).MatchString(recipe) {
				t.Errorf("%s has -update, and make golden does not run it", path)
			}
		}
		return err
	})
	if err != nil || found < 7 {
		t.Errorf("found %d packages with -update, error %v", found, err)
	}
}
