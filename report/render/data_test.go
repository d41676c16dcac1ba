package render

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"fsctl/report"
	"fsctl/report/health"
)

func readJUnit(t *testing.T, r *report.Report) junitSuite {
	t.Helper()
	out := text(t, func(w io.Writer) error { return JUnit(w, r) })
	checkJUnit(t, out)
	var suites junitSuites
	if err := xml.Unmarshal([]byte(out), &suites); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	decoder := xml.NewDecoder(strings.NewReader(out))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return suites.Suite
		} else if err != nil {
			t.Fatalf("no XML: %v", err)
		}
	}
}

func TestJUnit(t *testing.T) {
	r := stormyReport(t)
	s := readJUnit(t, r)
	if s.Name != "live-drop" || s.Tests != len(r.Thresholds)+len(r.Invariants)+len(r.Journeys)+1 || len(s.Cases) != s.Tests || s.Failures != 5 || s.Skipped != 1 || s.Errors != 0 {
		t.Errorf("%+v", s)
	}
	for _, c := range s.Cases {
		if c.ClassName == "" || c.Name == "" {
			t.Errorf("case %+v has no name", c)
		}
	}
	if f := s.Cases[0].Failure; f == nil || !strings.Contains(f.Message, "890 ms") {
		t.Errorf("first case %+v, wanted a failure with what was observed", s.Cases[0])
	}
	if f := s.Cases[len(r.Thresholds)].Failure; f == nil || !strings.Contains(f.Message, "observed 1,013") || !strings.Contains(f.Text, "13 too many") {
		t.Errorf("no-oversell %+v, wanted a failure with its evidence", f)
	}
}

// A journey that users left fails where the run does, and says how all of its users ended; the answers of each step are in the
// suite's output.
func TestJUnitAccountsForUsersAndAnswers(t *testing.T) {
	r := stormyReport(t)
	s := readJUnit(t, r)
	buyer := s.Cases[len(r.Thresholds)+len(r.Invariants)]
	const wanted = "9,100 users; finished 995; ended by sold_out 8,025; 75 left before pay because order_id was missing, after error; cut by the end of the run 5"
	if buyer.Name != "buyer" || !strings.Contains(s.Output, "buyer: "+wanted+"\n") || buyer.Failure == nil || buyer.Failure.Message != wanted {
		t.Errorf("found %+v, wanted the failure %q", buyer, wanted)
	}
	if visitor := s.Cases[len(s.Cases)-2]; visitor.Name != "visitor" || visitor.Failure != nil || property(s, "visitor") != "2,000 users; finished 2,000" {
		t.Errorf("found %+v, wanted a case that passes", visitor)
	}
	if !strings.Contains(s.Output, "order: 9,100 requests; outcomes sold_out 8,025 (88.2 %), placed 1,000 (11 %), error 75 (0.824 %); answers 409: 8,025, 202: 1,000; failures reset: 45, timeout: 30\n") {
		t.Errorf("found the output\n%s", s.Output)
	}
	r.Verdict, r.ExitCode = report.Pass, 0
	passed := readJUnit(t, r)
	if buyer := passed.Cases[len(r.Thresholds)+len(r.Invariants)]; buyer.Failure != nil || property(passed, "buyer") != wanted {
		t.Errorf("of a run that passed: %+v, wanted a case that passes and says who left", buyer)
	}
	r.Verdict, r.ExitCode = report.Fail, 99
	r.Findings = []report.TargetFinding{{Finding: health.Finding{Code: report.FindingAllFailed, Message: "every request failed: 4 of 4: status 404"}}}
	if c := readJUnit(t, r).Cases[len(r.Thresholds)+len(r.Invariants)]; c.Name != report.FindingAllFailed || c.Failure == nil {
		t.Errorf("found %+v, wanted the finding that fails the run as a failure", c)
	}
}

func TestJUnitNeverLetsABadRunPass(t *testing.T) {
	invalid := stormyReport(t)
	invalid.Verdict, invalid.ExitCode = report.Invalid, 111
	if s := readJUnit(t, invalid); s.Errors != s.Tests || s.Failures != 0 {
		t.Errorf("invalid run: %d errors of %d cases, wanted all", s.Errors, s.Tests)
	}
	cut := stormyReport(t)
	cut.Ended, cut.ExitCode = "interrupted", 105
	const runs = 1 // the case of the run, which fails as others did
	if s := readJUnit(t, cut); s.Failures != 4+runs || s.Skipped != 1 || s.Errors != s.Tests-5-runs {
		t.Errorf("interrupted run: %d failures, %d errors, %d skipped of %d cases", s.Failures, s.Errors, s.Skipped, s.Tests)
	}
	for name, r := range map[string]*report.Report{
		"nothing required, saturated": {Verdict: report.Invalid, ExitCode: 111, Reason: "late"},
		"aborted, all held in the end": {Verdict: report.Fail, ExitCode: 108, Ended: "completed", Reason: "stopped",
			Thresholds: []report.ThresholdResult{{Metric: "m", Status: report.Held}}},
	} {
		if s := readJUnit(t, r); s.Errors != 1 || s.Failures != 0 {
			t.Errorf("%s: %+v, wanted an error", name, s)
		}
	}
	if s := readJUnit(t, &report.Report{Verdict: report.Pass, Ended: "completed"}); s.Tests != 1 || s.Errors != 0 || s.Failures != 0 || s.Cases[0].Name != "run" {
		t.Errorf("nothing required, passed: %+v", s)
	}
}

// property returns a suite's first property of that name.
func property(s junitSuite, name string) string {
	for _, p := range s.Properties.List {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// What was found is said of cases that pass too: in properties, in system-out, and in seconds where it is a time.
func TestJUnitHasValuesOfWhatPassed(t *testing.T) {
	r := stormyReport(t)
	s := readJUnit(t, r)
	for i := range r.Thresholds {
		v, c := &r.Thresholds[i], s.Cases[i]
		found := property(s, c.Name)
		if v.Value != nil && (!strings.Contains(found, "found "+v.ValueText()+", wanted "+v.Threshold) || !strings.Contains(s.Output, c.Name+": "+found+"\n")) {
			t.Errorf("%s: found %q", c.Name, found)
		}
		if isTime := v.Unit == "s" && v.Value != nil; isTime != (c.Time != "0.000") {
			t.Errorf("%s: found a time of %s for %v", c.Name, c.Time, v.Value)
		}
	}
	for i := range r.Invariants {
		if found := property(s, r.Invariants[i].Name); r.Invariants[i].Status != report.NoData && !strings.Contains(found, "observed ") {
			t.Errorf("%s: found %q", r.Invariants[i].Name, found)
		}
	}
	if found := property(s, "order response time"); !strings.Contains(found, "p99 ") {
		t.Errorf("order: found the times %q", found)
	}
}

func TestJUnitOfAnyNamesIsXML(t *testing.T) { readJUnit(t, nastyReport(t)) }

func TestMarkdownCellsHold(t *testing.T) {
	r := nastyReport(t)
	for name, got := range map[string]string{
		"report": text(t, func(w io.Writer) error { return Markdown(w, r) }),
		"plan":   text(t, func(w io.Writer) error { return PlanMarkdown(w, nastyPlan()) }),
	} {
		columns := 0
		for line := range strings.SplitSeq(got, "\n") {
			if !strings.HasPrefix(line, "|") {
				columns = 0
				continue
			}
			n := bars(line)
			if columns != 0 && n != columns {
				t.Errorf("%s: a row of %d bars under one of %d: %s", name, n, columns, line)
			}
			columns = n
		}
		if strings.Contains(got, "NaN") || strings.Contains(got, "Inf") || strings.ContainsAny(got, "\x00\x1b") {
			t.Errorf("%s has signs it must not have:\n%s", name, got)
		}
	}
	if got := escaped("<b>*x*</b> @all\n`y` a|b"); got != "&lt;b\\>\\*x\\*&lt;/b\\> \\@all \\`y\\` a\\|b" {
		t.Errorf("escaped: %q", got)
	}
	if got := code("a`b|c"); got != "`` a`b\\|c ``" {
		t.Errorf("code: %q", got)
	}
}

// bars counts what divides a row into fields: a backslash takes the next sign's meaning, that of another backslash too.
func bars(row string) (n int) {
	for i := 0; i < len(row); i++ {
		switch row[i] {
		case '\\':
			i++
		case '|':
			n++
		}
	}
	return n
}

// A field holds whatever its text is, as a code span too.
func TestMarkdownFieldsHoldAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{`\`, "|", "`", "``", "<script>", "]]>", "\x1b[2J", "\r\n", "\u2028", "&lt;", "![x](y)"}))).Draw(t, "text"), "")
		for name, field := range map[string]string{"escaped": escaped(text), "code": code(text)} {
			if bars("| "+field+" |") != 2 || strings.ContainsAny(field, "\r\n\x1b\x00") {
				t.Fatalf("%s of %q is %q, which ends its field or its line", name, text, field)
			}
			if span := strings.HasPrefix(field, "`"); !span && strings.ContainsAny(strings.ReplaceAll(field, `\>`, ""), "<>") {
				t.Fatalf("%s of %q is %q, which may be HTML", name, text, field)
			}
		}
	})
}

func TestYAMLIsTheJSON(t *testing.T) {
	for name, v := range map[string]any{
		"report": stormyReport(t), "plan": samplePlan(), "null": nil,
		"odd": map[string]any{"yes": "no", "1": "0x1", "e": 1e-7, "big": 1e300, "n": nil, "t": true, "s": "a: b\n#\u2028\x7f", "list": []any{}, "map": map[string]any{}},
	} {
		asJSON := text(t, func(w io.Writer) error { return JSON(w, v) })
		asYAML := text(t, func(w io.Writer) error { return YAML(w, v) })
		var fromYAML any
		if err := yaml.Unmarshal([]byte(asYAML), &fromYAML); err != nil {
			t.Fatalf("%s: %v in\n%s", name, err, asYAML)
		}
		again, err := json.Marshal(fromYAML)
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		if err := errors.Join(json.Unmarshal([]byte(asJSON), &want), json.Unmarshal(again, &got)); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: YAML\n%s\nis not JSON\n%s", name, asYAML, asJSON)
		}
	}
	out := text(t, func(w io.Writer) error { return YAML(w, stormyReport(t)) })
	if run, verdict, steps := strings.Index(out, "\nrun:"), strings.Index(out, "\nverdict:"), strings.Index(out, "\nsteps:"); run > verdict || verdict > steps {
		t.Errorf("keys are not in JSON's order:\n%s", out)
	}
}

func TestDataRefusesWhatIsNoNumber(t *testing.T) {
	for _, write := range []func(io.Writer, any) error{JSON, YAML} {
		var out strings.Builder
		if err := write(&out, math.NaN()); err == nil || out.Len() > 0 {
			t.Errorf("NaN gave error %v and wrote %q", err, out.String())
		}
	}
	if got := text(t, func(w io.Writer) error { return JSON(w, "p(99)<300ms") }); got != "\"p(99)<300ms\"\n" {
		t.Errorf("JSON wrote %q", got)
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestEveryFormTellsWhenItCannotBeWritten(t *testing.T) {
	r := stormyReport(t)
	for name, err := range map[string]error{
		"report": Report(full{}, r, Style{}), "plan": Plan(full{}, samplePlan(), Style{}),
		"markdown": Markdown(full{}, r), "plan markdown": PlanMarkdown(full{}, samplePlan()),
		"junit": JUnit(full{}, r), "json": JSON(full{}, r), "yaml": YAML(full{}, r),
	} {
		if err == nil {
			t.Errorf("%s: no error from a full disk", name)
		}
	}
}
