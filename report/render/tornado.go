package render

import (
	"fmt"
	"math"
	"strings"

	"fsctl/plan"
	"fsctl/report/render/chart"
	"fsctl/scenarios/quantity"
)

// tornado shows which inputs the total of cores hangs on, the most important first.
func (p *page) tornado(pl *plan.Plan) {
	list := pl.Tornado[:min(len(pl.Tornado), chart.TornadoRows)]
	if len(list) == 0 || pl.Tornado[0].Swing == 0 {
		return
	}
	t := &table{columns: []column{
		{title: "what moves the cores", flex: true}, {title: "at its low", right: true, drop: 2}, {title: "at its high", right: true, drop: 2},
		{title: "swing", right: true}, {title: "variance", right: true, drop: 1},
	}}
	for _, f := range list {
		t.add(f.Input, quantity.Estimate(f.Low), quantity.Estimate(f.High), quantity.Estimate(f.Swing), variance(f))
	}
	t.bars(p.width(), func(row int) float64 { return list[row].Swing / list[0].Swing })
	p.table(t)
	if more := len(pl.Tornado) - len(list); more > 0 {
		p.say("", "", fmt.Sprintf("not shown: %s that matter less", quantity.Of(more, "input")))
	}
	p.blank()
}

// variance writes the share of the variance that an input explains. The plan has 0 for one that cannot be
// distinguished from chance.
func variance(f plan.Influence) string {
	if f.Share == 0 && f.Swing > 0 {
		return "small"
	}
	return quantity.Percent(f.Share)
}

// Lengths of the longest bar: below the least, bars say nothing.
const (
	leastBar = 8
	mostBar  = 40
)

// bars adds a column with a bar for each row's share of the longest one, where the width has room for it.
func (t *table) bars(width int, share func(row int) float64) {
	room := width
	for c := range t.columns {
		room -= t.natural(c) + wideGap
	}
	if room < leastBar {
		return
	}
	t.columns = append(t.columns, column{})
	for i := range t.rows {
		bar := ""
		if s := share(i); s >= 0 && s <= 1 {
			bar = strings.Repeat("#", max(1, int(math.Round(s*float64(min(room, mostBar))))))
		}
		t.rows[i] = append(t.rows[i], bar)
	}
}

// candidates shows the sizes to choose from, and which one to take.
func (p *page) candidates(pl *plan.Plan) {
	list := pl.DistinctCandidates()
	if len(list) == 0 {
		return
	}
	t := &table{columns: []column{
		{title: "size"}, {title: "cores", right: true}, {title: "instances", right: true, drop: 2}, {title: "not enough", right: true},
		{title: "cores short", right: true, drop: 4}, {title: "cores idle", right: true, drop: 5}, {title: costTitle(pl), right: true, drop: 3},
		{title: "regret in " + pl.Recommendation.RegretUnit, right: true, drop: 1}, {flex: true},
	}}
	for _, c := range list {
		t.add(c.Name, some(c.CPUCores, quantity.Estimate), whole(c.Instances), quantity.Percent(c.NotEnoughRatio),
			quantity.Estimate(c.ShortfallCores), quantity.Estimate(c.SurplusCores), price(c.Cost), quantity.Estimate(c.Regret), pl.Note(&c))
	}
	p.table(t)
	p.say("", "  ", pl.Recommendation.String())
	if text := pl.SureLine(); text != "" {
		p.say("", "  ", text)
	}
	p.blank()
}

// price writes a cost, and a dash where there is none.
func price(cost *float64) string {
	if cost == nil {
		return quantity.None
	}
	return quantity.Money(*cost)
}

// costTitle says what the cost counts where it is not money.
func costTitle(pl *plan.Plan) string {
	if pl.Recommendation.CostUnit == plan.CostInCoreHours {
		return plan.CostInCoreHours
	}
	return "cost"
}

func (m *markdown) tornado(pl *plan.Plan) {
	var rows [][]string
	for _, f := range pl.Tornado[:min(len(pl.Tornado), chart.TornadoRows)] {
		rows = append(rows, []string{code(f.Input), quantity.Estimate(f.Low), quantity.Estimate(f.High), quantity.Estimate(f.Swing), variance(f)})
	}
	m.table("what moves the cores,at its low,at its high,swing,variance", "---,--:,--:,--:,--:", rows)
}

func (m *markdown) candidates(pl *plan.Plan) {
	var rows [][]string
	for _, c := range pl.DistinctCandidates() {
		rows = append(rows, []string{
			escaped(c.Name), some(c.CPUCores, quantity.Estimate), whole(c.Instances), quantity.Percent(c.NotEnoughRatio), quantity.Estimate(c.ShortfallCores),
			quantity.Estimate(c.SurplusCores), price(c.Cost), quantity.Estimate(c.Regret), pl.Note(&c),
		})
	}
	m.table("size,cores,instances,not enough,cores short,cores idle,"+costTitle(pl)+",regret in "+pl.Recommendation.RegretUnit+",", "---,--:,--:,--:,--:,--:,--:,--:,---", rows)
	if len(rows) > 0 {
		fmt.Fprintf(m, "\n%s\n", escaped(pl.Recommendation.String()))
		if text := pl.SureLine(); text != "" {
			fmt.Fprintf(m, "\n%s\n", escaped(text))
		}
	}
}
