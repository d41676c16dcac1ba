package render

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"fsctl/report/notstarted"
	"fsctl/scenarios/plaintext"
)

// notStartedCase is what the storm is called in place of NOT STARTED where names are in small letters.
const notStartedCase = "not started"

// NotStartedMarkdown writes why a storm did not begin for GitHub's step summary. It fails where w does.
func NotStartedMarkdown(w io.Writer, r *notstarted.Report) error {
	m := &markdown{}
	fmt.Fprintf(m, "## %s: %s\n\n%s\n", strings.ToUpper(notStartedCase), escaped(cmp.Or(r.Scenario, "run")), escaped(r.Summary()))
	if r.Target != "" {
		m.WriteString("\ntarget " + code(r.Target) + "\n")
	}
	var rows [][]string
	for _, reason := range r.Reasons {
		rows = append(rows, []string{escaped(reason.Message), escaped(reason.Hint)})
	}
	m.table("reason,hint", "---,---", rows)
	_, err := io.WriteString(w, m.String())
	return err
}

// NotStartedJUnit writes a storm that did not begin in the common JUnit dialect: one test suite with one test case, whose error
// holds the reasons. at is when it was to begin. It fails where w does.
func NotStartedJUnit(w io.Writer, r *notstarted.Report, at time.Time) error {
	suite := newJUnitSuite(r.Scenario, at, 0)
	text := ""
	for _, reason := range r.Reasons {
		text += plaintext.Line(reason.Message) + "\n"
		if reason.Hint != "" {
			text += "hint: " + plaintext.Line(reason.Hint) + "\n"
		}
	}
	suite.note(notStartedCase, r.Summary())
	suite.count(junitCase{Name: notStartedCase, ClassName: "fsctl." + suite.Name + ".run",
		Error: &junitMessage{Message: plaintext.Line(r.Summary()), Type: "not-started", Text: text}})
	return writeJUnit(w, suite)
}
