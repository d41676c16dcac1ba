package render

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"fsctl/plan"
	"fsctl/plan/explain"
	"fsctl/report/render/chart"
	"fsctl/report/render/loads"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

//go:embed plan.html
var planPage string

// htmlPage is what the page's template shows. The template escapes every text of it.
type htmlPage struct {
	Title, Headline, Day, Trials string
	Cards                        []htmlCard
	Warnings                     []plan.Warning
	Sections                     []htmlSection
	Explained                    []htmlExplained
}

type htmlCard struct{ Name, Value, Note string }

// htmlSection is a heading with charts and tables. Parts without content are left out.
type htmlSection struct {
	Title, Text string
	Charts      []*chart.Chart
	Tables      []htmlTable
}

type htmlTable struct {
	Caption string
	Titles  []htmlTitle
	Rows    [][]string
}

type htmlTitle struct {
	Text   string
	Number bool
}

// htmlExplained is the explanations of one part of the plan, folded.
type htmlExplained struct {
	Name   string
	Groups []htmlGroup
}

type htmlGroup struct {
	Field, Meaning, Unit, Formula, Source string
	Errors, Assumptions                   []string
	Cases                                 []htmlCase
	Symbols                               htmlTable
}

type htmlCase struct{ Name, Result, Filled, About string }

// PlanHTML writes a plan as one page that needs nothing else: style, charts and explanations are in it.
//
//	list   every explanation of the plan
//	cores  the distribution of the total of cores
//
// It fails where a chart cannot be drawn, or w fails.
func PlanHTML(w io.Writer, pl *plan.Plan, list []explain.Explanation, cores []plan.Quantile) error {
	page, err := template.New("plan").Parse(planPage)
	if err != nil {
		return fmt.Errorf("read the page's template: %w", err)
	}
	sections, err := planSections(pl, cores)
	if err != nil {
		return err
	}
	data := htmlPage{
		Title: cmp.Or(plaintext.Line(pl.Scenario), "this sale"), Headline: headline(pl), Day: dayLine(pl), Trials: trialsLine(pl),
		Cards: cards(pl), Warnings: pl.Warnings, Sections: sections, Explained: htmlExplanations(list),
	}
	if err := page.Execute(w, data); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// cards are the figures to see first: what the sale is sized for, and what that needs.
func cards(pl *plan.Plan) []htmlCard {
	d, t := &pl.Demand, &pl.Totals
	estimate := func(e plan.Estimate, write func(float64) string) string {
		return "mid " + write(e.Mid) + ", p99 " + write(e.P99)
	}
	list := []htmlCard{{"Day's peak, p95", quantity.Rate(d.PeakQPS.P95), estimate(d.PeakQPS, quantity.Rate)}}
	if loads.HasEvent(d) {
		list = append([]htmlCard{{"Event, p95", quantity.Rate(d.EventQPS.P95), estimate(d.EventQPS, quantity.Rate)}}, list...)
	}
	if d.StormQPS != nil {
		card := htmlCard{"Storm's busiest second, p95", quantity.Rate(d.StormQPS.P95), estimate(*d.StormQPS, quantity.Rate)}
		at := len(list)
		if d.SizedFor == "storm" {
			at = 0
		}
		list = slices.Insert(list, at, card)
	}
	list = append(list, htmlCard{"Instances, p95", whole(t.Instances.P95), estimate(t.Instances, whole)})
	if t.CPUCores.P95 > 0 {
		list = append(list, htmlCard{"Cores, p95", quantity.Estimate(t.CPUCores.P95), estimate(t.CPUCores, quantity.Estimate)})
	}
	if t.BusyCores.P95 > 0 {
		list = append(list, htmlCard{"Busy cores, p95", quantity.Estimate(t.BusyCores.P95), estimate(t.BusyCores, quantity.Estimate)})
	}
	if !pl.Feasible {
		list = append(list, htmlCard{"Limits", "not met", "a limit that was given cannot be met"})
	}
	return list
}

// titles reads column titles; a leading # marks numbers.
func titles(list string) []htmlTitle {
	var out []htmlTitle
	for title := range strings.SplitSeq(list, ",") {
		text, number := strings.CutPrefix(title, "#")
		out = append(out, htmlTitle{text, number})
	}
	return out
}

func htmlExplanations(list []explain.Explanation) []htmlExplained {
	var out []htmlExplained
	for _, g := range groups(list) {
		part := strings.SplitN(g.field, ".", 3)
		name := part[0]
		if part[0] == "services" && len(part) > 1 {
			name += "." + part[1]
		}
		if len(out) == 0 || out[len(out)-1].Name != name {
			out = append(out, htmlExplained{Name: name})
		}
		last := &out[len(out)-1]
		last.Groups = append(last.Groups, g.html())
	}
	return out
}

func (g *explained) html() htmlGroup {
	e := &g.cases[0]
	out := htmlGroup{Field: g.field, Meaning: e.Meaning, Unit: e.Unit, Formula: e.Formula, Source: e.Source, Errors: g.errors(), Assumptions: g.assumptions()}
	columns := "symbol,unit,from"
	for i := range g.cases {
		c := &g.cases[i]
		out.Cases = append(out.Cases, htmlCase{g.name(c), quantity.Precise(c.Result), c.Filled, c.Case})
		columns += ",#" + g.name(c)
	}
	asIs := func(text string) string { return text }
	out.Symbols = htmlTable{Titles: titles(columns), Rows: g.symbolRows(asIs, asIs)}
	return out
}
