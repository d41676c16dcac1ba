package render

import (
	"io"
	"math"
	"strings"
	"testing"

	"fsctl/loadgen/record"
	"fsctl/report"
)

// searchReport is the report on a search that found 40 users/s: the next level was too slow, and the one after that
// more than the generator could send.
func searchReport(t testing.TB) *report.Report {
	rec := stormy()
	rec.Manifest.Levels = []record.Level{
		{RatePerSec: 40, FromSeconds: -5, HoldFromSeconds: -4, ToSeconds: 0, EndSeconds: 0, Drained: true},
		{RatePerSec: 80, FromSeconds: 0, HoldFromSeconds: 1, ToSeconds: 5, EndSeconds: 6, Drained: true},
	}
	sc := stormyScenario(t)
	sc.Invariants, sc.Thresholds = nil, sc.Thresholds[:1]
	sc.Thresholds[0].Thresholds[0].Step, sc.Thresholds[0].Thresholds[0].Metric = "", "response_time"
	return report.Judge(rec, sc, samplePlan())
}

func TestLevelsAreShown(t *testing.T) {
	r := searchReport(t)
	if r.ExitCode != 0 || len(r.Levels) != 2 {
		t.Fatalf("exit code %d, %+v", r.ExitCode, r.Levels)
	}
	blind := r.Levels[1]
	blind.Verdict, blind.Why, blind.RatePerSec, blind.ResponseTime = report.Invalid, "no <CPU> was left", 160, nil
	r.Levels = append(r.Levels, blind)
	out := reportText(t, r, Style{Width: 200})
	for _, want := range []string{"users requests in flight errors response p50 response p99 why", "pass 40/s 400/s 0.999 0 %", "FAIL 80/s 1.8k/s", "wanted p(99)<300ms", "invalid 160/s", "the target holds 400 users/s (95 %: 381/s to 420/s, asked for 40/s) (400 requests/s)"} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("wanted %q in\n%s", want, out)
		}
	}
	out = text(t, func(w io.Writer) error { return Markdown(w, r) })
	for _, want := range []string{"| pass | 40/s | 400/s |", "| **FAIL** | 80/s |", "| **invalid** | 160/s |", "| - | - | no &lt;CPU\\> was left |"} {
		if !strings.Contains(out, want) {
			t.Errorf("wanted %q in\n%s", want, out)
		}
	}
	// Levels above the capacity fail on purpose: they are no failed tests.
	out = text(t, func(w io.Writer) error { return JUnit(w, r) })
	if !strings.Contains(out, `tests="4" failures="0" errors="0"`) || !strings.Contains(out, "T0-4s..T0") || strings.Count(out, ".journeys") != 2 {
		t.Errorf("wanted the threshold at 40 users/s, the two journeys and the run alone in\n%s", out)
	}
	out = text(t, func(w io.Writer) error { return JSON(w, r) })
	for _, want := range []string{`"rate_per_sec": 40`, `"hold_from_seconds": -4`, `"fails_asked_per_sec": 80`, `"low_per_sec": `, `"verdict": "invalid"`, `"cut_short": false`} {
		if !strings.Contains(out, want) {
			t.Errorf("wanted %q in\n%s", want, out)
		}
	}
}

func TestOddLevelsFitAnyWidth(t *testing.T) {
	r := searchReport(t)
	r.Levels[0].RatePerSec, r.Levels[0].Concurrency, r.Levels[0].Verdict = math.Inf(1), math.NaN(), "odd\nword"
	r.Levels[1].Why = strings.Repeat("long ", 60) + "\x1b[31m"
	for _, width := range []int{30, 80, 200} {
		out := reportText(t, r, Style{Width: width})
		for line := range strings.SplitSeq(out, "\n") {
			if visible(line) > width || strings.Contains(line, "\x1b") {
				t.Errorf("width %d: %q", width, line)
			}
		}
	}
}
