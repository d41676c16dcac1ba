package journey

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/theory/jsonpath"
)

// oracle finds the value by building the whole document.
func oracle(body []byte, path *jsonpath.Path) (string, bool) {
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	var document any
	if decoder.Decode(&document) != nil {
		return "", false
	}
	return selected(document, path)
}

// same compares two found values: what is no scalar may have its members in another order.
func same(a, b string) bool {
	if a == b {
		return true
	}
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return string(p) == string(q)
}

var paths = []string{"$", "$.a", "$.a.b", "$['a b'].c", "$[0]", "$[1].a", "$.a[2]", "$.a[0].b[1]", `$["ä"]`}

// FuzzFind holds the reader against encoding/json and the whole of jsonpath.
func FuzzFind(f *testing.F) {
	for _, body := range []string{
		``, `null`, `"x"`, `1e400`, `{"a":1}`, `{"a":{"b":[1,{"c":2}]}}`, `{"a b":{"c":"\u00e4\n"}}`, `[1,2,{"a":true}]`, `[[],{"a":[1,2,3]}]`,
		`{"a":1,"a":2}`, `{"a":{"b":1},"a":{"c":1}}`, `{"\u0061":"escaped"}`, `{"a":"` + "\xff" + `"}`, `{"a":1`, `{"a":1}{`, `{"a":1} x`,
		`{"a":[ 1 , [ ] , { "x" : null } ]}`, `{"a":null}`, `{"a":[{"b":[0,"y"]}]}`, `{"ä":-0.0}`, `{"a":01}`, `{"a":"\ud800"}`, "\ufeff{}", `[1,]`, `{"a":}`,
	} {
		for i := range paths {
			f.Add([]byte(body), i)
		}
	}
	var r ValueReader
	f.Fuzz(func(t *testing.T, body []byte, number int) {
		path := jsonpath.MustParse(paths[uint(number)%uint(len(paths))])
		members, ok := membersOf(path)
		if !ok {
			t.Fatalf("%s is not a path to one value", path)
		}
		got, found := r.find(body, members)
		want, there := oracle(body, path)
		if found != there || found && !same(string(got), want) {
			t.Errorf("%s of %q: %q, %v, wanted %q, %v", path, body, got, found, want, there)
		}
	})
}

func TestPathsToManyValuesAreLeftToJSONPath(t *testing.T) {
	for _, text := range []string{"$..a", "$[*]", "$.a[-1]", "$[0,1]", "$[1:2]", "$[?@.a == 1]"} {
		if _, ok := membersOf(jsonpath.MustParse(text)); ok {
			t.Errorf("%s is taken for a path to one value", text)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	body := []byte(`{"order_id":"o-123456789","status":"accepted","items":[{"sku":"s-1","quantity":1}],"at":"2026-11-11T00:00:00Z"}`)
	path, _ := membersOf(jsonpath.MustParse("$.order_id"))
	var r ValueReader
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := r.find(body, path); !ok {
			b.Fatal("nothing found")
		}
	}
}
