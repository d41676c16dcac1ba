package scenarios

import (
	"strings"
	"testing"

	"fsctl/scenarios/strict"
)

func TestEnvironment(t *testing.T) {
	text, _ := edited(t, `headers: {Authorization: "Bearer ${user.token}", Idempotency-Key: "${user.id}-${sku}"}
      json: {sku: "${sku}", quantity: 1}`, `headers: {X-Key: "${env.KEY}"}
      json: {sku: "${sku}", key: "${env.OTHER}", "${env.KEY}": 1}`)
	text = strings.Replace(text, `{url: "/ledger"}`, `{url: "/ledger?k=${env.LEDGER_KEY}"}`, 1)
	s := mustParse(t, text)
	values := map[string]string{"KEY": "${sku}", "OTHER": "", "LEDGER_KEY": "l"}
	lookup := func(name string) (string, bool) { value, ok := values[name]; return value, ok }
	_, err := s.WithEnvironment(lookup)
	if err == nil || !strings.Contains(err.Error(), "steps.order.request.json: found ${env.OTHER}, which is empty in the environment") {
		t.Errorf("found %v, wanted the empty variable and its field", err)
	}
	delete(values, "LEDGER_KEY")
	if _, err = s.WithEnvironment(lookup); err == nil || !strings.Contains(err.(*strict.Error).Hint, "export OTHER=VALUE LEDGER_KEY=VALUE") {
		t.Errorf("found %v, wanted a hint that names both variables", err)
	}
	values["OTHER"] = "o"
	if _, err = s.WithEnvironment(lookup); err == nil || !strings.Contains(err.Error(), "ledger.url: found ${env.LEDGER_KEY}, which is not set in the environment") {
		t.Errorf("found %v, wanted the variable that is not set and its field", err)
	}
	values["LEDGER_KEY"] = "l"
	with, err := s.WithEnvironment(lookup)
	if err != nil || len(s.Environment()) != 0 || string(with.Document) != text || with.Step("order").Request.Headers["X-Key"] != "${env.KEY}" {
		t.Errorf("%v, %v: %s", err, s.Environment(), with.Document)
	}
	if got := with.Scaled(0.5).Environment(); len(got) != 3 || got["KEY"] != "${sku}" || got["LEDGER_KEY"] != "l" {
		t.Errorf("found %v", got)
	}
}

func TestNamesOfTheEnvironment(t *testing.T) {
	for _, b := range []badScenario{
		{`{from: sequence, size: 1M, fields: {token: "token-${n}"}}`, `{from: sequence, size: 1M, fields: {token: "token-${env.X}"}}`, []string{`@: feeders.user.fields.token: no variable "env.X", wanted n`}},
		{`state: "json:$.state"`, `state: "json:$.state", env: "header:X"`, []string{`@: steps.status.extract.env: found the variable "env", wanted another name`}},
		{`{url: "/ledger"}`, `{url: "/ledger/${sku}"}`, []string{`@: ledger.url: found variables beside ${env.NAME}, wanted none`}},
		{`json: {sku: "${sku}", quantity: 1}`, `json: {sku: "${env}"}`, []string{`@: steps.order.request.json: no variable "env"`}},
		{`headers: {Authorization: "Bearer ${user.token}", Idempotency-Key: "${user.id}-${sku}"}
      json: {sku: "${sku}", quantity: 1}`, `headers: {content-type: "${sku}"}
      body: "${sku}=1"`, []string{`@: steps.order.request.headers: found the media type ${sku} beside a body with variables`}},
	} {
		b.check(t)
	}
	text, _ := edited(t, "feeders:\n", "feeders:\n  env: {from: sequence, size: 1M}\n")
	if found := problemsOf(t, text); len(found) != 1 || !strings.Contains(found[0], "feeders.env: found the name env, wanted another") {
		t.Errorf("found %q", found)
	}
}

// An invariant that can only be judged by the shop's own ledger is warned of without one.
func TestWarnsOfNoLostOrder(t *testing.T) {
	text := exampleText(t)
	for ledger, warns := range map[string]bool{`{url: "/ledger"}`: false, "answers": true} {
		for invariant, fails := range map[string]bool{"no-lost-order]": true, "{name: no-lost-order, optional: true}]": false} {
			sc := mustParse(t, strings.Replace(strings.Replace(text, `{url: "/ledger"}`, ledger, 1), "no-lost-order]", invariant, 1))
			if got := sc.Warnings(); (len(got) == 1) != (warns && fails) || len(got) == 1 && !strings.Contains(got[0], "no-lost-order has no data with ledger: answers") {
				t.Errorf("%s and %s: found %q", ledger, invariant, got)
			}
		}
	}
}

func TestWarnings(t *testing.T) {
	for body, warns := range map[string]bool{
		`body: "name=${user.token}&qty=1"`: true, `body: "a=&b="`: true, `"headers": {content-type: text/plain}
      body: "a=1&b=2"`: false, `body: "a=1"`: false, `body: "<a b=1&amp;c=2>"`: false, `body: "x"`: false,
	} {
		text, _ := edited(t, `headers: {Authorization: "Bearer ${user.token}", Idempotency-Key: "${user.id}-${sku}"}
      json: {sku: "${sku}", quantity: 1}`, body)
		if got := mustParse(t, text).Warnings(); (len(got) == 1) != warns || warns && !strings.Contains(got[0], "steps.order.request.body looks like a form") {
			t.Errorf("%s: found %q", body, got)
		}
	}
}

// TestEnvironmentThatCannotStandThere: a value with a line end, as of a file, or of no host is refused where it would change the request, and
// never said.
func TestEnvironmentThatCannotStandThere(t *testing.T) {
	for _, c := range []struct{ request, value, want string }{
		{`headers: {X-Key: "${env.KEY}"}`, "s3cret\n", "steps.order.request.headers.X-Key: found ${env.KEY}, whose value has a line end"},
		{`headers: {X-Key: "${env.KEY}"}`, "s3cret\x1b", "has a control character"},
		{`headers: {host: "${env.KEY}"}`, `s3cret "x"`, "has characters that no host has"},
		{`headers: {host: "${env.KEY}"}`, "shop.example:80", ""},
		{`headers: {X-Key: "Bearer ${env.KEY}"}`, "s3cret with blanks", ""},
		{`headers: {X-Key: "a"}, body: "${env.KEY}"`, "s3cret\n\x1b", ""},
	} {
		text, _ := edited(t, `headers: {Authorization: "Bearer ${user.token}", Idempotency-Key: "${user.id}-${sku}"}
      json: {sku: "${sku}", quantity: 1}`, strings.Replace(c.request, "}, body", "}\n      body", 1))
		_, err := mustParse(t, text).WithEnvironment(func(string) (string, bool) { return c.value, true })
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%s with %q: %v, wanted %q", c.request, c.value, err, c.want)
		}
	}
}
