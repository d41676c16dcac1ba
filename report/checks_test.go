package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"fsctl/loadgen/record"
	"fsctl/report/exitcode"
	"fsctl/report/users"
	"fsctl/scenarios"
)

// checkReport holds a report to what must be true of every one. sc is the scenario by which it was judged, nil for none.
func checkReport(t *testing.T, r *Report, sc *scenarios.Scenario) {
	t.Helper()
	checkVerdict(t, r)
	if sc != nil {
		checkJudged(t, r, sc)
	}
	var written, again bytes.Buffer
	if err := r.writeJSON(&written); err != nil {
		t.Fatalf("the report is no JSON: %v", err) // a NaN or an infinity is none
	}
	var back Report
	if err := json.Unmarshal(written.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if err := back.writeJSON(&again); err != nil || !bytes.Equal(written.Bytes(), again.Bytes()) {
		t.Fatalf("read back, the report is another (%v):\n%s\nwanted\n%s", err, &again, &written)
	}
	var tree any
	if err := json.Unmarshal(written.Bytes(), &tree); err != nil {
		t.Fatal(err)
	}
	checkShares(t, "", tree)
	for _, s := range r.Steps {
		checkStep(t, &s)
	}
	for _, j := range r.Journeys {
		checkJourney(t, &j)
	}
	for i := range r.Levels {
		for _, j := range r.Levels[i].Journeys {
			checkJourney(t, &j)
		}
	}
}

// checkVerdict finds the exit code again from what the report says: 111 wins over 113, 112, 108 and 99, in this order; an
// interrupted run is 105; one that died or failed is 105 or 1 unless it proves 111, 113, or a broken invariant.
func checkVerdict(t *testing.T, r *Report) {
	t.Helper()
	h := &r.Health
	invariant := func(s Status) bool {
		return slices.ContainsFunc(r.Invariants, func(i InvariantResult) bool { return i.Status == s && (s == Broken || !i.Optional && !i.empty) })
	}
	threshold := slices.ContainsFunc(r.Thresholds, func(v ThresholdResult) bool {
		return v.Status == Broken || v.Status == NoData && !v.Optional
	})
	wanted := exitcode.Done
	for _, c := range []struct {
		holds bool
		code  int
	}{ // the last that holds wins
		{threshold || slices.ContainsFunc(r.Findings, func(f TargetFinding) bool { return f.FailsRun() }), exitcode.Threshold},
		{r.Ended == record.Aborted, exitcode.Aborted},
		{invariant(NoData), exitcode.Invariant},
		{r.Ended == record.Failed, exitcode.Failed},
		{r.Ended == Died, exitcode.Interrupted},
		{invariant(Broken), exitcode.Invariant},
		{h.Agents.Lost > 0, exitcode.AgentLost},
		{h.Saturated || h.SkewOverBudget, exitcode.Invalid},
		{r.Ended == record.Interrupted, exitcode.Interrupted},
	} {
		if c.holds {
			wanted = c.code
		}
	}
	if r.ExitCode != wanted {
		t.Fatalf("exit code %d, wanted %d: %s", r.ExitCode, wanted, r.Reason)
	}
	verdict := Fail
	switch {
	case h.Saturated || h.SkewOverBudget:
		verdict = Invalid
	case wanted == exitcode.Done:
		verdict = Pass
	case r.Ended == Died && wanted == exitcode.Interrupted:
		verdict = Incomplete
	}
	if r.Verdict != verdict {
		t.Fatalf("verdict %s with exit code %d, wanted %s", r.Verdict, r.ExitCode, verdict)
	}
	if r.Reason == "" || strings.ContainsAny(r.Reason, "\n\r") {
		t.Fatalf("the reason is %q, wanted one line", r.Reason)
	}
	if h.Saturated != (h.Cause != "") || h.Saturated && h.Message(h.Cause) == "" {
		t.Fatalf("saturated %t by %q, among the findings %+v", h.Saturated, h.Cause, h.Findings)
	}
}

// checkJudged wants every threshold and invariant judged, and each as its own figures say.
func checkJudged(t *testing.T, r *Report, sc *scenarios.Scenario) {
	t.Helper()
	at := 0
	for _, limit := range sc.Thresholds {
		for i := range limit.Thresholds {
			wanted := &limit.Thresholds[i]
			if at >= len(r.Thresholds) {
				t.Fatalf("%d thresholds are judged, and not %s", at, wanted.Key())
			}
			v := &r.Thresholds[at]
			at++
			status := NoData
			if v.Value != nil {
				if status = Broken; wanted.Holds(*v.Value) {
					status = Held
				}
			}
			if v.Status != status || v.Threshold != wanted.Text || (v.Value == nil) != (v.Note != "") {
				t.Fatalf("%+v, wanted %s of %s", v, status, wanted.Text)
			}
		}
	}
	if at != len(r.Thresholds) || len(sc.Invariants) != len(r.Invariants) {
		t.Fatalf("%d thresholds and %d invariants are judged, wanted %d and %d", len(r.Thresholds), len(r.Invariants), at, len(sc.Invariants))
	}
	for i, v := range r.Invariants {
		if v.Name != sc.Invariants[i].Name || v.Summary == "" || !slices.Contains([]Status{Held, Broken, NoData}, v.Status) {
			t.Fatalf("%+v, wanted a judgement of %s", v, sc.Invariants[i].Name)
		}
	}
}

// checkShares wants every share between 0 and 1, wherever it stands.
func checkShares(t *testing.T, where string, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			share, isNumber := value.(float64)
			if isNumber && (strings.HasSuffix(key, "share_ratio") || key == "error_ratio") && (share < 0 || share > 1) {
				t.Fatalf("%s.%s is %g, wanted a share", where, key, share)
			}
			checkShares(t, where+"."+key, value)
		}
	case []any:
		for i, value := range v {
			checkShares(t, fmt.Sprintf("%s[%d]", where, i), value)
		}
	}
}

// checkStep wants the figures of a step to agree with each other.
func checkStep(t *testing.T, s *Step) {
	t.Helper()
	var outcomes int64
	for _, n := range s.Outcomes {
		outcomes += n
	}
	if outcomes != s.Requests || s.Errors < 0 || s.Errors > s.Requests || s.AchievedQPS != nil && !(*s.AchievedQPS >= 0) {
		t.Fatalf("step %+v: its outcomes add up to %d", s, outcomes)
	}
	for _, d := range []*Distribution{s.ResponseTime, s.ServiceTime} {
		if d == nil {
			continue
		}
		rising := []float64{0, d.P50, d.P90, d.P95, d.P99, d.P999, d.Max}
		if !slices.IsSorted(rising) || d.Mean < 0 || d.Mean > d.Max || math.IsNaN(d.Mean) {
			t.Fatalf("step %s: times %+v", s.Name, d)
		}
	}
}

// checkJourney wants every user in one place.
func checkJourney(t *testing.T, j *users.Journey) {
	t.Helper()
	sum := j.Finished + j.Cut + j.AllLeft()
	for _, n := range j.Ended {
		sum += n
	}
	if sum != j.Users {
		t.Fatalf("%+v: %d users are accounted for", j, sum)
	}
}
