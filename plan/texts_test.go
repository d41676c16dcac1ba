package plan

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

var (
	// goTime matches a time as Go writes it, with no space before its unit: 1m30s, 250ms. An instant is not one: T0+250ms.
	goTime = regexp.MustCompile(`(^|[^A-Za-z0-9.+-])[0-9.]+(ns|us|µs|ms|s|m|h)([0-9]|\b)`)
	// withUnit matches a rate, a share or a time, whose number is its first group.
	withUnit = regexp.MustCompile(`([0-9][0-9,.]*)(?:e[-+][0-9]+)?(?:[kMGT]?(?: [a-z]+)?/s|( %)| (?:ns|us|ms|s|min|h)\b)`)
)

// checkTexts holds all texts of a plan to the form of numbers: three significant digits with a unit, four in a share close to 1.
func checkTexts(t testing.TB, p *Plan) {
	t.Helper()
	for _, text := range textsOf(t, p) {
		if found := goTime.FindString(text); found != "" {
			t.Errorf("%q has the time %q, wanted it as quantity writes it", text, found)
		}
		for _, found := range withUnit.FindAllStringSubmatch(text, -1) {
			most := 3
			if found[2] != "" && strings.HasPrefix(found[1], "99.9") {
				most = 4
			}
			if n := significant(found[1]); n > most {
				t.Errorf("%q has %q with %d significant digits, wanted at most %d", text, found[0], n, most)
			}
		}
	}
}

// significant counts a number's digits from the first to the last that is not 0.
func significant(number string) int {
	return len(strings.Trim(strings.NewReplacer(",", "", ".", "").Replace(number), "0"))
}

// textsOf returns all strings in the JSON form of a value.
func textsOf(t testing.TB, v any) []string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var all any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	var list []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			list = append(list, v)
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(all)
	return list
}

func TestTextsAreChecked(t *testing.T) {
	for text, isWrong := range map[string]bool{
		"takes 1m30s": true, "250ms": true, "from T0+250ms on": false, "T0-1s": false, "at 1.5s": true, "26 min 23 s": false, "6666.67/s": true, "6.67k/s": false, "1.234k writes/s": true, "1.23k writes/s": false,
		"33.83 %": true, "99.97 %": false, "12,345 pods": false, "12,300 pods": false, "at p95": false, "8,780 h": false,
	} {
		wrong := goTime.MatchString(text)
		for _, found := range withUnit.FindAllStringSubmatch(text, -1) {
			wrong = wrong || significant(found[1]) > 3 && !strings.HasPrefix(found[1], "99.9")
		}
		if wrong != isWrong {
			t.Errorf("%q is wrong: %v, wanted %v", text, wrong, isWrong)
		}
	}
}
