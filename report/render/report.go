package render

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"fsctl/report"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// Report writes a report for people: what ran, what was found of it, and in the last line the verdict with its reason, since
// logs are read from their end. It fails where w does, or a table cannot be laid out.
func Report(w io.Writer, r *report.Report, s Style) error {
	p := &page{Style: s}
	p.say("", "  ", strings.Join(about(r), ", "))
	p.blank()
	p.health(r)
	p.agents(r.Agents)
	p.levels(r.Levels)
	p.thresholds(r.Thresholds)
	p.invariants(r.Invariants)
	p.journeys(r.Journeys)
	p.groups(r.Groups)
	p.steps(r.Steps)
	p.samples(r.Steps)
	p.recommendations(r.Recommendations)
	p.notes(r.Notes)
	p.verdict(r)
	return p.writeTo(w)
}

// verdict writes the last line. A reason that is too long for a line stands before it in full.
func (p *page) verdict(r *report.Report) {
	word := strings.ToUpper(plaintext.Line(string(r.Verdict)))
	color := red
	switch r.Verdict {
	case report.Pass:
		color = green
	case report.Invalid, report.Incomplete:
		color = yellow
	}
	lead, reason := visible(word)+2, plaintext.Line(r.Reason)
	if word == "" && reason == "" {
		return
	}
	p.blank()
	if room := p.width() - lead; visible(reason) > room {
		p.say("  ", "  ", reason)
		reason = wrap(reason, max(room-4, 1))[0] + " ..."
	}
	p.line(p.paint(p.paint(word, color), bold) + "  " + reason)
}

// about says which run it was.
func about(r *report.Report) []string {
	parts := []string{cmp.Or(plaintext.Line(r.Scenario), "no scenario")}
	if r.Run != "" {
		parts = append(parts, plaintext.Line(r.Run))
	}
	ended := plaintext.Line(r.Ended)
	if r.DurationSeconds > 0 {
		ended += " after " + quantity.Seconds(r.DurationSeconds)
	}
	parts = append(parts, ended)
	if !r.T0.IsZero() {
		parts = append(parts, "T0 at "+r.T0.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	return parts
}

func (p *page) health(r *report.Report) {
	for _, f := range findings(r) {
		p.say(p.paint("! ", yellow), "  ", f.Message)
	}
	for _, line := range healthLines(r) {
		p.say("", "  ", line)
	}
	p.blank()
}

// healthLines says in two sentences what the generator did and what it had.
func healthLines(r *report.Report) []string {
	h := &r.Health
	sent := fmt.Sprintf("sent %s of %s", quantity.Count(h.SentRequests), quantity.Of(h.PlannedRequests, "request"))
	if h.SentRequests == h.PlannedRequests {
		sent = "sent " + quantity.Of(h.SentRequests, "request")
	}
	switch {
	case r.ServiceTimeOnly || h.SentRequests == 0:
	case h.LateShareRatio == 0:
		sent += ", none late"
		if h.MaxLatenessSeconds > 0 {
			sent += " (the latest by " + quantity.Seconds(h.MaxLatenessSeconds) + ")"
		}
	default:
		sent += fmt.Sprintf(", %s late", quantity.Percent(h.LateShareRatio))
		if h.WaitedShareRatio > 0 {
			sent += fmt.Sprintf(" (%s waited for a connection)", quantity.Percent(h.WaitedShareRatio))
		}
		if h.MaxLatenessSeconds > 0 {
			sent += ", at most " + quantity.Seconds(h.MaxLatenessSeconds) + " late"
		}
	}
	return slices.DeleteFunc([]string{sent, generatorLine(r)}, func(line string) bool { return line == "" })
}

func generatorLine(r *report.Report) string {
	h := &r.Health
	var parts []string
	if h.Connections > 0 {
		connections := quantity.Of(h.Connections, "connection")
		if h.Opened > 0 {
			connections += fmt.Sprintf(" (%s opened, each in %s, at most %s)", quantity.Count(h.Opened), quantity.Seconds(h.OpeningSeconds.Mean), quantity.Seconds(h.OpeningSeconds.Max))
		}
		parts = append(parts, connections)
	}
	if h.CPUSeconds > 0 {
		cpu := quantity.Seconds(h.CPUSeconds) + " of CPU"
		if h.Cores > 0 {
			cpu += " on " + quantity.Of(h.Cores, "core")
		}
		parts = append(parts, cpu)
	}
	if m := h.Machine.MaxMemoryBytes; m > 0 {
		parts = append(parts, "at most "+quantity.Bytes(float64(m))+" of memory")
	}
	if a := h.Agents; a.Expected > 1 || a.Lost > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s finished", quantity.Count(a.Finished), quantity.Of(a.Expected, "agent")),
			fmt.Sprintf("T0 skew %s +- %s", quantity.Seconds(h.T0Skew.Max), quantity.Seconds(h.T0Skew.Uncertainty)))
	}
	if len(parts) == 0 {
		return ""
	}
	return "generator: " + strings.Join(parts, ", ")
}

// statusWord returns pass, FAIL, no data or skipped, for a status.
func statusWord(s report.Status, optional bool) string {
	switch {
	case s == report.Held:
		return "pass"
	case s == report.Broken:
		return "FAIL"
	case optional:
		return "skipped"
	}
	return "NO DATA"
}

func statusColor(word string) string {
	switch word {
	case "pass":
		return green
	case "skipped", "invalid":
		return yellow
	}
	return red
}

func firstIsStatus(_, column int, field string) string {
	if column == 0 {
		return statusColor(field)
	}
	return ""
}

func (p *page) thresholds(list []report.ThresholdResult) {
	t := &table{
		columns: []column{{}, {title: "threshold", flex: true}, {title: "wanted", flex: true}, {title: "window", flex: true}, {title: "found", right: true}},
		colors:  firstIsStatus,
	}
	for i := range list {
		r := &list[i]
		found := r.ValueText()
		if r.Value == nil {
			found = "-"
		}
		t.add(statusWord(r.Status, r.Optional), r.Metric, r.Threshold, r.Window, found)
	}
	p.table(t)
	said := map[string]bool{}
	for i := range list {
		note := list[i].Metric + ": " + list[i].Note
		if list[i].Value == nil && list[i].Note != "" && !said[note] {
			p.say("  ", "    ", note)
			said[note] = true
		}
	}
	p.blank()
}

func (p *page) invariants(list []report.InvariantResult) {
	t := &table{
		columns: []column{{}, {title: "invariant", flex: true}, {title: "expected", right: true, drop: 1}, {title: "found", right: true, drop: 1}, {flex: true}},
		colors:  firstIsStatus,
	}
	for _, r := range list {
		expected, observed := quantity.Count(r.Expected), quantity.Count(r.Observed)
		if r.Status == report.NoData {
			expected, observed = "-", "-"
		}
		t.add(statusWord(r.Status, r.Optional), r.Name, expected, observed, r.Summary)
	}
	p.table(t)
	for _, r := range list {
		for _, e := range r.Evidence {
			p.say("  - ", "    ", e)
		}
	}
	p.blank()
}

func (p *page) steps(list []report.Step) {
	t := &table{columns: []column{
		{title: "step", flex: true}, {title: "requests", right: true}, {title: "errors", right: true}, {title: "rate", right: true, drop: 4},
		{title: "time"},
		{title: "p50", right: true, drop: 1}, {title: "p90", right: true, drop: 6}, {title: "p95", right: true, drop: 7},
		{title: "p99", right: true}, {title: "p99.9", right: true, drop: 5}, {title: "max", right: true, drop: 2}, {title: "mean", right: true, drop: 8},
	}}
	for _, s := range list {
		lead := []string{s.Name, quantity.Count(s.Requests), quantity.Count(s.Errors), rateOr(s.AchievedQPS)}
		for _, kind := range []struct {
			name  string
			times *report.Distribution
		}{{"response", s.ResponseTime}, {"service", s.ServiceTime}} {
			t.add(slices.Concat(lead, []string{kind.name}, times(kind.times))...)
			lead = []string{"", "", "", ""}
		}
	}
	p.table(t)
	p.blank()
	p.outcomes(list)
}

func times(d *report.Distribution) []string {
	if d == nil {
		return slices.Repeat([]string{quantity.None}, 7)
	}
	var fields []string
	for _, v := range []float64{d.P50, d.P90, d.P95, d.P99, d.P999, d.Max, d.Mean} {
		fields = append(fields, quantity.Seconds(v))
	}
	return fields
}

func (p *page) outcomes(list []report.Step) {
	t := &table{columns: []column{{title: "step", flex: true}, {title: "outcomes", flex: true}, {title: "answers", flex: true}, {title: "failures", flex: true}}}
	for i := range list {
		s := &list[i]
		outcomes, answers, failures := outcomesOf(*s), answersOf(s), failuresOf(s)
		if outcomes+answers+failures != "" {
			t.add(s.Name, outcomes, answers, failures)
		}
	}
	p.table(t)
	p.blank()
}

// outcomesOf lists a step's outcomes, the most frequent first, the answers that repeated an order, what was sent again, who gave up,
// and own counters.
func outcomesOf(s report.Step) string {
	var parts []string
	for _, name := range byCount(s.Outcomes) {
		share := ""
		if len(s.Outcomes) > 1 && s.Requests > 0 {
			share = fmt.Sprintf(" (%s)", quantity.Percent(float64(s.Outcomes[name])/float64(s.Requests)))
		}
		parts = append(parts, name+" "+quantity.Count(s.Outcomes[name])+share)
	}
	if s.Repeated > 0 {
		parts = append(parts, "repeated "+quantity.Count(s.Repeated))
	}
	if s.Resent > 0 {
		parts = append(parts, "resent "+quantity.Count(s.Resent))
	}
	parts = append(parts, countedOf(&s)...)
	return strings.Join(parts, ", ")
}

func byCount[N int64 | uint64](counts map[string]N) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

func (p *page) recommendations(list []report.Recommendation) {
	if len(list) == 0 {
		return
	}
	p.line(p.paint("set", faint))
	for _, r := range list {
		p.say("  ", "    ", r.Setting+change(r))
		p.say("    ", "    ", r.Because)
	}
	p.blank()
}

func change(r report.Recommendation) string {
	switch r.Current {
	case "":
		return " = " + r.Value
	case r.Value:
		return " = " + r.Value + ", as it is"
	}
	return ": " + r.Current + " -> " + r.Value
}

func (p *page) notes(list []string) {
	for _, n := range list {
		p.say(p.paint("note", faint)+"  ", "      ", n)
	}
}

// rateOr returns a rate, "-" where there is none.
func rateOr(perSec *float64) string {
	if perSec == nil {
		return "-"
	}
	return quantity.Rate(*perSec)
}
