package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// goal is something that the product wants of a comparison.
type goal struct {
	text   string
	wanted float64
	atMost bool // else at least
	got    func(*results) (value float64, ok bool)
	unit   unit
}

// unit is how a goal's figures are written and judged: to so many decimals, which is finer than the noise.
type unit struct {
	decimals int
	factor   float64
	suffix   string
}

var (
	timesUnit = unit{2, 1, " x"}
	shareUnit = unit{2, 100, " %"}
)

func (u unit) write(value float64) string {
	return strconv.FormatFloat(value*u.factor, 'f', u.decimals, 64) + u.suffix
}

// round returns the value as it is written.
func (u unit) round(value float64) float64 {
	fine := u.factor * math.Pow10(u.decimals)
	return math.Round(value*fine) / fine
}

// allGoals returns the goals in the order in which they are shown.
func allGoals() []goal {
	rate := func(title, peer string, wanted float64) goal {
		return goal{text: title + ": requests/s, against " + peer, wanted: wanted, got: ratio(title, "fsctl", peer, requestRate), unit: timesUnit}
	}
	core := func(title, peer string, wanted float64) goal { // for where the server is what limits the rate
		return goal{text: title + ": requests a CPU second, against " + peer, wanted: wanted, got: ratio(title, "fsctl", peer, coreRate), unit: timesUnit}
	}
	cpu := func(peer string, wanted float64) goal {
		title := fixedTitle(busiest)
		return goal{text: title + ": CPU a request, against " + peer, wanted: wanted, atMost: true, got: ratio(title, "fsctl", peer, requestCPU), unit: timesUnit}
	}
	p99 := func(row string) goal {
		return goal{text: tailTitle + ": service p99 of " + row + ", against wrk", wanted: 1.1, atMost: true,
			got: ratio(tailTitle, row, wrkTail, serviceP99), unit: timesUnit}
	}
	leave := func(row string) goal {
		return goal{text: openingTitle + ": share that leaves within 2 ms, " + row, wanted: 0.99, unit: shareUnit,
			got: func(r *results) (float64, bool) { return r.median(openingTitle, row, onTimeShare) }}
	}
	return []goal{
		rate(closedTitle, "wrk", 1), core(closedTitle, "wrk", 1), rate(closedTitle, "vegeta", 2.5), rate(closedTitle, "k6", 8),
		rate(tlsTitle, "wrk", 1), core(tlsTitle, "wrk", 1), rate(journeyTitle, "k6", 8),
		cpu("vegeta", 0.5), cpu("wrk2", 1),
		p99(fsctlTail), p99(fsctlNarrowTail),
		leave(openingChosen),
	}
}

// ratio returns how a row's median compares with another's.
func ratio(title, row, to string, m *metric) func(*results) (float64, bool) {
	return func(r *results) (float64, bool) {
		a, found := r.median(title, row, m)
		b, also := r.median(title, to, m)
		return a / b, found && also && b > 0
	}
}

// judge says what a goal wanted and got, as a row of a Markdown table.
func (g goal) judge(r *results) string {
	bound := "at least "
	if g.atMost {
		bound = "at most "
	}
	got, verdict := "-", "not measured"
	if value, ok := g.got(r); ok {
		value = g.unit.round(value)
		got, verdict = g.unit.write(value), "missed"
		if g.atMost && value <= g.wanted || !g.atMost && value >= g.wanted {
			verdict = "met"
		}
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", g.text, bound+g.unit.write(g.wanted), got, verdict)
}

// goalTable returns all goals as a Markdown table.
func goalTable(r *results) string {
	var text strings.Builder
	text.WriteString("| goal | wanted | got | |\n|---|---|---|---|\n")
	for _, g := range allGoals() {
		text.WriteString(g.judge(r))
	}
	return text.String()
}
