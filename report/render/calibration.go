package render

import (
	"fsctl/plan"
	"fsctl/scenarios/quantity"
)

// calibration writes what was measured beside what was assumed, and what that changes.
func (p *page) calibration(pl *plan.Plan) {
	if len(pl.Calibration) == 0 {
		return
	}
	values := &table{columns: []column{{title: "measured field", flex: true}, {title: "assumed", right: true}, {title: "measured", right: true},
		{title: "10 to 90 %", drop: 1}, {title: "measured by", flex: true, drop: 2}, {title: "samples", right: true, drop: 3}, {title: "run", flex: true, drop: 4}}}
	for _, c := range pl.Calibration {
		values.add(calibrationRow(c)...)
	}
	p.table(values)
	p.blank()
	sizes := &table{columns: []column{{title: "by measured values", flex: true}, {title: "cores p95 before", right: true}, {title: "cores p95 now", right: true},
		{title: "instances p95 before", right: true}, {title: "instances p95 now", right: true}}}
	for _, row := range uncalibratedRows(pl) {
		sizes.add(row...)
	}
	p.table(sizes)
	p.blank()
}

func calibrationRow(c plan.Change) []string {
	old := "-"
	if c.Old != nil {
		old = Measure(c.Old.Mid, c.Unit)
	}
	field := c.Field
	if !c.Applied {
		field += " (not used)"
	}
	return []string{field, old, Measure(c.New.Mid, c.Unit), Measure(c.New.Low, c.Unit) + " to " + Measure(c.New.High, c.Unit),
		c.Origin.Method, quantity.Count(c.Origin.N), c.Origin.Run}
}

// uncalibratedRows returns cores and instances of every service at p95, before and now.
func uncalibratedRows(pl *plan.Plan) [][]string {
	if pl.Uncalibrated == nil || len(pl.Uncalibrated.Services) != len(pl.Services) {
		return nil
	}
	row := func(name string, cores, nowCores, instances, nowInstances float64) []string {
		return []string{name, some(cores, quantity.Estimate), some(nowCores, quantity.Estimate), whole(instances), whole(nowInstances)}
	}
	var rows [][]string
	for i, old := range pl.Uncalibrated.Services {
		now := pl.Services[i]
		rows = append(rows, row(old.Name, old.CPUCores.P95, now.CPUCores.P95, old.Instances.P95, now.Instances.P95))
	}
	if old, now := pl.Uncalibrated.Totals, pl.Totals; len(rows) > 1 {
		rows = append(rows, row("total", old.CPUCores.P95, now.CPUCores.P95, old.Instances.P95, now.Instances.P95))
	}
	return rows
}

// Measure writes a measured value v in its unit, one of those of a calibration file: s, 1/s,
// instances, or a ratio or plain number for any other.
func Measure(v float64, unit string) string {
	switch unit {
	case "s":
		return quantity.Seconds(v)
	case "1/s":
		return quantity.Rate(v)
	case "instances":
		return quantity.Estimate(v)
	}
	return quantity.Number(v)
}

// calibration writes the same for GitHub.
func (m *markdown) calibration(pl *plan.Plan) {
	var values [][]string
	for _, c := range pl.Calibration {
		fields := calibrationRow(c)
		for i := range fields {
			fields[i] = escaped(fields[i])
		}
		values = append(values, fields)
	}
	m.table("measured field,assumed,measured,10 to 90 %,measured by,samples,run", "---,--:,--:,---,---,--:,---", values)
	rows := uncalibratedRows(pl)
	for i := range rows {
		rows[i][0] = escaped(rows[i][0])
	}
	m.table("by measured values,cores p95 before,cores p95 now,instances p95 before,instances p95 now", "---,--:,--:,--:,--:", rows)
}
