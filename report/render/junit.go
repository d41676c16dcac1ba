package render

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"fsctl/report"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

type junitSuites struct {
	XMLName xml.Name   `xml:"testsuites"`
	Suite   junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr,omitempty"`
	Cases     []junitCase `xml:"testcase"`
	Output    string      `xml:"system-out,omitempty"` // what became of the requests, a line a step, then samples of what failed
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	Time      string        `xml:"time,attr"`
	Failure   *junitMessage `xml:"failure"`
	Error     *junitMessage `xml:"error"`
	Skipped   *junitMessage `xml:"skipped"`
	Output    string        `xml:"system-out,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// JUnit writes a report in the common JUnit dialect: one test suite for the run, one test case for each
// threshold, invariant and journey, and for each finding that alone fails the run. A journey fails where the run does and
// users of it left. What failed is a failure, optional checks without data are skipped. Of a run
// that is invalid all are errors; of one that did not go to its end those that held are, since a part of a
// storm cannot show that something holds. It fails where w does.
func JUnit(w io.Writer, r *report.Report) error {
	suite := junitSuite{
		Name: cmp.Or(plaintext.Line(r.Scenario), "fsctl"),
		Time: fmt.Sprintf("%.3f", r.DurationSeconds),
	}
	if !r.T0.IsZero() {
		suite.Timestamp = r.T0.UTC().Format(time.RFC3339)
	}
	class := "fsctl." + suite.Name
	for i := range r.Thresholds {
		t := &r.Thresholds[i]
		name := strings.TrimSpace(t.Metric + " " + t.Threshold + " " + t.Window)
		suite.add(r, junitCase{Name: plaintext.Line(name), ClassName: class + ".thresholds"}, t.Status, t.Optional, t.Summary(), "")
	}
	for i := range r.Invariants {
		v := &r.Invariants[i]
		summary := fmt.Sprintf("%s (expected %s, observed %s)", v.Summary, quantity.Count(v.Expected), quantity.Count(v.Observed))
		suite.add(r, junitCase{Name: plaintext.Line(v.Name), ClassName: class + ".invariants"}, v.Status, v.Optional, summary, strings.Join(v.Evidence, "\n"))
	}
	suite.addTarget(r, class)
	suite.Output += samplesText(r.Steps)
	if r.Unverified {
		suite.Output += "unverified: an older version of fsctl made this record, without checksums\n"
	}
	if r.ExitCode != 0 && suite.Failures+suite.Errors == 0 {
		suite.count(junitCase{Name: "run", ClassName: class + ".run", Error: runError(r)})
	}
	return writeJUnit(w, suite)
}

func writeJUnit(w io.Writer, suite junitSuite) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(junitSuites{Suite: suite}); err != nil {
		return fmt.Errorf("write as JUnit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(r *report.Report, c junitCase, status report.Status, optional bool, summary, evidence string) {
	switch {
	case r.Verdict == report.Invalid:
		c.Error = runError(r)
	case status == report.NoData && optional:
		c.Skipped = &junitMessage{Message: plaintext.Line(summary)}
	case status != report.Held:
		c.Failure = &junitMessage{Message: plaintext.Line(summary), Type: string(status), Text: evidence}
	case !sentWhole(r):
		c.Error = runError(r)
	}
	s.count(c)
}

// addTarget adds what became of users and requests.
func (s *junitSuite) addTarget(r *report.Report, class string) {
	for i := range r.Findings {
		if f := &r.Findings[i]; f.FailsRun() {
			s.add(r, junitCase{Name: plaintext.Line(f.Code), ClassName: class + ".run"}, report.Broken, false, f.Message, "")
		}
	}
	for i := range r.Journeys {
		j := &r.Journeys[i]
		status := report.Held
		if (r.Verdict == report.Fail || r.Verdict == report.Incomplete) && len(j.Left) > 0 {
			status = report.Broken
		}
		line := plaintext.Line(journeyLine(j))
		s.add(r, junitCase{Name: plaintext.Line(j.Name), ClassName: class + ".journeys", Output: line}, status, false, line, "")
	}
	for i := range r.Steps {
		s.Output += plaintext.Line(stepLine(&r.Steps[i])) + "\n"
	}
}

func (s *junitSuite) count(c junitCase) {
	c.Time = "0.000"
	s.Tests++
	switch {
	case c.Error != nil:
		s.Errors++
	case c.Failure != nil:
		s.Failures++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

// sentWhole says whether the whole storm was sent.
func sentWhole(r *report.Report) bool { return r.Ended == "completed" && r.Health.Agents.Lost == 0 }

func runError(r *report.Report) *junitMessage {
	return &junitMessage{Message: plaintext.Line(r.Reason), Type: string(r.Verdict)}
}
