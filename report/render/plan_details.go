package render

import (
	"fsctl/plan"
	"fsctl/scenarios/quantity"
)

// details writes what only a service's kind has, under the services' table.
func (p *page) details(services []plan.Service) {
	t := &table{columns: []column{
		{title: "service", flex: true}, {title: "figure", flex: true}, {title: "value mid", right: true}, {title: "unit", drop: 2}, {title: "note", flex: true, drop: 1},
	}}
	for _, row := range detailRows(services) {
		t.add(row...)
	}
	if len(t.rows) == 0 {
		return
	}
	p.table(t)
	p.blank()
}

// detailRows lists service, name, value, unit and note of every detail; a service's name stands once.
func detailRows(services []plan.Service) [][]string {
	var rows [][]string
	for i := range services {
		name := services[i].Name
		for _, d := range services[i].Details {
			value, unit := detailValue(d)
			rows = append(rows, []string{name, d.Name, value, unit, d.Note})
			name = ""
		}
	}
	return rows
}

// detailValue writes a detail's value, with the unit where the value does not say it.
func detailValue(d plan.Detail) (value, unit string) {
	switch d.Unit {
	case "1/s":
		return quantity.Rate(d.Value), ""
	case "s":
		return quantity.Seconds(d.Value), ""
	case "ratio":
		return quantity.Percent(d.Value), ""
	}
	return quantity.Estimate(d.Value), d.Unit
}

// details writes the same as a Markdown table.
func (m *markdown) details(pl *plan.Plan) {
	rows := detailRows(pl.Services)
	for _, row := range rows {
		row[0], row[1], row[3], row[4] = escaped(row[0]), code(row[1]), escaped(row[3]), escaped(row[4])
	}
	m.table("service,figure,value mid,unit,note", "---,---,--:,---,---", rows)
}
