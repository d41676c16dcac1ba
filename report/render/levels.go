package render

import (
	"slices"

	"fsctl/report"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// levels writes the levels of a search for capacity, in the order in which they were held.
func (p *page) levels(list []report.Level) {
	t := &table{
		columns: []column{{}, {title: "users", right: true}, {title: "requests", right: true, drop: 2}, {title: "in flight", right: true, drop: 4},
			{title: "errors", right: true}, {title: "response p50", right: true, drop: 1}, {title: "response p99", right: true}, {title: "why", flex: true}},
		colors: firstIsStatus,
	}
	for i := range list {
		t.add(slices.Concat([]string{levelWord(list[i].Verdict)}, levelFigures(&list[i]), []string{list[i].Why})...)
	}
	p.table(t)
	p.blank()
}

func (m *markdown) levels(list []report.Level) {
	var rows [][]string
	for i := range list {
		word := levelWord(list[i].Verdict)
		if word != "pass" {
			word = "**" + escaped(word) + "**"
		}
		rows = append(rows, slices.Concat([]string{word}, levelFigures(&list[i]), []string{escaped(list[i].Why)}))
	}
	m.table(",users,requests,in flight,errors,response p50,response p99,why", "---,--:,--:,--:,--:,--:,--:,---", rows)
}

// levelWord returns pass, FAIL or invalid.
func levelWord(v report.Verdict) string {
	if v == report.Fail {
		return "FAIL"
	}
	return plaintext.Line(string(v))
}

// levelFigures returns what was measured of a level: response times, as users feel them.
func levelFigures(l *report.Level) []string {
	p50, p99 := "-", "-"
	if l.ResponseTime != nil {
		p50, p99 = quantity.Seconds(l.ResponseTime.P50), quantity.Seconds(l.ResponseTime.P99)
	}
	return []string{quantity.Rate(l.RatePerSec), quantity.Rate(l.AchievedQPS), quantity.Estimate(l.Concurrency), quantity.Percent(l.ErrorRatio), p50, p99}
}
