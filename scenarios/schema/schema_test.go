package schema

import (
	"bytes"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"fsctl/scenarios"
	"fsctl/scenarios/strict"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write testdata/schema.json anew")

// compiledSchema is what an editor does with the text that fsctl scenarios schema prints.
func compiledSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	text, err := Text()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const exampleFile = "../testdata/live-drop.yaml"

// exampleWith returns the example with one piece of it replaced.
func exampleWith(t testing.TB, old, replacement string) string {
	t.Helper()
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("the example has no %q", old)
	}
	return strings.Replace(string(text), old, replacement, 1)
}

// jsonValues reads YAML as an editor does: dates are text, mappings have text for keys.
func jsonValues(t testing.TB, text string) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestSchemaIsTheOneKept(t *testing.T) {
	const kept = "testdata/schema.json"
	got, err := Text()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(kept, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the schema is not the one in %s; where that is meant: go test ./scenarios/schema -run Schema -update", kept)
	}
}

func TestSchemaAcceptsWhatParseAccepts(t *testing.T) {
	schema := compiledSchema(t)
	texts := map[string]string{exampleFile: exampleWith(t, "", ""), "starter": string(scenarios.Starter("spring-sale"))}
	for _, name := range scenarios.Builtin() {
		_, text, err := scenarios.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	for _, c := range [][2]string{
		{"users: 10M ", "users: 1M..2M "}, {"users: 10M ", "users: [1M, 2000000] "}, {"share: 70%", "share: 0.7"}, {"zones: 3", "zones: 3k"},
		{"t0: 30s", "t0: \"2026-11-11T20:00:00+08:00\""}, {"for: 10s", "for: 1m30s"}, {"for: 10s", "for: 26 min 23 s"}, {"share: 70%", "share: 70 %"}, {"users: 10M ", "users: 10,000,000\n "}, {"every: 5ms", "every: 0"},
		{"{exponential: 2s}", "2s"}, {"{exponential: 2s}", "{constant: 2s}"}, {"{exponential: 2s}", "{normal: {mean: 2s, deviation: 1s}}"},
		{"do: [order]", "do: [{repeat: {times: 2, do: [order, {think: 5ms}]}}]"}, {`["rate<0.1%"]`, `"rate<0.1%"`},
		{"[no-oversell,", "[{name: no-oversell, optional: true},"}, {"{sku: \"${sku}\", quantity: 1}", "[1, {a: ~}]"},
	} {
		texts[c[1]] = exampleWith(t, c[0], c[1])
	}
	for name, text := range texts {
		if _, err := scenarios.Parse("f.yaml", []byte(text)); err != nil {
			t.Errorf("%s: Parse found %v", name, err)
		}
		if err := schema.Validate(jsonValues(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSchemaRefusesWhatParseRefuses(t *testing.T) {
	schema := compiledSchema(t)
	for _, c := range [][2]string{
		{"description: One", "descriptoin: One"}, {"  users: 10M ", "  usrs: 10M "}, {"demand: 0.4ms", "demand: 0.4"}, {"share: 70%", "share: 70"},
		{"rate: 200/s", "rate: 200"}, {"to: T0+30s", "to: 30s"}, {"kind: cache", "kind: cash"}, {"apiVersion: fsctl/v1", "apiVersion: v1"},
		{"name: live-drop", "name:"}, {"cores: 4", "cores: -4"}, {"zones: 3", "zones: 1.5"}, {"capacity: 100k/s", "capacity: 100K/s"},
		{"visitor: [browse,", "visitor: [{brows: 1},"}, {"visitor: [browse,", "visitor: [{think: 1s, repeat: {do: [item]}},"},
		{"visitor: [browse,", "visitor: [{think: {exponental: 1s}},"}, {"times: 20, every: 5ms, do: [order]", "times: 20"},
		{"times: 20, every", "tmes: 20, every"}, {"do: [order]", "do: []"}, {"do: [order]", "do: [{repeat: {times: x, do: [order]}}]"},
		{"uniform: [0ms, 20ms]", "uniform: [0ms]"}, {"{lognormal: {median: 400ms, sigma: 0.6}}", "{lognormal: {median: 400ms}}"},
		{"[no-oversell,", "[no-oversel,"}, {`"achieved_rate"`, `"achieved_rte"`}, {"threshold: \"value", "treshold: \"value"}, {"  browse:\n", "  Browse:\n"},
		{"phases:\n", "phases: []\n  phase:\n"}, {"name: idc, ", ""},
		{"demand: 0.4ms", "demand: 0.4ms\n    writes: 10%"}, {"hot_row: 8k/s", "drain: 3s"}, {"hot_row: 8k/s", "connections: 10"}, {"hit: 80% ", "#"},
		{"demand: 0.4ms ", "#"}, {"capacity: 8k/s ", "#"}, {"lead: 20m", "lead: 20m, target: 60%"}, {"min: 10,", "lead: 5m,"}, {"lead: 20m", "min: 3"},
		{"cores: 20k}", "cores: 20k, billing: burst}"}, {"at: T0, users: 500", "at: T0, users: 500, rate: 5/s"}, {"hot_row: 8k/s", "hit: 10%"},
	} {
		text := exampleWith(t, c[0], c[1])
		if _, err := scenarios.Parse("f.yaml", []byte(text)); err == nil {
			t.Errorf("%s: Parse found nothing", c[1])
		}
		if err := schema.Validate(jsonValues(t, text)); err == nil {
			t.Errorf("%s: the schema accepts it", c[1])
		}
	}
}

func TestSchemaDescribesTheSections(t *testing.T) {
	schema := compiledSchema(t)
	for name, property := range schema.Properties {
		if property.Description == "" {
			t.Errorf("%s has no description for editors to show", name)
		}
	}
	if len(schema.Properties) != len(strict.FieldsOf(reflect.TypeFor[scenarios.Scenario]())) {
		t.Errorf("the schema has %d sections", len(schema.Properties))
	}
}
