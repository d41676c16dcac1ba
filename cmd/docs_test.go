package cmd_test

import (
	"bytes"
	"flag"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"fsctl/cmd"
	"fsctl/loadgen/loadtest"
	"fsctl/scenarios/shop"
)

var update = flag.Bool("update", false, "write testdata anew, and what the manual shows of the output of commands")

// mentioned is any command line of fsctl in the manual.
var mentioned = regexp.MustCompile("(?m)(?:^\\s+(?:\\$ )?|`)(fsctl [^`\n]*)")

// notRun lists commands that the manual shows and no test runs, with the reason.
func notRun() map[string]string {
	const (
		hosts   = "it loads or leads hosts that are not there"
		shop    = "it wants a shop; attack_find_capacity.txtar runs it against one"
		judge   = "it wants runs; report_thresholds.txtar runs its like"
		readme  = "README.md runs it"
		lamps   = "it wants the shop of its page; TestYourShop runs it"
		ci      = "it wants a pipeline's variables"
		command = "go run . is what this test runs as fsctl"
		files   = "it writes the keys or the configuration of a host that is not there; agent_keys.txtar runs its like"
	)
	const allowed = "fsctl attack my-sale.yaml --target https://shop.example --allow-target shop.example"
	return map[string]string{
		"fsctl report RUN --threshold 'response_time{step:order}: p(99)<300ms' --threshold 'http_req_failed: rate<1%'": judge,
		"fsctl report RUN --slo thresholds.yaml":                                           judge,
		"fsctl report machine-1.bin machine-2.bin --threshold 'service_time: p(99)<300ms'": judge,

		allowed + " --scale 1%": hosts,
		allowed + " --dry-run":  hosts,
		allowed + " --listen 0.0.0.0:4222 --keys keys --expect-agents 20":                                     hosts,
		"fsctl agent --nats tls://coordinator.example:4222 --creds agent-7.creds --allow-target shop.example": hosts,
		"fsctl attack my-sale.yaml --target http://127.0.0.1:8080 --find-capacity":                            shop,
		`fsctl attack my-sale.yaml --target "$URL" --junit verdict.xml --markdown "$GITHUB_STEP_SUMMARY"`:     ci,
		`fsctl try my-sale.yaml --target "$URL" --journey buyer -o markdown >> "$GITHUB_STEP_SUMMARY"`:        ci,
		"fsctl agent-keys keys --agents 20 --host coordinator.example":                                        files,
		"fsctl agent-keys keys --agents 20 --host nats.example --server-conf > fsctl.conf":                    files,
		"fsctl agent-keys keys --agents 4 --host storm-bus":                                                   files,
		"fsctl rehearse taobao-double11":                                                                      readme,
		"fsctl report latest --calibrate measured.yaml":                                                       readme,
		"fsctl plan taobao-double11 --calibration measured.yaml":                                              readme,
		"fsctl scenarios validate lamps.yaml":                                                                 lamps,
		"fsctl try lamps.yaml --target http://127.0.0.1:3000 --journey buyer":                                 lamps,
		"fsctl attack lamps.yaml --target http://127.0.0.1:3000 --dry-run":                                    lamps,
		"fsctl attack lamps.yaml --target http://127.0.0.1:3000 --junit verdict.xml":                          lamps,
		"fsctl attack lamps.yaml --target http://127.0.0.1:3000 --find-capacity --set sale.stock=1M":          lamps,
		"go run . rehearse": command,
	}
}

// quick are settings that shorten a rehearsal: its storm comes at once, and is judged by nothing that this machine is now.
func quick(scenario string) []string {
	set := []string{"storm.t0=1s", "storm.phases.0.from=T0-1s", "storm.phases.0.to=T0+2s", "storm.lateness.limit=1m", "thresholds={}"}
	if scenario == "my-sale.yaml" {
		set = append(set, "storm.phases.1.users=300", "storm.phases.1.reaction={uniform: [0ms, 1s]}")
	} else {
		set = append(set, "storm.phases.0.rate=1k/s", "storm.phases.1.from=T0-1s", "storm.phases.2.reaction={uniform: [0ms, 1s]}")
	}
	var args []string
	for _, s := range set {
		args = append(args, "--set", s)
	}
	return args
}

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

// Every command that the manual shows with its prompt runs, in order, page by page, and prints what the page shows beneath
// it: a plan to the letter, what was measured in its form. The others stand in notRun. With -update, what is compared to
// the letter is written anew.
func TestManualCommands(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	unused, ran := notRun(), 0
	for page, text := range manual(t) {
		list := commands(text)
		prompts := 0
		for _, c := range list {
			if c.prompt {
				prompts++
				continue
			}
			if _, ok := notRun()[c.text]; !ok {
				t.Errorf("%s: %s: it is not run: give it a prompt, or a reason in notRun", page, c.text)
			}
			delete(unused, c.text)
		}
		if n := promptsIn(text); n != prompts {
			t.Errorf("%s shows %d prompts, of which %d are commands in blocks of code: indent them by four, or fence them", page, n, prompts)
		}
		if ran += prompts; prompts == 0 {
			continue
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			runPage(t, page, text, list)
		})
	}
	for text := range unused {
		t.Errorf("notRun lists %s, which no page shows", text)
	}
	if ran < 12 {
		t.Errorf("the manual shows %d commands with a prompt, wanted those of the README", ran)
	}
}

// promptsIn counts a page's prompts wherever they stand, knowing nothing of blocks.
func promptsIn(text string) int {
	return len(regexp.MustCompile(`(?m)^[\s>]*\$ |\$ fsctl `).FindAllString(text, -1))
}

// runPage runs a page's commands in a directory of its own, and compares what they print.
func runPage(t *testing.T, page, text string, list []*shown) {
	dir := t.TempDir()
	writeFiles(t, dir, filesOf(text))
	places := placesOf(t, page)
	lines := strings.Split(text, "\n")
	ran, from := 0, len(lines)
	var fresh []*shown // with output to write
	for _, c := range list {
		if !c.prompt {
			continue
		}
		printed := c.execute(t, dir, places)
		ran++
		if len(c.output) == 0 {
			continue
		}
		if c.isMeasured() {
			if !showsForm(c.output, printed) {
				t.Errorf("%s:%d: %s prints something of another form: change it by hand\n%s", page, c.first, c.text, diff.Diff("page", joined(c.output), "printed", joined(printed)))
			}
		} else if !shows(c.output, printed) {
			anew := rewritten(c.output, printed)
			if !*update {
				t.Errorf("%s:%d: %s prints something else: go test ./cmd -run TestManualCommands -update\n%s", page, c.first, c.text, diff.Diff("page", joined(c.output), "printed", joined(anew)))
			}
			fresh = append(fresh, &shown{first: c.first, indent: c.indent, output: anew, exit: len(c.output)})
		}
	}
	if want := promptsIn(text); ran != want {
		t.Errorf("%s: ran %d commands of %d", page, ran, want)
	}
	if !*update || len(fresh) == 0 {
		return
	}
	var written []string
	for _, f := range slices.Backward(fresh) {
		var block []string
		for _, line := range f.output {
			block = append(block, strings.TrimRight(f.indent+line, " "))
		}
		written = slices.Concat(block, lines[f.first+f.exit:from], written)
		from = f.first
	}
	if err := os.WriteFile(page, joined(slices.Concat(lines[:from], written)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// joined returns lines as text. A file's last line is empty.
func joined(lines []string) []byte { return []byte(strings.Join(lines, "\n")) }

// placesOf starts the servers that the commands of a page send to, and returns their URLs by those that the page has. Pages say in
// words what listens there.
func placesOf(t *testing.T, page string) map[string]string {
	t.Helper()
	if filepath.Base(page) == "cookbook.md" {
		shop, api := startCookbookShop(t)
		return map[string]string{"http://127.0.0.1:8080": shop, "http://127.0.0.1:8081": api}
	}
	local := loadtest.Must(shop.StartLocal(shop.Config{Items: 1, Stock: 1000, PerUser: 1, Workers: 4}))
	t.Cleanup(func() { local.Close() })
	return map[string]string{"http://127.0.0.1:8080": local.URL} // fsctl shop
}

var measuredCommand = regexp.MustCompile(`^(?:[A-Z_]+=\S+ )*fsctl (rehearse|attack|try)\b`)

// isMeasured reports whether what a command prints differs from run to run.
func (c *shown) isMeasured() bool {
	return c.run == "" && measuredCommand.MatchString(c.text)
}

// soon are settings that shorten the attack of a page, which takes a minute there, and take its lateness for nothing.
func (c *shown) soon() string {
	set := []string{"storm.phases.0.to=T0+1s", "storm.lateness.limit=1m"}
	if strings.Contains(c.text, "token.yaml") {
		set = []string{"storm.t0=1s", "storm.phases.0.before.from=T0-1s", "storm.phases.0.before.to=T0-500ms", "storm.phases.0.users=50",
			"storm.phases.0.reaction=500ms", "storm.lateness.limit=1m"}
	}
	return " --set " + strings.Join(set, " --set ")
}

// execute runs a command of a page and returns the lines of its result. Where the page shows the report of a kept run, that
// takes the place of the report of this one.
func (c *shown) execute(t *testing.T, dir string, places map[string]string) []string {
	t.Helper()
	text := c.text
	for there, here := range places {
		text = strings.ReplaceAll(text, there, here)
	}
	if m := measuredCommand.FindStringSubmatch(text); m != nil && m[1] == "attack" {
		text += c.soon()
	}
	args := strings.Fields(text)
	run := command(t, dir, args[1:]...)
	if strings.ContainsAny(text, "|;&<>$\"'`") || args[0] != "fsctl" {
		run = shell(t, dir, text)
	} else if args[1] == "rehearse" {
		run = command(t, dir, append(args[1:], quick(c.scenario())...)...)
	}
	printed := printedBy(t, run, c.exit)
	if c.run == "" {
		return printed
	}
	if !slices.ContainsFunc(printed, regexp.MustCompile(`^(PASS|FAIL|INVALID|INCOMPLETE)  `).MatchString) {
		t.Fatalf("%s prints no verdict:\n%s", c.text, joined(printed))
	}
	// The plan is that of the scenario itself, not of the quick storm.
	plan := printedBy(t, command(t, dir, "plan", c.scenario()), 0)
	return slices.Concat(plan, printedBy(t, command(t, "testdata", "report", "runs/"+c.run), 0))
}

// scenario is what a command rehearses.
func (c *shown) scenario() string {
	if args := strings.Fields(c.text); len(args) > 2 && !strings.HasPrefix(args[2], "-") {
		return args[2]
	}
	return "taobao-double11"
}

// command is the released fsctl in a directory of its own.
func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := exec.LookPath(released(t))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, args...)
	c.Dir = dir
	return c
}

// printedBy runs a command, wants its exit code, and returns the lines of its result: of stderr where stdout has none.
func printedBy(t *testing.T, c *exec.Cmd, code int) []string {
	t.Helper()
	var out, log bytes.Buffer
	c.Stdout, c.Stderr = &out, &log
	if got := exitOf(c.Run()); got != code {
		t.Errorf("%s: exit code %d, wanted %d\n%s%s", strings.Join(c.Args, " "), got, code, out.String(), log.String())
	}
	if out.Len() == 0 {
		out = log
	}
	return trimmed(strings.Split(out.String(), "\n"))
}

// The kept runs are those that the manual shows.
func TestKeptRuns(t *testing.T) {
	found, err := filepath.Glob("testdata/runs/*")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, text := range manual(t) {
		for _, c := range commands(text) {
			if c.run != "" {
				want["testdata/runs/"+c.run] = true
			}
		}
	}
	if len(want) == 0 || !slices.Equal(found, slices.Sorted(maps.Keys(want))) {
		t.Errorf("found %q, wanted %v", found, want)
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

// The README's section on the libraries is the example of the package plan, with what it prints. With -update it is written
// anew.
func TestLibraryInTheREADME(t *testing.T) {
	source, err := os.ReadFile("../plan/example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?s)func ExampleNew\(\) \{\n(.*?)\t// Output:\n(.*?)\n\}`).FindStringSubmatch(string(source))
	if m == nil {
		t.Fatal("plan/example_test.go has no ExampleNew with its output")
	}
	outdent := regexp.MustCompile(`(?m)^\t`)
	const head = "## As a library\n\n"
	want := head + "The commands are thin: the packages `scenarios`, `plan`, `loadgen` and `report` do the work, and each has examples that " +
		"tests\nrun. This is [plan's](plan/example_test.go):\n\n" +
		"```go\n" + outdent.ReplaceAllString(m[1], "") + "```\n\n" + regexp.MustCompile(`(?m)^\t//`).ReplaceAllString(m[2], "   ") + "\n\n"
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, section, ok := strings.Cut(string(page), head)
	section, after, next := strings.Cut(section, "\n## ")
	if !ok || !next {
		t.Fatalf("README.md has no section %q with another behind it", head)
	}
	if got := head + section + "\n"; got == want {
		return
	} else if !*update {
		t.Errorf("README.md shows another example: go test ./cmd -run %s -update\n%s", t.Name(), diff.Diff("README.md", []byte(got), "plan/example_test.go", []byte(want)))
		return
	}
	if err := os.WriteFile("../README.md", []byte(before+want+"## "+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
