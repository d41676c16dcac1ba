package render

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"fsctl/report"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// The elements are those that both common schemas know, junit-10.xsd of Jenkins' xUnit plugin and the JUnit.xsd of Windy Road, in the order
// that the latter wants. It allows nothing in a test case but its failure: values of cases that pass are properties of the suite, and
// lines of its system-out.
type junitSuites struct {
	XMLName xml.Name   `xml:"testsuites"`
	Suite   junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Hostname   string          `xml:"hostname,attr"`
	Package    string          `xml:"package,attr"`
	ID         int             `xml:"id,attr"`
	Properties junitProperties `xml:"properties"`
	Cases      []junitCase     `xml:"testcase"`
	Output     string          `xml:"system-out"` // what was found in each case, what became of the requests, a line a step, then samples of what failed
	ErrorLog   string          `xml:"system-err"` // empty, but both schemas know it and one wants it
}

type junitProperties struct {
	List []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	Time      string        `xml:"time,attr"` // the value of a threshold on times, in seconds; of the case of the run, how long it took; else 0
	Failure   *junitMessage `xml:"failure"`
	Error     *junitMessage `xml:"error"`
	Skipped   *junitMessage `xml:"skipped"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// newJUnitSuite returns a suite without cases. at is when it began; its time zone goes, which the format does not have.
func newJUnitSuite(name string, at time.Time, seconds float64) junitSuite {
	return junitSuite{Name: cmp.Or(plaintext.Line(name), "fsctl"), Time: junitSeconds(seconds), Timestamp: at.UTC().Format("2006-01-02T15:04:05"),
		Hostname: "localhost", Package: "fsctl"}
}

// junitSeconds writes a time as the schemas want it: without sign and exponent, with three places at most.
func junitSeconds(v float64) string {
	if !(v > 0) || math.IsInf(v, 1) {
		v = 0
	}
	return fmt.Sprintf("%.3f", v)
}

// JUnit writes a report in the common JUnit dialect, which both common schemas allow: one test suite for the run, one test case for each
// threshold, invariant and journey, for each finding that alone fails the run, and for the run itself. A journey fails where the run does and
// users of it left. What failed is a failure, optional checks without data are skipped. Of a run
// that is invalid all are errors; of one that did not go to its end those that held are, since a part of a
// storm cannot show that something holds. What was found and wanted is in a property of the suite for every case. It fails where w does.
func JUnit(w io.Writer, r *report.Report) error {
	suite := newJUnitSuite(r.Scenario, r.T0, r.DurationSeconds)
	class := "fsctl." + suite.Name
	for i := range r.Thresholds {
		t := &r.Thresholds[i]
		c := junitCase{Name: plaintext.Line(strings.TrimSpace(t.Metric + " " + t.Threshold + " " + t.Window)), ClassName: class + ".thresholds"}
		if t.Unit == "s" && t.Value != nil {
			c.Time = junitSeconds(*t.Value)
		}
		suite.note(c.Name, fmt.Sprintf("%s: found %s, wanted %s", statusWord(t.Status, t.Optional), t.ValueText(), t.Threshold))
		suite.add(r, c, t.Status, t.Optional, t.Summary(), "")
	}
	for i := range r.Invariants {
		v := &r.Invariants[i]
		summary := fmt.Sprintf("%s (expected %s, observed %s)", v.Summary, quantity.Count(v.Expected), quantity.Count(v.Observed))
		c := junitCase{Name: plaintext.Line(v.Name), ClassName: class + ".invariants"}
		suite.note(c.Name, statusWord(v.Status, v.Optional)+": "+invariantText(v, summary))
		suite.add(r, c, v.Status, v.Optional, summary, strings.Join(v.Evidence, "\n"))
	}
	suite.addTarget(r, class)
	suite.Output += samplesText(r.Steps)
	if r.Unverified {
		suite.Output += "unverified: an older version of fsctl made this record, without checksums\n"
	}
	suite.addRun(r, class)
	return writeJUnit(w, suite)
}

// invariantText is what was found of an invariant: without data, why.
func invariantText(v *report.InvariantResult, summary string) string {
	if v.Status == report.NoData {
		return v.Summary
	}
	return summary
}

func writeJUnit(w io.Writer, suite junitSuite) error {
	var out bytes.Buffer
	out.WriteString(xml.Header)
	encoder := xml.NewEncoder(&out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(junitSuites{Suite: suite}); err != nil {
		return fmt.Errorf("write as JUnit: %w", err)
	}
	out.WriteByte('\n')
	_, err := w.Write(out.Bytes())
	return err
}

// note adds what was found in a case to the properties and to system-out.
func (s *junitSuite) note(name, found string) {
	found = plaintext.Line(found)
	s.Properties.List = append(s.Properties.List, junitProperty{cmp.Or(name, "-"), found})
	s.Output += name + ": " + found + "\n"
}

func (s *junitSuite) add(r *report.Report, c junitCase, status report.Status, optional bool, summary, evidence string) {
	switch {
	case r.Verdict == report.Invalid:
		c.Error = runError(r)
	case status == report.NoData && optional:
		c.Skipped = &junitMessage{Message: plaintext.Line(summary), Type: string(status)}
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
		c, line := junitCase{Name: plaintext.Line(j.Name), ClassName: class + ".journeys"}, plaintext.Line(journeyLine(j))
		s.note(c.Name, line)
		s.add(r, c, status, false, line, "")
	}
	for i := range r.Steps {
		step := &r.Steps[i]
		for _, kind := range []struct {
			name  string
			times *report.Distribution
		}{{"response time", step.ResponseTime}, {"service time", step.ServiceTime}} {
			if d := kind.times; d != nil {
				s.note(plaintext.Line(step.Name)+" "+kind.name, timesLine(d))
			}
		}
	}
	for i := range r.Steps {
		s.Output += plaintext.Line(stepLine(&r.Steps[i])) + "\n"
	}
}

// timesLine writes a distribution in a line.
func timesLine(d *report.Distribution) string {
	var parts []string
	for i, v := range times(d) {
		parts = append(parts, []string{"p50", "p90", "p95", "p99", "p99.9", "max", "mean"}[i]+" "+v)
	}
	return strings.Join(parts, ", ")
}

// addRun adds the case of the run itself, so that a suite has one where nothing is required. It holds the verdict, and is an error or a
// failure with that.
func (s *junitSuite) addRun(r *report.Report, class string) {
	c := junitCase{Name: "run", ClassName: class + ".run", Time: junitSeconds(r.DurationSeconds)}
	s.note(c.Name, fmt.Sprintf("%s, exit code %d: %s", r.Verdict, r.ExitCode, r.Reason))
	switch {
	case r.ExitCode != 0 && r.Verdict == report.Fail && s.Failures+s.Errors > 0:
		c.Failure = runError(r)
	case r.ExitCode != 0:
		c.Error = runError(r)
	}
	s.count(c)
}

func (s *junitSuite) count(c junitCase) {
	c.Time = cmp.Or(c.Time, junitSeconds(0))
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
