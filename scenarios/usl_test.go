package scenarios

import (
	"strings"
	"testing"
)

const uslScenario = `apiVersion: fsctl/v1
kind: Scenario
name: grown
workload: {requests: 1M}
steps: {order: {share: 100%}}
services:
  - name: shop
    kind: service
    calls: {order: 1}
    demand: 5ms
    usl: {gamma: [700/s, 800/s, 900/s], alpha: 2%, beta: 0.0001, measured: 40}
`

func TestUSLIsRead(t *testing.T) {
	sc, err := Parse("grown.yaml", []byte(uslScenario))
	if err != nil {
		t.Fatal(err)
	}
	want := USL{Interval[Rate]{700, 800, 900}, Exactly[Ratio](0.02), Exactly(0.0001), 40}
	if got := sc.Services[0].USL; got == nil || *got != want {
		t.Errorf("%+v, wanted %+v", got, want)
	}
}

func TestUSLProblems(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"measured: 40", "measured: 0", "grown.yaml:11: services.shop.usl.measured: found 0, wanted"},
		{", measured: 40", "", "services.shop.usl.measured: missing"},
		{"[700/s, 800/s, 900/s]", "0/s", "services.shop.usl.gamma: found 0, wanted"},
		{"alpha: 2%", "alpha: 200%", `services.shop.usl.alpha: found "200%", wanted a share`},
		{"beta: 0.0001", "beta: -1", `services.shop.usl.beta: found "-1", wanted a number`},
		{"kind: service", "kind: queue", "services.shop.usl: found it at a queue, wanted it at a service only"},
	} {
		_, err := Parse("grown.yaml", []byte(strings.Replace(uslScenario, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, wanted %q", c.new, err, c.want)
		}
	}
}

func TestReadStrictlyNamesFileLineAndKind(t *testing.T) {
	type card struct {
		Name string          `yaml:"name" jsonschema:"required"`
		Size Interval[Count] `yaml:"size"`
	}
	for text, want := range map[string]string{
		"":                      "card.yaml:1: found an empty file, wanted a card",
		"- a":                   "card.yaml:1: found a list, wanted a card: a mapping",
		"size: 3":               "card.yaml:1: name: missing, wanted a value",
		"name: a\nsize: [3, 1]": "card.yaml:2: size: found 3, ",
		"name: a\nsiez: 3":      "card.yaml:2: siez: unknown key, wanted one of name, size (did you mean size?)",
		"name: b\nsize: 4":      "card.yaml:1: name: found b, wanted a",
	} {
		var c card
		fields, err := ReadStrictly("card.yaml", "card", []byte(text), &c)
		if err == nil {
			if c.Name == "b" {
				fields.Problem("name", "found %s, wanted a", c.Name)
			}
			fields.Problem("size", "of a field that could not be read nothing more is said")
			err = fields.Err()
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.HasPrefix(text, "name: a\nsize") && strings.Contains(err.Error(), "nothing more") {
			t.Errorf("%q: %v, wanted %q", text, err, want)
		}
	}
	var c card
	if fields, err := ReadStrictly("card.yaml", "card", []byte("name: a\nsize: 3"), &c); err != nil || fields.Err() != nil || c.Size.Mid != 3 {
		t.Errorf("%+v, %v", c, err)
	}
}
