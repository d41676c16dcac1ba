package render

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"fsctl/plan"
	"fsctl/report"
	"fsctl/report/render/loads"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// markdown collects GitHub's dialect.
type markdown struct{ strings.Builder }

// escaped makes any text plain text of a table field or a paragraph.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range plaintext.Line(text) {
		switch r {
		case '<':
			b.WriteString("&lt;")
			continue
		case '&':
			b.WriteString("&amp;")
			continue
		case '\\', '|', '`', '*', '_', '[', ']', '~', '#', '>', '@':
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// code makes any text a code span of a table field. One with a backslash before a bar cannot be: the backslash would escape the
// one that escapes the bar, and the field would end there.
func code(text string) string {
	if text = plaintext.Line(text); strings.Contains(text, `\|`) {
		return escaped(text)
	}
	text = strings.ReplaceAll(text, "|", `\|`)
	if text == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		text = " " + text + " "
	}
	return fence + text + fence
}

func (m *markdown) table(titles, alignments string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(m, "\n| %s |\n|%s|\n", strings.ReplaceAll(titles, ",", " | "), strings.ReplaceAll(alignments, ",", "|"))
	for _, row := range rows {
		fmt.Fprintf(m, "| %s |\n", strings.Join(row, " | "))
	}
}

func (m *markdown) list(items []string) {
	if len(items) > 0 {
		m.WriteByte('\n')
	}
	for _, item := range items {
		m.WriteString("- " + item + "\n")
	}
}

// Markdown writes a report for GitHub's step summary. It fails where w does.
func Markdown(w io.Writer, r *report.Report) error {
	m := &markdown{}
	fmt.Fprintf(m, "## %s: %s\n\n%s\n\n", strings.ToUpper(escaped(string(r.Verdict))), escaped(cmp.Or(r.Scenario, "run")), escaped(r.Reason))
	m.WriteString(escaped(strings.Join(about(r), ", ")) + "\n")
	var found []string
	for _, f := range findings(r) {
		found = append(found, "**"+escaped(f.Code)+"**: "+escaped(f.Message))
	}
	for _, line := range healthLines(r) {
		found = append(found, escaped(line))
	}
	m.list(found)
	m.agents(r.Agents)
	m.levels(r.Levels)
	m.thresholds(r)
	m.invariants(r)
	m.journeys(r.Journeys)
	m.groups(r.Groups)
	m.steps(r)
	m.samples(r.Steps)
	m.recommendations(r)
	var notes []string
	for _, n := range r.Notes {
		notes = append(notes, escaped(n))
	}
	m.list(notes)
	_, err := io.WriteString(w, m.String())
	return err
}

func (m *markdown) thresholds(r *report.Report) {
	var rows [][]string
	for i := range r.Thresholds {
		t := &r.Thresholds[i]
		found := t.ValueText()
		if t.Value == nil && t.Note != "" {
			found += ": " + t.Note
		}
		rows = append(rows, []string{mark(t.Status, t.Optional), code(t.Metric), code(t.Threshold), escaped(t.Window), escaped(found)})
	}
	m.table(",threshold,wanted,window,found", "---,---,---,---,--:", rows)
}

func (m *markdown) invariants(r *report.Report) {
	var rows [][]string
	var evidence []string
	for _, v := range r.Invariants {
		expected, observed := quantity.Count(v.Expected), quantity.Count(v.Observed)
		if v.Status == report.NoData {
			expected, observed = "-", "-"
		}
		rows = append(rows, []string{mark(v.Status, v.Optional), escaped(v.Name), expected, observed, escaped(v.Summary)})
		for _, e := range v.Evidence {
			evidence = append(evidence, escaped(e))
		}
	}
	m.table(",invariant,expected,found,", "---,---,--:,--:,---", rows)
	m.list(evidence)
}

func (m *markdown) steps(r *report.Report) {
	var rows, outcomes [][]string
	for i := range r.Steps {
		s := &r.Steps[i]
		lead := []string{escaped(s.Name), quantity.Count(s.Requests), quantity.Count(s.Errors), rateOr(s.AchievedQPS)}
		rows = append(rows,
			append(append(lead, "response"), times(s.ResponseTime)...),
			append([]string{"", "", "", "", "service"}, times(s.ServiceTime)...))
		outcomes = append(outcomes, []string{escaped(s.Name), escaped(outcomesOf(*s)), escaped(answersOf(s)), escaped(failuresOf(s))})
	}
	m.table("step,requests,errors,rate,time,p50,p90,p95,p99,p99.9,max,mean", "---,--:,--:,--:,---,--:,--:,--:,--:,--:,--:,--:", rows)
	m.table("step,outcomes,answers,failures", "---,---,---,---", outcomes)
}

func (m *markdown) recommendations(r *report.Report) {
	var rows [][]string
	for _, v := range r.Recommendations {
		rows = append(rows, []string{code(v.Setting), escaped(v.Current), "**" + escaped(v.Value) + "**", escaped(v.Because)})
	}
	m.table("set,now,to,because", "---,--:,--:,---", rows)
}

func mark(s report.Status, optional bool) string {
	word := statusWord(s, optional)
	if word == "FAIL" || word == "NO DATA" {
		return "**" + word + "**"
	}
	return word
}

// PlanMarkdown writes a plan for GitHub's step summary. It fails where w does.
func PlanMarkdown(w io.Writer, pl *plan.Plan) error {
	m := &markdown{}
	fmt.Fprintf(m, "## Plan: %s\n\n%s\n\n%s\n", escaped(cmp.Or(pl.Scenario, "this sale")), escaped(headline(pl)), escaped(dayLine(pl)))
	d := &pl.Demand
	demand := [][]string{
		append([]string{loads.DayPeak}, estimateFigures(d.PeakQPS, quantity.Rate)...),
		append([]string{"its transactions"}, estimateFigures(d.PeakTPS, quantity.Rate)...),
	}
	if loads.HasEvent(d) {
		demand = append(demand,
			append([]string{loads.Event}, estimateFigures(d.EventQPS, quantity.Rate)...),
			append([]string{"its transactions"}, estimateFigures(d.EventTPS, quantity.Rate)...))
	}
	if d.StormQPS != nil {
		demand = append(demand,
			append([]string{loads.StormSecond}, estimateFigures(*d.StormQPS, quantity.Rate)...),
			append([]string{"its transactions"}, estimateFigures(*d.StormTPS, quantity.Rate)...),
			append([]string{loads.StormBurst}, estimateFigures(*d.StormBurstQPS, quantity.Rate)...))
	}
	for i := range d.Steps {
		s := &d.Steps[i]
		demand = append(demand, append([]string{escaped(loads.OfStep(d, s))}, estimateFigures(s.PeakQPS, quantity.Rate)...))
	}
	m.table("demand,low,mid,high,p50,p95,p99", "---,--:,--:,--:,--:,--:,--:", demand)
	side := loads.Rows(pl)
	for _, row := range side {
		row[0] = escaped(row[0])
	}
	m.table(strings.Join(loads.Titles(), ","), "---,--:,--:,--:,--:,---", side)
	var rows [][]string
	for _, s := range pl.Services {
		rows = append(rows, []string{
			escaped(s.Name), escaped(s.Kind), quantity.Rate(s.PeakQPS.P95), serviceCores(&s),
			whole(s.Instances.Mid), whole(s.Instances.P95), running(&s),
			some(s.UtilizationRatio, quantity.Percent), some(s.ResponseSeconds.P99, quantity.Seconds), escaped(s.Bottleneck),
		})
	}
	m.table("service,kind,calls p95,cores p95,instances mid,instances p95,running now,utilization mid,response p99,bound by", "---,---,--:,--:,--:,--:,--:,--:,--:,---", rows)
	m.calibration(pl)
	m.candidates(pl)
	m.tornado(pl)
	m.estate(pl)
	m.autoscaling(pl.Autoscaling)
	m.details(pl)
	var warnings []string
	for _, warning := range pl.Warnings {
		warnings = append(warnings, "**"+escaped(warning.Code)+"**: "+escaped(warning.Message))
	}
	m.list(warnings)
	_, err := io.WriteString(w, m.String()+"\n"+escaped(trialsLine(pl))+"\n")
	return err
}
