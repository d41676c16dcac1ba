package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// room is a part of the house: what its packages may import of the product, and why no more. A pattern is a package, or
// with /... it and all below.
type room struct {
	packages string
	may      []string
	why      string
}

// house lists the rooms. A package belongs to the first whose pattern it matches. docs/architecture.md draws them.
func house() []room {
	const words = "fsctl/scenarios fsctl/scenarios/amount fsctl/scenarios/request fsctl/scenarios/script fsctl/scenarios/arrivals fsctl/scenarios/condition fsctl/scenarios/decimal fsctl/scenarios/folder fsctl/scenarios/inputfile fsctl/scenarios/kinds fsctl/scenarios/plaintext fsctl/scenarios/table fsctl/scenarios/quantity fsctl/scenarios/random fsctl/scenarios/strict fsctl/scenarios/expression fsctl/scenarios/template fsctl/scenarios/threshold fsctl/scenarios/visits " // every room may use
	may := strings.Fields
	return []room{
		{"fsctl", may("fsctl/cmd"),
			"main only calls the command line"},
		{"fsctl/cmd", may(words + "fsctl/loadgen/record/atomicfile fsctl/loadgen/... fsctl/plan/... fsctl/report/... fsctl/scenarios/..."),
			"the commands need no benchmarks"},
		{"fsctl/bench/...", may("fsctl/loadgen/record/atomicfile fsctl/loadgen/record fsctl/scenarios/quantity"),
			"a benchmark measures fsctl from outside, as it does its peers, and reads what a run left behind"},
		{"fsctl/loadgen/record/atomicfile", may("fsctl/scenarios/quantity"),
			"it is below everything that writes files"},

		{"fsctl/scenarios/quantity", nil,
			"it reads and writes numbers, whatever they are of"},
		{"fsctl/scenarios/amount", may("fsctl/scenarios/quantity fsctl/scenarios/random fsctl/scenarios/strict"),
			"a number says what it counts, wherever in a scenario it stands"},
		{"fsctl/scenarios/request", may("fsctl/scenarios/quantity fsctl/scenarios/strict fsctl/scenarios/template"),
			"what is sent is the same whoever sends it"},
		{"fsctl/scenarios/script", may("fsctl/scenarios/amount fsctl/scenarios/random fsctl/scenarios/strict"),
			"what a user does is the same for every sale"},
		{"fsctl/scenarios/random", may("fsctl/scenarios/quantity"),
			"a draw depends on a seed, a name and an index, whatever it is for"},
		{"fsctl/scenarios/expression", may("fsctl/scenarios/decimal fsctl/scenarios/quantity fsctl/scenarios/strict"),
			"a test is the same whoever reads it"},
		{"fsctl/scenarios/condition", may("fsctl/scenarios/decimal fsctl/scenarios/expression"),
			"a test is the same whoever reads it"},
		{"fsctl/scenarios/decimal", nil,
			"numbers compare alike, whatever they count"},
		{"fsctl/scenarios/plaintext", nil,
			"text comes in alike, whatever it says"},
		{"fsctl/scenarios/folder", nil,
			"which files a scenario may send depends on nothing that is in it"},
		{"fsctl/scenarios/inputfile", may("fsctl/scenarios/quantity"),
			"a file is a file, whatever is in it"},
		{"fsctl/scenarios/table", may("fsctl/scenarios/inputfile fsctl/scenarios/plaintext fsctl/scenarios/quantity"),
			"a table is rows and columns, whoever takes values from them"},
		{"fsctl/scenarios/strict", may("fsctl/scenarios/plaintext fsctl/scenarios/quantity"),
			"files of every kind are read alike, whatever is in them"},
		{"fsctl/scenarios/template", may("fsctl/scenarios/expression fsctl/scenarios/quantity fsctl/scenarios/strict"),
			"a text with values is read alike, wherever in a request it stands"},
		{"fsctl/scenarios/threshold", may("fsctl/scenarios/quantity fsctl/scenarios/strict"),
			"a threshold is the same whatever file it is from"},
		{"fsctl/scenarios/arrivals", may("fsctl/scenarios/random"),
			"when a user is due is a function of curves and a seed, whatever file they are from"},
		{"fsctl/scenarios/kinds", nil,
			"which fields have an effect is a table, whoever reads it"},
		{"fsctl/scenarios/schema", may(words + "fsctl/scenarios/kinds"),
			"the schema says what the checks say"},
		{"fsctl/scenarios/shop/...", may(words),
			"the shop is a target like any other: what fsctl says of it must not come from code that it shares with fsctl"},
		{"fsctl/scenarios", may("fsctl/scenarios/amount fsctl/scenarios/kinds fsctl/scenarios/request fsctl/scenarios/script fsctl/scenarios/arrivals fsctl/scenarios/condition fsctl/scenarios/decimal fsctl/scenarios/folder fsctl/scenarios/inputfile fsctl/scenarios/table fsctl/scenarios/quantity fsctl/scenarios/random fsctl/scenarios/strict fsctl/scenarios/expression fsctl/scenarios/template fsctl/scenarios/threshold"),
			"the vocabulary does not know the parts that speak it"},
		{"fsctl/scenarios/...", may(words),
			"the vocabulary does not know the parts that speak it"},

		{"fsctl/plan/queueing", nil,
			"formulas take and return numbers, so that they can be held to the literature"},
		{"fsctl/plan/model", may(words + "fsctl/plan/queueing"),
			"services and demand as numbers are below all that is made of them"},
		{"fsctl/plan/...", may(words + "fsctl/plan/..."),
			"a plan is a pure function of the scenario; what a run measured reaches it as a calibration"},

		{"fsctl/loadgen/redact", nil,
			"what a secret is depends on no storm"},
		{"fsctl/loadgen/record/foreign", nil,
			"a file of another tool is known by its beginning alone"},
		{"fsctl/loadgen/record/histogram", nil,
			"a distribution of times is the same whatever was timed"},
		{"fsctl/loadgen/record/seal", nil,
			"whether files are as they were written depends on nothing that is in them"},
		{"fsctl/loadgen/record/orders", nil,
			"orders are kept in memory, whoever reads them"},
		{"fsctl/loadgen/record/lines", may("fsctl/loadgen/record/atomicfile fsctl/loadgen/record/seal"),
			"files grow and are read the same whatever their lines say"},
		{"fsctl/loadgen/record", may("fsctl/loadgen/record/lines fsctl/loadgen/record/orders fsctl/loadgen/record/seal fsctl/loadgen/record/atomicfile fsctl/loadgen/record/foreign fsctl/loadgen/record/histogram fsctl/loadgen/redact fsctl/scenarios/quantity"),
			"a run must be readable in years, by a program that cannot send one"},
		{"fsctl/loadgen/ledger", may("fsctl/loadgen/record fsctl/scenarios/plaintext fsctl/scenarios/quantity"),
			"a ledger is read from any stream, without a network"},
		{"fsctl/loadgen/cookies", nil,
			"which cookies a user has depends on no engine and no journey"},
		{"fsctl/loadgen/transport", may("fsctl/loadgen/budget fsctl/loadgen/cookies"),
			"an engine carries a request and knows nothing of the users it is from"},
		{"fsctl/loadgen/wire", may("fsctl/loadgen/budget fsctl/loadgen/cookies fsctl/loadgen/transport"),
			"wire knows HTTP/1.1 and nothing of the users that requests are from"},
		{"fsctl/loadgen/targetlist", may("fsctl/loadgen/redact fsctl/loadgen/transport fsctl/scenarios fsctl/scenarios/request fsctl/scenarios/inputfile fsctl/scenarios/plaintext"),
			"a target list is read and checked the same whoever sends it"},
		{"fsctl/loadgen/host", may("fsctl/loadgen/budget fsctl/loadgen/record fsctl/loadgen/transport fsctl/scenarios/quantity"),
			"what a machine can do does not depend on the storm it sends"},
		{"fsctl/loadgen/compose", may(words + "fsctl/loadgen/redact fsctl/loadgen/transport"),
			"a request is written for a user, whatever the user does before and after"},
		{"fsctl/loadgen/journey", may(words + "fsctl/loadgen/compose fsctl/loadgen/cookies fsctl/loadgen/record fsctl/loadgen/redact fsctl/loadgen/transport"),
			"a journey's steps are compiled once and know nothing of when they are sent"},
		{"fsctl/loadgen/pace", nil,
			"when to wake is decided by instants alone, whatever is due then"},
		{"fsctl/loadgen/pulse", may("fsctl/loadgen/record"),
			"whether the generator ran is known by the clock alone"},
		{"fsctl/loadgen/tally", may("fsctl/loadgen/journey fsctl/loadgen/pulse fsctl/loadgen/record fsctl/loadgen/transport fsctl/scenarios fsctl/scenarios/arrivals"),
			"what happened to a request is counted the same whoever sent it"},
		{"fsctl/loadgen/wheel", may("fsctl/loadgen/journey"),
			"users wait by their due instants, whatever they do then"},
		{"fsctl/loadgen/links", may("fsctl/loadgen/journey fsctl/loadgen/transport fsctl/loadgen/wheel"),
			"a user's connection is its own, whatever it sends and when"},
		{"fsctl/loadgen/loadtest", may(words + "fsctl/loadgen/record fsctl/scenarios/shop"),
			"tests of several packages share it; they practise on the shop"},
		{"fsctl/loadgen/preflight", may("fsctl/loadgen/record/atomicfile fsctl/loadgen/transport fsctl/scenarios/quantity"),
			"a look before the storm knows where requests go and what is written, and nothing of the storm"},
		{"fsctl/loadgen/fleet/roster", may(words + "fsctl/loadgen/record"),
			"who sends what is decided without a network and without a clock, so that every case can be tested"},
		{"fsctl/loadgen/fleet/bus", may("fsctl/loadgen/record/atomicfile fsctl/scenarios/inputfile"),
			"the bus carries messages, whatever is in them"},
		{"fsctl/loadgen/fleet/clock", may("fsctl/loadgen/fleet/bus"),
			"clocks are compared the same for every storm"},
		{"fsctl/loadgen/fleet/local", may("fsctl/loadgen/record"),
			"processes of this machine are started the same for every storm"},
		{"fsctl/loadgen/fleet/stream", may("fsctl/loadgen/record/atomicfile fsctl/loadgen/record fsctl/loadgen/fleet/bus fsctl/scenarios/quantity"),
			"measurements travel the same for every storm"},
		{"fsctl/loadgen/fleet/...", may(words + "fsctl/loadgen/record/atomicfile fsctl/loadgen/..."),
			"many machines send the storm of one"},
		{"fsctl/loadgen/...", may(words + "fsctl/loadgen/record/atomicfile fsctl/loadgen fsctl/loadgen/budget fsctl/loadgen/compose fsctl/loadgen/record fsctl/loadgen/transport fsctl/loadgen/wire " +
			"fsctl/loadgen/host fsctl/loadgen/journey fsctl/loadgen/ledger fsctl/loadgen/links fsctl/loadgen/pace fsctl/loadgen/preflight fsctl/loadgen/pulse fsctl/loadgen/queue fsctl/loadgen/redact fsctl/loadgen/search fsctl/loadgen/tally fsctl/loadgen/targetlist fsctl/loadgen/wheel"),
			"one machine sends a storm without knowing of others"},

		{"fsctl/report/exitcode", nil,
			"the exit codes are a list"},
		{"fsctl/report/render/loads", may("fsctl/plan fsctl/scenarios/quantity"),
			"words and rows of a plan's loads, for every output"},
		{"fsctl/report/render/chart", may("fsctl/plan fsctl/plan/... fsctl/report/render/loads fsctl/scenarios/plaintext fsctl/scenarios/quantity"),
			"figures are drawn of a plan, whatever page they stand on"},
		{"fsctl/report/render", may(words + "fsctl/loadgen/try fsctl/report/render/chart fsctl/report/render/loads fsctl/plan/... fsctl/report fsctl/report/compare fsctl/report/dryrun fsctl/report/health fsctl/report/notstarted fsctl/report/users"),
			"what is shown was decided before: render reads results and no records"},
		{"fsctl/report/history", may("fsctl/loadgen/record"),
			"what happened in a run is the same whatever is judged by it"},
		{"fsctl/report/health", may("fsctl/loadgen/record fsctl/report/history fsctl/report/metric fsctl/scenarios fsctl/scenarios/amount fsctl/scenarios/quantity"),
			"the generator is judged without the target's verdict"},
		{"fsctl/report/sale", may("fsctl/loadgen/record fsctl/loadgen/record/orders fsctl/scenarios fsctl/scenarios/quantity"),
			"a sale is judged by its two accounts alone"},
		{"fsctl/report/...", may(words + "fsctl/loadgen/record/atomicfile fsctl/loadgen/record fsctl/plan fsctl/plan/model fsctl/plan/queueing " +
			"fsctl/report fsctl/report/exitcode fsctl/report/health fsctl/report/history fsctl/report/metric fsctl/report/sale fsctl/report/users"),
			"report reads records and nothing else, so that a run can be judged again in years"},
	}
}

// expected are rooms of the house that may not be there yet.
func expected() []string { return []string{"fsctl/scenarios/..."} }

// bans says for a package or library who alone may import it (a pattern, or several), and why.
func bans() map[string]ban {
	only := strings.Fields
	return map[string]ban{
		"fsctl/cmd":   {only("fsctl"), "a library must be usable without a command line"},
		"fsctl/bench": {nil, "a benchmark is a program of its own"},
		"fsctl/scenarios/shop": {only("fsctl/cmd fsctl/loadgen/loadtest"),
			"the shop is a target like any other: nothing that plans, sends or judges may know what it does"},
		"fsctl/loadgen/loadtest":       {nil, "it is for tests"},
		"fsctl/scenarios/scenariotest": {nil, "it is for tests"},
		"fsctl/report/reporttest":      {nil, "it is for tests"},
		"github.com/spf13/cobra":       {only("fsctl/cmd"), "a library must be usable without a command line"},
		"github.com/spf13/pflag":       {only("fsctl/cmd"), "a library must be usable without a command line"},
		"github.com/spf13/viper":       {only("fsctl/cmd"), "libraries get their settings as values; a scenario file never goes through viper"},
		"golang.org/x/term":            {only("fsctl/cmd"), "a library does not know whether a person is watching"},
		"os/signal":                    {only("fsctl/cmd fsctl/bench"), "Ctrl-C reaches a library as the end of its context"},
		"os/exec":                      {only("fsctl/cmd fsctl/bench fsctl/loadgen/fleet/..."), "only --agents starts processes"},
		"gonum.org/v1/plot":            {only("fsctl/report/render/chart"), "figures are drawn in one place"},
		"gonum.org/v1/gonum":           {only("fsctl/plan/... fsctl/report fsctl/report/health fsctl/scenarios/arrivals fsctl/scenarios/random"), "whoever sends requests needs no statistics"},
		"github.com/invopop":           {only("fsctl/scenarios/schema"), "the schema is written in one place"},
		"github.com/theory":            {only("fsctl/scenarios fsctl/loadgen fsctl/loadgen/journey"), "JSON paths are of scenarios and of the answers that journeys read"},
		"github.com/nats-io/nkeys":     {only("fsctl/loadgen/fleet/bus"), "keys are made and checked in one place"},
		"github.com/nats-io/nats-server/v2": {only("fsctl/loadgen/fleet/bus"),
			"the server is a large part of the program: one package starts it"},
		"github.com/nats-io/nats.go":          {only("fsctl/cmd fsctl/loadgen/fleet/..."), "one machine sends a storm without a bus"},
		"github.com/olekukonko/tablewriter":   {only("fsctl/report/render"), "text is laid out in one place"},
		"github.com/prometheus/client_golang": {only("fsctl/scenarios/shop"), "fsctl has no metrics to scrape; its shop has"},
		"github.com/HdrHistogram":             {only("fsctl/loadgen/record/histogram"), "percentiles are by one rule, that of histogram.Packed"},
		"github.com/tsenart/vegeta/v12":       {only("fsctl/loadgen fsctl/loadgen/record fsctl/loadgen/targetlist fsctl/loadgen/transport fsctl/loadgen/fleet/..."), "vegeta is an engine and a format of results"},
		"github.com/go-json-experiment/json":  {only("fsctl/loadgen fsctl/loadgen/journey"), "it is for reading answers without allocating"},
		"log/slog":                            {nil, "a library returns errors and does not log"},
	}
}

// impure are what a part that is a pure function may not use: the clock is left out, whose types it needs.
func impure() map[string]string {
	return map[string]string{
		"net": "a pure function has no network", "net/http": "a pure function has no network", "os/exec": "a pure function starts no processes",
		"github.com/nats-io/nats.go": "a pure function has no network",
	}
}

// pure are the parts that are pure functions of their input.
func pure() []string {
	return []string{"fsctl/plan/...", "fsctl/scenarios", "fsctl/scenarios/amount", "fsctl/scenarios/request", "fsctl/scenarios/script", "fsctl/scenarios/arrivals", "fsctl/scenarios/quantity", "fsctl/scenarios/random", "fsctl/scenarios/strict", "fsctl/loadgen/fleet/roster", "fsctl/report/..."}
}

type ban struct {
	only []string
	why  string
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

// within reports whether a package matches a pattern.
func within(name, pattern string) bool {
	above, all := strings.CutSuffix(pattern, "/...")
	return name == above || all && strings.HasPrefix(name, above+"/")
}

func withinAny(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return within(name, p) })
}

func packages(t *testing.T) (list []goPackage) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "fsctl/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// TestImports holds every package to what it may import, and says why it may not import the rest.
func TestImports(t *testing.T) {
	t.Parallel()
	rooms, entered := house(), map[string]bool{}
	for _, p := range packages(t) {
		i := slices.IndexFunc(rooms, func(r room) bool { return within(p.ImportPath, r.packages) })
		if i < 0 {
			t.Errorf("%s belongs to no room of the house: add it here and to docs/architecture.md", p.ImportPath)
			continue
		}
		entered[rooms[i].packages] = true
		for _, imported := range p.Imports {
			for _, why := range against(p.ImportPath, imported, rooms[i]) {
				t.Errorf("%s imports %s: %s", p.ImportPath, imported, why)
			}
		}
	}
	for _, r := range rooms {
		if !entered[r.packages] && !slices.Contains(expected(), r.packages) {
			t.Errorf("no package is in the room %s: take it out of the house", r.packages)
		}
	}
}

// against returns what speaks against an import of a package in a room.
func against(importer, imported string, r room) (reasons []string) {
	for _, name := range slices.Sorted(maps.Keys(bans())) {
		if b := bans()[name]; within(imported, name+"/...") && !withinAny(importer, b.only) && importer != imported {
			reasons = append(reasons, b.why)
		}
	}
	if why, is := impure()[imported]; is && withinAny(importer, pure()) {
		reasons = append(reasons, why)
	}
	if within(imported, "fsctl/...") && !withinAny(imported, r.may) && len(reasons) == 0 {
		reasons = append(reasons, r.why)
	}
	return reasons
}

// TestImportRules gives the rules imports that they must refuse, with the reason that is given, and some that they must let
// pass.
func TestImportRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ importer, imported, why string }{
		{"fsctl/plan", "fsctl/loadgen/record", "pure function of the scenario"},
		{"fsctl/plan/queueing", "fsctl/scenarios", "held to the literature"},
		{"fsctl/plan/explain", "net/http", "no network"},
		{"fsctl/loadgen", "fsctl/plan", "without knowing of others"},
		{"fsctl/loadgen/search", "fsctl/loadgen/fleet", "without knowing of others"},
		{"fsctl/loadgen/record", "fsctl/loadgen", "by a program that cannot send one"},
		{"fsctl/loadgen/fleet/roster", "github.com/nats-io/nats.go", "no network"},
		{"fsctl/loadgen/fleet/roster", "net", "no network"},
		{"fsctl/loadgen", "github.com/nats-io/nats.go", "without a bus"},
		{"fsctl/report", "fsctl/loadgen", "reads records and nothing else"},
		{"fsctl/report", "fsctl/report/render", "reads records and nothing else"},
		{"fsctl/report", "fsctl/scenarios/shop", "a target like any other"},
		{"fsctl/report", "github.com/olekukonko/tablewriter/tw", "laid out in one place"},
		{"fsctl/scenarios", "github.com/spf13/viper", "never goes through viper"},
		{"fsctl/scenarios", "fsctl/plan", "does not know the parts that speak it"},
		{"fsctl/loadgen/fleet", "fsctl/cmd", "without a command line"},
		{"fsctl/cmd", "fsctl/bench", "a program of its own"},
		{"fsctl/cmd", "fsctl/scenarios/shop", ""},
		{"fsctl/plan/architectures", "fsctl/plan/model", ""},
		{"fsctl/loadgen/fleet", "fsctl/loadgen/fleet/roster", ""},
	} {
		rooms := house()
		r := rooms[slices.IndexFunc(rooms, func(r room) bool { return within(c.importer, r.packages) })]
		got := strings.Join(against(c.importer, c.imported, r), "; ")
		if (got == "") != (c.why == "") || !strings.Contains(got, c.why) {
			t.Errorf("%s imports %s: found %q, wanted %q", c.importer, c.imported, got, c.why)
		}
	}
}
