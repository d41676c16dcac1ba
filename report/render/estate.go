package render

import (
	"strings"

	"fsctl/plan"
	"fsctl/scenarios/quantity"
)

// estate shows where the instances run, what it costs and when the cloud must be asked.
func (p *page) estate(pl *plan.Plan) {
	if pl.Estate == nil {
		return
	}
	t := &table{columns: []column{
		{title: "pool", flex: true}, {title: "billing", drop: 5}, {title: "cores", right: true},
		{title: "used mid", right: true}, {title: "used p95", right: true}, {title: "used p99", right: true, drop: 6},
		{title: "provisioned in p95", right: true, drop: 3}, {title: "ask before T0", right: true, drop: 1},
		{title: "cost mid", right: true, drop: 4}, {title: "cost p95", right: true, drop: 2},
	}}
	for _, row := range poolRows(pl) {
		t.add(row...)
	}
	p.table(t)
	p.blank()
	p.say("estate: ", "  ", pl.Estate.Verdict+"; bound by "+pl.Estate.BindingLimit)
	p.blank()
}

// poolRows lists the pools, what else has a cost, and what they are together.
func poolRows(pl *plan.Plan) (rows [][]string) {
	e := pl.Estate
	others, total := pl.CostsInMoney()
	row := func(name, billing string, cores float64, used plan.Estimate, comes, lead float64, cost *plan.Estimate) {
		mid, p95 := quantity.None, quantity.None
		if cost != nil {
			mid, p95 = quantity.Money(cost.Mid), quantity.Money(cost.P95)
		}
		rows = append(rows, []string{name, billing, some(cores, quantity.Estimate), quantity.Estimate(used.Mid), quantity.Estimate(used.P95),
			quantity.Estimate(used.P99), some(comes, quantity.Seconds), some(lead, quantity.Seconds), mid, p95})
	}
	for _, pool := range e.Pools {
		row(pool.Name, pool.Billing, pool.Cores, pool.UsedCores, pool.ProvisionSeconds.P95, pool.LeadSeconds.P95, pool.Cost)
	}
	for _, part := range others { // which are no pools
		row(part.Name, "", 0, plan.Estimate{}, 0, 0, part.Cost)
		copy(rows[len(rows)-1][3:], []string{quantity.None, quantity.None, quantity.None})
	}
	if len(e.Pools)+len(others) > 1 {
		row("together", "", e.PoolCores, e.ProvisionCores, 0, e.LeadSeconds.P95, total)
	}
	if e.ShortCores.P99 > 0 {
		row("short", "", 0, e.ShortCores, 0, 0, nil)
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

func (m *markdown) estate(pl *plan.Plan) {
	if pl.Estate == nil {
		return
	}
	m.table("pool,billing,cores,used mid,used p95,used p99,provisioned in p95,ask before T0,cost mid,cost p95",
		"---,---,--:,--:,--:,--:,--:,--:,--:,--:", escapedRows(poolRows(pl)))
	m.WriteString("\n" + escaped(pl.Estate.Verdict+"; bound by "+pl.Estate.BindingLimit) + "\n")
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
