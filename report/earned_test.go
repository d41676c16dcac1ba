package report

import (
	"slices"
	"strings"
	"testing"

	"fsctl/loadgen/record"
	"fsctl/report/health"
	"fsctl/scenarios"
	"fsctl/scenarios/script"
	"fsctl/scenarios/strict"
	"fsctl/scenarios/threshold"
)

// selling returns a scenario whose order sells five pieces.
func selling(thresholds ...threshold.Threshold) *scenarios.Scenario {
	sc := require(thresholds...)
	sc.Steps = strict.Keyed[scenarios.Step]{{Name: "login"}, {Name: "order", Transaction: true,
		Outcome: strict.Keyed[scenarios.Outcome]{{Name: "placed"}, {Name: "sold_out"}}}}
	sc.Sale = &scenarios.Sale{Items: 1, Stock: 5, PerUser: 1, SKU: "sku-${n}"}
	return sc
}

// targetCodes returns the codes of a report's findings about the target.
func targetCodes(r *Report) string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, f.Code)
	}
	return strings.Join(list, " ")
}

// TestStoppedBeforeTheFirstOrder says nothing of orders that were not due yet.
func TestStoppedBeforeTheFirstOrder(t *testing.T) {
	for reason, want := range map[string]string{record.Completed: FindingNothingPlaced, record.Interrupted: ""} {
		rec := record.New(manifest())
		rec.Manifest.End = &record.End{Reason: reason}
		put(t, rec, 1, "login", "ok", 1, 1)
		sc := selling()
		sc.Journeys = strict.Keyed[script.Script]{{Name: "buyer", Do: []script.Action{{Step: "login"}, {Step: "order"}}}}
		if r := Judge(rec, sc, nil); targetCodes(r) != want {
			t.Errorf("%s: found %q, wanted %q", reason, targetCodes(r), want)
		}
	}
}

func TestWhatARunMustEarn(t *testing.T) {
	limit := func(metric, text string) threshold.Threshold { return limitOf(t, metric, text, "") }
	for _, c := range []struct {
		name       string
		requests   map[string]string // outcome by step, two of each
		thresholds []threshold.Threshold
		code       int
		codes      string
	}{
		{"all failed", map[string]string{"login": "failed", "order": "error"}, nil, 99, FindingAllFailed},
		{"nothing was sent", nil, nil, 99, FindingAllFailed},
		{"asked for", map[string]string{"login": "failed", "order": "error"}, []threshold.Threshold{limit("http_req_failed", "rate>0.9")}, 0, ""},
		{"asked for of one step alone", map[string]string{"login": "failed", "order": "error"}, []threshold.Threshold{limit("http_req_failed{step:login}", "rate>0.9")}, 99, FindingAllFailed},
		{"asked for step by step", map[string]string{"login": "failed", "order": "error"}, []threshold.Threshold{limit("http_req_failed{step:login}", "rate==1"), limit("http_reqs{step:order,expected_response:false}", "count>0")}, 0, ""},
		{"fast failures are asked for", map[string]string{"order": "failed"}, []threshold.Threshold{limit("response_time{outcome:failed}", "p(99)<1s")}, 0, ""},
		{"allowed, not asked for", map[string]string{"order": "failed"}, []threshold.Threshold{limit("http_req_failed", "rate<=1"), limit("http_reqs{outcome:failed}", "count<9"), limit("response_time", "max<1s")}, 99, FindingAllFailed},
		{"asked for, and crossed", map[string]string{"order": "failed"}, []threshold.Threshold{limit("http_req_failed", "count>5")}, 99, FindingAllFailed},

		{"none placed", map[string]string{"login": "ok", "order": "sold_out"}, nil, 99, FindingNothingPlaced},
		{"none placed, orders failed", map[string]string{"login": "ok", "order": "failed"}, nil, 99, FindingNothingPlaced + " " + FindingStepFailed + " " + FindingRequestsFailed},
		{"orders were to fail", map[string]string{"login": "ok", "order": "failed"}, []threshold.Threshold{limit("http_req_failed{step:order}", "rate==1")}, 0, FindingStepFailed + " " + FindingRequestsFailed},
		{"some requests were to fail", map[string]string{"login": "ok", "order": "failed"}, []threshold.Threshold{limit("http_req_failed", "rate>0.1")}, 99, FindingNothingPlaced + " " + FindingStepFailed + " " + FindingRequestsFailed},
		{"orders were to fail, and were refused", map[string]string{"login": "ok", "order": "sold_out"}, []threshold.Threshold{limit("http_req_failed{step:order}", "rate<1")}, 99, FindingNothingPlaced},
		{"placed", map[string]string{"order": "placed", "login": "ok"}, nil, 0, ""},
		{"sold_out is asked for", map[string]string{"order": "sold_out"}, []threshold.Threshold{limit("outcome{step:order,outcome:sold_out}", "rate>0.5")}, 0, ""},
		{"sold_out is allowed", map[string]string{"order": "sold_out"}, []threshold.Threshold{limit("outcome{outcome:sold_out}", "rate<=1")}, 99, FindingNothingPlaced},
		{"few orders are asked for", map[string]string{"order": "sold_out"}, []threshold.Threshold{limit("outcome{outcome:placed}", "rate<0.1")}, 0, ""},
		{"the stock as a bound", map[string]string{"order": "sold_out"}, []threshold.Threshold{limit("http_reqs{outcome:placed}", "count<=5")}, 99, FindingNothingPlaced},
	} {
		rec := record.New(manifest())
		for step, outcome := range c.requests {
			put(t, rec, 1, step, outcome, 1, 1)
		}
		r := Judge(rec, selling(c.thresholds...), nil)
		if r.ExitCode != c.code || targetCodes(r) != c.codes {
			t.Errorf("%s: exit code %d (%s), findings %q; wanted %d and %q", c.name, r.ExitCode, r.Reason, targetCodes(r), c.code, c.codes)
		}
		for _, f := range r.Findings {
			if len(c.requests) > 0 && f.OnsetSeconds != 1 {
				t.Errorf("%s: %+v, wanted it to begin in second 1", c.name, f)
			}
		}
	}
}

func TestEmptyAccountsAreNoBrokenInvariant(t *testing.T) {
	rec := record.New(manifest())
	put(t, rec, 0, "login", "ok", 1)
	rec.Ledger.Read = true
	sc := require()
	sc.Sale = &scenarios.Sale{Items: 1, Stock: 5, PerUser: 1, SKU: "sku-${n}"}
	sc.Invariants = []scenarios.Invariant{{Name: scenarios.NoOversell}, {Name: scenarios.NoLostOrder}}
	if r := Judge(rec, sc, nil); r.ExitCode != 99 || targetCodes(r) != FindingNothingCompared || !strings.HasPrefix(r.Reason, "an invariant compared nothing with nothing: no-oversell") {
		t.Errorf("exit code %d (%s), findings %q", r.ExitCode, r.Reason, targetCodes(r))
	}
	sc.Invariants[0].Optional = true
	if r := Judge(rec, sc, nil); r.ExitCode != 99 || !strings.Contains(r.Reason, scenarios.NoLostOrder) {
		t.Errorf("one of two optional: exit code %d (%s), wanted the other to fail", r.ExitCode, r.Reason)
	}
	sc.Invariants[1].Optional = true
	if r := Judge(rec, sc, nil); r.ExitCode != 0 || len(r.Findings) > 0 {
		t.Errorf("all optional: exit code %d (%s), findings %q", r.ExitCode, r.Reason, targetCodes(r))
	}
	sc.Steps = selling().Steps
	put(t, rec, 0, "order", "sold_out", 1)
	if r := Judge(rec, sc, nil); r.ExitCode != 0 || !slices.ContainsFunc(r.Notes, func(n string) bool { return strings.HasPrefix(n, "nothing was placed") }) {
		t.Errorf("all optional, and nothing placed: exit code %d (%s), notes %q", r.ExitCode, r.Reason, r.Notes)
	}
}

// A run that earned nothing yields to what is worse, and comes before the thresholds that it crosses.
func TestEarningNothingHasItsPlace(t *testing.T) {
	crossed := limitOf(t, "http_req_failed", "rate<0.5", "")
	for end, want := range map[string]int{record.Completed: 99, record.Aborted: 108, record.Failed: 1, record.Interrupted: 105} {
		m := manifest()
		m.End.Reason = end
		rec := record.New(m)
		put(t, rec, 0, "order", "failed", 1, 1)
		count(rec, 0, "order", record.Counters{Statuses: map[string]uint64{"404": 2}, Failures: map[string]uint64{"status": 2}})
		r := Judge(rec, selling(crossed), nil)
		if r.ExitCode != want || r.Findings[0].Message != "every request failed: 2 of 2: status 404" || end == record.Completed && r.Reason != r.Findings[0].Message {
			t.Errorf("%s: exit code %d (%s), findings %+v, wanted %d", end, r.ExitCode, r.Reason, r.Findings, want)
		}
	}
}

func TestCausesAreCounted(t *testing.T) {
	for _, c := range []struct {
		counters record.Counters
		want     string
	}{
		{record.Counters{Done: 9, Failed: 9, Errors: map[string]uint64{"refused": 7, "timeout": 2}}, "7 of 9: refused, 2 of 9: timeout"},
		{record.Counters{Done: 9, Failed: 9, Failures: map[string]uint64{"status": 9}, Statuses: map[string]uint64{"404": 3, "500": 6}}, "6 of 9: status 500, 3 of 9: status 404"},
		{record.Counters{Done: 9, Failed: 4, Failures: map[string]uint64{"status": 1, "extract": 3}, Statuses: map[string]uint64{"200": 8, "503": 1}}, "3 of 9: extract, 1 of 9: status 503 (answers by status 200: 8, 503: 1)"},
		{record.Counters{Done: 2, Failed: 2, Failures: map[string]uint64{"check: status\nin 200": 2}, Statuses: map[string]uint64{"500": 2}}, "2 of 2: check status in 200 (answers by status 500: 2)"},
		{record.Counters{Done: 1200, Failed: 1200, Errors: map[string]uint64{"status_404": 1200}}, "1,200 of 1,200: status"},
		{record.Counters{Done: 2, Failed: 2}, "2 of 2, no reason is recorded"},
	} {
		if got := causesOf(&c.counters); got != c.want {
			t.Errorf("found %q, wanted %q", got, c.want)
		}
	}
}

// What a size follows from is good answers: not a run that earned nothing, nor one that failed by errors in its best seconds.
func TestNoSizeFollowsFromErrors(t *testing.T) {
	sc, p := shops()
	for failed, want := range map[uint64]int{0: 2, 3: 2, 4: 0, 30: 0} { // of 300
		r := Judge(limited(failed), sc, p)
		noted := slices.ContainsFunc(r.Notes, func(n string) bool {
			return strings.HasPrefix(n, "no number of instances is recommended: ") && strings.Contains(n, "at most 1 % may")
		})
		if len(r.Recommendations) != want || noted != (want == 0) {
			t.Errorf("%d of 300 failed: %+v, notes %q; wanted %d recommendations", failed, r.Recommendations, r.Notes, want)
		}
	}
	sc.Steps, sc.Sale = selling().Steps, selling().Sale
	if r := Judge(limited(0), sc, p); len(r.Recommendations) > 0 || targetCodes(r) != FindingNothingPlaced+" "+health.FindingTargetLimited {
		t.Errorf("nothing placed: %+v, findings %q", r.Recommendations, targetCodes(r))
	}
}

func TestPracticeShopIsSaidToBeOne(t *testing.T) {
	sc, p := shops()
	rec := limited(0)
	rec.Manifest.PracticeShop = true
	r := Judge(rec, sc, p)
	for _, got := range r.Recommendations {
		if !strings.HasSuffix(got.Because, "; measured on fsctl's built-in practice shop, which says nothing about yours") {
			t.Errorf("%+v, wanted it to say what it was measured on", got)
		}
	}
	if len(r.Recommendations) == 0 || !slices.ContainsFunc(r.Notes, func(n string) bool { return strings.Contains(n, "practice shop") }) {
		t.Errorf("%+v, notes %q", r.Recommendations, r.Notes)
	}
}

func TestStepsOfJourneysAreShownThoughNeverSent(t *testing.T) {
	sc := selling()
	sc.Steps = append(sc.Steps, scenarios.Step{Name: "unused"})
	sc.Journeys = append(sc.Journeys, script.Script{Name: "buyer", Do: []script.Action{{Step: "login"}, {Step: "order"}}})
	rec := record.New(manifest())
	put(t, rec, 0, "login", "failed", 1)
	rec.Add(record.Interval{Generator: &record.Generator{Journeys: map[string]record.Journey{"buyer": {Users: 1, Left: map[record.Left]uint64{{Step: "order", Variable: "token", After: "failed"}: 1}}}}})
	r := Judge(rec, sc, nil)
	if len(r.Steps) != 2 || r.Steps[1].Name != "order" || r.Steps[1].Requests != 0 || r.Steps[1].ResponseTime != nil {
		t.Errorf("%+v, wanted login and order", r.Steps)
	}
	if targetCodes(r) != FindingAllFailed+" "+FindingUsersLeft || r.Findings[1].Message != "users left: 1 left before order because token was missing, after failed" {
		t.Errorf("findings %+v", r.Findings)
	}
}
