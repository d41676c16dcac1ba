package render

import (
	"errors"
	"strings"

	"fsctl/plan"
	"fsctl/report/render/chart"
	"fsctl/report/render/loads"
	"fsctl/scenarios/quantity"
)

// planSections lists the parts of a plan's page.
func planSections(pl *plan.Plan, cores []plan.Quantile) ([]htmlSection, error) {
	demand, err1 := chart.Demand(pl)
	services, err2 := chart.Cores(pl)
	spread, err3 := chart.Distribution(pl, cores)
	moves, err4 := chart.Tornado(pl)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	list := []htmlSection{
		{Title: "Demand", Text: dayLine(pl), Charts: charts(demand), Tables: []htmlTable{demandTable(pl), {Caption: "Loads side by side", Titles: titles("loads at p95,#" + strings.Join(loads.Titles()[1:5], ",#") + ",sized for"), Rows: loads.Rows(pl)}}},
		{Title: "Services", Charts: charts(services), Tables: []htmlTable{servicesTable(pl), sizesTable(pl), detailsTable(pl)}},
		{Title: "How sure", Text: uncertainty(pl), Charts: charts(spread, moves), Tables: []htmlTable{candidatesTable(pl), tornadoTable(pl)}},
		estateSection(pl),
		autoscalingSection(pl.Autoscaling),
		{Title: "Measured values", Tables: calibrationTables(pl)},
		{Title: "Rejected", Tables: []htmlTable{excusesTable(pl)}},
	}
	var out []htmlSection
	for _, s := range list {
		var tables []htmlTable
		for _, t := range s.Tables {
			if len(t.Rows) > 0 {
				tables = append(tables, t)
			}
		}
		if s.Tables = tables; len(tables)+len(s.Charts) > 0 {
			out = append(out, s)
		}
	}
	return out, nil
}

// charts leaves out those that there is nothing to show of.
func charts(list ...*chart.Chart) []*chart.Chart {
	var out []*chart.Chart
	for _, c := range list {
		if c != nil {
			out = append(out, c)
		}
	}
	return out
}

func uncertainty(pl *plan.Plan) string {
	text := "low, mid, high: all inputs at once at that value; " + trialsLine(pl) + sizesLine + "."
	if len(pl.Candidates) > 0 {
		text += " Size to take: " + pl.Recommendation.String() + "."
	}
	return text
}

func demandTable(pl *plan.Plan) htmlTable {
	d := &pl.Demand
	t := htmlTable{Titles: titles("demand,#busy mean,#low,#mid,#high,#p50,#p95,#p99")}
	add := func(name, busy string, e plan.Estimate) {
		if e.High > 0 {
			t.Rows = append(t.Rows, append([]string{name, busy}, estimateFigures(e, quantity.Rate)...))
		}
	}
	add(loads.DayPeak, quantity.Rate(d.BusyMeanQPS), d.PeakQPS)
	add("its transactions", "", d.PeakTPS)
	if loads.HasEvent(d) {
		add(loads.Event, "", d.EventQPS)
		add("its transactions", "", d.EventTPS)
	}
	if d.StormQPS != nil {
		add(loads.StormSecond, "", *d.StormQPS)
		add("its transactions", "", *d.StormTPS)
		add(loads.StormBurst, "", *d.StormBurstQPS)
	}
	for i := range d.Steps {
		s := &d.Steps[i]
		add(loads.OfStep(d, s), quantity.Rate(s.BusyMeanQPS), s.PeakQPS)
	}
	return t
}

func servicesTable(pl *plan.Plan) htmlTable {
	t := htmlTable{Titles: titles("service,kind,#calls p95,#cores p95,#instances p95,#running now,#utilization mid,#calls waiting,#response p50,#response p99,bound by")}
	for _, s := range pl.Services {
		t.Rows = append(t.Rows, []string{s.Name, s.Kind, quantity.Rate(s.PeakQPS.P95), serviceCores(&s), whole(s.Instances.P95),
			running(&s), some(s.UtilizationRatio, quantity.Percent), waiting(&s),
			some(s.ResponseSeconds.P50, quantity.Seconds), some(s.ResponseSeconds.P99, quantity.Seconds), s.Bottleneck})
	}
	return t
}

// sizesTable shows all six figures of every size.
func sizesTable(pl *plan.Plan) htmlTable {
	t := htmlTable{Caption: "Instances and cores", Titles: titles("instances of,#low,#mid,#high,#p50,#p95,#p99")}
	for _, s := range pl.Services {
		t.Rows = append(t.Rows, append([]string{s.Name}, estimateFigures(s.Instances, whole)...))
	}
	if len(pl.Services) > 1 {
		t.Rows = append(t.Rows, append([]string{"total"}, estimateFigures(pl.Totals.Instances, whole)...))
	}
	for _, all := range []struct {
		name string
		e    plan.Estimate
	}{{"cores of all", pl.Totals.CPUCores}, {"busy cores of all", pl.Totals.BusyCores}} {
		if all.e.High > 0 {
			t.Rows = append(t.Rows, append([]string{all.name}, estimateFigures(all.e, quantity.Estimate)...))
		}
	}
	return t
}

func detailsTable(pl *plan.Plan) htmlTable {
	return htmlTable{Caption: "By kind", Titles: titles("service,figure,#value,unit,note"), Rows: detailRows(pl.Services)}
}

func candidatesTable(pl *plan.Plan) htmlTable {
	t := htmlTable{Caption: "Sizes to choose from", Titles: titles("size,#cores,#instances,#not enough,#cores short,#cores idle,#" + costTitle(pl) + ",#regret in " + pl.Recommendation.RegretUnit + ",")}
	for _, c := range pl.DistinctCandidates() {
		t.Rows = append(t.Rows, []string{c.Name, some(c.CPUCores, quantity.Estimate), whole(c.Instances), quantity.Percent(c.NotEnoughRatio),
			quantity.Estimate(c.ShortfallCores), quantity.Estimate(c.SurplusCores), price(c.Cost), quantity.Estimate(c.Regret), pl.Note(&c)})
	}
	return t
}

func tornadoTable(pl *plan.Plan) htmlTable {
	t := htmlTable{Caption: "What moves the cores", Titles: titles("input,#at its low,#at its high,#swing,#variance")}
	for _, f := range pl.Tornado {
		t.Rows = append(t.Rows, []string{f.Input, quantity.Estimate(f.Low), quantity.Estimate(f.High), quantity.Estimate(f.Swing), variance(f)})
	}
	return t
}

func estateSection(pl *plan.Plan) htmlSection {
	if pl.Estate == nil {
		return htmlSection{}
	}
	return htmlSection{Title: "Estate", Text: pl.Estate.Verdict + "; bound by " + pl.Estate.BindingLimit + ".", Tables: []htmlTable{{
		Titles: titles("pool,billing,#cores,#used mid,#used p95,#used p99,#provisioned in p95,#ask before T0,#cost mid,#cost p95"), Rows: poolRows(pl)}}}
}

func autoscalingSection(a *plan.Autoscaling) htmlSection {
	if a == nil {
		return htmlSection{}
	}
	return htmlSection{Title: "Autoscaler", Text: a.Because + ".", Tables: []htmlTable{{
		Titles: titles("autoscaler,#growth,#target,#cycles,#on running nodes,#with new nodes,"), Rows: climbRows(a)}}}
}

func calibrationTables(pl *plan.Plan) []htmlTable {
	values := htmlTable{Titles: titles("measured field,#assumed,#measured,#10 to 90 %,measured by,#samples,run")}
	for _, c := range pl.Calibration {
		values.Rows = append(values.Rows, calibrationRow(c))
	}
	sizes := htmlTable{Titles: titles("by measured values,#cores p95 before,#cores p95 now,#instances p95 before,#instances p95 now"), Rows: uncalibratedRows(pl)}
	return []htmlTable{values, sizes}
}

func excusesTable(pl *plan.Plan) htmlTable {
	t := htmlTable{Titles: titles("rejected,because of,#got,#limit")}
	for _, e := range pl.Excuses {
		t.Rows = append(t.Rows, e.Row())
	}
	return t
}
