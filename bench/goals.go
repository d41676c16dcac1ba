package main

import "fsctl/scenarios/quantity"

// goal is something that the product wants of a comparison. All of them are ratios, or bytes a user, so that they
// mean the same on any machine.
type goal struct {
	text   string
	wanted float64
	atMost bool // else at least
	got    func(*results) estimate
	format func(float64) string
}

// allGoals returns the goals in the order in which they are shown.
func allGoals() []goal {
	rate := func(title, peer string, wanted float64) goal {
		return goal{text: title + ": requests/s, against " + peer, wanted: wanted, got: ratio(title, newBuild, peer, requestRate), format: times}
	}
	core := func(title, peer string, wanted float64) goal { // for where the server is what limits the rate
		return goal{text: title + ": requests a CPU second, against " + peer, wanted: wanted, got: ratio(title, newBuild, peer, coreRate), format: times}
	}
	cpu := func(peer string, wanted float64) goal {
		title := fixedTitle(busiest)
		return goal{text: title + ": CPU a request, against " + peer, wanted: wanted, atMost: true, got: ratio(title, newBuild, peer, requestCPU), format: times}
	}
	p99 := func(row string) goal {
		return goal{text: tailTitle + ": service p99 of " + row + ", against wrk", wanted: 1.1, atMost: true,
			got: ratio(tailTitle, row, wrkTail, serviceP99), format: times}
	}
	leave := func(row string) goal {
		return goal{text: openingTitle + ": share that leaves within 2 ms, " + row, wanted: 0.99, format: quantity.Percent,
			got: func(r *results) estimate {
				if t := r.find(openingTitle); t != nil {
					return t.estimate(row, onTimeShare)
				}
				return estimateOf(nil)
			}}
	}
	return []goal{
		rate(closedTitle, "wrk", 1), core(closedTitle, "wrk", 1), rate(closedTitle, "vegeta", 2.5), rate(closedTitle, "k6", 8),
		rate(tlsTitle, "wrk", 1), core(tlsTitle, "wrk", 1), rate(journeyTitle, "k6", 8), core(shopTitle, "k6", 5),
		cpu("vegeta", 0.5), cpu("wrk2", 1),
		p99(fsctlTail), p99(fsctlNarrowTail),
		leave(newBuild + openingChosen),
		{text: memoryTitle + ": bytes a user who has signed in", wanted: 600, atMost: true, format: quantity.Bytes, got: func(r *results) estimate {
			if t := r.find(memoryTitle); t != nil {
				return t.estimate(signedIn, userMemory)
			}
			return estimateOf(nil)
		}},
	}
}

// ratio returns how a row compares with another.
func ratio(title, row, to string, m *metric) func(*results) estimate {
	return func(r *results) estimate {
		if t := r.find(title); t != nil {
			return t.ratio(row, to, m)
		}
		return estimateOf(nil)
	}
}

// judge says what a goal wanted and got, as a row of a Markdown table.
func (g goal) judge(r *results) string {
	bound := "at least "
	if g.atMost {
		bound = "at most "
	}
	got := g.got(r)
	return cells([]string{g.text, bound + g.format(g.wanted), got.center(g.format), got.interval(g.format), got.reaches(g.wanted, g.atMost)})
}

// goalTable returns all goals as a Markdown table.
func goalTable(r *results) string {
	text := header("goal", "wanted", "got", intervalHead, "")
	for _, g := range allGoals() {
		text += g.judge(r)
	}
	return text
}
