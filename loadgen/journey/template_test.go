package journey

import (
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
)

// nasty values have whatever could break out of the text they are put into.
var nasty = []string{
	"plain-1.2_~", "a b", "a+b", "a/b?c=d&e#f%41", `"quoted"`, `back\slash`, "line\r\nX-Evil: 1", "nul\x00", "tab\there",
	"bell\x07del\x7f", "日本語", "emoji 😀", "</script>", "\u2028",
}

// rendered returns the request of step a for a user whose variable v holds the value.
func rendered(t testing.TB, s *Compiled, value string) *transport.Request {
	t.Helper()
	u := userWith(&User{User: compose.User{Arrival: 41}, program: s.Programs["j"]}, value)
	r := &transport.Request{}
	s.Steps[0].Render(r, u, &compose.Scratch{})
	return r
}

const escaping = `
steps:
  a:
    share: 100%
    request: {method: POST, url: "/x/${v}?q=${v}&n=${arrival}", headers: {X-V: "<${v}>", host: "shop.invalid", content-type: "application/vnd.shop+json"}, json: {v: "${v}", user: "${user.id}", n: 1}}
    extract: {v: "header:V"}
  first:
    share: 0%
    request: {url: /}
    extract: {v: "header:V"}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 1}]}
journeys: {j: [first, a]}
`

func TestEscaping(t *testing.T) {
	s := compile(t, escaping)
	for _, value := range nasty {
		checkEscaping(t, s, value)
	}
}

// TestDefaultsAreEscaped holds defaults in quotes, which are escaped when a test is compiled, and those that are read when they are
// needed, to values of variables.
func TestDefaultsAreEscaped(t *testing.T) {
	for _, value := range nasty {
		if strings.ContainsFunc(value, unicode.IsControl) {
			continue // YAML has an escape of its own
		}
		quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value)
		plain := compile(t, escaping)
		want := rendered(t, plain, value)
		for _, fallback := range []string{"'" + quoted + "'", "concat('" + quoted + "')"} {
			text := strings.Replace(escaping, `{v: "${v}", user`, `{v: "${w}", user`, 1)
			text = strings.NewReplacer(`${v}`, "${v|"+fallback+"}", `${w}`, "${v|"+fallback+"}").Replace(text)
			text = yamlQuoted(text)
			got := rendered(t, compile(t, text), "")
			if string(got.URL) != string(want.URL) || string(got.Body) != string(want.Body) || fieldsOf(got)["X-V"] != fieldsOf(want)["X-V"] {
				t.Errorf("%q as a default stands as %s %s %s, wanted %s %s %s", value, got.URL, got.Body, fieldsOf(got)["X-V"], want.URL, want.Body, fieldsOf(want)["X-V"])
			}
		}
	}
}

// yamlQuoted returns a text of which the values ${...} stand within double quotes of YAML.
func yamlQuoted(text string) string {
	return regexp.MustCompile(`\$\{v\|.*?'\)?\}`).ReplaceAllStringFunc(text, func(v string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) })
}

func FuzzEscaping(f *testing.F) {
	for _, value := range nasty {
		f.Add(value)
	}
	s := compile(f, escaping)
	f.Fuzz(func(t *testing.T, value string) {
		if value != "" { // that is a variable which the user does not have
			checkEscaping(t, s, value)
		}
	})
}

func checkEscaping(t testing.TB, s *Compiled, value string) {
	t.Helper()
	r := rendered(t, s, value)
	where, err := url.Parse("http://h" + string(r.URL))
	if err != nil {
		t.Fatalf("%q makes the URL %s: %v", value, r.URL, err)
	}
	if got := where.Query(); where.Path != "/x/"+value || got.Get("q") != value || got.Get("n") != "41" || len(got) != 2 || where.Fragment != "" {
		t.Errorf("%q makes the URL %s: path %q, query %v", value, r.URL, where.Path, got)
	}
	var body map[string]any
	if err := json.Unmarshal(r.Body, &body); err != nil {
		t.Errorf("%q makes the body %s: %v", value, r.Body, err)
	} else if utf8.ValidString(value) && body["v"] != value || body["user"] != "42" || body["n"] != 1.0 || len(body) != 3 {
		t.Errorf("%q makes the body %s", value, r.Body)
	}
	h := fieldsOf(r)
	if got := h["X-V"]; len(got) != len(value)+2 || strings.ContainsFunc(got, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
		t.Errorf("%q makes the header %q", value, got)
	}
	if h["Host"] != "shop.invalid" || h["Content-Type"] != "application/vnd.shop+json" || len(h) != 3 {
		t.Errorf("headers are %v: wanted canonical names, and the content type that was asked for alone", h)
	}
}

func fieldsOf(r *transport.Request) map[string]string {
	h := map[string]string{}
	for _, f := range r.Header {
		h[f.Name] = string(f.Value)
	}
	return h
}

// TestBuffersAreReused renders for one user after another into the same request.
func TestBuffersAreReused(t *testing.T) {
	s := compile(t, escaping)
	u := userWith(&User{}, "a-long-value-that-needs-room")
	r, m := &transport.Request{}, &compose.Scratch{}
	s.Steps[0].Render(r, u, m)
	u.Set(0, []byte("b"))
	s.Steps[0].Render(r, u, m)
	if want := rendered(t, s, "b"); string(r.Body) != strings.ReplaceAll(string(want.Body), "42", "1") || fieldsOf(r)["X-V"] != "<b>" || string(r.URL) != "/x/b?q=b&n=0" {
		t.Errorf("found %s %s %v", r.URL, r.Body, fieldsOf(r))
	}
	if n := testing.AllocsPerRun(100, func() { s.Steps[0].Render(r, u, m) }); n != 0 {
		t.Errorf("%v allocations a request, wanted none", n)
	}
}

func TestJSONBodyHasItsContentType(t *testing.T) {
	s := compile(t, strings.Replace(escaping, `, content-type: "application/vnd.shop+json"`, "", 1))
	if h := fieldsOf(rendered(t, s, "x")); h["Content-Type"] != "application/json" {
		t.Errorf("headers are %v", h)
	}
}

func TestConditions(t *testing.T) {
	answer := func(status int, body string) *transport.Answer {
		return &transport.Answer{Status: status, Body: []byte(body)}
	}
	for _, c := range []struct {
		when  string
		a     *transport.Answer
		value string // of ${v}
		want  bool
	}{
		{"status 200", answer(200, ""), "", true},
		{"status == 200", answer(201, ""), "", false},
		{"status in 200,202", answer(202, ""), "", true},
		{"status in 200, 202", answer(404, ""), "", false},
		{"status not in 200,202", answer(404, ""), "", true},
		{"status != 200", answer(200, ""), "", false},
		{"status < 400", answer(399, ""), "", true},
		{"status < 400", answer(400, ""), "", false},
		{"status <= 400", answer(400, ""), "", true},
		{"status > 400", answer(400, ""), "", false},
		{"status >= 400", answer(400, ""), "", true},
		{"status matches ^2..$", answer(204, ""), "", true},
		{"status matches ^2..$", answer(304, ""), "", false},
		{"body contains sold", answer(200, "it is sold out"), "", true},
		{"body contains sold", answer(200, "it is there"), "", false},
		{`body matches "ok":\s*true`, answer(200, `{"ok": true}`), "", true},
		{"v == confirmed", answer(200, ""), "confirmed", true},
		{"v == confirmed", answer(200, ""), "pending", false},
		{"v confirmed", answer(200, ""), "confirmed", true},
		{"v != confirmed", answer(200, ""), "pending", true},
		{"v in a,b", answer(200, ""), "b", true},
		{"v not in a,b", answer(200, ""), "c", true},
		{"v > 9", answer(200, ""), "10", true}, // as numbers: as words 10 comes before 9
		{"v >= 9.5", answer(200, ""), "9.50", true},
		{"v == 7", answer(200, ""), "7.0", true},
		{"v < 9", answer(200, ""), "many", false},
		{"v matches ^o-\\d+$", answer(200, ""), "o-12", true},
		{"v contains -", answer(200, ""), "o-12", true},
		{"v == x", answer(200, ""), "", false}, // what a user does not have equals nothing,
		{"v != x", answer(200, ""), "", false}, // nor does it differ
		{"arrival < 50", answer(200, ""), "", true},
		{"user.id 42", answer(200, ""), "", true},
		{"v == 9007199254740993", answer(200, ""), "9007199254740992", false},
		{"v == 9007199254740993", answer(200, ""), "9007199254740993", true},
		{"v in 9007199254740993,1", answer(200, ""), "9007199254740992", false},
		{"v > 9007199254740992", answer(200, ""), "9007199254740993", true},
		{`v == "007"`, answer(200, ""), "7", false},
		{`v == "confirmed"`, answer(200, ""), "confirmed", true},
		{"status == 200.0", answer(200, ""), "", true},
		{"status not in 200", answer(0, ""), "", true},
		{"body == ok", answer(200, "\uFEFFok"), "", true},
		{"body matches ^ok$", answer(200, "\uFEFFok"), "", true},
	} {
		t.Run(c.when, func(t *testing.T) {
			s := compile(t, strings.Replace(escaping, `    extract: {v: "header:V"}`, `    extract: {v: "header:V"}
    outcome: {held: '`+c.when+`'}`, 1))
			u := userWith(&User{User: compose.User{Arrival: 41}}, c.value)
			if got := s.Steps[0].outcomes[0].when.holds(u, c.a, &ValueReader{}); got != c.want {
				t.Errorf("of status %d, body %q and v %q: %v, wanted %v", c.a.Status, c.a.Body, c.value, got, c.want)
			}
		})
	}
}

func TestExtraction(t *testing.T) {
	header := []transport.Field{{Name: "Location", Value: []byte("/orders/9")}, {Name: "Set-Cookie", Value: []byte("session=abc; Path=/")}, {Name: "Set-Cookie", Value: []byte("other=1")}}
	for _, c := range []struct{ what, body, want string }{
		{"json:$.id", `{"id":"o-1"}`, "o-1"},
		{"json:$.id", `{"id":12345678901234567890123}`, "12345678901234567890123"},
		{"json:$.id", `{"id":9007199254740993}`, "9007199254740993"},
		{"json:$.id", `{"id":1e400}`, "1e400"},
		{"json:$.id", `{"id":true}`, "true"},
		{"json:$.id", `{"id":{"a":[1,2]}}`, `{"a":[1,2]}`},
		{"json:$.a.b[1].c", `{"a":{"b":[{"c":1},{"c":"x"}]}}`, "x"},
		{"json:$..id", `{"a":{"id":"deep"}}`, "deep"},
		{"json:$.id", "\uFEFF" + `{"id":17}`, "17"},
		{"json:$..id", "\uFEFF" + `{"a":{"id":9007199254740993}}`, "9007199254740993"},
		{`regex:^id=(.+)$`, "\uFEFFid=5", "5"},
		{"json:$[0].id", `[{"id":"first"},{"id":"second"}]`, "first"},
		{"json:$.id", `{"id":null}`, ""},
		{"json:$.id", `{"id":""}`, ""},
		{"json:$.id", `{"other":1}`, ""},
		{"json:$.id", `{"id":`, ""},
		{"json:$.id", ``, ""},
		{"json:$.id", `<html>`, ""},
		{`regex:order=(\d+)`, "your order=17, order=18", "17"},
		{`regex:o-\d+`, "see o-5", "o-5"},
		{`regex:(a)?b`, "b", ""}, // found, and empty
		{`regex:nothing`, "b", ""},
		{"header:location", "", "/orders/9"},
		{"header:Missing", "", ""},
		{"cookie:session", "", "abc"},
		{"cookie:other", "", "1"},
		{"cookie:Path", "", ""},
	} {
		t.Run(c.what+" of "+c.body, func(t *testing.T) {
			parsed, err := scenarios.ParseExtract(c.what)
			if err != nil {
				t.Fatal(err)
			}
			u := userWith(&User{}, "an earlier answer's")
			e := newExtract(parsed, 0)
			found := e.from(&transport.Answer{Status: 200, Header: header, Body: []byte(c.body)}, u, new(ValueReader))
			if string(u.Value(0)) != c.want || found != (c.want != "") {
				t.Errorf("found %q, %v, wanted %q", u.Value(0), found, c.want)
			}
		})
	}
}

func TestJudgement(t *testing.T) {
	s := compile(t, `
sale: {items: 1, stock: 1}
steps:
  order:
    share: 100%
    transaction: true
    request: {method: POST, url: "/orders"}
    extract: {order_id: "json:$.order_id"}
    check: ["status in 200,202,409", "body contains {"]
    outcome: {placed: "status in 200,202", sold_out: "status 409"}
  free:
    share: 0%
    request: {url: /}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 1}]}
journeys: {j: [order, free]}
ledger: {url: /ledger}
`)
	order, free := s.Steps[0], s.Steps[1]
	broken := errors.New("broken")
	for _, c := range []struct {
		name string
		step *Step
		a    transport.Answer
		want Judgement
		out  string
	}{
		{"placed", order, transport.Answer{Status: 200, Body: []byte(`{"order_id":"o"}`)}, Judgement{Passed: 2, Placed: true}, "placed"},
		{"placed without a number", order, transport.Answer{Status: 202, Body: []byte(`{}`)}, Judgement{Passed: 2, Placed: true, Reason: ReasonExtract, Lacks: "order_id", nameless: true}, "failed"},
		{"sold out", order, transport.Answer{Status: 409, Body: []byte(`{}`)}, Judgement{Passed: 2, nameless: true}, "sold_out"},
		{"a failed check outweighs an outcome", order, transport.Answer{Status: 200, Body: []byte(`-`)}, Judgement{Passed: 1, Failed: 1, Reason: "check: body contains {", nameless: true}, "failed"},
		{"all checks failed", order, transport.Answer{Status: 500}, Judgement{Failed: 2, Reason: "check: status in 200,202,409", nameless: true}, "failed"},
		{"an error fails every check", order, transport.Answer{Err: broken, Class: transport.ClassReset}, Judgement{Failed: 2, Reason: transport.ClassReset}, "error"},
		{"without checks 399 is ok", free, transport.Answer{Status: 399}, Judgement{}, "ok"},
		{"without checks 400 is not", free, transport.Answer{Status: 400}, Judgement{Reason: ReasonStatus}, "failed"},
		{"an error", free, transport.Answer{Err: broken}, Judgement{}, "error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.step.Judge(&User{program: s.Programs["j"]}, &c.a, new(ValueReader))
			if c.want.Outcome = got.Outcome; got != c.want || c.step.Outcomes[got.Outcome] != c.out {
				t.Errorf("found %+v, outcome %s, wanted %+v, %s", got, c.step.Outcomes[got.Outcome], c.want, c.out)
			}
		})
	}
}
