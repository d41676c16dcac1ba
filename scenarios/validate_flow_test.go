package scenarios

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// flow is a scenario in which journey j does what the text says.
func flow(do, phases string) string {
	return fmt.Sprintf(`apiVersion: fsctl/v1
kind: Scenario
name: x
steps:
  a: {request: {url: /a}, extract: {state: "json:$.state"}}
  b: {request: {url: "/b/${state}"}}
storm: {t0: 60s, phases: [%s]}
journeys:
  k: [a]
  j: %s
`, phases, do)
}

const crowd = "{journey: j, at: T0, users: 10}"

// TestFlowProblems holds every rule of a journey's parts: the first problem of each begins so; empty for none.
func TestFlowProblems(t *testing.T) {
	for _, c := range []struct{ do, wanted string }{
		{"[a, {choose: [{weight: 70, do: [b]}, {weight: 0, do: [a]}]}]", ""},
		{"[{choose: [{weight: 0, do: [a]}]}]", "journeys.j[0].choose: found no weight above 0"},
		{"[{choose: []}]", "journeys.j[0].choose: found no weight above 0"},
		{"[{choose: }]", "journeys.j[0].choose: found nothing"},
		{"[{choose: [{weight: 1, do: []}]}]", "journeys.j[0].choose[0].do: found no action"},
		{"[{choose: [{weight: -1, do: [a]}]}]", `journeys.j[0].choose[0].weight: found "-1"`},
		{"[{choose: [{weight: 1e300, do: [a]}]}]", "journeys.j[0].choose: found weights that add up to"},
		{"[{choose: [{weight: 1e308, do: [a]}, {weight: 1e308, do: [a]}]}]", "journeys.j[0].choose: found weights that add up to over 1e12"},
		{"[a, {if: state == x, do: []}]", "journeys.j[1].do: found no action"},
		{"[a, {if: state == x, do: [b], else: [nope]}]", `journeys.j[1].else[0]: no step "nope"`},
		{"[a, {if: stat == x, do: [b]}]", `journeys.j[1].if: no variable "stat"`},
		{"[{if: state == x, do: [a]}]", "journeys.j[0].if: if tests ${state}, which no earlier step of this journey sets"},
		{"[a, {if: state == x, do: [b], expect: 120%}]", `journeys.j[1].expect: found "120%"`},
		{"[{group: g, do: []}]", "journeys.j[0].do: found no action"},
		{"[{group: g, do: [{think: 1s}]}]", "journeys.j[0].do: found no step"},
		{"[{group: A.B, do: [a]}]", `journeys.j[0].group: found the name "A.B"`},
		{"[{group: g, do: [{group: g, do: [a]}]}]", "journeys.j[0].do[0].group: found group g in a group of the same name"},
		{"[{group: g, do: [a]}, {group: g, do: [a]}]", ""},
		{"[{retry: {times: 0, do: [a]}}]", "journeys.j[0].retry.times: found 0, wanted 1 to 100"},
		{"[{retry: {times: 101, do: [a]}}]", "journeys.j[0].retry.times: found 101, wanted 1 to 100"},
		{"[{retry: {times: -1, do: [a]}}]", `journeys.j[0].retry.times: found "-1"`},
		{"[{retry: {times: 2, backoff: -1s, do: [a]}}]", `journeys.j[0].retry.backoff: found "-1s"`},
		{"[{retry: {times: 2, jitter: 150%, do: [a]}}]", `journeys.j[0].retry.jitter: found "150%"`},
		{"[{retry: {times: 2, do: []}}]", "journeys.j[0].retry.do: found no action"},
		{"[{retry: {times: 2, do: [{think: 1s}]}}]", "journeys.j[0].retry.do: found no step"},
		{"[a, {retry: {times: 2, backoff: 0s, do: [{if: state == x, do: [a]}]}}]", "journeys.j[1].retry: found tries that may be without a request"},
		{"[{retry: {times: 2, when: state == x, do: [a]}}]", ""},
		{"[{retry: {times: 2, when: state == x, do: [a, leave, b]}}]", "journeys.j[0].retry.do[2]: found an action after leave"},
		{"[leave, a]", "journeys.j[1]: found an action after leave"},
		{"[{leave: true}]", "journeys.j[0].leave: found a value, wanted the word alone"},
		{"[{pacing: -1s}]", `journeys.j[0].pacing: found "-1s"`},
		{"[{repeat: {times: 2, expect: 0.5, do: [a]}}]", "journeys.j[0].repeat.expect: found 0.5, wanted 1 or more"},
		{"[a, {repeat: {times: 1M, do: [{if: state == x, do: [b]}]}}]", "journeys.j[1].repeat: found rounds without a request"},
		{"[a, {repeat: {times: 1M, do: [{if: state == x, do: [b], else: [{think: 1s}]}]}}]", ""},
		{"[{repeat: {times: 1M, do: [{choose: [{weight: 0, do: [a]}, {weight: 1, do: [{think: 0s}]}]}]}}]", "journeys.j[0].repeat: found rounds without a request"},
		{"[{repeat: {times: 1M, do: [{choose: [{weight: 0, do: [{think: 0s}]}, {weight: 1, do: [a]}]}]}}]", ""},
		{"[{repeat: {times: 1M, do: [{group: g, do: [{choose: [{weight: 1, do: [a]}, {weight: 1, do: [{pacing: 0s}]}]}]}]}}]", "journeys.j[0].repeat: found rounds without a request"},
		{"[{repeat: {times: 1M, do: [{pacing: 1s}]}}]", ""},
		{"[{choose: [{weight: 1, do: [a]}, {weight: 1, do: [{think: 1s}]}]}, b]", ""},
		{"[{choose: [{weight: 1, do: [a]}, {weight: 1, do: [b]}]}]", "journeys.j[0].choose[1].do[0]: step b uses ${state}"},
		{"[a, {if: state == x, do: [b], else: [{retry: {times: 1, do: [b]}}]}]", ""},
		{nested(8), ""},
		{nested(9), "journeys.j[0].do[0].do[0].do[0].do[0].do[0].do[0].do[0].do[0].do: found actions nested over 8 deep"},
	} {
		checkFirst(t, flow(c.do, crowd), c.wanted)
	}
}

// nested returns groups within each other, so many deep.
func nested(depth int) string {
	do := "[a]"
	for i := range depth {
		do = fmt.Sprintf("[{group: g%d, do: %s}]", i, do)
	}
	return do
}

// checkFirst holds the first problem of a text.
func checkFirst(t *testing.T, text, wanted string) {
	t.Helper()
	found := problemsOf(t, text)
	if wanted == "" && len(found) == 0 {
		return
	}
	for _, f := range found {
		if _, problem, _ := strings.Cut(f, ": "); wanted != "" && strings.HasPrefix(problem, wanted) {
			return
		}
	}
	t.Errorf("%s\nfound  %q\nwanted %q", text, found, wanted)
}

// TestBeforeProblems holds the rules of phases with several journeys, or with something before.
func TestBeforeProblems(t *testing.T) {
	for _, c := range []struct{ do, phases, wanted string }{
		{"[b]", "{journey: j, at: T0, users: 9, before: {journey: k, from: T0-20s, to: T0}}", ""},
		{"[b]", crowd, "journeys.j[0]: step b uses ${state}"},
		{"[b]", "{journey: j, at: T0, users: 9, before: {journey: k, from: T0-20s, to: T0}}, " + crowd, "journeys.j[0]: step b uses ${state}"},
		{"[a]", "{journey: j, at: T0, users: 9, before: {journey: n, from: T0-20s, to: T0}}", `storm.phases[0].before.journey: no journey "n"`},
		{"[a]", "{journey: j, at: T0, users: 9, before: {journey: j, from: T0-20s, to: T0}}", "storm.phases[0].before.journey: found j, which is the phase's own journey"},
		{"[a]", "{journey: j, at: T0, users: 9, before: {journey: k, from: T0-20s, to: T0-20s}}", "storm.phases[0].before: found from T0-20s and to T0-20s"},
		{"[a]", "{journey: j, at: T0, users: 9, before: {journey: k, from: T0-20s, to: T0+1s}}", "storm.phases[0].before.to: found T0+1s, wanted T0 or earlier"},
		{"[a]", "{journey: j, at: T0, users: 9, reaction: 2s, before: {journey: k, from: T0-20s, to: T0+1s}}", ""},
		{"[a]", "{journey: j, from: T0-5s, to: T0, rate: 9/s, before: {journey: k, from: T0-20s, to: T0-4s}}", "storm.phases[0].before.to: found T0-4s, wanted T0-5s or earlier"},
		{"[a]", "{journey: j, at: T0, users: 9, before: {journey: k, from: T0-2m, to: T0}}", "storm.phases[0]: begins 2 min before T0"},
		{"[a]", "{journey: j, at: T0, users: 9, before: {journey: k, to: T0}}", "storm.phases[0].before.from: missing"},
		{"[a]", "{journey: j, at: T0, users: 9, spacing: even, before: {journey: k, from: T0-2s, to: T0}}", "storm.phases[0].spacing: found even beside before"},
		{"[a]", "{journey: {j: 80%, k: 20%}, at: T0, users: 9}", ""},
		{"[a]", "{journey: {j: 0%, k: 20%}, at: T0, users: 9}", "storm.phases[0].journey.j: found a weight of 0"},
		{"[a]", "{journey: {j: 1e300, k: 20%}, at: T0, users: 9}", "storm.phases[0].journey: found weights that add up to"},
		{"[a]", "{journey: {j: 1, n: 2}, at: T0, users: 9}", `storm.phases[0].journey: no journey "n"`},
	} {
		checkFirst(t, flow(c.do, c.phases), c.wanted)
	}
	checkFirst(t, strings.Replace(flow("[a]", crowd), "  b: {", "  leave: {request: {url: /l}}\n  b: {", 1), "steps.leave: found a step called leave")
}

// TestRetryDefaults holds what a retry is that says no more than how often.
func TestRetryDefaults(t *testing.T) {
	sc, err := Parse("x.yaml", []byte(flow("[{group: g, do: [{choose: [{weight: 1, do: [{retry: {times: 2, do: [a]}}, {retry: {times: 2, backoff: 0s, jitter: 0%, do: [a]}}]}]}]}]", crowd)))
	if err != nil {
		t.Fatal(err)
	}
	do := sc.Journey("j").Do[0].Group.Do[0].Choose[0].Do
	if r := do[0].Retry; r.Backoff != 100*time.Millisecond || r.Jitter != 0.5 {
		t.Errorf("found a backoff of %v and a jitter of %v, wanted 100 ms and 50 %%", r.Backoff, r.Jitter)
	}
	if r := do[1].Retry; r.Backoff != 0 || r.Jitter != 0 {
		t.Errorf("found a backoff of %v and a jitter of %v, wanted those of the file", r.Backoff, r.Jitter)
	}
}

// TestManualsJourneys parses the journeys and phases that docs/scenario.md shows, as they stand there.
func TestManualsJourneys(t *testing.T) {
	text, err := os.ReadFile("../docs/scenario.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string][]string{}
	for _, block := range strings.Split(string(text), "\n```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		key, _, _ := strings.Cut(block, ":")
		blocks[key] = append(blocks[key], block)
	}
	if len(blocks["journeys"]) != 1 || len(blocks["storm"]) != 1 {
		t.Fatalf("found %d blocks of journeys and %d of storms, wanted 1 each", len(blocks["journeys"]), len(blocks["storm"]))
	}
	whole := "apiVersion: fsctl/v1\nkind: Scenario\nname: x\nsteps:\n"
	for _, step := range []string{"list", "item", "search", "order", "status", "login"} {
		whole += "  " + step + ": {request: {url: /}}\n"
	}
	whole += "  cart: {request: {url: /}, extract: {state: \"json:$.state\"}}\n"
	checkFirst(t, whole+blocks["storm"][0]+blocks["journeys"][0]+"  signin: [login]\n  searcher: [search]\n", "")
}
