package scenarios

import (
	"strings"
	"testing"
)

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
