package render

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"fsctl/report/notstarted"
	"fsctl/scenarios/plaintext"
)

// FuzzNotStarted: whatever the texts are, JUnit has one test with one error that holds them, and no text makes markup.
func FuzzNotStarted(f *testing.F) {
	f.Add("sale", "http://127.0.0.1:1", "target: refused", "start it")
	f.Add("<b>|`", "]]>\x00", "a\nb | c <script>", "&amp; \xff")
	f.Fuzz(func(t *testing.T, scenario, target, message, hint string) {
		r := notstarted.New(scenario, target, []notstarted.Reason{{Message: message, Hint: hint}, {Message: "second"}})
		var out bytes.Buffer
		if err := NotStartedJUnit(&out, r, time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
		checkJUnit(t, out.String())
		var suites junitSuites
		if err := xml.Unmarshal(out.Bytes(), &suites); err != nil {
			t.Fatalf("%v in %s", err, out.String())
		}
		s := suites.Suite
		if s.Tests != 1 || s.Errors != 1 || s.Failures != 0 || len(s.Cases) != 1 || s.Cases[0].Error == nil || s.Cases[0].Name != "not started" || !strings.Contains(s.Cases[0].Error.Text, "\nsecond\n") && plaintext.Line(message) != "" {
			t.Errorf("found %+v", s)
		}
		out.Reset()
		if err := NotStartedMarkdown(&out, r); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if !strings.HasPrefix(lines[0], "## NOT STARTED: ") || !strings.HasPrefix(lines[len(lines)-2], "| ") || lines[len(lines)-1] != "| second |  |" || strings.Contains(out.String(), "<script") {
			t.Errorf("found %s", out.String())
		}
	})
}
