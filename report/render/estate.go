package render

import (
	"strings"

	"fsctl/plan"
	"fsctl/scenarios/quantity"
)

// estate shows where the instances run, what it costs and when the cloud must be asked.
func (p *page) estate(e *plan.EstatePlan) {
	if e == nil {
		return
	}
	t := &table{columns: []column{
		{title: "pool", flex: true}, {title: "billing", drop: 5}, {title: "cores", right: true},
		{title: "used mid", right: true}, {title: "used p95", right: true}, {title: "used p99", right: true, drop: 6},
		{title: "provisioned in p95", right: true, drop: 3}, {title: "ask before T0", right: true, drop: 1},
		{title: "cost mid", right: true, drop: 4}, {title: "cost p95", right: true, drop: 2},
	}}
	for _, row := range poolRows(e) {
		t.add(row...)
	}
	p.table(t)
	p.blank()
	p.say("estate: ", "  ", e.Verdict+"; bound by "+e.BindingLimit)
	p.blank()
}

// poolRows lists the pools and what they are together.
func poolRows(e *plan.EstatePlan) [][]string {
	var rows [][]string
	row := func(name, billing string, cores float64, used plan.Estimate, comes, lead float64, cost plan.Estimate) {
		rows = append(rows, []string{name, billing, quantity.Estimate(cores), quantity.Estimate(used.Mid), quantity.Estimate(used.P95),
			quantity.Estimate(used.P99), some(comes, quantity.Seconds), some(lead, quantity.Seconds), some(cost.Mid, quantity.Money), some(cost.P95, quantity.Money)})
	}
	for _, pool := range e.Pools {
		row(pool.Name, pool.Billing, pool.Cores, pool.UsedCores, pool.ProvisionSeconds.P95, pool.LeadSeconds.P95, pool.Cost)
	}
	if len(e.Pools) > 1 {
		row("together", "", e.PoolCores, e.ProvisionCores, 0, e.LeadSeconds.P95, e.Cost)
	}
	if e.ShortCores.P99 > 0 {
		row("short", "", 0, e.ShortCores, 0, 0, plan.Estimate{})
		rows[len(rows)-1][2] = quantity.None // which is no pool
	}
	return rows
}

// autoscaling shows how long an autoscaler takes beside a scheduled scale-up.
func (p *page) autoscaling(a *plan.Autoscaling) {
	if a == nil {
		return
	}
	t := &table{columns: []column{
		{title: "autoscaler", flex: true}, {title: "growth", right: true}, {title: "target", right: true}, {title: "cycles", right: true},
		{title: "on running nodes", right: true, drop: 2}, {title: "with new nodes", right: true, drop: 3}, {title: "", flex: true, drop: 1},
	}}
	for _, row := range climbRows(a) {
		t.add(row...)
	}
	p.table(t)
	p.blank()
	p.say("autoscaler: ", "  ", a.Because)
	p.blank()
}

func climbRows(a *plan.Autoscaling) [][]string {
	var rows [][]string
	add := func(name string, growth float64, climbs []plan.Climb, because string) {
		for i, c := range climbs {
			cycles := quantity.Count(c.Cycles)
			if c.Stuck {
				cycles = "never"
			}
			fields := []string{"", "", quantity.Percent(c.TargetRatio), cycles, some(c.Seconds, quantity.Seconds), some(c.SecondsWithNodes, quantity.Seconds), ""}
			if i == 0 {
				fields[0], fields[1], fields[6] = name, quantity.Factor(growth), because
			}
			rows = append(rows, fields)
		}
	}
	add("step "+a.Step, a.Growth, a.Climbs, "a CPU target alone")
	for _, s := range a.Services {
		add(s.Name, s.Growth, s.Climbs, s.Because)
	}
	return rows
}

func (m *markdown) estate(e *plan.EstatePlan) {
	if e == nil {
		return
	}
	m.table("pool,billing,cores,used mid,used p95,used p99,provisioned in p95,ask before T0,cost mid,cost p95",
		"---,---,--:,--:,--:,--:,--:,--:,--:,--:", escapedRows(poolRows(e)))
	m.WriteString("\n" + escaped(e.Verdict+"; bound by "+e.BindingLimit) + "\n")
}

func (m *markdown) autoscaling(a *plan.Autoscaling) {
	if a == nil {
		return
	}
	m.table("autoscaler,growth,target,cycles,on running nodes,with new nodes,", "---,--:,--:,--:,--:,--:,---", escapedRows(climbRows(a)))
	m.WriteString("\n" + escaped(a.Because) + "\n")
}

// escapedRows makes any text plain text of table fields.
func escapedRows(rows [][]string) [][]string {
	for _, row := range rows {
		for i := range row {
			row[i] = strings.TrimSpace(escaped(row[i]))
		}
	}
	return rows
}
