package expression

import (
	"strings"
	"testing"
)

// Each error gives the column and says what to do.
func TestBadTests(t *testing.T) {
	for text, want := range map[string]string{
		"": "column 1: found the end, wanted a test such as", " ": "column 2: found the end",
		"status == 'ok'": "column 11: found 'ok', wanted a number: status is a number", "status == '200'": "wanted 200 without quotes", "status contains 2": "column 1: found status, wanted text beside contains",
		"duration > 5": "column 12: found 5, wanted a duration, 5s or 5ms", "duration > stock": "column 12: found stock, wanted a duration", "5 < duration": "column 1: found 5, wanted a duration", "stock > 5s": "wanted a number or text",
		"stock > 'a'": "column 9: found 'a', wanted a number or a duration beside >", "stock > '5'": "wanted 5 without quotes", "not 3": "column 5: found 3, wanted a test", "1 and 2": "column 1: found 1, wanted a test",
		"body > 3": "column 1: found body, wanted a number or a duration beside >: this is text", "body == 3": "column 9: found 3, wanted text in quotes, '3'", "body > 'a'": "found body", "'a' < body": "found body",
		"status in 200": "column 11: found 200, wanted a list in brackets", "status in 200, 202": "column 14: found ,, wanted a list in brackets", "status in [200], 202": "column 16: found ,", "status in (200, 202)": "column 15: found ,, wanted brackets",
		"status in stock": "a list in brackets", "status in [200, 'x']": "found 'x', wanted a number", "status in []": "wanted values in the list", "status in [200,]": "a value", "status in [stock]": "wanted numbers, text",
		"status in [200..299]": "a range stands without brackets", "status in 299..200": "the smaller number first", "status in 200..299.5": "whole numbers", "status in 200..stock": "whole numbers", "name in 'a'..'b'": "whole numbers",
		"stock..5": "whole numbers around ..", "1..5": "wanted in before", "[1]": "wanted in before", "[1] == stock": "wanted in before", "5 in [5]": "wanted a name before in",
		"true": "depends on the answer", "1 == 1": "the same for every answer", "true or placed": "depends on the answer", "stock and true": "depends on the answer", "not true": "depends on", "5 > 2 + 1": "the same for every",
		"'a' == 'a'": "the same", "nil": "this is nil", "'x'": "this is text", "nil == nil": "the same",
		"status == 20": "wanted a status from 100 to 999; this never holds", "status < 100": "never holds", "status > 999": "never holds", "status >= 100": "always holds", "status != 20": "always holds", "100 > status": "never holds",
		"status == 200.5": "never holds", "status in [20]": "from 100 to 999", "status in 0..200": "from 100 to 999", "status in 100..999": "depends on the answer", "status == 1e999999999": "never", "status < 1000": "always", "status > -5": "always",
		"size >= 0": "always holds", "size < 0": "never holds", "size == 0.5": "never holds", "duration >= 0s": "always holds", "duration < 0ms": "never holds", "duration == -5s": "never", "status == 2 * 5": "never holds",
		"stok > 0": "(did you mean stock?)", "statu == 200": "(did you mean status?)", "throtled": "(did you mean throttled?)", "user.levle == 'x'": "(did you mean user.level?)",
		"status_code == 200": "wanted status", "headers.Location != nil": "wanted header.Location", "response.body contains 'x'": "wanted body", "json.errors": "wanted json:$.errors", "header == 1": "header.NAME", "latency < 1s": "wanted duration",
		"len(body) > 3": "found len(), wanted a test without functions", "contains(body, 'x')": "the operator between two values", "foo(1)": "without functions",
		"status == 200 AND placed": "column 15: found AND, wanted and", "status == 200 OR placed": "wanted or", "NOT placed": "wanted not", "stock == NULL": "wanted nil", "stock == None": "wanted nil", "placed == True": "wanted true",
		"status IN [200]": "wanted in", "body Contains 'x'": "wanted contains", "body starts_with 'x'": "wanted startsWith", "body like 'x'": "contains or matches", "status eq 200": "wanted ==", "stock exists": "wanted != nil",
		"status is 200": "wanted ==", "status = 200": "column 8: found =, wanted ==", "status === 200": "found ===, wanted ==", "status !== 200": "wanted !=", "status <> 200": "wanted !=", "body =~ 'x'": "wanted matches", "placed & throttled": "wanted and",
		"placed | throttled": "wanted or", "stock / 2 > 1": "a product on the other side", "stock ** 2 > 1": "wanted *", "placed ? stock : a": "and, or and not", "status => 200": "wanted >=", "${stock} > 0": "a variable's name alone",
		"status == 200; placed": "wanted and between two tests", "placed # why": "without comments", "placed // why": "without comments",
		"name == 'shoe": "the quote closed", `name == "shoe`: "the quote closed", "name == `shoe": "the quote closed", "name == 'a\nb'": "the quote closed in the same line", `name matches '\d'`: "back quotes", `name == '\u12'`: "for a backslash", `name == '\`: "the quote closed",
		"name == “shoe”": "plain quotes", "nâme == 'x'": "a name of the letters", "§": "an operator, a name", "\xff": "an operator, a name",
		"(placed": "a parenthesis ) for that of column 1", "placed)": "no bracket here", "placed]": "no bracket here", "((placed)": "for that of column 1", "status in [200": ", or ]", "(placed stock)": "an operator such as ==", "placed (stock)": "found placed(), wanted a test without functions", "5 (stock)": "an operator before the parenthesis", "stock[0] == 1": "json:$.list[0]",
		"status 409": "column 8: found 409, wanted an operator after status, such as status == 409", "state == confirmed": "found state", "name == shoe": "text stands in quotes", "status": "wanted a test of it", "status and placed": "wanted a test of it", "body": "wanted a test of it", "size": "wanted a test of it, such as size >", "duration or placed": "such as duration > 200ms",
		"status == 200 or 202": "status in [200, 202]", "status == 200 placed": "and the next test after and or or", "status ==": "column 10: found the end, wanted a value after it", "== 200": "wanted a value before it", "and placed": "wanted a value before it", "placed and": "a value after it",
		"1 < stock < 5": "column 11: found <, wanted and between two comparisons", "a == b == 5": "and between two", "not stock == 5": "parentheses after not: not (a == b)", "!stock in [5]": "parentheses after not", "not placed not in [true]": "parentheses after not", "stock not": "wanted in, contains", "stock not == 5": "wanted in, contains",
		"gone ?? 0 == 0": "wanted parentheses around gone ?? 0", "gone ?? throttled and placed": "parentheses around", "status ?? 0": "this is never missing", "5 ?? stock": "never missing", "gone ?? nil": "a value after ??", "duration < gone ?? 5s": "a variable holds no duration", "(gone ?? 0) == '5'": "5 without quotes", "(gone ?? 0) and placed": "this is a number",
		"gone ?? 5 ?? 6": "never missing", "status == nil": "never missing", "placed == nil": "never missing", "placed == 5": "wanted true or false", "body == nil": "never missing", "stock > nil": "this is nil", "placed > throttled": "this is true or false",
		"007 == stock": "without zeros in front", "0x10 == stock": "wanted a number such as", "1_000 == stock": "wanted a number such as", "5kB < size": "wanted a number such as", "1.2.3 == stock": "wanted a number such as", "stock == 1e9999999999999999": "an exponent of at most 15 digits", "stock == 5x": "wanted a number such as", "stock == 20h5": "a duration such as",
		"duration < 9999999999h": "a duration such as", "+5 < stock": "without a plus", "stock == +5": "without a plus", "name + 'x' == 'y'": "a number beside +", "-name == -body": "a number beside -", "duration + 1s > 2s": "a number beside +", "placed + 1 == 2": "a number beside +", "-placed == 1": "a number beside -", "1 % 0 == stock": "at most 18 digits", "stock == 999999999999999999 + 1": "at most 18 digits",
		"body contains ''": "every text has the empty one", "body matches '('": "a regular expression (RE2)", "body matches name": "in quotes after matches", "body matches '/ok/'": "without slashes", "body contains 5": "text in quotes after contains: '5'", "body contains nil": "text in quotes after contains", "'x' contains 'x'": "the same for every",
		"json:.a": "json:$.path", "json: $.a": "json:$.path", "json:$.a.": "by RFC 9535", "json:$.retry-after == 3": "json:$['retry-after']", "json:$.a[": "every bracket and quote", "json:$.a['x]": "every bracket and quote", "json:$.a[(]": "every bracket and quote", "json:$.a b": "an operator such as ==",
		"header. == 5": "the name of a header", "header[5] == 1": "the name of a header in quotes", "header['a b'] == 1": "the name of a header in quotes", "header['a' == 1": "] after the name", "header['": "the quote closed", "header['a": "the quote closed",
		"stock ++ 1 == 2": "wanted +", "stock --1 == 2": "wanted -", "stock == '\x1b[31m' 5": "column 18: found 5", "status == '\x1b[31m\u0085'": "column 11: found '\uFFFD[31m\uFFFD', wanted a number", "both": "both are called so", "stock == {}": "a list in [ ]",
	} {
		w := sample()
		w.variables["both"], w.outcomes["both"] = "1", true
		test, err := Compile(text, w)
		switch {
		case err == nil:
			t.Errorf("%s is read as %s, wanted %s", text, test, want)
		case !strings.Contains(err.Error(), want):
			t.Errorf("%s:\n%v, wanted %s", text, err, want)
		}
	}
}

func TestReserved(t *testing.T) {
	for _, word := range []string{"status", "in", "header.X", "nil", "startsWith"} {
		if !Reserved(word) {
			t.Errorf("%s is not reserved", word)
		}
	}
	if Reserved("stock") {
		t.Error("stock is reserved")
	}
}
