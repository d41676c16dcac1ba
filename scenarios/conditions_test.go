package scenarios

import (
	"strings"
	"testing"
)

// small is a scenario in which tests of conditions, counters and thresholds stand.
const small = `apiVersion: fsctl/v1
kind: Scenario
name: small
storm: {t0: 1s, phases: [{journey: j, from: T0, to: T0+1s, rate: 5/s}]}
journeys: {j: [a, {group: g, do: [b]}, {repeat: {times: 2, until: UNTIL, do: [b]}}]}
steps:
  a: {request: {url: /a}, extract: {stock: "json:$.stock", state: "json:$.state"}, patience: 3s, outcome: {sold_out: "status == 409"}, count: {risk: COUNT}}
  b: {request: {url: /b}, check: [CHECK]}
thresholds: THRESHOLDS
`

func smallWith(pairs ...string) string {
	defaults := []string{"UNTIL", "state == done", "COUNT", `"json:$.risk"`, "CHECK", "status == 200", "THRESHOLDS", "{}"}
	return strings.NewReplacer(append(pairs, defaults...)...).Replace(small)
}

func TestConditionsAreChecked(t *testing.T) {
	quoted := func(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"` }
	for _, text := range []string{
		"status in 200,202", "status in [200, 202]", "status in 200..299", "stock > 0 and not (state == 'open')", "not json:$.errors", "header.Retry-After == nil or header['X'] != ''",
		"duration < 2s and size > 10", "body contains 'a' and body contains 'b'", "body contains sold and gone", "state == nil", "env.REGION == 'eu'", "state == open", "body contains state",
		"stock == 1 + 1", "state != null",
	} {
		if found := problemsOf(t, smallWith("CHECK", quoted(text))); found != nil {
			t.Errorf("%s: %q", text, found)
		}
	}
	for text, want := range map[string]string{
		"stok > 0":                          `no variable "stok", wanted`,
		"stok > 0 and status == 200":        "did you mean stock?",
		"sold_out":                          "wanted",
		"not sold_out":                      "wanted status, duration",
		"state == ''":                       "never holds",
		"state == open and not (stock > 0)": "wanted quotes around the text",
		"body contains ok and stock > 0":    "wanted quotes around the text",
		"state == stock":                    "whose stock is a variable too",
		"status in 99":                      "from 100 to 999",
		"status == 200 or 202":              "wanted",
		"status = 200":                      "found =, wanted ==",
		"json:$.[ == 1":                     "wanted",
		"state == ${stock}":                 "a variable is not filled in there",
		"duration > 5":                      "5s",
	} {
		if found := problemsOf(t, smallWith("CHECK", quoted(text))); len(found) == 0 || !strings.Contains(found[0], "steps.b.check[0]: ") || !strings.Contains(found[0], want) {
			t.Errorf("%s: %q, wanted %q", text, found, want)
		}
	}
	for _, text := range []string{"status != 429 and not sold_out", "error or stock == 0", "duration > 1s", "failed"} {
		if found := problemsOf(t, smallWith("UNTIL", quoted(text))); found != nil {
			t.Errorf("until %s: %q", text, found)
		}
	}
	for _, text := range []string{"body == 'a' or stock > 0", "json:$.a", "header.A == 'b'", "size > 3"} {
		if found := problemsOf(t, smallWith("UNTIL", quoted(text))); len(found) == 0 || !strings.Contains(found[0], "extract what you look for") {
			t.Errorf("until %s: %q", text, found)
		}
	}
}

func TestCountersAreChecked(t *testing.T) {
	for _, text := range []string{`"json:$.risk"`, `"header:X-Risk"`, `"regex:risk=(\\d+)"`, `"json:$.risk > 3"`, `"sold_out or status == 429"`, `"status 409"`} {
		if found := problemsOf(t, smallWith("COUNT", text)); found != nil {
			t.Errorf("%s: %q", text, found)
		}
	}
	for text, want := range map[string]string{
		`"cookie:a"`: "wanted json:PATH, header:NAME or regex:EXPR", `"regex:("`: "a regular expression", `"header:a b"`: "the name of a header", `error`: "wanted",
	} {
		if found := problemsOf(t, smallWith("COUNT", text)); len(found) == 0 || !strings.Contains(found[0], "steps.a.count.risk: ") || !strings.Contains(found[0], want) {
			t.Errorf("%s: %q, wanted %q", text, found, want)
		}
	}
	for name, want := range map[string]string{"vus": "a metric of k6", "checks": "that of a metric", "Risk": "lower-case", "a-b": "lower-case", "ws_x": "a metric of k6"} {
		if found := problemsOf(t, smallWith("risk: COUNT", name+": status == 409")); len(found) == 0 || !strings.Contains(found[0], want) {
			t.Errorf("%s: %q, wanted %q", name, found, want)
		}
	}
	for _, name := range []string{"status", "duration", "header", "and", "nil"} {
		if found := problemsOf(t, smallWith("stock: ", name+": ")); len(found) == 0 || !strings.Contains(found[0], "wanted") {
			t.Errorf("the variable %s: %q", name, found)
		}
	}
}

func TestThresholdsOfOwnCounters(t *testing.T) {
	for _, text := range []string{`{risk: ["count<100", "rate<1/s"]}`, `{"risk{step:a}": [{threshold: count<3, window: T0..T0+1s}]}`, `{abandoned: ["rate<1%"], "abandoned{step:a}": ["count<3"]}`,
		`{"group_duration{group:g}": ["p(95)<2s"], group_duration: ["max<3s"], "group_duration{group:::g}": ["avg<1s"]}`} {
		if found := problemsOf(t, smallWith("THRESHOLDS", text)); found != nil {
			t.Errorf("%s: %q", text, found)
		}
	}
	for text, want := range map[string]string{
		`{rsk: ["count<1"]}`:                                  "did you mean risk?",
		`{risk: ["p(95)<1s"]}`:                                "wanted count, rate",
		`{"risk{step:b}": ["count<1"]}`:                       "does not count it",
		`{"risk{outcome:ok}": ["count<1"]}`:                   "not known per outcome",
		`{"abandoned{step:b}": ["count<1"]}`:                  "no step of it has a patience",
		`{"abandoned{status:200}": ["count<1"]}`:              "not known per status",
		`{"group_duration{group:h}": ["max<1s"]}`:             `no group "h"`,
		`{"group_duration{group:}": ["max<1s"]}`:              "without a value",
		`{"group_duration{group:g,group:g}": ["max<1s"]}`:     "twice",
		`{"group_duration{group:g,step:a}": ["max<1s"]}`:      "by group alone",
		`{"response_time{group:g}": ["max<1s"]}`:              "k6's tag group",
		`{"group_duration": ["count<1"]}`:                     "wanted avg, min, max",
		`{"risk{step:c}": ["count<1"]}`:                       `no step "c"`,
		`{"risk{step:a": ["count<1"]}`:                        "closed by }",
		`{response_tme: ["p(99)<1s"]}`:                        "did you mean response_time?",
		`{response_time: ["p(99)<1s"], vus_max: ["value<1"]}`: "k6's metric",
	} {
		if found := problemsOf(t, smallWith("THRESHOLDS", text)); len(found) == 0 || !strings.Contains(strings.Join(found, "\n"), want) {
			t.Errorf("%s: %q, wanted %q", text, found, want)
		}
	}
}

// A text that is the rest of a broken expression is no value; one that could be meant stays one.
func TestBrokenExpressionsAreNoTexts(t *testing.T) {
	for _, text := range []string{
		"stock == 1 or or state", "stock == 1 and and", "state == open or", "state == open and not", "state == or open", "stock == 1 or 2", "stock != 1 and 2 and 3",
		"stock in 1,2 or 3", "state in a, or b", "stock or", "stock and", "state == open or stock contains", "state == open AND (stock", "state == open or stock exists", "state == open && stock",
		"state == == 1", "state == a == b", "stock == 1)", "stock == (1", "state == open)", "body contains a or or stock", "body == a and or b", "stock = 1", "stock == 1 ||",
	} {
		found := problemsOf(t, smallWith("CHECK", "'"+text+"'"))
		if len(found) == 0 || !strings.Contains(found[0], "steps.b.check[0]: ") || !strings.Contains(found[0], "wanted") {
			if text != "state == open && stock" { // an expression
				t.Errorf("%s: %q", text, found)
			}
		}
	}
	for _, text := range []string{
		"state == rock and roll", "state == or", "state in or,wa", "state == not found", "state == 1 or more", "state == why not", "state == :)", "state == f(x)", "state == 1 in 2", "body contains a or b",
		"body contains sold and", "body == a or", "state == sold out", "state == a=b", "state contains x=y", "state == YQ==", "state matches ^a=.$",
	} {
		if found := problemsOf(t, smallWith("CHECK", "'"+text+"'")); found != nil {
			t.Errorf("%s: %q", text, found)
		}
	}
}
