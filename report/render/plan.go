package render

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"fsctl/plan"
	"fsctl/report/render/loads"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// Plan writes a plan for people: what comes in, what it needs, and what to know about the figures. It fails where w
// does, or a table cannot be laid out.
func Plan(w io.Writer, pl *plan.Plan, s Style) error {
	p := &page{Style: s}
	p.sizes(pl)
	p.details(pl.Services)
	p.calibration(pl)
	p.estate(pl)
	p.autoscaling(pl.Autoscaling)
	p.candidates(pl)
	p.tornado(pl)
	p.excuses(pl.Excuses)
	for i, warning := range pl.Warnings {
		mark := fmt.Sprintf("[%d] ", i+1)
		p.say(p.paint(mark, yellow), strings.Repeat(" ", len(mark)), warning.Message)
	}
	p.blank()
	p.say("", "  ", "low, mid, high: all inputs at once at that value; "+trialsLine(pl)+sizesLine)
	return p.writeTo(w)
}

// sizesLine says what the sizes of the percentiles are.
const sizesLine = "; sizes at p95: in 95 % of the trials no service is short of its own share"

// PlanSizes writes what comes in and what it needs, and says where there is more to know. It fails where w does, or a
// table cannot be laid out.
func PlanSizes(w io.Writer, pl *plan.Plan, s Style, more string) error {
	p := &page{Style: s}
	p.sizes(pl)
	p.say("", "  ", more)
	return p.writeTo(w)
}

// sizes is the part of a plan that every reader wants.
func (p *page) sizes(pl *plan.Plan) {
	p.say("", "  ", cmp.Or(plaintext.Line(pl.Scenario), "this sale")+": "+headline(pl))
	p.blank()
	p.say("", "  ", dayLine(pl))
	p.blank()
	if text := loads.Line(&pl.Demand); text != "" {
		p.say("", "  ", text)
		p.blank()
	}
	p.demand(pl)
	p.loads(pl)
	p.services(pl)
}

// headline says what is needed in one line.
func headline(pl *plan.Plan) string {
	d := &pl.Demand
	rate, at := loads.Sized(d)
	text := quantity.Rate(rate.P95) + " " + at + " (p95)"
	if n := pl.Totals.Instances.P95; n > 0 {
		text += " needs " + quantity.EstimateOf(math.Ceil(n), "instance")
		if cores := pl.Totals.CPUCores.P95; cores > 0 {
			text += ", " + quantity.EstimateOf(cores, "core") + busy(pl)
		}
	}
	if obstacles := pl.Obstacles(); len(obstacles) > 0 {
		text += "; infeasible, " + obstacles[0].String()
	}
	return text
}

// busy says how many of the cores are busy. The others are what keeps utilization, wait and latency. Where a service with cores is known by
// the capacity of its nodes alone, what its calls keep busy is not known.
func busy(pl *plan.Plan) string {
	t := &pl.Totals
	unknown := func(s plan.Service) bool { return s.CPUCores.P95 > 0 && s.ResponseSeconds.P99 == 0 }
	switch {
	case t.BusyCores.P95 == 0:
		return ""
	case slices.ContainsFunc(pl.Services, unknown):
		return fmt.Sprintf(" (%s busy where a demand is given)", quantity.Estimate(t.BusyCores.P95))
	}
	return fmt.Sprintf(" at %s utilization (%s busy)", quantity.Percent(t.BusyCores.P95/t.CPUCores.P95), quantity.Estimate(t.BusyCores.P95))
}

// serviceCores writes the cores of a service at p95. Functions have none; where nothing says what an instance has they are unsized.
func serviceCores(s *plan.Service) string {
	switch {
	case s.Kind == "function" || s.Instances.P95 == 0:
		return quantity.None
	case s.Unsized:
		return "unsized"
	}
	return quantity.Estimate(s.CPUCores.P95)
}

func dayLine(pl *plan.Plan) string {
	d := &pl.Demand
	if !loads.HasDay(d) {
		return "no workload, so nothing is planned for a day: the storm alone"
	}
	who := ""
	if d.ActiveUsers > 0 {
		who = quantity.EstimateOf(d.ActiveUsers, "active user") + " make "
	}
	return fmt.Sprintf("%s%s a day: %s over the whole day, %s in the busy window",
		who, quantity.EstimateOf(d.RequestsPerDay, "request"), quantity.Rate(d.DayMeanQPS), quantity.Rate(d.BusyMeanQPS))
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

func estimateFigures(e plan.Estimate, write func(float64) string) []string {
	var fields []string
	for _, v := range []float64{e.Low, e.Mid, e.High, e.P50, e.P95, e.P99} {
		fields = append(fields, write(v))
	}
	return fields
}

func (p *page) demand(pl *plan.Plan) {
	d := &pl.Demand
	t := &table{columns: append([]column{{title: "demand", flex: true}, {title: "busy mean", right: true, drop: 9}}, estimateColumns(1)...)}
	add := func(name, busy string, e plan.Estimate) {
		t.add(append([]string{name, busy}, estimateFigures(e, quantity.Rate)...)...)
	}
	if loads.HasDay(d) {
		add(loads.DayPeak, quantity.Rate(d.BusyMeanQPS), d.PeakQPS)
	}
	if d.PeakTPS.High > 0 {
		add("- transactions", "", d.PeakTPS)
	}
	if loads.HasEvent(d) {
		add(loads.Event, "", d.EventQPS)
		if d.EventTPS.High > 0 {
			add("- transactions", "", d.EventTPS)
		}
	}
	if d.StormQPS != nil {
		add(loads.StormSecond, "", *d.StormQPS)
		if d.StormTPS.High > 0 {
			add("- transactions", "", *d.StormTPS)
		}
	}
	for _, s := range d.Steps {
		add("- "+s.Name, quantity.Rate(s.BusyMeanQPS), s.PeakQPS)
	}
	p.table(t)
	p.blank()
}

// loads shows the three loads side by side.
func (p *page) loads(pl *plan.Plan) {
	titles, t := loads.Titles(), &table{}
	for i, title := range titles {
		t.columns = append(t.columns, column{title: title, flex: i == 0, right: i > 0 && i < len(titles)-1})
	}
	t.columns[len(titles)-2].drop = 1
	for _, row := range loads.Rows(pl) {
		t.add(row...)
	}
	p.table(t)
	p.blank()
}

func (p *page) services(pl *plan.Plan) {
	t := &table{columns: []column{
		{title: "service", flex: true}, {title: "kind", drop: 8}, {title: "calls p95", right: true},
		{title: "cores p95", right: true, drop: 3}, {title: "instances mid", right: true, drop: 4},
		{title: "instances p95", right: true}, {title: "instances p99", right: true, drop: 5},
		{title: "running now", right: true, drop: 2}, {title: "utilization mid", right: true, drop: 6}, {title: "calls waiting", right: true, drop: 7},
		{title: "response p50", right: true, drop: 10}, {title: "response p99", right: true, drop: 9}, {title: "bound by", flex: true, drop: 1},
	}}
	for _, s := range pl.Services {
		t.add(s.Name, s.Kind, quantity.Rate(s.PeakQPS.P95), serviceCores(&s),
			whole(s.Instances.Mid), whole(s.Instances.P95), whole(s.Instances.P99),
			running(&s), some(s.UtilizationRatio, quantity.Percent), waiting(&s),
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

// running writes how many instances run now, a dash where that is not known.
func running(s *plan.Service) string {
	if s.Running == 0 {
		return quantity.None
	}
	return quantity.Count(s.Running)
}

// waiting writes the share of calls that wait, a dash where none does, as of a function, or where nothing is
// known of how calls are answered. For cores it is never 0, but may be too small for a float.
func waiting(s *plan.Service) string {
	if s.ResponseSeconds.P99 > 0 && s.Kind != "function" {
		return quantity.Percent(max(s.WaitProbability, 1e-99))
	}
	return some(s.WaitProbability, quantity.Percent)
}

// some writes a figure, and a dash for one that is not known.
func some(v float64, write func(float64) string) string {
	if v == 0 {
		return quantity.None
	}
	return write(v)
}

func (p *page) excuses(list []plan.Excuse) {
	t := &table{columns: []column{{title: "rejected", flex: true}, {title: "because of", flex: true}, {title: "got", right: true}, {title: "limit", right: true}}}
	for _, e := range list {
		t.add(e.Row()...)
	}
	p.table(t)
	p.blank()
}
