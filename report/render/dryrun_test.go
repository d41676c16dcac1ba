package render

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"fsctl/report"
	"fsctl/report/dryrun"
	"fsctl/report/health"
)

func dryRun() *dryrun.Result {
	d := &dryrun.Result{
		Summary: "would send 10 users within 1s to http://127.0.0.1:1 over 5000 connections", Scenario: "sale", Target: "http://127.0.0.1:1", Connections: 5000,
		PeakQPS: 250_000, SelfTest: &dryrun.SelfTest{MaxQPS: 100_000, CPUSecondsPerRequest: 17e-6, UsableCores: 1.7},
		Checks: []dryrun.Check{
			{Name: "ports", Needed: 5000, OK: true, Because: "not | known"},
			{Name: "memory", Needed: 120e6, Available: 24.7e9, Unit: "bytes", OK: true, Because: "5000 connections"},
		},
	}
	d.Decide()
	return d
}

func TestDryRunText(t *testing.T) {
	var out bytes.Buffer
	if err := DryRun(&out, dryRun(), Style{Width: 100}); err != nil {
		t.Fatal(err)
	}
	const want = `would send 10 users within 1s to http://127.0.0.1:1 over 5000 connections
at its peak that is about 250k/s, if every answer comes at once
this machine sends at most 100k/s: a request took 17 us of CPU in the self-test (small requests, no
  TLS, over loopback), and 1.7 cores may be used

      check   needed  available
FAIL  cores     4.25        1.7  250k/s at 17 us of CPU a request
pass  ports    5,000          -  not | known
pass  memory  120 MB    24.7 GB  5000 connections

this machine cannot send it: at the peak of about 250k/s it needs 4.25 cores and may use 1.7; use 3
  agents, each on a machine like this one
`
	if out.String() != want {
		t.Errorf("found\n%s\nwanted\n%s", out.String(), want)
	}
}

// On a narrow terminal no word is broken, and the reasons stand below the table.
func TestDryRunBreaksNoWord(t *testing.T) {
	d := dryRun()
	d.Checks = append(d.Checks, dryrun.Check{Name: "file descriptors", Needed: 353, Available: 20000, OK: true, Because: "314 connections, 7 open already"})
	for _, width := range []int{40, 50, 59, 60, 80} {
		got := text(t, func(w io.Writer) error { return DryRun(w, d, Style{Width: width}) })
		for _, word := range append(strings.Fields("available needed descriptors connections, already memory"), strings.Fields(d.Reason)...) {
			if !strings.Contains(got, word) {
				t.Errorf("at width %d: %q is broken or missing in\n%s", width, word, got)
			}
		}
		if below := strings.Contains(got, "\nfile descriptors: 314 connections"); below != (width < reasonsBeside) {
			t.Errorf("at width %d: reasons below is %v in\n%s", width, below, got)
		}
	}
}

func TestDryRunFitsTheTerminal(t *testing.T) {
	for _, width := range []int{30, 60, 80, 200} {
		s := Style{Width: width}
		for line := range strings.SplitSeq(text(t, func(w io.Writer) error { return DryRun(w, dryRun(), s) }), "\n") {
			if visible(line) > width {
				t.Errorf("at width %d: a line of %d columns: %q", width, visible(line), line)
			}
		}
	}
}

func TestDryRunMarkdown(t *testing.T) {
	var out bytes.Buffer
	if err := DryRunMarkdown(&out, dryRun()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"## this machine cannot send it: ", "- would send 10 users", "\n| false | cores | 4.25 | 1.7 | ", `| not \| known |`, "| true | memory | 120 MB | 24.7 GB |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("wanted %q in\n%s", want, out.String())
		}
	}
}

func TestGeneratorsMemoryIsShown(t *testing.T) {
	r := &report.Report{Health: health.Health{Connections: 1, Machine: health.Machine{MaxMemoryBytes: 27_000_000}}}
	if got, want := generatorLine(r), "generator: 1 connection, at most 27 MB of memory"; got != want {
		t.Errorf("found %q, wanted %q", got, want)
	}
}
