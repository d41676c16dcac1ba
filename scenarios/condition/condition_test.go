package condition

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fsctl/scenarios/decimal"
)

func texts(list ...string) (values []Value) {
	for _, text := range list {
		values = append(values, Value{Text: text})
	}
	return values
}

func numerals(list ...string) []Value {
	values := texts(list...)
	for i := range values {
		values[i].Number, _ = decimal.Parse([]byte(values[i].Text))
	}
	return values
}

func TestParse(t *testing.T) {
	for text, want := range map[string]Condition{
		"status in 200,409":                {Subject: "status", Operator: "in", Values: numerals("200", "409")},
		" status  in  200 , 409 ":          {Subject: "status", Operator: "in", Values: numerals("200", "409")},
		"status not in 500":                {Subject: "status", Operator: "not in", Values: numerals("500")},
		"status not  in 500":               {Subject: "status", Operator: "not in", Values: numerals("500")},
		"status 409":                       {Subject: "status", Operator: "==", Values: numerals("409")},
		"status==409":                      {Subject: "status", Operator: "==", Values: numerals("409")},
		"status === 409":                   {Subject: "status", Operator: "==", Values: numerals("409")},
		"status !== 409":                   {Subject: "status", Operator: "!=", Values: numerals("409")},
		"status<500":                       {Subject: "status", Operator: "<", Values: numerals("500")},
		"status >= 500":                    {Subject: "status", Operator: ">=", Values: numerals("500")},
		"state == confirmed":               {Subject: "state", Operator: "==", Values: texts("confirmed")},
		"state confirmed":                  {Subject: "state", Operator: "==", Values: texts("confirmed")},
		"state != sold out":                {Subject: "state", Operator: "!=", Values: texts("sold out")},
		"state in open, sold out":          {Subject: "state", Operator: "in", Values: texts("open", "sold out")},
		"inside == x":                      {Subject: "inside", Operator: "==", Values: texts("x")},
		"left in 1,x":                      {Subject: "left", Operator: "in", Values: append(numerals("1"), texts("x")...)},
		"body contains in stock":           {Subject: "body", Operator: "contains", Values: texts("in stock")},
		`state == "confirmed"`:             {Subject: "state", Operator: "==", Values: texts("confirmed")},
		`state != 'sold out'`:              {Subject: "state", Operator: "!=", Values: texts("sold out")},
		"state == \u201cok\u201d":          {Subject: "state", Operator: "==", Values: texts("ok")},
		`state "confirmed"`:                {Subject: "state", Operator: "==", Values: texts("confirmed")},
		`state == '"ok"'`:                  {Subject: "state", Operator: "==", Values: texts(`"ok"`)},
		`state in "a,b", 'c' ,d`:           {Subject: "state", Operator: "in", Values: texts("a,b", "c", "d")},
		`state not in [a, "b c"]`:          {Subject: "state", Operator: "not in", Values: texts("a", "b c")},
		`status == "200"`:                  {Subject: "status", Operator: "==", Values: numerals("200")},
		"status in (200, 202)":             {Subject: "status", Operator: "in", Values: numerals("200", "202")},
		`body contains "sold out"`:         {Subject: "body", Operator: "contains", Values: texts("sold out")},
		`body contains "a":"b"`:            {Subject: "body", Operator: "contains", Values: texts(`"a":"b"`)},
		`body contains "`:                  {Subject: "body", Operator: "contains", Values: texts(`"`)},
		"state == rock and roll":           {Subject: "state", Operator: "==", Values: texts("rock and roll")},
		`state == "a and b == c"`:          {Subject: "state", Operator: "==", Values: texts("a and b == c")},
		`token != ""`:                      {Subject: "token", Operator: "!=", Values: texts("")},
		"token != null":                    {Subject: "token", Operator: "!=", Values: texts("null")},
		`state == "a, b"`:                  {Subject: "state", Operator: "==", Values: texts("a, b")},
		"state == `a`":                     {Subject: "state", Operator: "==", Values: texts("a")},
		"state == \u201eok\u201c":          {Subject: "state", Operator: "==", Values: texts("ok")},
		"body == a, b":                     {Subject: "body", Operator: "==", Values: texts("a, b")},
		`state == "exists"`:                {Subject: "state", Operator: "==", Values: texts("exists")},
		"state in 1-2":                     {Subject: "state", Operator: "in", Values: texts("1-2")},
		"body contains you and body parts": {Subject: "body", Operator: "contains", Values: texts("you and body parts")},
		"status > 0":                       {Subject: "status", Operator: ">", Values: numerals("0")},
		`code == "007"`:                    {Subject: "code", Operator: "==", Values: texts("007")},
		"code == 007":                      {Subject: "code", Operator: "==", Values: numerals("007")},
		`code in 7, "7"`:                   {Subject: "code", Operator: "in", Values: append(numerals("7"), texts("7")...)},
		`left < "5"`:                       {Subject: "left", Operator: "<", Values: numerals("5")},
		"id == 9007199254740993":           {Subject: "id", Operator: "==", Values: numerals("9007199254740993")},
		"x == 1e999999999":                 {Subject: "x", Operator: "==", Values: numerals("1e999999999")},
		`x == "null"`:                      {Subject: "x", Operator: "==", Values: texts("null")},
		"x == inf":                         {Subject: "x", Operator: "==", Values: texts("inf")},
		`state == "a\b"`:                   {Subject: "state", Operator: "==", Values: texts(`a\b`)},
		`state == "a < b"`:                 {Subject: "state", Operator: "==", Values: texts("a < b")},
		`state == 'status == 200'`:         {Subject: "state", Operator: "==", Values: texts("status == 200")},
		"user.id <= 5":                     {Subject: "user.id", Operator: "<=", Values: numerals("5")},
	} {
		want.numeric = want.Values[0].Number.IsNumber()
		if want.Operator == "contains" {
			want.part = []byte(want.Values[0].Text)
		}
		if got, err := Parse(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v; wanted %+v", text, got, err, want)
		}
	}
	got, err := Parse("body matches ^ok (a|b)$")
	if err != nil || got.Pattern == nil || !got.Pattern.MatchString("ok b") || got.Pattern.MatchString("ok c") {
		t.Errorf("matches: %+v, %v", got, err)
	}
	if got, err := Parse("status matches ^2"); err != nil || got.Pattern == nil {
		t.Errorf("status matches: %+v, %v", got, err)
	}
}

func TestConditionsHold(t *testing.T) {
	for text, words := range map[string]struct{ holds, not []string }{
		"x == 9007199254740993":    {[]string{"9007199254740993", "9007199254740993.0"}, []string{"9007199254740992", "9007199254740994", "9.007199254740993e14"}},
		"x != 9007199254740993":    {[]string{"9007199254740992", "many"}, []string{"9007199254740993"}},
		"x > 9007199254740992":     {[]string{"9007199254740993"}, []string{"9007199254740992", "many", ""}},
		"x in 1, 9007199254740993": {[]string{"9007199254740993", "1.0"}, []string{"9007199254740992"}},
		"x == 0.1":                 {[]string{"0.10", ".1", "1e-1"}, []string{"0.1000000000000000001", "0.1x"}},
		"x == 1000":                {[]string{"1e3", "1000.0", "+1000"}, []string{"1_000", "0x3e8", " 1000"}},
		"x == 1e999999999":         {[]string{"1e999999999", "10e999999998"}, []string{"1e999999998"}},
		`x == "007"`:               {[]string{"007"}, []string{"7", "7.0"}},
		"x == 007":                 {[]string{"007", "7"}, []string{"8"}},
		`x != "7"`:                 {[]string{"7.0", "07"}, []string{"7"}},
		`x in "7", 8`:              {[]string{"7", "8.0"}, []string{"7.0"}},
		`x == "confirmed"`:         {[]string{"confirmed"}, []string{`"confirmed"`, "Confirmed"}},
		"x == 'confirmed'":         {[]string{"confirmed"}, []string{"'confirmed'"}},
		"x == confirmed":           {[]string{"confirmed"}, []string{`"confirmed"`}},
		"x == true":                {[]string{"true"}, []string{"false", "1"}},
		`x == "true"`:              {[]string{"true"}, []string{"false"}},
		`x in "a,b", 'c d'`:        {[]string{"a,b", "c d"}, []string{"a", "b"}},
		`x not in "a,b"`:           {[]string{"a"}, []string{"a,b"}},
		`x contains "a, b"`:        {[]string{"xa, by"}, []string{"a,b"}},
		`x matches "^a b$"`:        {[]string{"a b"}, []string{`"a b"`}},
		`x <= "5"`:                 {[]string{"5.0", "-6"}, []string{"5.01"}},
	} {
		c, err := Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		for _, word := range words.holds {
			if !c.Holds([]byte(word)) {
				t.Errorf("%q does not hold for %q", text, word)
			}
		}
		for _, word := range words.not {
			if c.Holds([]byte(word)) {
				t.Errorf("%q holds for %q", text, word)
			}
		}
	}
}

// A value in quotes is the text that it is, whatever is in it; what String writes is read as the same.
func TestQuotedAndBareValuesAreAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[a-z0-9=<>!,.&|\\ ]{0,8}[a-z]`).Draw(t, "value")
		quote := rapid.SampledFrom([]string{`"`, "'", "`"}).Draw(t, "quote")
		operator := rapid.SampledFrom([]string{"==", "!=", "in", "not in", "contains"}).Draw(t, "operator")
		quoted, err := Parse("x " + operator + " " + quote + value + quote)
		if err != nil {
			t.Fatal(err)
		}
		isAbout := operator == "==" || operator == "in" || operator == "contains"
		if value != "null" && quoted.Holds([]byte(value)) != isAbout || operator != "contains" && quoted.Holds([]byte(value+" ")) == isAbout {
			t.Fatalf("%+v holds otherwise for %q", quoted, value)
		}
		again, err := Parse(quoted.String())
		if err != nil || !reflect.DeepEqual(quoted, again) {
			t.Fatalf("%+v is written as %s, and read as %+v: %v", quoted, quoted, again, err)
		}
		bare, err := Parse("x " + operator + " " + value)
		if err == nil && value == strings.TrimSpace(value) && len(bare.Values) == 1 && !bare.Values[0].Number.IsNumber() && !reflect.DeepEqual(bare, quoted) {
			t.Fatalf("%q reads as %+v bare and as %+v in quotes", value, bare, quoted)
		}
	})
}

func BenchmarkConditionHolds(b *testing.B) {
	for _, text := range []string{"x == 42", "x in 200,409", `x == "confirmed"`, "x < 9007199254740993"} {
		b.Run(text, func(b *testing.B) {
			c, err := Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			word := []byte("42")
			b.ReportAllocs()
			for b.Loop() {
				c.Holds(word)
			}
		})
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
		`state == "a\"b"`: "the other kind around it", "left < many": "wanted numbers", "status == 1e999999999": "from 100 to 999", "status < -1": "from 100 to 999",
		"status < nan": "wanted numbers", "status == inf": "wanted numbers", "body matches (": "wanted a regular expression",
	} {
		if got, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; wanted %q", text, got, err, want)
		}
	}
}
