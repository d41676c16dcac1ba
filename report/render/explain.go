package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"fsctl/plan"
	"fsctl/plan/explain"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// explained is what shares a formula: one figure, or the cases of an estimate.
type explained struct {
	field string
	cases []explain.Explanation
}

// groups puts the cases of an estimate together where their formulas are the same.
func groups(list []explain.Explanation) []explained {
	var out []explained
	for _, e := range list {
		field := e.Field
		if e.Case != "" {
			field = field[:strings.LastIndexByte(field, '.')]
		}
		last := len(out) - 1
		if last >= 0 && out[last].field == field && out[last].cases[0].Formula == e.Formula && len(out[last].cases[0].Symbols) == len(e.Symbols) {
			out[last].cases = append(out[last].cases, e)
			continue
		}
		out = append(out, explained{field, []explain.Explanation{e}})
	}
	return out
}

// name returns which case of the group's field an explanation is.
func (g *explained) name(e *explain.Explanation) string {
	return cmp.Or(strings.TrimPrefix(strings.TrimPrefix(e.Field, g.field), "."), "value")
}

// distinct collects the different texts of the cases.
func (g *explained) distinct(read func(*explain.Explanation) []string) []string {
	var out []string
	for i := range g.cases {
		for _, text := range read(&g.cases[i]) {
			if text != "" && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}

func (g *explained) errors() []string {
	return g.distinct(func(e *explain.Explanation) []string { return []string{e.Error} })
}

func (g *explained) assumptions() []string {
	return g.distinct(func(e *explain.Explanation) []string { return e.Assumptions })
}

// Explanations writes where figures of a plan come from, for people. It fails where w does, or a
// table cannot be laid out.
func Explanations(w io.Writer, list []explain.Explanation, s Style) error {
	p := &page{Style: s}
	for i := range list {
		p.blank()
		p.explanation(&list[i])
	}
	return p.writeTo(w)
}

func (p *page) explanation(e *explain.Explanation) {
	p.line(p.paint(plaintext.Line(e.Field)+" = "+withUnit(quantity.Precise(e.Result), e.Unit), bold))
	p.say("", "", strings.TrimSpace(e.Meaning+" "+e.Case))
	p.blank()
	for _, part := range []struct{ name, text string }{{"formula", e.Formula}, {"put in", e.Filled + " = " + quantity.Precise(e.Result)}} {
		lead := fmt.Sprintf("%-9s", part.name)
		p.say(p.paint(lead, faint), strings.Repeat(" ", len(lead)), part.text)
	}
	p.blank()
	t := &table{columns: []column{{title: "symbol", flex: true}, {title: "value", right: true}, {title: "unit"}, {title: "from", flex: true}}}
	for _, v := range e.Symbols {
		t.add(v.Name, quantity.Precise(v.Value), cmp.Or(v.Unit, "-"), v.Origin)
	}
	p.table(t)
	p.blank()
	for _, part := range []struct{ name, text string }{{"source", e.Source}, {"error", e.Error}} {
		lead := fmt.Sprintf("%-9s", part.name)
		p.say(p.paint(lead, faint), strings.Repeat(" ", len(lead)), part.text)
	}
	for i, text := range e.Assumptions {
		lead := strings.Repeat(" ", 9)
		if i == 0 {
			lead = p.paint(fmt.Sprintf("%-9s", "assumed"), faint)
		}
		p.say(lead, strings.Repeat(" ", 9), text)
	}
}

func withUnit(number, unit string) string {
	switch unit {
	case "", "ratio":
		return number
	}
	return number + " " + unit
}

// ExplanationsMarkdown writes where figures of a plan come from, as one document. It fails where w
// does.
func ExplanationsMarkdown(w io.Writer, pl *plan.Plan, list []explain.Explanation) error {
	m := &markdown{}
	fmt.Fprintf(m, "# Where the figures of %s come from\n\n%s\n", escaped(cmp.Or(pl.Scenario, "this sale")), escaped(trialsLine(pl)))
	m.WriteString("Every formula has been evaluated with the numbers shown, and gives the plan's figure.\n")
	for _, g := range groups(list) {
		m.explanation(&g)
	}
	_, err := io.WriteString(w, m.String())
	return err
}

func (m *markdown) explanation(g *explained) {
	first := &g.cases[0]
	unit := ""
	if first.Unit != "" {
		unit = " [" + first.Unit + "]"
	}
	fmt.Fprintf(m, "\n## %s\n\n%s\n\nFormula%s: %s\n", escaped(g.field), escaped(first.Meaning), escaped(unit), code(first.Formula))
	var rows [][]string
	for i := range g.cases {
		e := &g.cases[i]
		rows = append(rows, []string{escaped(g.name(e)), quantity.Precise(e.Result), code(e.Filled)})
	}
	m.table("case,result,the formula with its numbers", "---,--:,---", rows)
	titles, alignments := "symbol,unit,from", "---,---,---"
	for i := range g.cases {
		titles, alignments = titles+","+g.name(&g.cases[i]), alignments+",--:"
	}
	m.table(titles, alignments, g.symbolRows(code, escaped))
	lines := []string{"Source: " + escaped(first.Source)}
	for _, text := range g.errors() {
		lines = append(lines, "Error: "+escaped(text))
	}
	for _, text := range g.assumptions() {
		lines = append(lines, "Assumed: "+escaped(text))
	}
	for i := range g.cases {
		if e := &g.cases[i]; e.Case != "" {
			lines = append(lines, escaped(g.name(e))+": "+escaped(e.Case))
		}
	}
	m.list(lines)
}

// symbolRows lists the symbols with their values in every case.
func (g *explained) symbolRows(name, text func(string) string) [][]string {
	var rows [][]string
	for k, s := range g.cases[0].Symbols {
		row := []string{name(s.Name), text(cmp.Or(s.Unit, "-")), text(s.Origin)}
		for i := range g.cases {
			row = append(row, quantity.Precise(g.cases[i].Symbols[k].Value))
		}
		rows = append(rows, row)
	}
	return rows
}
