package render

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"fsctl/plan"
	"fsctl/scenarios/quantity"
)

// Plan writes a plan for people: what comes in, what it needs, and what to know about the figures.
func Plan(w io.Writer, pl *plan.Plan, s Style) error {
	p := &page{Style: s}
	p.sizes(pl)
	p.details(pl.Services)
	p.calibration(pl)
	p.estate(pl.Estate)
	p.autoscaling(pl.Autoscaling)
	p.candidates(pl)
	p.tornado(pl)
	p.excuses(pl.Excuses)
	for i, warning := range pl.Warnings {
		mark := fmt.Sprintf("[%d] ", i+1)
		p.say(p.paint(mark, yellow), strings.Repeat(" ", len(mark)), warning.Message)
	}
	p.blank()
	p.say("", "  ", "low, mid, high: all inputs at once at that value; "+trialsLine(pl))
	return p.writeTo(w)
}

// PlanSizes writes what comes in and what it needs, and says where there is more to know.
func PlanSizes(w io.Writer, pl *plan.Plan, s Style, more string) error {
	p := &page{Style: s}
	p.sizes(pl)
	p.say("", "  ", more)
	return p.writeTo(w)
}

// sizes is the part of a plan that every reader wants.
func (p *page) sizes(pl *plan.Plan) {
	p.say("", "  ", cmp.Or(plain(pl.Scenario), "this sale")+": "+headline(pl))
	p.blank()
	p.say("", "  ", dayLine(pl))
	p.blank()
	p.demand(pl)
	p.services(pl)
}

// headline says what is needed in one line.
func headline(pl *plan.Plan) string {
	d := &pl.Demand
	text := quantity.Rate(d.PeakQPS.P95) + " at the peak (p95)"
	if hasEvent(d) {
		text = quantity.Rate(d.EventQPS.P95) + " at the sale (p95)"
	}
	if n := pl.Totals.Instances.P95; n > 0 {
		text += fmt.Sprintf(" needs %s instances", whole(n))
		if cores := pl.Totals.CPUCores.P95; cores > 0 {
			text += fmt.Sprintf(" that keep %s cores busy", quantity.Estimate(cores))
		}
	}
	return text
}

// hasEvent says whether the sale differs from the day's peak.
func hasEvent(d *plan.Demand) bool { return d.EventQPS != d.PeakQPS && d.EventQPS.High > 0 }

func dayLine(pl *plan.Plan) string {
	d := &pl.Demand
	who := ""
	if d.ActiveUsers > 0 {
		who = quantity.Estimate(d.ActiveUsers) + " active users make "
	}
	return fmt.Sprintf("%s%s requests a day: %s over the whole day, %s in the busy window",
		who, quantity.Estimate(d.RequestsPerDay), quantity.Rate(d.DayMeanQPS), quantity.Rate(d.BusyMeanQPS))
}

func trialsLine(pl *plan.Plan) string {
	text := "p50, p95, p99: the inputs vary on their own"
	if pl.Trials > 0 {
		text += fmt.Sprintf(" (%s, seed %d)", quantity.Of(pl.Trials, "trial"), pl.Seed)
	}
	return text
}

// estimateColumns are the six figures of an estimate. Where room is short the corners go before the
// quantiles, and p95, by which is planned, never goes.
func estimateColumns(drop int) []column {
	return []column{
		{title: "low", right: true, drop: drop + 3}, {title: "mid", right: true, drop: drop + 1}, {title: "high", right: true, drop: drop + 3},
		{title: "p50", right: true, drop: drop + 2}, {title: "p95", right: true}, {title: "p99", right: true, drop: drop},
	}
}

func estimateCells(e plan.Estimate, write func(float64) string) []string {
	var cells []string
	for _, v := range []float64{e.Low, e.Mid, e.High, e.P50, e.P95, e.P99} {
		cells = append(cells, write(v))
	}
	return cells
}

func (p *page) demand(pl *plan.Plan) {
	d := &pl.Demand
	t := &table{columns: append([]column{{title: "demand", flex: true}, {title: "busy mean", right: true, drop: 9}}, estimateColumns(1)...)}
	add := func(name, busy string, e plan.Estimate) {
		t.add(append([]string{name, busy}, estimateCells(e, quantity.Rate)...)...)
	}
	busy := quantity.Rate(d.BusyMeanQPS)
	add("peak of the day", busy, d.PeakQPS)
	if d.PeakTPS.High > 0 {
		add("- transactions", "", d.PeakTPS)
	}
	if hasEvent(d) {
		add("at the sale", "", d.EventQPS)
		if d.EventTPS.High > 0 {
			add("- transactions", "", d.EventTPS)
		}
	}
	for _, s := range d.Steps {
		add("- "+s.Name, quantity.Rate(s.BusyMeanQPS), s.PeakQPS)
	}
	p.table(t)
	p.blank()
}

func (p *page) services(pl *plan.Plan) {
	t := &table{columns: []column{
		{title: "service", flex: true}, {title: "kind", drop: 8}, {title: "peak p95", right: true},
		{title: "cores p95", right: true, drop: 3}, {title: "inst mid", right: true, drop: 4},
		{title: "inst p95", right: true}, {title: "inst p99", right: true, drop: 5},
		{title: "now", right: true, drop: 2}, {title: "used", right: true, drop: 6}, {title: "wait", right: true, drop: 7},
		{title: "resp p50", right: true, drop: 10}, {title: "resp p99", right: true, drop: 9}, {title: "bound by", flex: true, drop: 1},
	}}
	for _, s := range pl.Services {
		t.add(s.Name, s.Kind, quantity.Rate(s.PeakQPS.P95), some(s.CPUCores.P95, quantity.Estimate),
			whole(s.Instances.Mid), whole(s.Instances.P95), whole(s.Instances.P99),
			some(float64(s.Running), quantity.Estimate), some(s.UtilizationRatio, quantity.Percent), some(s.WaitProbability, quantity.Percent),
			some(s.ResponseSeconds.P50, quantity.Seconds), some(s.ResponseSeconds.P99, quantity.Seconds), s.Bottleneck)
	}
	if len(pl.Services) > 1 {
		all := pl.Totals
		t.add("total", "", "", some(all.CPUCores.P95, quantity.Estimate), whole(all.Instances.Mid),
			whole(all.Instances.P95), whole(all.Instances.P99), "", "", "", "", "", "")
	}
	p.table(t)
	p.blank()
}

// whole writes a number of instances, of which there are no parts.
func whole(n float64) string { return quantity.Estimate(math.Ceil(n)) }

// some writes a figure, and a dash for one that is not known.
func some(v float64, write func(float64) string) string {
	if v == 0 {
		return "-"
	}
	return write(v)
}

func (p *page) excuses(list []plan.Excuse) {
	t := &table{columns: []column{{title: "rejected", flex: true}, {title: "because of", flex: true}, {title: "got", right: true}, {title: "limit", right: true}}}
	for _, e := range list {
		t.add(e.Candidate, e.Bottleneck, plainNumber(e.Got), plainNumber(e.Limit))
	}
	p.table(t)
	p.blank()
}

// quantity writes a figure whose unit only its bottleneck knows.
func plainNumber(v float64) string {
	if v == float64(int64(v)) && v > -1e6 && v < 1e6 {
		return strconv.FormatInt(int64(v), 10)
	}
	return quantity.Estimate(v)
}
