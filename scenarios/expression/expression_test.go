package expression

import (
	"reflect"
	"strings"
	"testing"
)

func TestHolds(t *testing.T) {
	for text, want := range map[string]bool{
		"status == 200": true, "status != 200": false, "status in [200, 202]": true, "status not in [200, 202]": false, "status in 200..299": true, "status in 400..499": false,
		"not (status in 400..499)": true, "status>=200&&status<300": true, "status == 404 or status == 200": true, "status == 404 || status == 500": false, "200 == status": true, "300 > status": true,
		"status < 399.5": true, "status == 2e2": true, "status % 100 == 0": true,
		"duration < 200ms": true, "duration > 0.2s": false, "200ms > duration": true, "duration <= 1m30s": true, "duration < 150ms": false, "duration == 150ms": true, "duration in [150ms]": true,
		"size == 12": true, "size > 12": false, "size != 5": true, "size in [12, 13]": true,
		"body contains 'ok'": true, `body contains "\"ok\""`: true, "body startsWith '{'": true, "body endsWith '}'": true, "body matches `\"ok\": (true|false)`": true, "body matches '(?i)OK'": true,
		"body not contains 'error'": true, "not (body contains 'error')": true, "body == ''": false, "body != ''": true, "body in ['', 'x']": false,
		"header.Retry-After == 2": true, `header["Retry-After"] == '2'`: true, `header ['X_Id'] == 7`: true, "header.Missing == nil": true, "header.Retry-After != nil": true, "header.Missing": false,
		"header.Content-Type startsWith 'application/json'": true,
		"json:$.a.b == 'x'": true, "json:$.a.b=='x'": true, "(json:$.a.b == 'y')": false, "not json:$.errors": true, "json:$.list": true, "json:$.price == 19.9": true, "json:$.price == '19.9'": false,
		"json:$.price == price": true, "json:$.missing": false, "json:$.missing == nil": true, "json:$.empty == nil": false, "json:$.empty": false, "json:$.no": false, "json:$.no == false": true,
		"json:$['retry-after'] == 3": true, "json:$.o[?@.a == ')'] == 1": true, "json:$.a.b in ['x','y']": true, "json:$.price*2 == 39.8": true,
		"stock > 0 and not throttled": true, "stock > 0 and throttled": false, "placed": true, "not placed": false, "!placed": false, "placed == true": true, "throttled == false": true, "placed != throttled": true,
		"stock == 7": true, "stock == 7.0": true, "stock == '7'": true, "stock == '7.0'": false, "stock in [7.0]": true, "stock in ['7.0']": false, "stock in 1..7": true, "stock in 1..6": false,
		"stock": true, "name": true, "no": false, "yes": true, "yes == true": true, "yes == 'true'": true, "name == true": false, "name > 0": false, "name < 0": false, "not (name < 0)": true, "name != 5": true,
		"gone": false, "not gone": true, "gone == nil": true, "gone != nil": false, "gone == 5": false, "gone != 5": true, "gone > 5": false, "gone <= 5": false, "gone != 'x'": true, "gone == name": false,
		"gone == header.Missing": true, "gone contains 'a'": false, "gone not contains 'a'": true, "gone in [1]": false, "gone not in [1]": true, "gone in [nil]": true, "gone in 0..5": false,
		"gone != false": true, "gone == null": true, "5 != gone": true,
		"(gone ?? 0) == 0": true, "0 == gone ?? 0": true, "(gone ?? stock) == 7": true, "(gone ?? 'none') == 'none'": true, "(stock ?? 0) > 5": true, "gone ?? true": true, "gone ?? false": false, "gone ?? no": false,
		"(gone ?? header.Missing ?? 3) == 3": true, "((name + 1) ?? 4) == 4": true,
		"big == 9007199254740993": true, "big == 9007199254740992": false, "big > 9007199254740992": true, "big == 9007199254740993.0": true, "big in [9007199254740992]": false,
		"stock + 1 == 8": true, "stock - 8 == -1": true, "-stock == -7": true, "stock * 2 > 13": true, "stock % 4 == 3": true, "3 * 19.99 == gone ?? 59.97": true, "a - b - 1 == 1": true, "a - (b - 1) == 3": true,
		"a + b * 2 == 11": true, "(a + b) * 2 == 16": true, "name + 1 == 1": false, "gone + 1 == nil": true, "stock * 1000000000000000000 == 1": false, "stock == 14 - 7": true, "stock == -(3 - 5 * 2)": true, "status == 50 * 4": true, "-(-stock) == 7": true,
		"a % b == 2": true, "a % (b - 3) == 2": false, "0.1 + 0.2 == gone ?? 0.3": true, "price * 10 == 199": true,
		"zip == 7": true, "zip == '007'": true, "zip == stock": false, "exp == thousand": false, "exp == 1000": true, "stock == a + 2": true, "a < stock": true, "name == user.level": false,
		"user.level == 'gold'": true, "env.KEY == 'hunter2'": true, "user.level startsWith name": false, "name contains name": true, "name matches '^sh'": true, "name not matches '^sh'": false,
		"name not startsWith 'b'": true, "name not endsWith 'e'": false, "stock contains '7'": true, "name in ['boot', 'shoe']": true,
		"stock > 5 and stock < 10 and placed": true, "throttled or gone or stock == 7": true, "throttled or placed and gone": false, "(throttled or placed) and stock": true, "not not placed": true, "!!placed": true,
		"placed == (stock > 5)": true, "\tstock\n>\r0 ": true, `name == "sh\u006fe"`: true, `name == 'sh\'oe'`: false, "json:$.missing ?? stock": true, "not (gone ?? throttled)": true,
	} {
		w := sample()
		test, err := Compile(text, w)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := test.Holds(answer{w}); got != want {
			t.Errorf("%s is %v, wanted %v", text, got, want)
		}
		if got := test.Explain(answer{w}); (got == "") != want {
			t.Errorf("%s is %v, explained as %q", text, want, got)
		}
		again, err := Compile(test.String(), w)
		if err != nil || again.String() != test.String() || again.Holds(answer{w}) != want {
			t.Errorf("%s is written as %s, which is read as %v, %v", text, test, again, err)
		}
	}
}

func TestString(t *testing.T) {
	for text, want := range map[string]string{
		"status>=200&&!throttled":            "status >= 200 and not throttled",
		"( stock > 0 )":                      "stock > 0",
		"stock>0 and (placed and throttled)": "stock > 0 and placed and throttled",
		"placed or (placed and throttled)":   "placed or placed and throttled",
		"(placed or throttled) and placed":   "(placed or throttled) and placed",
		`name == "it's \\"`:                  `name == 'it\'s \\'`,
		`header["Retry-After"] != null`:      "header.Retry-After != nil",
		`header["X_Id"] == 7`:                "header.X_Id == 7", `header["a!b"]==1`: "header['a!b'] == 1",
		"status in[200,202]":                     "status in [200, 202]",
		"a-(b-1) == - 5":                         "a - (b - 1) == -5",
		"-(a) < -(-5)":                           "-a < -(-5)",
		"not(not placed)":                        "not not placed",
		"(gone??1)+1 == 2":                       "(gone ?? 1) + 1 == 2",
		"not (stock == 7) and name contains 'x'": "not (stock == 7) and name contains 'x'",
		"name not in ['a']":                      "name not in ['a']",
		"duration < 1m30s":                       "duration < 1m30s",
	} {
		if got := mustCompile(t, text, sample()).String(); got != want {
			t.Errorf("%s is written as %s, wanted %s", text, got, want)
		}
	}
}

func TestUses(t *testing.T) {
	w := sample()
	test := mustCompile(t, "stock > 0 and not throttled and (json:$.a.b == 'x' or header.Retry-After != nil or stock == 5) and status == 200 and size > 1 and duration < 1s and body != ''", w)
	want := []Use{{Variable, "stock", 0}, {Outcome, "throttled", 1}, {JSON, "$.a.b", 2}, {Header, "Retry-After", 3}, {Status, "status", 0}, {Size, "size", 0}, {Duration, "duration", 0}, {Body, "body", 0}}
	if got := test.Uses(); !reflect.DeepEqual(got, want) {
		t.Errorf("found %v, wanted %v", got, want)
	}
}

func TestExplain(t *testing.T) {
	for text, want := range map[string]string{
		"stock > 10":                     "stock is 7, wanted > 10",
		"10 < stock":                     "stock is 7, wanted > 10",
		"stock > 0 and throttled":        "throttled is false, wanted true",
		"not placed":                     "placed is true, wanted false",
		"status == 404 or status == 500": "status is 200, wanted == 404 and status is 200, wanted == 500",
		"not (stock == 7)":               "stock is 7, wanted != 7",
		"name not contains 'sh'":         `name is "shoe", wanted not contains 'sh'`,
		"not (name not contains 'x')":    `name is "shoe", wanted contains 'x'`,
		"body contains 'error'":          "body is text of 12 bytes, wanted contains 'error'",
		"json:$.missing == 1":            "json:$.missing has no value, wanted == 1",
		"a == b":                         "a is 5, wanted == b, which is 3",
		"env.KEY == 'x'":                 "env.KEY is set, wanted == 'x'",
		"a == env.KEY":                   "a is 5, wanted == env.KEY, which is set",
		"duration > 1s":                  "duration is 150 ms, wanted > 1s",
		"price * 2 == 3":                 "price * 2 is 39.8, wanted == 3",
		"not json:$.list":                `json:$.list is "[1]", wanted false, null, 0, empty or none`,
		"gone":                           "gone has no value, wanted a value other than false, null, 0 and empty",
		"status in [404, 500]":           "status is 200, wanted in [404, 500]",
		"name + 1 == 2":                  "name + 1 has no value: an operand is no number, or the result has over 18 digits, wanted == 2",
		"'abc' contains name":            `'abc' is "abc", wanted contains name, which is "shoe"`,
		"(gone ?? env.KEY) == 'x'":       "gone ?? env.KEY is set, wanted == 'x'",
	} {
		w := sample()
		if got := mustCompile(t, text, w).Explain(answer{w}); got != want {
			t.Errorf("%s is explained as\n%s, wanted\n%s", text, got, want)
		}
	}
}

func TestBounds(t *testing.T) {
	w := sample()
	for _, c := range []struct{ text, want string }{
		{"stock == '" + strings.Repeat("x", MaxBytes) + "'", "at most 10000"},
		{strings.Repeat("(", 200) + "placed" + strings.Repeat(")", 200), "at most 100 parts"},
		{strings.Repeat("not ", 200) + "placed", "at most 100 parts"},
		{strings.Repeat("!", 9000) + "placed", "at most 100 parts"},
		{"stock == " + strings.Repeat("- ", 200) + "1", "at most 100 parts"},
		{strings.Repeat("[", 9000), "at most 100 parts"},
	} {
		if _, err := Compile(c.text, w); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.20s...: %v, wanted %s", c.text, err, c.want)
		}
	}
	for _, text := range []string{
		strings.Repeat("(", MaxNesting) + "placed" + strings.Repeat(")", MaxNesting),
		"stock in [" + strings.Repeat("1,", MaxBytes/2-10) + "7]",
		"placed" + strings.Repeat(" and placed", 900),
		"stock" + strings.Repeat("+0", 4990) + "==7",
		"7" + strings.Repeat("+0", 4990) + "==stock",
	} {
		if !mustCompile(t, text, w).Holds(answer{w}) {
			t.Errorf("%.20s... does not hold", text)
		}
	}
}
