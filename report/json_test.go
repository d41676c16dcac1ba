package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

var update = flag.Bool("update", false, "write testdata anew")

// inexact matches a float, whose last digits are the processor's.
var inexact = regexp.MustCompile(`: -?[0-9]+(?:\.[0-9]+)?(?:e[-+][0-9]+)?`)

// The JSON form is a contract: of a run with all that can go wrong, and of a search for capacity, every name, type and value is
// kept in testdata.
func TestJSONFormIsKept(t *testing.T) {
	s := newSearched()
	s.level(t, 10, 20)
	s.level(t, 20, 250)
	s.late(s.level(t, 40, 900))
	s.level(t, 30, 400)
	for name, r := range map[string]*Report{
		"run.json":    runWith(t, faults{lost: true, oversold: true, threshold: true}),
		"search.json": Judge(s.Record, require(limitOf(t, "response_time", "p(99)<300ms", "")), nil),
	} {
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(r); err != nil {
			t.Fatal(err)
		}
		got := inexact.ReplaceAllFunc(text.Bytes(), func(b []byte) []byte {
			f, err := strconv.ParseFloat(string(b[2:]), 64)
			if err != nil {
				t.Fatal(err)
			}
			return strconv.AppendFloat([]byte(": "), f, 'g', 9, 64)
		})
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale; if the change is meant: go test ./report -run %s -update\nfound\n%s", path, t.Name(), got)
		}
	}
}
