package render

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"fsctl/loadgen/try"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// TrialBegins writes for people whose journey is tried, and where. It fails where w does.
func TrialBegins(w io.Writer, r *try.Result, s Style) error {
	p := &page{Style: s}
	p.say("", "  ", trialTitle(r))
	for _, n := range r.Notes {
		p.say(p.paint("note", faint)+"  ", "      ", n)
	}
	return p.writeTo(w)
}

// TrialWaits writes the pause before a request, which is shown while it lasts. It fails where w does.
func TrialWaits(w io.Writer, v *try.Step, s Style) error {
	p := &page{Style: s}
	p.line("")
	p.say("", "  ", waitText(v.Wait))
	return p.writeTo(w)
}

// TrialSends writes the first line of a request, which is shown while its answer is waited for. It fails where w does.
func TrialSends(w io.Writer, v *try.Step, s Style) error {
	p := &page{Style: s}
	if v.Wait.Seconds == 0 { // else TrialWaits has
		p.line("")
	}
	lead := p.paint(stepTitle(v), bold) + "  "
	if visible(lead) > p.width()/2 {
		p.exactly("", "  ", stepTitle(v))
		lead = "  "
	}
	p.exactly(lead, "  ", v.Request.Method+" "+v.Request.URL)
	return p.writeTo(w)
}

// TrialAnswers writes what was sent, what came, and what was made of it. It fails where w does.
func TrialAnswers(w io.Writer, v *try.Step, s Style) error {
	p := &page{Style: s}
	sent, came := trialLines(v)
	for _, l := range sent {
		p.exactly("  > ", "      ", l)
	}
	for _, l := range came {
		p.exactly("  < ", "      ", l)
	}
	p.say("  ", "    ", timesText(v))
	for _, l := range judgementLines(v) {
		color := green
		if l.bad {
			color = red
		}
		p.exactly("  "+p.paint(l.word, color)+"  ", "      ", l.text)
	}
	return p.writeTo(w)
}

// TrialEnds writes how a trial ended and, in the last line, whether it went well. It fails where w does.
func TrialEnds(w io.Writer, r *try.Result, s Style) error {
	p := &page{Style: s}
	p.line("")
	word, color, text := trialVerdict(r)
	p.say(p.paint(p.paint(word, color), bold)+"  ", strings.Repeat(" ", visible(word)+2), text)
	return p.writeTo(w)
}

// TrialMarkdown writes a whole trial for GitHub's step summary. It fails where w does.
func TrialMarkdown(w io.Writer, r *try.Result) error {
	m := &markdown{}
	word, _, text := trialVerdict(r)
	fmt.Fprintf(m, "## %s: %s\n\n%s\n\n%s\n", escaped(word), escaped(r.Scenario), escaped(text), escaped(trialTitle(r)))
	var notes []string
	for _, n := range r.Notes {
		notes = append(notes, escaped(n))
	}
	m.list(notes)
	for i := range r.Steps {
		v := &r.Steps[i]
		mark := "ok"
		if v.Failed {
			mark = "FAIL"
		}
		text := trialBlock(v)
		fence := "```"
		for strings.Contains(text, fence) {
			fence += "`"
		}
		fmt.Fprintf(m, "\n<details><summary>%s: %s</summary>\n\n%s\n%s%s\n\n</details>\n", mark, summary(stepTitle(v)), fence, text, fence)
	}
	_, err := io.WriteString(w, m.String())
	return err
}

// trialBlock is all of a step as text, for a block of Markdown.
func trialBlock(v *try.Step) string {
	var lines []string
	if v.Wait.Seconds > 0 {
		lines = append(lines, waitText(v.Wait))
	}
	lines = append(lines, v.Request.Method+" "+v.Request.URL)
	sent, came := trialLines(v)
	for _, l := range sent {
		lines = append(lines, "> "+l)
	}
	for _, l := range came {
		lines = append(lines, "< "+l)
	}
	lines = append(lines, timesText(v))
	for _, l := range judgementLines(v) {
		lines = append(lines, l.word+"  "+l.text)
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(strings.TrimRight(printable(l), " ") + "\n")
	}
	return b.String()
}

// exactly writes a text with its own blanks: its first line after first, the others after rest.
func (p *page) exactly(first, rest, text string) {
	text = printable(text)
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	lead := first
	for {
		room := max(p.width()-visible(lead), 10)
		if visible(text) <= room {
			p.line(lead + text)
			return
		}
		head, after := split(text, room)
		if after == "" {
			p.line(lead + head)
			return
		}
		p.line(lead + head)
		lead, text = rest+indent[:min(len(indent), p.width()/4)], after
	}
}

// printable replaces what a terminal does not show as one character.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || r == '\u3000' {
			return r
		}
		return '?'
	}, text)
}

func trialTitle(r *try.Result) string {
	journey := plaintext.Line(r.Journey)
	if r.Before != "" {
		journey = plaintext.Line(r.Before) + " before " + journey
	}
	return fmt.Sprintf("%s: user %s, journey %s, at %s", plaintext.Line(r.Scenario), quantity.Count(r.User), journey, plaintext.Line(r.Target))
}

func stepTitle(v *try.Step) string {
	title := strings.TrimSpace(quantity.Count(v.Number) + " " + plaintext.Line(v.Step))
	if v.Before {
		title += " (before)"
	}
	if v.Transaction {
		title += " (transaction)"
	}
	return title
}

func waitText(v try.Wait) string {
	word, how := map[string]string{try.Thinking: "thinks", try.Polling: "asks again after", try.Retrying: "tries again after", try.Beginning: "waits to begin for"}[v.Kind], ""
	if word == "" {
		word = "pauses"
	}
	if !v.Waited {
		how = " (not waited)"
	}
	return fmt.Sprintf("%s %s%s", word, quantity.Seconds(v.Seconds), how)
}

// trialLines are the lines of an exchange: what was sent after the request line, and what came.
func trialLines(v *try.Step) (sent, came []string) {
	sent = append(slices.Clone(v.Request.Headers), bodyLines(v.Request.Body)...)
	if v.Answer.Redirects > 0 {
		line := quantity.Of(v.Answer.Redirects, "redirect") + " followed"
		if v.Answer.RedirectedTo != "" {
			line += ", the last to " + v.Answer.RedirectedTo
		}
		came = append(came, "("+line+")")
	}
	if v.Answer.StatusLine != "" {
		came = append(came, v.Answer.StatusLine)
	}
	return sent, slices.Concat(came, v.Answer.Headers, bodyLines(v.Answer.Body))
}

func bodyLines(b try.Body) (lines []string) {
	size := quantity.Bytes(float64(b.Bytes))
	if b.Text != "" {
		lines = append([]string{""}, strings.Split(b.Text, "\n")...)
	}
	switch {
	case b.Binary && b.Bytes > 0:
		return []string{"", "(" + size + " that are no text)"}
	case b.Binary:
		return []string{"", "(a body that is no text)"}
	case b.Cut && b.Bytes > 0:
		lines = append(lines, "... ("+size+" in all)")
	case b.Cut && b.Text != "":
		lines = append(lines, "...")
	}
	return lines
}

func timesText(v *try.Step) string {
	parts := []string{"took " + quantity.Seconds(v.Answer.TookSeconds)}
	if v.Answer.Error == "" {
		parts[0] = fmt.Sprintf("answered in %s with %s", quantity.Seconds(v.Answer.TookSeconds), quantity.Bytes(float64(v.Answer.Bytes)))
	}
	switch c := v.Connection; {
	case c.Opened && c.TLSSeconds > 0:
		parts = append(parts, fmt.Sprintf("connection opened in %s, of which TLS %s", quantity.Seconds(c.Seconds), quantity.Seconds(c.TLSSeconds)))
	case c.Opened:
		parts = append(parts, "connection opened in "+quantity.Seconds(c.Seconds))
	case c.Reused:
		parts = append(parts, "connection reused")
	}
	if v.Answer.Resent > 0 {
		parts = append(parts, fmt.Sprintf("sent again %s on a new connection", quantity.Of(v.Answer.Resent, "time")))
	}
	if v.Redacted > 0 {
		parts = append(parts, quantity.Of(v.Redacted, "value")+" redacted")
	}
	return strings.Join(parts, ", ")
}

// judgementLine is something that was found of an answer.
type judgementLine struct {
	word string
	text string
	bad  bool
}

func judgementLines(v *try.Step) (lines []judgementLine) {
	if v.Answer.Error != "" {
		lines = append(lines, judgementLine{"FAIL", fmt.Sprintf("no whole answer (%s): %s", v.Answer.Class, v.Answer.Error), true})
	}
	for _, x := range v.Extracted {
		switch from := " (" + x.From + ")"; {
		case x.OK:
			lines = append(lines, judgementLine{"got", x.Variable + " = " + x.Value + from, false})
		case v.Answer.Error != "":
		case x.Optional || v.Reason != try.Extract:
			lines = append(lines, judgementLine{"none", x.Variable + from + ": found " + x.Found, false})
		default:
			lines = append(lines, judgementLine{"FAIL", x.Variable + from + ": found " + x.Found, true})
		}
	}
	for _, c := range v.Checks {
		l := judgementLine{"pass", "check " + c.Check, false}
		if !c.Held {
			l = judgementLine{"FAIL", l.text, true}
		}
		if c.Found != "" && !c.Held {
			l.text += ": found " + c.Found
		}
		lines = append(lines, l)
	}
	if v.Reason == try.Status {
		lines = append(lines, judgementLine{"FAIL", fmt.Sprintf("found %s, wanted %s", v.Found, v.Wanted), true})
	}
	for _, c := range v.Counted {
		lines = append(lines, judgementLine{"count", fmt.Sprintf("%s + %s (%s)", c.Counter, quantity.Precise(c.Added), c.From), false})
	}
	outcome := judgementLine{"outcome", v.Outcome, v.Failed}
	if v.When != "" {
		outcome.text += " (" + v.When + ")"
	}
	return append(lines, outcome)
}

// trialVerdict says whether a trial went well, and why not.
func trialVerdict(r *try.Result) (word, color, text string) {
	failed := 0
	for i := range r.Steps {
		if r.Steps[i].Failed {
			failed++
		}
	}
	text = fmt.Sprintf("%s; %s, none failed", plaintext.Line(r.Ended.Message), quantity.Of(len(r.Steps), "request"))
	if failed > 0 {
		text = fmt.Sprintf("%s; %s, %s failed", plaintext.Line(r.Ended.Message), quantity.Of(len(r.Steps), "request"), quantity.Count(failed))
	}
	if err := r.Err(); err != nil && failed > 0 {
		text = plaintext.Line(err.Error()) + "; " + text
	}
	switch {
	case r.Ended.How == try.Interrupted:
		return "INCOMPLETE", yellow, text
	case r.Failure != nil:
		return "FAIL", red, text
	}
	return "PASS", green, text
}
