package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"fsctl/report"
	"fsctl/report/health"
	"fsctl/report/users"
	"fsctl/scenarios/quantity"
)

// findings returns the messages of all findings, each once, that of the cause first: the target's, unless the generator was
// at fault.
func findings(r *report.Report) []health.Finding {
	var target []health.Finding
	for _, f := range r.Findings {
		target = append(target, f.Finding)
	}
	all := slices.Concat(target, r.Health.Findings)
	if r.Verdict == report.Invalid {
		all = slices.Concat(r.Health.Findings, target)
	}
	var once []health.Finding
	for _, f := range all {
		if !slices.Contains(once, f) {
			once = append(once, f)
		}
	}
	return once
}

// journeys writes how the users of each journey ended.
func (p *page) journeys(list []users.Journey) {
	t := &table{columns: []column{{title: "journey", flex: true}, {title: "users", right: true}, {title: "finished", right: true, drop: 1},
		{title: "ended by", flex: true}, {title: "left", right: true}, {title: "cut", right: true, drop: 2}}}
	for i := range list {
		t.add(journeyRow(&list[i])...)
	}
	p.table(t)
	for i := range list {
		for _, line := range leavers(&list[i], len(list) > 1) {
			p.say("  - ", "    ", line)
		}
	}
	p.blank()
}

func (m *markdown) journeys(list []users.Journey) {
	var rows [][]string
	var left []string
	for i := range list {
		j := &list[i]
		row := journeyRow(j)
		for k := range row {
			row[k] = escaped(row[k])
		}
		rows = append(rows, row)
		for _, line := range leavers(j, len(list) > 1) {
			left = append(left, escaped(line))
		}
	}
	m.table("journey,users,finished,ended by,left,cut", "---,--:,--:,---,--:,--:", rows)
	m.list(left)
}

func journeyRow(j *users.Journey) []string {
	ended := countsOf(j.Ended, " ")
	if ended == "" {
		ended = quantity.None
	}
	return []string{j.Name, quantity.Count(j.Users), quantity.Count(j.Finished), ended, quantity.Count(j.AllLeft()), quantity.Count(j.Cut)}
}

// leavers says of users who left where and why, and how many were not ready, with the journey's name where there are several.
func leavers(j *users.Journey, several bool) []string {
	var texts, lines []string
	for _, l := range j.Left {
		texts = append(texts, l.String())
	}
	if j.NotReady > 0 {
		texts = append(texts, fmt.Sprintf("%s of %s were not through with what they do before when they were due, and began late", quantity.Count(j.NotReady), quantity.Count(j.Ready)))
	}
	for _, line := range texts {
		if several {
			line = j.Name + ": " + line
		}
		lines = append(lines, line)
	}
	return lines
}

// journeyLine says in one line how the users of a journey ended.
func journeyLine(j *users.Journey) string {
	parts := []string{quantity.Of(j.Users, "user"), "finished " + quantity.Count(j.Finished)}
	if len(j.Ended) > 0 {
		parts = append(parts, "ended by "+countsOf(j.Ended, " "))
	}
	parts = append(parts, leavers(j, false)...)
	if j.Cut > 0 {
		parts = append(parts, "cut by the end of the run "+quantity.Count(j.Cut))
	}
	return strings.Join(parts, "; ")
}

// answersOf lists a step's answers by status code, the most frequent first: 404: 200.
func answersOf(s *report.Step) string { return countsOf(s.Statuses, ": ") }

// failuresOf lists a step's failed requests by reason. Those of older runs are known only as errors.
func failuresOf(s *report.Step) string {
	if len(s.Failures) == 0 {
		return countsOf(s.ErrorKinds, ": ")
	}
	words := map[string]uint64{}
	for reason, n := range s.Failures {
		words[strings.Replace(reason, "check: ", "check ", 1)] += n
	}
	return countsOf(words, ": ")
}

// countsOf lists what is counted by name, the most frequent first.
func countsOf(counts map[string]uint64, between string) string {
	var parts []string
	for _, name := range byCount(counts) {
		parts = append(parts, name+between+quantity.Count(counts[name]))
	}
	return strings.Join(parts, ", ")
}

// stepLine says in one line what became of a step's requests.
func stepLine(s *report.Step) string {
	parts := []string{fmt.Sprintf("%s: %s", s.Name, quantity.Of(s.Requests, "request"))}
	for _, part := range []struct{ title, text string }{{"outcomes", outcomesOf(*s)}, {"answers", answersOf(s)}, {"failures", failuresOf(s)}} {
		if part.text != "" {
			parts = append(parts, part.title+" "+part.text)
		}
	}
	return strings.Join(parts, "; ")
}

// countedOf says who gave up waiting at a step, and what its own counters hold; nothing where there are none.
func countedOf(s *report.Step) (parts []string) {
	if s.Abandoned > 0 {
		text := "gave up waiting " + quantity.Count(s.Abandoned)
		if s.GivenUp > 0 {
			text += " (" + quantity.Count(s.GivenUp) + " of them before the request was sent)"
		}
		parts = append(parts, text)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Counted)) {
		parts = append(parts, "counted "+name+" "+quantity.Number(s.Counted[name]))
	}
	return parts
}
