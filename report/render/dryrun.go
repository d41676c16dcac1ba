package render

import (
	"fmt"
	"io"
	"math"

	"fsctl/report/dryrun"
	"fsctl/scenarios/quantity"
)

// reasonsBeside is the width from which the reasons of checks stand beside them, else below: a column would break their words.
const reasonsBeside = 60

// DryRun writes for people what would be sent, and whether this machine can. It fails where w does,
// or a table cannot be laid out.
func DryRun(w io.Writer, d *dryrun.Result, s Style) error {
	p := &page{Style: s}
	for _, line := range dryRunLines(d) {
		p.say("", "  ", line)
	}
	p.blank()
	p.expected(d)
	t := &table{columns: []column{{}, {title: "check", flex: true}, {title: "needed", right: true}, {title: "available", right: true}}, colors: firstIsStatus}
	isNarrow := s.width() < reasonsBeside
	if !isNarrow {
		t.columns[1].flex = false
		t.columns = append(t.columns, column{flex: true})
	}
	for _, c := range d.Checks {
		word := "pass"
		if !c.OK {
			word = "FAIL"
		}
		row := []string{word, c.Name, amount(c, c.Needed), amount(c, c.Available), c.Because}
		t.add(row[:len(t.columns)]...)
	}
	p.table(t)
	p.blank()
	if isNarrow {
		for _, c := range d.Checks {
			if c.Because != "" {
				p.say("", "  ", c.Name+": "+c.Because)
			}
		}
		p.blank()
	}
	p.say("", "  ", d.Reason)
	return p.writeTo(w)
}

// DryRunMarkdown writes what DryRun does, for GitHub's step summary. It fails where w does.
func DryRunMarkdown(w io.Writer, d *dryrun.Result) error {
	m := &markdown{}
	fmt.Fprintf(m, "## %s\n", escaped(d.Reason))
	var lines []string
	for _, line := range dryRunLines(d) {
		lines = append(lines, escaped(line))
	}
	m.list(lines)
	m.expected(d)
	var rows [][]string
	for _, c := range d.Checks {
		rows = append(rows, []string{fmt.Sprint(c.OK), escaped(c.Name), amount(c, c.Needed), amount(c, c.Available), escaped(c.Because)})
	}
	m.table("ok,check,needed,available,", "---,---,---:,---:,---", rows)
	_, err := io.WriteString(w, m.String())
	return err
}

// expected writes how many requests of each step are expected, and what that assumes.
func (p *page) expected(d *dryrun.Result) {
	if len(d.Expected) == 0 {
		return
	}
	t := &table{columns: []column{{title: "step", flex: true}, {title: "expected requests", right: true}}}
	for _, s := range d.Expected {
		t.add(s.Name, expectedText(s))
	}
	p.table(t)
	for _, a := range d.Assumed {
		p.say("  - ", "    ", assumedText(a))
	}
	p.blank()
}

func (m *markdown) expected(d *dryrun.Result) {
	if len(d.Expected) == 0 {
		return
	}
	var rows [][]string
	for _, s := range d.Expected {
		rows = append(rows, []string{escaped(s.Name), expectedText(s)})
	}
	m.table("step,expected requests", "---,---:", rows)
	var assumed []string
	for _, a := range d.Assumed {
		assumed = append(assumed, escaped(assumedText(a)))
	}
	m.list(assumed)
}

func expectedText(s dryrun.Step) string {
	if s.Low == s.High {
		return quantity.Estimate(s.Mid)
	}
	return fmt.Sprintf("%s (%s to %s)", quantity.Estimate(s.Mid), quantity.Estimate(s.Low), quantity.Estimate(s.High))
}

func assumedText(a dryrun.Assumption) string { return "assumed: " + a.Text + " (" + a.Field + ")" }

func dryRunLines(d *dryrun.Result) []string {
	lines := []string{d.Summary}
	if d.Share != "" {
		lines = append(lines, d.Share+"; that is if every answer comes at once")
	} else if d.PeakQPS > 0 {
		lines = append(lines, fmt.Sprintf("at its peak that is about %s, if every answer comes at once", quantity.Rate(d.PeakQPS)))
	}
	if t := d.SelfTest; t != nil {
		lines = append(lines, fmt.Sprintf("this machine sends at most %s: a request took %s of CPU in the self-test (small requests, no TLS, over loopback), and %s may be used",
			quantity.Rate(t.MaxQPS), quantity.Seconds(t.CPUSecondsPerRequest), quantity.EstimateOf(t.UsableCores, "core")))
	}
	return lines
}

// amount writes an amount of what a check is about.
func amount(c dryrun.Check, n float64) string {
	switch {
	case n == 0:
		return quantity.None
	case c.Unit == "bytes":
		return quantity.Bytes(n)
	case n == math.Trunc(n) && n < 1e15:
		return quantity.Count(int64(n))
	}
	return quantity.Estimate(n)
}
