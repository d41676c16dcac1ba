package expression

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseTerm(t *testing.T) {
	for text, want := range map[string]struct {
		term Term
		rest string
	}{
		"stock":           {Term{NameTerm, "stock", nil, 1}, ""},
		" user.level |1":  {Term{NameTerm, "user.level", nil, 2}, " |1"},
		"qty:number":      {Term{NameTerm, "qty", nil, 1}, ":number"},
		"'it\\'s'":        {Term{TextTerm, "it's", nil, 1}, ""},
		"-1.5e3 ":         {Term{NumberTerm, "-1.5e3", nil, 1}, " "},
		"200ms":           {Term{DurationTerm, "200ms", nil, 1}, ""},
		"uuid()":          {Term{CallTerm, "uuid", nil, 1}, ""},
		"uuid( ):text":    {Term{CallTerm, "uuid", nil, 1}, ":text"},
		"random.int(1,2)": {Term{CallTerm, "random.int", []Term{{NumberTerm, "1", nil, 12}, {NumberTerm, "2", nil, 14}}, 1}, ""},
		"hmac('ä', env.KEY, b64( body ))}": {Term{CallTerm, "hmac", []Term{{TextTerm, "ä", nil, 6}, {NameTerm, "env.KEY", nil, 11},
			{CallTerm, "b64", []Term{{NameTerm, "body", nil, 25}}, 20}}, 1}, "}"},
	} {
		term, rest, err := ParseTerm(text)
		if err != nil || !reflect.DeepEqual(term, want.term) || rest != want.rest {
			t.Errorf("%s is read as %+v, %q, %v", text, term, rest, err)
		}
		again, rest, err := ParseTerm(term.String())
		if err != nil || rest != "" || again.String() != term.String() {
			t.Errorf("%s is written as %s, which is read as %+v, %q, %v", text, term, again, rest, err)
		}
	}
	for text, want := range map[string]string{
		"": "column 1: found the end, wanted a name", ")": "found ), wanted a name", "f(": "found the end, wanted a name", "f(1": "a parenthesis ) after the arguments of f", "f(1 2)": "column 5: found 2, wanted a comma or )", "f(1,)": "found ), wanted a name",
		"f('a)": "the quote closed", "-x": "a number after -", "json:$.a": "found json:$.a, wanted a name", "header.X": "found header.X", "f(=)": "found =", "5x": "wanted a number such as", "f(\"ä\" $)": "column 7: found $",
		strings.Repeat("f(", 200): "at most 100 functions", strings.Repeat("x", MaxBytes+1): "at most 10000",
	} {
		if term, _, err := ParseTerm(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30s is read as %v, %v, wanted %s", text, term, err, want)
		}
	}
}
