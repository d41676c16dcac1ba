package scenarios

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestSizes: what is too large is one problem, which says the number found and the limit.
func TestSizes(t *testing.T) {
	const head = "apiVersion: fsctl/v1\nkind: Scenario\nname: s\nworkload: {requests: 1000}\n"
	const steps = "steps: {a: {share: 100%, request: {url: /}}}\n"
	many := func(n int, line string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(line, "#", fmt.Sprint(i)))
		}
		return b.String()
	}
	for name, c := range map[string]struct{ text, want string }{
		"steps":      {"steps:\n" + many(1001, "  s#: {request: {url: /}}\n"), "steps: found 1,001 steps, wanted at most 1,000"},
		"long list":  {"steps:\n" + many(10_001, "  s#: {request: {url: /}}\n"), "steps: found 10,001 elements, wanted at most 10,000"},
		"services":   {steps + "services:\n" + many(301, "  - {name: s#, kind: service, demand: 1ms}\n"), "services: found 301 services, wanted at most 300"},
		"actions":    {steps + "journeys: {j: [" + many(200, "{repeat: {times: 2, do: ["+many(50, "a, ")+"a]}}, ") + "a]}\n", "journeys: found 10,401 actions, wanted at most 10,000"},
		"in others":  {steps + "journeys: {j: [" + many(70, "{choose: [{weight: 1, do: ["+many(50, "a, ")+"a]}, {weight: 1, do: [{group: g, do: [{if: status == 200, do: ["+many(50, "a, ")+"a], else: [{retry: {times: 1, do: ["+many(50, "a, ")+"a]}}]}]}]}]}, ") + "a]}\n", "journeys: found 10,991 actions, wanted at most 10,000"},
		"if":         {steps + "journeys: {j: [a, {if: \"status in [" + many(5_000, "1,") + "1]\", do: [a]}]}\n", "journeys.j[1].if: found 10,013 bytes, wanted at most 10,000"},
		"count":      {"steps: {a: {share: 100%, count: {n: \"regex:" + many(200, "(a{1000})") + "\"}}}\n", "steps.a.count.n: found regular expressions"},
		"two tests":  {"steps: {a: {share: 100%, request: {url: /}}}\njourneys: {j: [a, {repeat: {times: 2, until: \"not (" + many(60, "arrival matches '(a{1000})(b{1000})' or ") + "status == 200)\", do: [a]}}]}\n", "journeys.j[1].repeat.until: found regular expressions"},
		"form":       {"steps: {a: {share: 100%, request: {url: /, form: {f: [" + many(1_001, "x,") + "]}}}}\n", "steps.a.request.form: found 1,001 values, wanted at most 1,000"},
		"parts":      {"steps: {a: {share: 100%, request: {url: /, multipart: {" + many(1_001, "p#: x,") + "}}}}\n", "steps.a.request.multipart: found 1,001 parts, wanted at most 1,000"},
		"targets":    {steps + "targets: {" + many(101, "t#: 'http://a#.example',") + "}\n", "targets: found 101 targets, wanted at most 100"},
		"values":     {"x: [" + many(250_001, "1,") + "]\n", "found up to 250,0"},
		"expression": {"steps: {a: {share: 100%, check: [\"status in " + many(10_000, "1,") + "1\"]}}\n", "found 20,011 bytes, wanted at most 10,000"},
		"regex":      {"steps: {a: {share: 100%, extract: {v: \"regex:" + many(200, "(a{1000})") + "\"}}}\n", "wanted at most that: use smaller numbers"},
		"users":      {steps + "journeys: {j: [a]}\nstorm: {t0: 1s, phases: [" + many(2, "{journey: j, at: T0, users: 600M}, ") + "]}\n", "found phases that bring 1,200,000,000 users together"},
		"length":     {steps + "journeys: {j: [a]}\nstorm: {t0: 1s, phases: [{journey: j, from: T0, to: T0+8784h, rate: 1/s}]}\n", "found a storm of 8784 h"},
	} {
		_, err := Parse("s.yaml", []byte(head+c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %.300v, wanted one problem with %q", name, err, c.want)
		}
	}
	_, err := Parse("s.yaml", []byte(head+steps+many(50_000, "k#: 1\n")))
	if err == nil || strings.Count(err.Error(), "\n") != 100 || !strings.HasSuffix(err.Error(), "and 49,900 problems more") {
		t.Errorf("50,000 unknown keys: %.500v, wanted 100 problems and the number of the others", err)
	}
	if _, err := Load(os.DevNull); err == nil || !strings.Contains(err.Error(), "found a device, wanted a file") {
		t.Errorf("a device: %v", err)
	}
}
