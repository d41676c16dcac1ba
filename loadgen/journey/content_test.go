package journey

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"mime/multipart"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/transport"
)

// bodies have the variable v in every place of a content type.
const bodies = `
steps:
  form: {share: 10%, request: {method: POST, url: /, headers: {content-type: "Application/X-WWW-Form-Urlencoded; charset=utf-8"}, body: "name=${v}&qty=1&k${v}=2"}}
  json: {share: 10%, request: {method: POST, url: /, headers: {Content-Type: "application/vnd.shop+json;v=1"}, body: '{"name": "a\"${v}\\", "${v}": ${v}, "list": [${arrival}, "${v}${v}"]}'}}
  text: {share: 10%, request: {method: POST, url: /, json: '{"v": ${v}, "s": "${v}", "n": 1.10}'}}
  xml: {share: 10%, request: {method: POST, url: /, headers: {CONTENT-TYPE: text/xml}, body: '<o name="${v}"><a>${v}</a><b><![CDATA[${v}]]></b><c>${v}</c></o>'}}
  parts: {share: 10%, request: {method: POST, url: /, headers: {Content-Type: multipart/form-data; boundary=XX-YY}, body: "--XX-YY\r\nContent-Disposition: form-data; name=\"n\"; filename=\"${v}\"\r\n\r\n${v}\r\n--XX-YY--\r\n"}}
  plain: {share: 10%, request: {method: POST, url: /, headers: {Content-Type: text/plain}, body: "name=${v}&qty=1"}}
  none: {share: 10%, request: {method: POST, url: /, body: "name=${v}"}}
  whole: {share: 10%, request: {method: POST, url: /, headers: {Content-Type: application/json}, body: "${v}"}}
  first: {share: 20%, request: {url: /}, extract: {v: "header:V"}}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 1}]}
journeys: {j: [first, form, json, text, xml, parts, plain, none, whole]}
`

func bodyOf(c *Compiled, step, value string) string {
	u := userWith(&User{User: compose.User{Arrival: 41}, program: c.Programs["j"]}, value)
	r := &transport.Request{}
	for _, s := range c.Steps {
		if s.Name == step {
			s.Render(r, u, &compose.Scratch{})
		}
	}
	return string(r.Body)
}

func checkBodies(t testing.TB, c *Compiled, value string) {
	t.Helper()
	form, err := url.ParseQuery(bodyOf(c, "form", value))
	if err != nil || form.Get("name") != value || form.Get("qty") != "1" && value != "" || form.Get("k"+value) != "2" || len(form) != 3 {
		t.Fatalf("%q: the form %s: %v, %v", value, bodyOf(c, "form", value), form, err)
	}
	for _, step := range []string{"plain", "none"} {
		if body := bodyOf(c, step, value); strings.TrimSuffix(body, "&qty=1") != "name="+value {
			t.Fatalf("%q: the %s body is %q", value, step, body)
		}
	}
	if body := bodyOf(c, "whole", value); body != value {
		t.Fatalf("%q: the whole body is %q", value, body)
	}
	if !utf8.ValidString(value) {
		return
	}
	checkJSONBodies(t, c, value)
	checkXMLBody(t, c, value)
	checkParts(t, c, value)
}

func checkJSONBodies(t testing.TB, c *Compiled, value string) {
	t.Helper()
	var text struct{ V, S, N json.RawMessage }
	var body map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal([]byte(bodyOf(c, "text", value)), &text), json.Unmarshal([]byte(bodyOf(c, "json", value)), &body)); err != nil {
		t.Fatalf("%q: %s, %s: %v", value, bodyOf(c, "text", value), bodyOf(c, "json", value), err)
	}
	var outside, inside string
	_ = json.Unmarshal(text.S, &inside) // checked below
	if json.Valid([]byte(value)) {
		outside = value
		if strings.TrimSpace(string(text.V)) != strings.Trim(value, " \t\r\n") {
			t.Fatalf("%q stands as %s outside of quotes", value, text.V)
		}
	} else if _ = json.Unmarshal(text.V, &outside); outside != value {
		t.Fatalf("%q stands as %s outside of quotes", value, text.V)
	}
	if inside != value || string(text.N) != "1.10" {
		t.Fatalf("%q stands as %s in quotes, and 1.10 as %s", value, text.S, text.N)
	}
	var name string
	var list []json.RawMessage
	_, isThere := body[value]
	isThere = isThere || value == "name" || value == "list"
	if value != "name" && value != "list" {
		_, _ = json.Unmarshal(body["name"], &name), json.Unmarshal(body["list"], &list) // checked below
		if name != `a"`+value+`\` || len(list) != 2 || string(list[0]) != "41" {
			t.Fatalf("%q: %s", value, bodyOf(c, "json", value))
		}
	}
	if !isThere {
		t.Fatalf("%q is no key of %s", value, bodyOf(c, "json", value))
	}
}

func checkXMLBody(t testing.TB, c *Compiled, value string) {
	t.Helper()
	for _, r := range value {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return // which XML cannot say
		}
	}
	var found struct {
		Name string `xml:"name,attr"`
		A    string `xml:"a"`
		B    string `xml:"b"`
		C    string `xml:"c"`
	}
	body := bodyOf(c, "xml", value)
	lines := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(value) // a reader of XML takes them so in CDATA
	if err := xml.Unmarshal([]byte(body), &found); err != nil || found.Name != value || found.A != value || found.B != lines || found.C != value {
		t.Fatalf("%q: %s is read as %+v: %v", value, body, found, err)
	}
}

func checkParts(t testing.TB, c *Compiled, value string) {
	t.Helper()
	if strings.Contains("\n"+value, "\n--XX-YY") {
		return // an answer's value is sent as it is
	}
	parts := multipart.NewReader(strings.NewReader(bodyOf(c, "parts", value)), "XX-YY")
	part, err := parts.NextRawPart()
	if err != nil {
		t.Fatalf("%q: %q: %v", value, bodyOf(c, "parts", value), err)
	}
	content, err := io.ReadAll(part)
	if err != nil || string(content) != value || len(part.Header) != 1 {
		t.Fatalf("%q: %q has the part %q %v: %v", value, bodyOf(c, "parts", value), content, part.Header, err)
	}
	if _, err := parts.NextRawPart(); err != io.EOF {
		t.Fatalf("%q: found another part: %v", value, err)
	}
}

var bodyValues = append([]string{"O'Brien & Co=1+1", "17", "1.10", "true", "null", "007", "abc", `{"a":1}`, `"q"`, `1,"admin":true`, "]]>", "<![CDATA[", "a\r\nb", "--XX", "${arrival}", "100%", "é=ü&"}, nasty...)

func TestValuesAreWrittenByTheContentType(t *testing.T) {
	c := compile(t, bodies)
	for _, value := range bodyValues {
		checkBodies(t, c, value)
	}
	if got := bodyOf(c, "form", "O'Brien & Co=1+1"); !strings.HasPrefix(got, "name=O%27Brien+%26+Co%3D1%2B1&qty=1&") {
		t.Errorf("the form is %s", got)
	}
	u := userWith(&User{User: compose.User{Arrival: 1}}, "17")
	r, m := &transport.Request{}, &compose.Scratch{}
	for _, s := range c.Steps {
		s.Render(r, u, m)
		if n := testing.AllocsPerRun(100, func() { s.Render(r, u, m) }); n != 0 {
			t.Errorf("step %s: %v allocations a request, wanted none", s.Name, n)
		}
	}
}

// TestWhatFunctionsGiveIsEscaped holds what functions and defaults give to what variables give, in every place of every body.
func TestWhatFunctionsGiveIsEscaped(t *testing.T) {
	plain := compile(t, bodies)
	made := compile(t, strings.ReplaceAll(bodies, "${v}", "${concat(v)}"))
	rapid.Check(t, func(rt *rapid.T) {
		value := rapid.OneOf(rapid.SampledFrom(bodyValues), rapid.String()).Draw(rt, "value")
		for _, s := range plain.Steps {
			if got, want := bodyOf(made, s.Name, value), bodyOf(plain, s.Name, value); value != "" && got != want {
				rt.Fatalf("step %s: %q of a function stands as %q, of a variable as %q", s.Name, value, got, want)
			}
		}
	})
}

func FuzzContentType(f *testing.F) {
	for _, value := range bodyValues {
		f.Add(value)
	}
	c := compile(f, bodies)
	f.Fuzz(func(t *testing.T, value string) {
		if value != "" { // that is a variable which the user does not have
			checkBodies(t, c, value)
		}
	})
}

func TestValuesThatBreakABodyAreRefused(t *testing.T) {
	for _, c := range []struct{ csv, request, want string }{
		{"n\n1\n", `json: '{"n": ${user.n}}'`, ""},
		{"n\n1\nx\n", `json: '{"n": ${user.n}}'`, `row 2 of its file: found the value "x" for ${user.n}`},
		{"n\n007\n", `headers: {content-type: application/json}, body: '{"n": ${user.n}}'`, `found the value "007"`},
		{"n\nx\n", `headers: {content-type: application/json}, body: '{"n": "${user.n}"}'`, ""},
		{"n\nx\n", `headers: {content-type: application/json}, body: '${user.n}'`, ""},
		{"n\n\"a\n--B\"\n", `headers: {content-type: multipart/mixed; boundary=B}, body: "--B\r\n\r\n${user.n}\r\n--B--"`, "holds the boundary"},
		{"n\na--B\n", `headers: {content-type: multipart/mixed; boundary=B}, body: "--B\r\n\r\n${user.n}\r\n--B--"`, ""},
	} {
		_, err := csvRequest(t, c.csv, c.request)
		input, isInput := errors.AsType[*transport.InputError](err)
		if (err == nil) != (c.want == "") || err != nil && (!isInput || input.Hint == "" || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q with %s: found %v, wanted %q", c.csv, c.request, err, c.want)
		}
	}
}

func BenchmarkRenderBodies(b *testing.B) {
	c := compile(b, bodies)
	u := userWith(&User{User: compose.User{Arrival: 41}, program: c.Programs["j"]}, strconv.Itoa(12345))
	r, m := &transport.Request{}, &compose.Scratch{}
	for _, s := range c.Steps {
		b.Run(s.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Render(r, u, m)
			}
		})
	}
}
