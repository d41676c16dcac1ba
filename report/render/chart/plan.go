package chart

import (
	"html/template"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"fsctl/plan"
	"fsctl/report/render/loads"
	"fsctl/scenarios/quantity"
)

// TornadoRows is how many inputs are shown [rows].
const TornadoRows = 8

// Chart is a drawing with what it shows.
type Chart struct {
	Caption string
	Legend  []Legend
	SVG     template.HTML
}

// Legend names what a mark shows; Mark is a class of the page's style sheet.
type Legend struct{ Mark, Name string }

// legends names the marks from the given one on.
func legends(from int, names ...string) []Legend {
	var list []Legend
	for i, name := range names {
		list = append(list, Legend{markName(from + i), name})
	}
	return list
}

// Demand shows each step's rate over the day, in the busy window and at the event. It is nil where there is nothing to show, and fails where it cannot be drawn.
func Demand(pl *plan.Plan) (*Chart, error) {
	d := &pl.Demand
	var names []string
	points := make([]plotter.XYs, 4)
	p := newChart("requests a second, each grid line ten times the one before")
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, decades{}
	verticals(p)
	var steps []plan.StepDemand
	for _, s := range d.Steps {
		if s.BusyMeanQPS > 0 && s.PeakQPS.Mid > 0 && d.BusyMeanQPS > 0 {
			steps, names = append(steps, s), append(names, s.Name)
		}
	}
	if len(steps) == 0 {
		return nil, nil
	}
	for i, s := range steps {
		share := s.BusyMeanQPS / d.BusyMeanQPS
		y := rowAt(i, len(steps))
		rates := []float64{share * d.DayMeanQPS, s.BusyMeanQPS, share * d.PeakQPS.Mid, s.PeakQPS.Mid}
		if err := segment(p, rates[0], y, max(rates[2], rates[3]), y, grid, 3); err != nil {
			return nil, err
		}
		for k, rate := range rates {
			points[k] = append(points[k], plotter.XY{X: rate, Y: y})
		}
	}
	for k := range points {
		if err := dots(p, points[k], uint8(first+k)); err != nil {
			return nil, err
		}
	}
	last := loads.Event
	if d.StormQPS != nil {
		last = "sized for"
	}
	svg, err := drawn(p, rows(p, names), "demand by step")
	return &Chart{"Demand by step, mid values", legends(first, "day mean", "busy mean", loads.DayPeak, last), svg}, err
}

// Cores shows each service's cores: the bar to the median, the line on to p95. It is nil where there is nothing to show, and fails where it cannot be drawn.
func Cores(pl *plan.Plan) (*Chart, error) {
	var names []string
	var list []plan.Estimate
	for _, s := range pl.Services {
		if s.CPUCores.P95 > 0 {
			names, list = append(names, s.Name), append(list, s.CPUCores)
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	p := newChart("cores")
	p.X.Tick.Marker = amounts{plot.DefaultTicks{}}
	verticals(p)
	for i, e := range list {
		y := rowAt(i, len(list))
		for _, s := range []struct {
			x1, y1, x2, y2 float64
			mark           uint8
			width          vg.Length
		}{{0, y, e.P50, y, first, 14}, {e.P50, y, e.P95, y, ink, 2}, {e.P95, y - .2, e.P95, y + .2, ink, 2}} {
			if err := segment(p, s.x1, s.y1, s.x2, s.y2, s.mark, s.width); err != nil {
				return nil, err
			}
		}
	}
	p.X.Min = 0
	svg, err := drawn(p, rows(p, names), "cores by service")
	return &Chart{"Cores by service: the bar ends at the median of the trials, the line at p95", nil, svg}, err
}

// Distribution shows with what probability a number of cores is enough. It is nil where there is nothing to show, and fails where it cannot be drawn.
func Distribution(pl *plan.Plan, cores []plan.Quantile) (*Chart, error) {
	if len(cores) == 0 || cores[0].Value == cores[len(cores)-1].Value {
		return nil, nil
	}
	line := make(plotter.XYs, len(cores))
	for i, q := range cores {
		line[i] = plotter.XY{X: q.Value, Y: q.ShareRatio * 100}
	}
	p := newChart("cores of all services")
	p.X.Tick.Marker = amounts{plot.DefaultTicks{}}
	p.Y.Label.Text = "% of trials"
	verticals(p)
	l, err := plotter.NewLine(line)
	if err != nil {
		return nil, err
	}
	l.Color, l.Width = mark8(first), 2.5
	p.Add(l)
	t := pl.Totals.CPUCores
	for k, at := range []plotter.XY{{X: t.P50, Y: 50}, {X: t.P95, Y: 95}, {X: t.P99, Y: 99}} {
		if err := dots(p, plotter.XYs{at}, uint8(second+k)); err != nil {
			return nil, err
		}
	}
	p.Y.Min, p.Y.Max = 0, 100
	svg, err := drawn(p, 260, "distribution of the total of cores")
	marks := legends(second, "p50: "+quantity.Estimate(t.P50), "p95: "+quantity.Estimate(t.P95), "p99: "+quantity.Estimate(t.P99))
	return &Chart{"How many of the trials a number of cores is enough for", marks, svg}, err
}

// Tornado shows what each uncertain input does to the total of cores. It is nil where there is nothing to show, and fails where it cannot be drawn.
func Tornado(pl *plan.Plan) (*Chart, error) {
	list := pl.Tornado[:min(len(pl.Tornado), TornadoRows)]
	if len(list) == 0 || list[0].Swing == 0 {
		return nil, nil
	}
	p := newChart("cores of all services")
	p.X.Tick.Marker = amounts{plot.DefaultTicks{}}
	verticals(p)
	var names []string
	mid := pl.Totals.CPUCores.Mid
	for i, f := range list {
		names = append(names, f.Input)
		y := rowAt(i, len(list))
		if err := segment(p, f.Low, y, mid, y, second, 14); err != nil {
			return nil, err
		}
		if err := segment(p, mid, y, f.High, y, first, 14); err != nil {
			return nil, err
		}
	}
	height := rows(p, names)
	if err := segment(p, mid, -.5, mid, float64(len(list))-.5, ink, 1.5); err != nil {
		return nil, err
	}
	svg, err := drawn(p, height, "what moves the cores")
	return &Chart{"What each input alone does to the cores, the others at mid", []Legend{{markName(second), "at its low value"}, {markName(first), "at its high value"}}, svg}, err
}
