package render

import (
	"fsctl/report"
	"fsctl/scenarios/quantity"
)

// groups writes how long users took for groups of their journeys.
func (p *page) groups(list []report.Group) {
	if len(list) == 0 {
		return
	}
	t := &table{columns: []column{{title: "group", flex: true}, {title: "times", right: true}, {title: "finished", right: true, drop: 1},
		{title: "p50", right: true}, {title: "p95", right: true}, {title: "p99", right: true}, {title: "max", right: true, drop: 2}}}
	for i := range list {
		t.add(groupRow(&list[i])...)
	}
	p.table(t)
	p.blank()
}

func (m *markdown) groups(list []report.Group) {
	var rows [][]string
	for i := range list {
		row := groupRow(&list[i])
		row[0] = escaped(row[0])
		rows = append(rows, row)
	}
	if len(rows) > 0 {
		m.table("group,times,finished,p50,p95,p99,max", "---,--:,--:,--:,--:,--:,--:", rows)
	}
}

func groupRow(g *report.Group) []string {
	row := []string{g.Name, quantity.Count(g.Times), quantity.Count(g.Finished)}
	d := g.Duration
	if d == nil {
		return append(row, quantity.None, quantity.None, quantity.None, quantity.None)
	}
	for _, v := range []float64{d.P50, d.P95, d.P99, d.Max} {
		row = append(row, quantity.Seconds(v))
	}
	return row
}
