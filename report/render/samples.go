package render

import (
	"fmt"
	"html"
	"strings"

	"fsctl/report"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// shownSamples is how many samples of a step are shown to people, one of each kind; JSON has all.
const shownSamples = 3

// sampleLines are the lines of a sample, one text each: what was sent, and what came.
func sampleLines(s *report.Sample) (sent, came []string) {
	line := strings.TrimSpace(s.Method + " " + s.URL)
	if s.Target != "" {
		line += " to target " + s.Target
	}
	sent = append(append(sent, line), s.RequestHeaders...)
	if s.RequestBody != "" {
		sent = append(sent, s.RequestBody)
	}
	if s.StatusLine != "" {
		came = append(came, s.StatusLine)
	}
	came = append(came, s.Headers...)
	if s.Body != "" {
		came = append(came, s.Body)
	}
	for _, lines := range [][]string{sent, came} {
		for i := range lines {
			lines[i] = plaintext.Line(lines[i])
		}
	}
	return sent, came
}

// sampleTitle says when a sample was sent and how long its body is.
func sampleTitle(s *report.Sample) string {
	title := fmt.Sprintf("%s after T0", quantity.Seconds(s.AtSeconds))
	if s.AtSeconds < 0 {
		title = fmt.Sprintf("%s before T0", quantity.Seconds(-s.AtSeconds))
	}
	if s.BodyBytes > uint64(len(s.Body)) {
		title += ", body of " + quantity.Bytes(float64(s.BodyBytes))
	}
	if s.Redacted > 0 {
		title += ", " + quantity.Of(s.Redacted, "value") + " redacted"
	}
	return title
}

// samples shows why requests failed, with an exchange of each kind.
func (p *page) samples(steps []report.Step) {
	for i := range steps {
		for _, s := range steps[i].SampleKinds(shownSamples) {
			p.say(p.paint("sample", faint)+"  ", "        ", plaintext.Line(steps[i].Name)+": "+s.Reason+" ("+sampleTitle(&s)+")")
			sent, came := sampleLines(&s)
			for _, line := range sent {
				p.say("  > ", "    ", line)
			}
			for _, line := range came {
				p.say("  < ", "    ", line)
			}
		}
	}
	p.blank()
}

// samples folds each sample; no text of it can end its block.
func (m *markdown) samples(steps []report.Step) {
	for i := range steps {
		for _, s := range steps[i].SampleKinds(shownSamples) {
			text := exchange(&s)
			fence := "```"
			for strings.Contains(text, fence) {
				fence += "`"
			}
			fmt.Fprintf(m, "\n<details><summary>%s: %s (%s)</summary>\n\n%s\n%s%s\n\n</details>\n", summary(steps[i].Name), summary(s.Reason), summary(sampleTitle(&s)), fence, text, fence)
		}
	}
}

// summary makes any text plain text within HTML, where Markdown does not hold.
func summary(text string) string { return html.EscapeString(plaintext.Line(text)) }

// exchange is a sample as text, one line for each of its own; none begins with what could be a fence.
func exchange(s *report.Sample) string {
	var b strings.Builder
	sent, came := sampleLines(s)
	for _, line := range sent {
		b.WriteString("> " + line + "\n")
	}
	for _, line := range came {
		b.WriteString("< " + line + "\n")
	}
	return b.String()
}

// samplesText is the samples of steps as text, for forms that have one place for it, such as JUnit's system-out.
func samplesText(steps []report.Step) string {
	var b strings.Builder
	for i := range steps {
		for _, s := range steps[i].SampleKinds(shownSamples) {
			fmt.Fprintf(&b, "%s: %s (%s)\n%s\n", plaintext.Line(steps[i].Name), plaintext.Line(s.Reason), sampleTitle(&s), exchange(&s))
		}
	}
	return b.String()
}
