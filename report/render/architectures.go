package render

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"fsctl/plan"
	"fsctl/plan/architectures"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// Architectures writes a comparison of architectures for people. It fails where w does, or a table
// cannot be laid out.
func Architectures(w io.Writer, a *architectures.Comparison, s Style) error {
	p := &page{Style: s}
	p.say("", "  ", cmp.Or(plaintext.Line(a.Scenario), "this sale")+" on one architecture after the other, at its highest rate (mid; refused and waiting orders also p95)")
	p.blank()
	t := &table{columns: []column{
		{title: "architecture"}, {title: "db reads", right: true}, {title: "reads a node", right: true}, {title: "db writes", right: true},
		{title: "refused orders", right: true, drop: 2}, {title: "refused p95", right: true, drop: 7}, {title: "waiting orders", right: true, drop: 3}, {title: "waiting p95", right: true, drop: 8},
		{title: "single points", right: true, drop: 1}, {title: "cores", right: true, drop: 4}, {title: "instances", right: true, drop: 6}, {title: "cost a day", right: true, drop: 5},
	}}
	for _, row := range architectureRows(a) {
		t.add(row...)
	}
	p.table(t)
	p.blank()
	for _, v := range a.Architectures {
		p.say(p.paint(v.Name, bold)+": ", "  ", v.Gain)
		if len(v.SinglePoints) > 0 {
			p.say("  stops with: ", "    ", strings.Join(v.SinglePoints, "; "))
		}
	}
	p.blank()
	for i, text := range a.Assumptions {
		mark := fmt.Sprintf("[%d] ", i+1)
		p.say(p.paint(mark, yellow), strings.Repeat(" ", len(mark)), text)
	}
	return p.writeTo(w)
}

func architectureRows(a *architectures.Comparison) [][]string {
	var rows [][]string
	for _, v := range a.Architectures {
		rows = append(rows, []string{v.Name, quantity.Rate(v.DatabaseReadsQPS.Mid), quantity.Rate(v.ReadsPerNodeQPS.Mid), quantity.Rate(v.PrimaryWritesQPS.Mid),
			quantity.Rate(v.RefusedOrdersQPS.Mid), quantity.Rate(v.RefusedOrdersQPS.P95),
			quantity.Estimate(v.OrderBacklog.Mid), quantity.Estimate(v.OrderBacklog.P95),
			quantity.Count(len(v.SinglePoints)), quantity.Estimate(v.CPUCores.Mid), quantity.Estimate(v.Instances.Mid), costMid(v.CostPerDay)})
	}
	return rows
}

// costMid writes a cost of the mid case, and a dash where there is none.
func costMid(cost *plan.Estimate) string {
	if cost == nil {
		return quantity.None
	}
	return quantity.Money(cost.Mid)
}

// ArchitecturesMarkdown writes a comparison of architectures for GitHub's step summary. It fails
// where w does.
func ArchitecturesMarkdown(w io.Writer, a *architectures.Comparison) error {
	m := &markdown{}
	fmt.Fprintf(m, "## Architectures: %s\n", escaped(cmp.Or(a.Scenario, "this sale")))
	m.table("architecture,db reads,reads a node,db writes,refused orders,refused p95,waiting orders,waiting p95,single points,cores,instances,cost a day",
		"---,--:,--:,--:,--:,--:,--:,--:,--:,--:,--:,--:", escapedRows(architectureRows(a)))
	var gains, notes []string
	for _, v := range a.Architectures {
		text := "**" + escaped(v.Name) + "**: " + escaped(v.Gain)
		if len(v.SinglePoints) > 0 {
			text += ". It stops with " + escaped(strings.Join(v.SinglePoints, "; "))
		}
		gains = append(gains, text)
	}
	for _, text := range a.Assumptions {
		notes = append(notes, escaped(text))
	}
	m.list(gains)
	m.list(notes)
	_, err := io.WriteString(w, m.String())
	return err
}
