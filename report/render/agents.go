package render

import (
	"fmt"

	"fsctl/report"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// agents shows who sent the storm, where it was more than one.
func (p *page) agents(all []report.Agent) {
	t := &table{columns: []column{{title: "agent"}, {title: "share", right: true}, {title: "users", right: true}, {title: "T0 skew", right: true, drop: 2},
		{title: "clock off by", right: true, drop: 4}, {title: "known to", right: true, drop: 3}, {title: "", flex: true}}}
	for _, a := range all {
		t.add(agentRow(a)...)
	}
	p.table(t)
	p.blank()
}

func (m *markdown) agents(all []report.Agent) {
	var rows [][]string
	for _, a := range all {
		rows = append(rows, agentRow(a))
	}
	m.table("agent,share,users,T0 skew,clock off by,known to,", "---,--:,--:,--:,--:,--:,---", rows)
}

func agentRow(a report.Agent) []string {
	skew, clock, bound := quantity.Seconds(a.T0SkewSeconds), quantity.Seconds(a.OffsetSeconds), "+- "+quantity.Seconds(a.BoundSeconds)
	if a.T0SkewSeconds == 0 {
		skew = "-" // it never reported one
	}
	if a.BoundSeconds == 0 {
		clock, bound = "-", "-"
	}
	return []string{plaintext.Line(a.Name), quantity.Percent(a.ShareRatio), usersOf(a), skew, clock, bound, endOfAgent(a)}
}

// usersOf says how many users of an agent's share are in the record.
func usersOf(a report.Agent) string {
	if a.ReportedArrivals == a.PlannedArrivals {
		return quantity.Count(a.PlannedArrivals)
	}
	return fmt.Sprintf("%s of %s", quantity.Count(a.ReportedArrivals), quantity.Count(a.PlannedArrivals))
}

// endOfAgent says how an agent ended, and what became of the rest of its share.
func endOfAgent(a report.Agent) string {
	end := "finished"
	switch {
	case a.Lost && a.Finished:
		end = "lost and replaced"
	case a.Lost:
		end = "lost"
	case !a.Finished:
		end = "not finished"
	}
	if a.InDoubtArrivals > 0 {
		end += fmt.Sprintf(", %s of %s in doubt", quantity.Of(a.InDoubtArrivals, "user"), quantity.Seconds(float64(a.InDoubtSeconds)))
	}
	if a.UnsentArrivals > 0 {
		end += fmt.Sprintf(", %s not sent", quantity.Count(a.UnsentArrivals))
	}
	if a.ExtraArrivals > 0 {
		end += fmt.Sprintf(", %s of %s sent twice", quantity.Count(a.ExtraArrivals), quantity.Seconds(float64(a.ExtraSeconds)))
	}
	return end
}
