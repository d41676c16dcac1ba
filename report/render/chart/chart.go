// Package chart draws figures of a plan as SVG for a page.
package chart

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"image/color"
	"math"
	"regexp"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	style "gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// Marks of a chart. The page's style sheet gives each its colour, one for light and one for dark, so
// the values only distinguish them.
const (
	ink = iota + 1
	grid
	first
	second
	third
	fourth
)

func mark8(n uint8) color.RGBA { return color.RGBA{n, n, n, 0xff} }

// markName returns the style sheet's name of a mark.
func markName(n int) string {
	return []string{ink: "ink", grid: "grid", first: "c1", second: "c2", third: "c3", fourth: "c4"}[n]
}

// chartColors replaces the marks by the style sheet's variables.
func chartColors() *strings.Replacer {
	var pairs []string
	for n := ink; n <= fourth; n++ {
		pairs = append(pairs, fmt.Sprintf("#%02X%02X%02X", n, n, n), "var(--"+markName(n)+")")
	}
	return strings.NewReplacer(pairs...)
}

const (
	chartWidth = vg.Length(560) // points, shown as pixels at the page's full width
	rowHeight  = 26
	chartText  = 12
	halfLabel  = 24 // room for what the last label has beyond its tick
)

// newChart returns an empty plot in the page's style.
func newChart(xTitle string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.Transparent
	font := func(s *style.Style) {
		s.Font.Variant, s.Font.Size, s.Color = "Sans", chartText, mark8(ink)
	}
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		font(&a.Label.TextStyle)
		font(&a.Tick.Label)
		a.LineStyle.Color, a.Tick.LineStyle.Color = mark8(grid), mark8(grid)
		a.Padding = 4
	}
	p.X.Label.Text = xTitle
	return p
}

// rows names the chart's rows, the first at the top, and returns the height it takes.
func rows(p *plot.Plot, names []string) vg.Length {
	var ticks []plot.Tick
	for i, name := range names {
		ticks = append(ticks, plot.Tick{Value: rowAt(i, len(names)), Label: shortened(plaintext.Line(name))})
	}
	p.Y.Tick.Marker = plot.ConstantTicks(ticks)
	p.Y.LineStyle.Width, p.Y.Tick.LineStyle.Width = 0, 0
	p.Y.Tick.Length, p.Y.Padding = 0, 10
	p.Y.Min, p.Y.Max = -0.6, float64(len(names))-0.4
	return vg.Length(len(names)+2) * rowHeight
}

func rowAt(i, n int) float64 { return float64(n - 1 - i) }

// shortened keeps a name that leaves room for the chart.
func shortened(name string) string {
	const most = 26
	if r := []rune(name); len(r) > most {
		return "..." + string(r[len(r)-most+3:])
	}
	return name
}

// segment draws a straight line of so many points width.
func segment(p *plot.Plot, x1, y1, x2, y2 float64, mark uint8, width vg.Length) error {
	l, err := plotter.NewLine(plotter.XYs{{X: x1, Y: y1}, {X: x2, Y: y2}})
	if err != nil {
		return err
	}
	l.Color, l.Width = mark8(mark), width
	p.Add(l)
	return nil
}

// dots draws points.
func dots(p *plot.Plot, points plotter.XYs, mark uint8) error {
	s, err := plotter.NewScatter(points)
	if err != nil {
		return err
	}
	s.GlyphStyle = draw.GlyphStyle{Color: mark8(mark), Radius: 5, Shape: draw.CircleGlyph{}}
	p.Add(s)
	return nil
}

// verticals draws the lines of the x axis' ticks behind the data.
func verticals(p *plot.Plot) {
	g := plotter.NewGrid()
	g.Vertical.Color, g.Horizontal.Color = mark8(grid), mark8(grid)
	g.Horizontal.Width, g.Vertical.Width = 0, 0.75
	p.Add(g)
}

// amounts writes the labels of ticks as the tables write counts.
type amounts struct{ plot.Ticker }

func (a amounts) Ticks(least, most float64) []plot.Tick {
	list := a.Ticker.Ticks(least, most)
	for i := range list {
		if list[i].Label != "" {
			list[i].Label = quantity.Estimate(list[i].Value)
		}
	}
	return list
}

// decades puts a tick at every power of ten of a rate.
type decades struct{}

func (decades) Ticks(least, most float64) []plot.Tick {
	var list []plot.Tick
	for e := math.Floor(math.Log10(least)); e <= math.Ceil(math.Log10(most)); e++ {
		list = append(list, plot.Tick{Value: math.Pow(10, e), Label: quantity.Rate(math.Pow(10, e))})
	}
	return list
}

// What the SVG writer adds for a file of its own, which a part of a page must not have.
var (
	svgPrelude = regexp.MustCompile(`(?s)^.*?<svg[^>]*>`)
	svgFont    = regexp.MustCompile(`font-family:[^;"]*;(font-(variant|weight|style):[^;"]*;)*`)
)

// drawn returns the chart as an SVG element that takes its colours and font from the page.
func drawn(p *plot.Plot, height vg.Length, label string) (template.HTML, error) {
	canvas := vgsvg.New(chartWidth, height)
	p.Draw(draw.Crop(draw.New(canvas), 0, -halfLabel, 0, 0))
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return "", fmt.Errorf("draw chart: %w", err)
	}
	svg := svgPrelude.ReplaceAllString(out.String(), "")
	svg = chartColors().Replace(svgFont.ReplaceAllString(svg, ""))
	head := fmt.Sprintf(`<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, chartWidth.Points(), height.Points(), html.EscapeString(plaintext.Line(label)))
	return template.HTML(head + svg), nil // every text in it has been escaped, by the writer or here
}
