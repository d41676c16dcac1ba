package scenarios

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseTemplate(t *testing.T) {
	for text, want := range map[string]Template{
		"":                   nil,
		"/items":             {{Literal: "/items"}},
		"/items/${sku}":      {{Literal: "/items/"}, {Variable: "sku"}},
		"${user.id}-${sku}!": {{Variable: "user.id"}, {Literal: "-"}, {Variable: "sku"}, {Literal: "!"}},
		"${a}${b}":           {{Variable: "a"}, {Variable: "b"}},
		"costs 5$, {x}, $x":  {{Literal: "costs 5$, {x}, $x"}},
		"$${a}":              {{Literal: "$"}, {Variable: "a"}},
	} {
		if got, err := ParseTemplate(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v; wanted %v", text, got, err, want)
		}
	}
	for _, text := range []string{"${", "${}", "${a", "x${a b}", "${a.b.c}", "${a${b}}", "${.a}", "${a.}", "${1a}", "${a-b}", "a${b}${"} {
		if got, err := ParseTemplate(text); err == nil || !strings.Contains(err.Error(), "wanted a variable") {
			t.Errorf("%q: %v, %v; wanted an error", text, got, err)
		}
	}
	got, _ := ParseTemplate("${a}x${b.c}")
	if names := got.Variables(); !reflect.DeepEqual(names, []string{"a", "b.c"}) {
		t.Errorf("Variables() = %q", names)
	}
}

func TestParseCondition(t *testing.T) {
	for text, want := range map[string]Condition{
		"status in 200,409":                {Subject: "status", Operator: "in", Values: []string{"200", "409"}, Numbers: []float64{200, 409}},
		" status  in  200 , 409 ":          {Subject: "status", Operator: "in", Values: []string{"200", "409"}, Numbers: []float64{200, 409}},
		"status not in 500":                {Subject: "status", Operator: "not in", Values: []string{"500"}, Numbers: []float64{500}},
		"status not  in 500":               {Subject: "status", Operator: "not in", Values: []string{"500"}, Numbers: []float64{500}},
		"status 409":                       {Subject: "status", Operator: "==", Values: []string{"409"}, Numbers: []float64{409}},
		"status==409":                      {Subject: "status", Operator: "==", Values: []string{"409"}, Numbers: []float64{409}},
		"status === 409":                   {Subject: "status", Operator: "==", Values: []string{"409"}, Numbers: []float64{409}},
		"status !== 409":                   {Subject: "status", Operator: "!=", Values: []string{"409"}, Numbers: []float64{409}},
		"status<500":                       {Subject: "status", Operator: "<", Values: []string{"500"}, Numbers: []float64{500}},
		"status >= 500":                    {Subject: "status", Operator: ">=", Values: []string{"500"}, Numbers: []float64{500}},
		"state == confirmed":               {Subject: "state", Operator: "==", Values: []string{"confirmed"}},
		"state confirmed":                  {Subject: "state", Operator: "==", Values: []string{"confirmed"}},
		"state != sold out":                {Subject: "state", Operator: "!=", Values: []string{"sold out"}},
		"state in open, sold out":          {Subject: "state", Operator: "in", Values: []string{"open", "sold out"}},
		"inside == x":                      {Subject: "inside", Operator: "==", Values: []string{"x"}},
		"left in 1,x":                      {Subject: "left", Operator: "in", Values: []string{"1", "x"}},
		"body contains in stock":           {Subject: "body", Operator: "contains", Values: []string{"in stock"}},
		`state == "confirmed"`:             {Subject: "state", Operator: "==", Values: []string{"confirmed"}},
		`state != 'sold out'`:              {Subject: "state", Operator: "!=", Values: []string{"sold out"}},
		"state == \u201cok\u201d":          {Subject: "state", Operator: "==", Values: []string{"ok"}},
		`state "confirmed"`:                {Subject: "state", Operator: "==", Values: []string{"confirmed"}},
		`state == '"ok"'`:                  {Subject: "state", Operator: "==", Values: []string{`"ok"`}},
		`state in "a,b", 'c' ,d`:           {Subject: "state", Operator: "in", Values: []string{"a,b", "c", "d"}},
		`state not in [a, "b c"]`:          {Subject: "state", Operator: "not in", Values: []string{"a", "b c"}},
		`status == "200"`:                  {Subject: "status", Operator: "==", Values: []string{"200"}, Numbers: []float64{200}},
		"status in (200, 202)":             {Subject: "status", Operator: "in", Values: []string{"200", "202"}, Numbers: []float64{200, 202}},
		`body contains "sold out"`:         {Subject: "body", Operator: "contains", Values: []string{"sold out"}},
		`body contains "a":"b"`:            {Subject: "body", Operator: "contains", Values: []string{`"a":"b"`}},
		`body contains "`:                  {Subject: "body", Operator: "contains", Values: []string{`"`}},
		"state == rock and roll":           {Subject: "state", Operator: "==", Values: []string{"rock and roll"}},
		`state == "a and b == c"`:          {Subject: "state", Operator: "==", Values: []string{"a and b == c"}},
		`token != ""`:                      {Subject: "token", Operator: "!=", Values: []string{""}},
		"token != null":                    {Subject: "token", Operator: "!=", Values: []string{"null"}},
		`state == "a, b"`:                  {Subject: "state", Operator: "==", Values: []string{"a, b"}},
		"state == `a`":                     {Subject: "state", Operator: "==", Values: []string{"a"}},
		"state == \u201eok\u201c":          {Subject: "state", Operator: "==", Values: []string{"ok"}},
		"body == a, b":                     {Subject: "body", Operator: "==", Values: []string{"a, b"}},
		`state == "exists"`:                {Subject: "state", Operator: "==", Values: []string{"exists"}},
		"state in 1-2":                     {Subject: "state", Operator: "in", Values: []string{"1-2"}},
		"body contains you and body parts": {Subject: "body", Operator: "contains", Values: []string{"you and body parts"}},
		"status > 0":                       {Subject: "status", Operator: ">", Values: []string{"0"}, Numbers: []float64{0}},
		"user.id <= 5":                     {Subject: "user.id", Operator: "<=", Values: []string{"5"}, Numbers: []float64{5}},
	} {
		if got, err := ParseCondition(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v; wanted %+v", text, got, err, want)
		}
	}
	got, err := ParseCondition("body matches ^ok (a|b)$")
	if err != nil || got.Pattern == nil || !got.Pattern.MatchString("ok b") || got.Pattern.MatchString("ok c") {
		t.Errorf("matches: %+v, %v", got, err)
	}
	if got, err := ParseCondition("status matches ^2"); err != nil || got.Pattern == nil {
		t.Errorf("status matches: %+v, %v", got, err)
	}
}

func TestBadConditions(t *testing.T) {
	for text, want := range map[string]string{
		"": "wanted a condition", " ": "wanted a condition", "confirmed": "wanted a condition", "status409": "wanted a condition",
		"state in": "wanted a condition", "state not in": "wanted a condition", "state contains": "wanted a condition", "state ==": "wanted a condition",
		"state = x": "wanted a condition", "state =~ x": "wanted a condition", "state not x": "wanted a condition", "state sold out": "wanted a condition",
		"state IN a,b": "wanted a condition", "== 5": "wanted a condition", "5 == 5": "wanted a condition", "state == a\nb": "wanted a condition",
		"status in 2xx": "wanted numbers", "status 2xx": "wanted numbers", "status == ok": "wanted numbers", "status in 200,": "wanted values with commas",
		"state in ,": "wanted values with commas", "status in 200,,409": "wanted values with commas", "state < b": "wanted numbers",
		`state == "confirmed`: "wanted the quote", `state in 'a`: "wanted the quote",
		"status == 20": "from 100 to 999", "status in 200,2002": "from 100 to 999", "status != 0": "from 100 to 999", "status == 200.5": "from 100 to 999", "status > 5000": "from 100 to 999",
		"state == null": "never holds", `state == ""`: "never holds", "state in ok,null": "never holds",
		"state == a and b == c": "one test", "state == a && b == c": "one test", "state == a || status 5": "one test", "status == 200 or status == 201": "wanted",
		"status < 100": "never holds", "status <= 99": "never holds", "status > 999": "never holds", "status >= 1000": "never holds",
		"status matches 2xx": "never holds", "status matches ^4..5": "never holds", "status contains 2000": "never holds",
		"body contains ''": "always holds", `body matches ""`: "always holds",
		"body contains ok && status == 200": "one test", "body contains ok and status == 200": "one test", "body contains ok || status 500": "one test",
		"body matches ok and body contains b": "one test", "body matches /ok/": "without slashes", "body matches /ok/i": "without slashes",
		"state == ${x}": "not filled in", `state in a,"${user.id}"`: "not filled in", "body contains ${x}": "not filled in",
		"state exists": "wanted an operator", "state empty": "wanted an operator", "state undefined": "wanted an operator",
		"state in 1..5": "a range", "state in [1..5]": "a range", "state == a, b": "wanted in", "state != 1,2": "wanted in",
		"status < nan": "wanted numbers", "status == inf": "wanted numbers", "body matches (": "wanted a regular expression",
	} {
		if got, err := ParseCondition(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; wanted %q", text, got, err, want)
		}
	}
}

func TestParseExtract(t *testing.T) {
	for text, want := range map[string]Extract{
		"header:Location":   {From: "header", Name: "Location"},
		"header: Location ": {From: "header", Name: "Location"},
		"cookie:session":    {From: "cookie", Name: "session"},
	} {
		if got, err := ParseExtract(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	if got, err := ParseExtract(`regex:id=(\d+):x`); err != nil || got.From != "regex" || got.Pattern.FindStringSubmatch("id=12:x")[1] != "12" {
		t.Errorf("regex: %+v, %v", got, err)
	}
	for _, text := range []string{"json:$.order_id", "json: $.a[0].b", "json:$['a:b']"} {
		if got, err := ParseExtract(text); err != nil || got.From != "json" || got.Path == nil {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"": "wanted json:$.path", "json": "wanted json:$.path", "header:": "wanted json:$.path", "header: ": "wanted json:$.path", "xml:/a": `found "xml:", wanted json:`,
		"json:order": "wanted a JSON path", "json:$.[": "wanted a JSON path", "regex:(": "wanted a regular expression", "header:a b": "wanted the name of a header",
		"cookie:a;b": "wanted the name of a cookie", "JSON:$.a": `found "JSON:"`,
	} {
		if got, err := ParseExtract(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; wanted %q", text, got, err, want)
		}
	}
}
