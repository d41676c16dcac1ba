package render

import (
	"bytes"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fsctl/plan"
	"fsctl/report"
	"fsctl/scenarios/plaintext"
)

func text(t testing.TB, write func(io.Writer) error) string {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func reportText(t testing.TB, r *report.Report, s Style) string {
	return text(t, func(w io.Writer) error { return Report(w, r, s) })
}

func planText(t testing.TB, p *plan.Plan, s Style) string {
	return text(t, func(w io.Writer) error { return Plan(w, p, s) })
}

// nastyReport has names and figures as no one should have them.
func nastyReport(t testing.TB) *report.Report {
	r := stormyReport(t)
	long := strings.Repeat("long", 60)
	value, nan := math.Inf(1), math.NaN()
	r.Scenario, r.Run, r.Reason = "a\x1b[31mb\nc", "C:\\"+long, long+"\n"+long
	r.Thresholds = append(r.Thresholds, report.ThresholdResult{Metric: "m|`<&>\"'" + long, Threshold: long, Status: report.Broken, Value: &value},
		report.ThresholdResult{Status: "odd"})
	r.Invariants = append(r.Invariants, report.InvariantResult{Name: "抢购" + long, Status: report.NoData, Evidence: []string{long, "抢购超卖" + long, "\xff\x00"}})
	r.Steps = append(r.Steps, report.Step{Name: "下单下单下单下单下单下单下单下单下单下单下单下单下单", AchievedQPS: &nan, Requests: math.MaxInt64,
		Outcomes: map[string]int64{long: 1, "": -5}, ServiceTime: &report.Distribution{P50: math.NaN(), Max: 1e300}})
	r.Recommendations = append(r.Recommendations, report.Recommendation{Setting: long, Value: long, Because: "\t" + long})
	r.Notes = append(r.Notes, "", long)
	return r
}

func nastyPlan() *plan.Plan {
	p := samplePlan()
	long := strings.Repeat("抢购x", 60)
	p.Scenario = long
	p.Services = append(p.Services, plan.Service{Name: long, Kind: "k\nk", PeakQPS: plan.Estimate{P95: math.Inf(1)}, CPUCores: plan.Estimate{P95: math.NaN()}, Bottleneck: long})
	p.Demand.Steps = append(p.Demand.Steps, plan.StepDemand{Name: long, PeakQPS: plan.Estimate{Low: math.MaxFloat64, P99: -1}})
	p.Warnings = append(p.Warnings, plan.Warning{Message: long})
	p.Excuses = append(p.Excuses, plan.Excuse{Candidate: long, Got: math.NaN(), Limit: math.Inf(-1)})
	return p
}

func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	stormy, nasty := stormyReport(t), nastyReport(t)
	for _, width := range []int{0, 30, 40, 60, 80, 100, 120, 200} {
		s := Style{Width: width}
		for name, got := range map[string]string{
			"report":       reportText(t, stormy, s),
			"nasty report": reportText(t, nasty, s),
			"empty report": reportText(t, &report.Report{}, s),
			"plan":         planText(t, samplePlan(), s),
			"nasty plan":   planText(t, nastyPlan(), s),
			"empty plan":   planText(t, &plan.Plan{}, s),
		} {
			for line := range strings.SplitSeq(got, "\n") {
				if visible(line) > s.width() {
					t.Errorf("%s at width %d: a line of %d columns: %q", name, width, visible(line), line)
				}
				if strings.TrimRight(line, " ") != line {
					t.Errorf("%s at width %d: blanks at the end of %q", name, width, line)
				}
			}
			if strings.ContainsAny(got, "\x1b\x00\t") || strings.Contains(got, "NaN") || strings.Contains(got, "Inf") || strings.Contains(got, "\n\n\n") {
				t.Errorf("%s at width %d has signs it must not have:\n%s", name, width, got)
			}
		}
	}
}

var update = flag.Bool("update", false, "write testdata anew")

func TestTextsAsTheyShouldLook(t *testing.T) {
	for file, got := range map[string]string{
		"report-80.txt":  reportText(t, stormyReport(t), Style{Width: 80}),
		"report-120.txt": reportText(t, stormyReport(t), Style{}),
		"plan-80.txt":    planText(t, samplePlan(), Style{Width: 80}),
		"plan-120.txt":   planText(t, samplePlan(), Style{}),
		"report.md":      text(t, func(w io.Writer) error { return Markdown(w, stormyReport(t)) }),
		"trial-40.txt":   trialText(t, sampleTrial(), Style{Width: 40}),
		"trial-120.txt":  trialText(t, sampleTrial(), Style{}),
		"trial.md":       text(t, func(w io.Writer) error { return TrialMarkdown(w, sampleTrial()) }),
		"plan.md":        text(t, func(w io.Writer) error { return PlanMarkdown(w, samplePlan()) }),
	} {
		file = filepath.Join("testdata", file)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwanted\n%s", file, got, want)
		}
	}
}

func TestColourChangesNoLayout(t *testing.T) {
	escape := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, width := range []int{60, 120} {
		painted := reportText(t, stormyReport(t), Style{Width: width, Color: true})
		if !strings.Contains(painted, "\x1b[31mFAIL") || escape.ReplaceAllString(painted, "") != reportText(t, stormyReport(t), Style{Width: width}) {
			t.Errorf("width %d: without its colours the text is another:\n%s", width, painted)
		}
		painted = planText(t, samplePlan(), Style{Width: width, Color: true})
		if escape.ReplaceAllString(painted, "") != planText(t, samplePlan(), Style{Width: width}) {
			t.Errorf("width %d: without its colours the plan is another:\n%s", width, painted)
		}
	}
}

func TestLastLineIsTheVerdict(t *testing.T) {
	for verdict, want := range map[report.Verdict]string{
		report.Pass: "PASS  because", report.Fail: "FAIL  because", report.Invalid: "INVALID  because",
		report.Incomplete: "INCOMPLETE  because",
	} {
		got := reportText(t, &report.Report{Verdict: verdict, Reason: "because", T0: time.Time{}}, Style{})
		if !strings.HasSuffix(got, "\n"+want+"\n") {
			t.Errorf("%s ends %q, wanted %q", verdict, got, want)
		}
	}
	long := strings.Repeat("every request failed ", 12) + "in the end"
	for _, width := range []int{30, 80, 120} {
		lines := strings.Split(strings.TrimSpace(reportText(t, &report.Report{Verdict: report.Fail, Reason: long}, Style{Width: width})), "\n")
		if last := lines[len(lines)-1]; !strings.HasPrefix(last, "FAIL  every request") || !strings.HasSuffix(last, " ...") {
			t.Errorf("at width %d the last line is %q, wanted the verdict with the begin of its reason", width, last)
		}
		if whole := strings.Join(strings.Fields(strings.Join(lines, " ")), " "); !strings.Contains(whole, long) {
			t.Errorf("at width %d the reason is not there in full:\n%s", width, whole)
		}
	}
}

// Errors are what a reader looks for: however narrow the terminal, their columns stay.
func TestErrorsAreShownAtAnyWidth(t *testing.T) {
	r := stormyReport(t)
	r.Levels = []report.Level{{Verdict: report.Fail, ErrorRatio: 0.5, Why: "half of them failed"}}
	for _, width := range []int{40, 60, 80} {
		got := reportText(t, r, Style{Width: width})
		if strings.Contains(strings.Join(regexp.MustCompile(`(?m)^not shown: (?:.*\n  )*.*`).FindAllString(got, -1), " "), "errors") || strings.Count(got, "errors") < 2 || !strings.Contains(got, "failures") {
			t.Errorf("width %d leaves errors out:\n%s", width, got)
		}
	}
}

func TestWrapKeepsEveryLetterAndItsUnit(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"it took 350 ms, or 20 % more", 12, "it took|350 ms, or|20 % more"},
		{"response_time{step:order}", 16, "response_time{|step:order}"},
		{"abcdefghij", 4, "abcd|efgh|ij"},
		{"", 4, ""},
		{"下单下单", 4, "下单|下单"},
	} {
		if got := strings.Join(wrap(c.text, c.width), "|"); got != c.want {
			t.Errorf("%q at %d: %q, wanted %q", c.text, c.width, got, c.want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("it took 350 ms, or 20 % more", 12)
	f.Add("抢购 a\x1b[31mb", 1)
	f.Fuzz(func(t *testing.T, s string, width int) {
		width = 2 + width&63 // a wide letter needs two
		lines := wrap(s, width)
		for _, line := range lines {
			if visible(line) > width {
				t.Errorf("%q is %d columns wide, wanted %d", line, visible(line), width)
			}
		}
		bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if bare(strings.Join(lines, " ")) != bare(plaintext.Line(s)) {
			t.Errorf("%q lost letters: %q", s, lines)
		}
	})
}

func TestTextIsWrappedBeforeNumbers(t *testing.T) {
	table := &table{columns: []column{{title: "a", flex: true}, {title: "b", right: true}, {title: "c", drop: 1}}}
	table.add("some text of many words", strings.Repeat("9", 24), "x")
	got, _, err := table.render(Style{Width: 44})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got, strings.Repeat("9", 24)+"  x\n") || strings.Count(got, "\n") != 3 {
		t.Errorf("got\n%s\nwanted the number whole and the text on two lines", got)
	}
	table.rows[0][2] = strings.Repeat("c", 20)
	if got, _, err = table.render(Style{Width: 44}); err != nil || strings.Contains(got, "ccc") || !strings.Contains(got, strings.Repeat("9", 24)) {
		t.Errorf("got (%v)\n%s\nwanted column c dropped and the number whole", err, got)
	}
}

// A column that is dropped is named, also one without a title, and columns move together before a word of them is broken.
func TestWhatIsDroppedIsNamed(t *testing.T) {
	table := &table{columns: []column{{title: "step", flex: true}, {title: "requests", right: true}, {title: "errors", right: true}, {title: "p50", drop: 1}, {flex: true, drop: 2}}}
	table.add("browse", "637", "0", "9.86 ms", "held")
	for width := leastWidth; width < 60; width++ {
		got, left, err := table.render(Style{Width: width})
		if err != nil {
			t.Fatal(err)
		}
		for title, text := range map[string]string{"p50": "9.86 ms", untitled: "held"} {
			if slices.Contains(left, title) == strings.Contains(got, text) {
				t.Errorf("at %d columns %q is named in %q beside\n%s", width, title, left, got)
			}
		}
	}
	table.columns[1].title, table.rows[0][1] = "requests-sent", "1,234,567,890"
	got, _, err := table.render(Style{Width: leastWidth})
	if err != nil || !strings.Contains(got, "1,234,567,890") || !strings.Contains(got, "errors") {
		t.Errorf("found %v and\n%s\nwanted whole words", err, got)
	}
}
