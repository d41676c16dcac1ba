package template

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"fsctl/scenarios/expression"
)

// variable is a value that is a name alone.
func variable(name string) *Value {
	return &Value{Text: name, Term: expression.Term{Kind: expression.NameTerm, Text: name, Column: 1}}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]Template{
		"":                   nil,
		"/items":             {{Literal: "/items"}},
		"/items/${sku}":      {{Literal: "/items/"}, {Value: variable("sku")}},
		"${user.id}-${sku}!": {{Value: variable("user.id")}, {Literal: "-"}, {Value: variable("sku")}, {Literal: "!"}},
		"${a}${b}":           {{Value: variable("a")}, {Value: variable("b")}},
		"costs 5$, {x}, $x":  {{Literal: "costs 5$, {x}, $x"}},
		"$${a}":              {{Literal: "$"}, {Value: variable("a")}},
		"${header.x}":        {{Value: variable("header.x")}},
		"${json}${in}":       {{Value: variable("json")}, {Value: variable("in")}},
	} {
		if got, err := Parse(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v; wanted %v", text, got, err, want)
		}
	}
	for _, text := range []string{"${", "${}", "${a", "x${a b}", "${a.b.c}", "${a${b}}", "${.a}", "${a.}", "${1a}", "${a-b}", "a${b}${", "${'a'}", "${17}", "${200ms}"} {
		if got, err := Parse(text); err == nil || !strings.Contains(err.Error(), "wanted a variable") {
			t.Errorf("%q: %v, %v; wanted an error", text, got, err)
		}
	}
	got, _ := Parse("${a}x${b.c}")
	if names := got.Names(); !reflect.DeepEqual(names, []string{"a", "b.c"}) {
		t.Errorf("Names() = %q", names)
	}
}

func TestValues(t *testing.T) {
	for text, want := range map[string]struct {
		term, fallback string
		form           Form
		rest           string
	}{
		"${page|1}x":                       {"page", "1", AsText, "x"},
		"${ page | 'a}b' : json }":         {"page", "'a}b'", AsJSON, ""},
		"${qty:number}":                    {"qty", "", AsNumber, ""},
		"${json:json}":                     {"json", "", AsJSON, ""},
		"${page|1:number}}":                {"page", "1", AsNumber, "}"},
		"${random.int(1,2):number}":        {"random.int(1, 2)", "", AsNumber, ""},
		"${random.pick('}', \"${\")}${b}":  {"random.pick('}', '${')", "", AsText, "${b}"},
		"${hmac('sha256', env.KEY, body)}": {"hmac('sha256', env.KEY, body)", "", AsText, ""},
		"${token|env.TOKEN}":               {"token", "env.TOKEN", AsText, ""},
		"${id|uuid}":                       {"id", "uuid", AsText, ""},
	} {
		got, err := Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		v, fallback := got[0].Value, ""
		if v.Default != nil {
			fallback = v.Default.String()
		}
		if v.Term.String() != want.term || fallback != want.fallback || v.Form != want.form || v.String()+want.rest != text {
			t.Errorf("%q is read as %s | %s : %s, with %q", text, v.Term, fallback, v.Form, v.Text)
		}
	}
	for text, want := range map[string]string{
		"${a:int}": "column 4: after : stands number or json", "${a|}": "column 5: found }", "${a|1": "after it stands", "${uuid()|1}": "takes no default",
		"${f(1 2)}": "column 7: found 2", "ä ${f('ö' 2)}": "column 9: found 2", "${f(1.b.c)}": "found", "${f(a.b.c)}": "column 5: found a.b.c", "${f(2s)}": "text in quotes: '2s'",
		"${" + strings.Repeat("x", 100): "...", "${a|b|c}": "column 6", "${a:number:json}": "column 11", "${random.pick('a)}": "the quote closed",
		"${random.int(1,2}": "column 17: found }, wanted a parenthesis ) or a comma before it", "${env.}": "column 6: after it stands |DEFAULT, :FORM or }",
	} {
		if got, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; wanted %q", text, got, err, want)
		}
	}
}

func TestParseJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": "${qty:number}"}`:                         `{"a": <qty>}`,
		`{"a": "x${qty}", "b": ${n}}`:                    `{"a": "x<qty>", "b": <n>}`,
		`["${a:json}","${b:number}"]`:                    `[<a>,<b>]`,
		`"${a:json}"`:                                    `<a>`,
		`{"a": ${qty:number}}`:                           `{"a": <qty>}`,
		`{"q": "${random.pick(\"a\\\"b\", 'c')}"}`:       `{"q": "<random.pick('a"b', 'c')>"}`,
		`{"q": "${random.pick('\u007d\ud83d\ude00')}!"}`: `{"q": "<random.pick('}😀')>!"}`,
		`{"q": ${random.pick("a")}}`:                     `{"q": <random.pick('a')>}`,
		`{"a\\": "${a:number}", "b": "${b:number}" }`:    `{"a\\": <a>, "b": <b> }`,
	} {
		got, err := ParseJSON(text)
		var b strings.Builder
		for _, p := range got {
			if b.WriteString(p.Literal); p.Value != nil {
				b.WriteString("<" + p.Value.Term.String() + ">")
			}
		}
		if err != nil || b.String() != want {
			t.Errorf("%s is read as %s, %v; wanted %s", text, b.String(), err, want)
		}
	}
	for text, want := range map[string]string{
		`{"a": "x${qty:number}"}`: "beside other text", `{"a": "${qty:number} "}`: "beside other text", `{"a": "\"${qty:number}"}`: "beside other text",
		`{"a": "${x}${qty:number}"}`: "beside other text", `{"a": "${qty:json}${x}"}`: "beside other text", `{"${qty:number}" : 1}`: "name of a member",
		`{"a": "${random.pick("a")}"}`: "found the end",
	} {
		if got, err := ParseJSON(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; wanted %q", text, got, err, want)
		}
	}
}

func TestCheck(t *testing.T) {
	isVariable := func(name string) bool { return slices.Contains([]string{"sku", "qty", "path", "user.name"}, name) }
	for text, places := range map[string]string{ // the places where it may stand: t, j, u, h
		"sku": "tjuh", "uuid": "tjuh", "uuid()": "tjuh", "now.unix": "tjuh", "random.int(-5, 5)": "tjuh", "random.int(7,7)": "tjuh", "random.text(1000)": "tjuh",
		"sha256(body)": "uh", "sha256(query)": "h", "concat(method, sku)": "tjuh", "concat(path)": "tjuh", // a variable of that name
		"hmac('sha1', user.name, concat(method, body))": "uh", "hmac(\"sha512\", 'k', 'x', 'base64')": "tjuh",
		"qty:number": "j", "qty|1:number": "j", "qty|'[1]':json": "j", "random.int(1,2):number": "j", "now.millis:json": "j", "random.pick(1,2.5):number": "j",
		"random.pick('true','{}'):json": "j", "unknown": "tjuh", "unknown|2:number": "j",
		"body": "", "method": "", "random.int": "", "random.int(1)": "", "random.int(2,1)": "", "random.int(sku,1)": "", "random.int(1,1.5)": "", "random.text(0)": "", "random.text(1001)": "",
		"random.pick()": "", "sha256(a, b)": "", "hmac('md5', 'k', 'x')": "", "hmac('sha256', '', 'x')": "", "hmac('sha256', 'k', 'x', 'hey')": "", "nosuch(1)": "", "sku(1)": "",
		"random.int(1, 99999999999999999999)": "", "qty|'x':number": "", "uuid:number": "", "random.pick('a'):number": "", "random.pick(qty):number": "", "sha256(sku):json": "", "sha256(nosuch())": "",
	} {
		template, err := Parse("${" + text + "}")
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for place, letter := range map[Place]string{InText: "t", InJSON: "j", InURL: "u", InHeader: "h"} {
			err := template[0].Value.Check(place, isVariable)
			if err == nil {
				got += letter
			} else if !strings.Contains(err.Error(), "wanted") || !strings.Contains(err.Error(), "${"+text+"}") {
				t.Errorf("%s: %v does not say what was found and wanted", text, err)
			}
		}
		for _, letter := range "tjuh" {
			if strings.ContainsRune(got, letter) != strings.ContainsRune(places, letter) {
				t.Errorf("%s may stand in %q, wanted %q", text, got, places)
				break
			}
		}
	}
	got, _ := Parse("${randm.int(1, 2)}")
	if err := got[0].Value.Check(InURL, isVariable); err == nil || !strings.Contains(err.Error(), "did you mean random.int?") {
		t.Errorf("found %v", err)
	}
}

func TestFits(t *testing.T) {
	for _, text := range []string{"0", "-0", "17", "1.50", "1e3", "-1.5E-30", "9007199254740993", "", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "1 ", " 1", "1,5", "NaN", "1.5.5", "1e3e3", "00"} {
		var n json.Number
		want := json.Unmarshal([]byte(text), &n) == nil && strings.TrimSpace(text) == text
		if AsNumber.Fits([]byte(text)) != want {
			t.Errorf("%q is a number: %v", text, !want)
		}
	}
	if !AsJSON.Fits([]byte(`{"a":[1]}`)) || AsJSON.Fits([]byte("a")) || AsJSON.Fits(nil) || !AsText.Fits([]byte{0xff}) {
		t.Error("forms are confused")
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"${page|1:number}", "${hmac('sha256', env.KEY, concat(method, \"x}\"))}", `{"a": "${random.pick(\"a\", '\u0041')}", "n": "${qty:number}"}`, "$${a}${", "${a:json}\"", "\"${\\u0061}\""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if template, err := Parse(text); err == nil {
			var whole strings.Builder
			for _, p := range template {
				if whole.WriteString(p.Literal); p.Value != nil {
					whole.WriteString(p.Value.String())
					_ = p.Value.Check(InHeader, func(string) bool { return false })
				}
			}
			if whole.String() != text {
				t.Fatalf("%q is cut into %+v", text, template)
			}
		} else if !strings.Contains(err.Error(), "wanted") {
			t.Fatalf("%q: %v", text, err)
		}
		template, err := ParseJSON(text)
		if err != nil {
			return
		}
		var skeleton strings.Builder
		for _, p := range template {
			if p == (Part{}) {
				t.Fatalf("%q has an empty part", text)
			}
			if skeleton.WriteString(p.Literal); p.Value != nil {
				skeleton.WriteByte('0')
			}
		}
		raw := []byte(text)
		if json.Valid(raw) && !json.Valid([]byte(skeleton.String())) { // values in strings leave JSON as it was
			t.Fatalf("%q becomes %q", text, skeleton.String())
		}
	})
}
