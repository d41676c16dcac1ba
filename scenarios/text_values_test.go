package scenarios

import (
	"slices"
	"strings"
	"testing"
)

const orderRequest = `headers: {Authorization: "Bearer ${user.token}", Idempotency-Key: "${user.id}-${sku}"}
      json: {sku: "${sku}", quantity: 1}`

func TestValuesAreChecked(t *testing.T) {
	for replacement, wanted := range map[string]string{
		`headers: {X: "${hmac('sha256', env.KEY, concat(method, path, body))}", Idempotency-Key: "${uuid}"}
      json: {sku: "${sku}", n: "${random.int(1,2):number}", page: "${page|1:number}", at: "${now.unix:number}"}`: "",
		`form: {a: "${user.token}", b: ["${uuid}", "${page|1}"]}`:                                  "",
		`multipart: {a: "${user.token}", f: {file: testdata/live-drop.yaml, name: "${uuid}.txt"}}`: "",
		`graphql: {query: "query($q:String!){a}", variables: {q: "${random.pick('shoe','bag')}"}}`: "",
		`json: '{"q": "${random.pick(\"a\", \"b\")}", "n": "${page|1:number}"}'`:                   "",
		`body: "%", headers: {Content-Type: text/plain, X: "${random.pick('%', '}', 'Ä')}"}`:       "yaml",
		`headers: {X: "${randm.int(1,2)}"}`:                                                        `@: steps.order.request.headers.X: in ${randm.int(1,2)}: no function "randm.int", wanted`,
		`headers: {X: "${uid}"}`:                                                                   `@: steps.order.request.headers.X: no variable "uid", wanted arrival or user.id or sku`,
		`headers: {X: "${random.int(2,1)}"}`:                                                       `@: steps.order.request.headers.X: in ${random.int(2,1)}: random.int: found 2 to 1, wanted the smaller number first`,
		`headers: {X: "${hmac('sha265', env.KEY, body)}"}`:                                         `@: steps.order.request.headers.X: in ${hmac('sha265', env.KEY, body)}: hmac: found the algorithm 'sha265', wanted 'sha1' or 'sha256' or 'sha512' (did you mean sha256?)`,
		`headers: {X: "${hmac('sha256', env.KEY)}"}`:                                               `@: steps.order.request.headers.X: in ${hmac('sha256', env.KEY)}: found hmac with 2 arguments, wanted hmac('sha256', env.KEY, body)`,
		`headers: {X: "${hmac('sha256', tken, body)}"}`:                                            `@: steps.order.request.headers.X: no variable "tken"`,
		`headers: {X: "${page|tken}"}`:                                                             `@: steps.order.request.headers.X: no variable "tken" for the default of ${page|tken}, wanted one that every user has; text stands in quotes: 'tken'`,
		`headers: {X: "${page|state}"}`:                                                            `@: steps.order.request.headers.X: found state as the default of ${page|state}, wanted one that every user has`,
		`headers: {X: "${sku:number}"}`:                                                            `@: steps.order.request.headers.X: in ${sku:number}: found :number outside of JSON`,
		`form: {a: "${sku:number}"}`:                                                               `@: steps.order.request.form.a: in ${sku:number}: found :number outside of JSON`,
		`form: {a: "${skew}"}`:                                                                     `@: steps.order.request.form.a: no variable "skew"`,
		`multipart: {a: "${skew}"}`:                                                                `@: steps.order.request.multipart.a: no variable "skew"`,
		`graphql: {query: "{a}", variables: {q: "${skew}"}}`:                                       `@: steps.order.request.graphql.variables: no variable "skew"`,
		`json: {a: "${sku:number} pieces"}`:                                                        `@: steps.order.request.json: found ${sku:number} beside other text in a string`,
		`json: {"${sku:number}": 1}`:                                                               `@: steps.order.request.json: found ${sku:number} as the name of a member`,
		`json: {a: "${sha256(body)}"}`:                                                             `@: steps.order.request.json: in ${sha256(body)}: found body in the body itself`,
		`body: "${path}"`:                                                                          `@: steps.order.request.body: in ${path}: found path by itself`,
		`headers: {X: "${sku"}`:                                                                    `@: steps.order.request.headers.X: found "${sku", wanted a variable such as ${sku} or ${user.id}, or a function such as ${uuid}`,
	} {
		b := badScenario{old: orderRequest, replacement: replacement}
		if wanted == "yaml" {
			b.replacement = `headers: {Content-Type: text/plain, X: "${random.pick('%', '}', 'Ä')}"}
      body: "%"`
		} else if wanted != "" {
			b.wanted = []string{wanted}
		}
		b.check(t)
	}
	for _, b := range []badScenario{
		{"  stock: 1000 ", "  sku: \"${uuid}${n}\"\n  stock: 1000 ", []string{`@: sale.sku: no variable "uuid", wanted n`}},
		{`{token: "token-${n}"}`, `{token: "token-${n|1}"}`, []string{`@: feeders.user.fields.token: no variable "n|1", wanted n`}},
		{`{url: "/ledger"}`, `{url: "/ledger/${sha256(env.KEY)}"}`, []string{`@: ledger.url: found variables beside ${env.NAME}, wanted none`}},
	} {
		b.check(t)
	}
}

// A variable of the scenario wins over a function of its name, as it did before there were functions.
func TestVariablesWinOverFunctions(t *testing.T) {
	text, _ := edited(t, orderRequest, `json: {a: "${uuid}", b: "${path}"}`)
	text = strings.Replace(text, `state: "json:$.state"`, `state: "json:$.state", uuid: "header:U", path: "header:P"`, 1)
	found := problemsOf(t, text)
	if len(found) != 2 || !strings.Contains(found[0], "step order uses ${uuid}, which no earlier step of this journey sets") {
		t.Errorf("found %q", found)
	}
}

func TestDefaultsAreNotNeeded(t *testing.T) {
	text, _ := edited(t, orderRequest, `json: {a: "${state|'new'}", b: "${pages|1}", c: "${sha256(user.token)}"}`)
	s := mustParse(t, text)
	if got := s.Step("order").Request.Variables(); !slices.Equal(got, []string{"user.token"}) {
		t.Errorf("the request needs %q", got)
	}
	want := `steps.order.request.json: nothing sets pages, so that ${pages|1} is always its default`
	if got := s.Warnings(); len(got) != 1 || got[0] != want {
		t.Errorf("found %q, wanted %q", got, want)
	}
}

func TestEnvironmentInFunctions(t *testing.T) {
	text, _ := edited(t, orderRequest, `headers: {X: "${hmac('sha256', env.KEY, body)}", Y: "${page|env.PAGE}"}
      form: {a: "${env.FORM}"}`)
	s := mustParse(t, text)
	values := map[string]string{"KEY": "a\nb", "PAGE": "p", "FORM": "f\n"}
	lookup := func(name string) (string, bool) { value, ok := values[name]; return value, ok }
	with, err := s.WithEnvironment(lookup)
	if err != nil || len(with.Environment()) != 3 {
		t.Fatalf("%v, %v", with.Environment(), err)
	}
	values["PAGE"] = "p\nq"
	if _, err := s.WithEnvironment(lookup); err == nil || !strings.Contains(err.Error(), "headers.Y: found ${env.PAGE}, whose value has a line end") {
		t.Errorf("found %v", err)
	}
}

// Without a sale there is one item.
func TestSKUWithoutASale(t *testing.T) {
	const plain = "apiVersion: fsctl/v1\nkind: Scenario\nname: plain\nsteps: {a: {request: {url: \"/${sku}\"}}}\n"
	if found := problemsOf(t, plain); found != nil {
		t.Errorf("found %q", found)
	}
}
