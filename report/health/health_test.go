package health_test

import (
	"slices"
	"strings"
	"testing"

	"fsctl/loadgen/record"
	"fsctl/report"
	"fsctl/report/health"
	"fsctl/scenarios"
)

func TestWhoseFaultLateRequestsAre(t *testing.T) {
	busy, idle := &record.Generator{CPUSeconds: 1.9}, &record.Generator{CPUSeconds: 0.3}
	for _, c := range []struct {
		name      string
		counters  record.Counters
		generator *record.Generator
		saturated bool
		cause     string
		says      string
	}{
		{"punctual", record.Counters{Late: 20}, idle, false, "", ""}, // 2 % is allowed
		{"no CPU left", record.Counters{Late: 30}, busy, true, health.FindingCPU, "the generator used 1.9 of its 2 cores"},
		{"held up", record.Counters{Late: 30}, idle, true, health.FindingPacing, "only 0.3 of its 2 cores"},
		{"no account of CPU", record.Counters{Late: 30}, nil, true, health.FindingPacing, "did not get to send"},
		{"too few connections", record.Counters{Waited: 300, Quiet: load(100, 10), Full: load(300, 14)}, idle, true, health.FindingConnections, "--connections 21 would have carried the load"},
		{"no quiet moment", record.Counters{Waited: 300, Full: load(1000, 10)}, idle, true, health.FindingConnections, "no quiet moment"},
		{"no answer at all", record.Counters{Waited: 300, Full: load(1000, 10), Errors: map[string]uint64{"timeout": 1000}}, idle, false, health.FindingTargetLimited, "gave no whole answer"},
		{"one answer of all", record.Counters{Waited: 300, Full: load(1000, 10), Statuses: map[string]uint64{"200": 1}, Errors: map[string]uint64{"timeout": 999}}, idle, true, health.FindingConnections, "no quiet moment"},
		{"target queues", record.Counters{Waited: 300, Quiet: load(100, 10), Full: load(300, 15.1)}, idle, false, health.FindingTargetLimited, "against 10 ms in quiet moments (1.51 times as long"},
		{"target queues, no CPU left", record.Counters{Waited: 300, Quiet: load(100, 10), Full: load(300, 15.1)}, busy, true, health.FindingCPU, "slow to read the answers itself"},
		{"target slow, no request waited", record.Counters{Waited: 20, Quiet: load(100, 10), Full: load(300, 90)}, idle, false, "", ""},
	} {
		m := manifest()
		rec := record.New(m)
		c.counters.Due, c.counters.Sent, c.counters.Done = 1000, 1000, 1000
		rec.Add(record.Interval{Second: 1, Steps: map[string]*record.Counters{"order": &c.counters}, Generator: c.generator})
		r := report.Judge(rec, nil, nil)
		h := r.Health
		if h.Saturated != c.saturated || c.saturated != (r.ExitCode == 111) || c.saturated && h.Cause != c.cause {
			t.Errorf("%s: saturated %t by %q, exit code %d; wanted %t by %q", c.name, h.Saturated, h.Cause, r.ExitCode, c.saturated, c.cause)
		}
		if c.cause == "" && len(h.Findings) > 0 || c.cause != "" && (!slices.Equal(codes(r), []string{c.cause}) || !strings.Contains(h.Findings[0].Message, c.says)) {
			t.Errorf("%s: findings %q, wanted %q saying %q", c.name, h.Findings, c.cause, c.says)
		}
	}
}

// TestOneConnection says it in the singular.
func TestOneConnection(t *testing.T) {
	m := manifest()
	m.Connections = 1
	rec := record.New(m)
	rec.Add(record.Interval{Second: 1, Steps: map[string]*record.Counters{"order": {Due: 1000, Sent: 1000, Done: 1000, Waited: 300, Full: load(1000, 10)}}})
	h := report.Judge(rec, nil, nil).Health
	if len(h.Findings) != 1 || !strings.HasPrefix(h.Findings[0].Message, "the one connection was busy, ") {
		t.Errorf("found %q", h.Findings)
	}
}

// TestFreezes has the generator not run for a while: a freeze counts however few requests it met, and one that met none does
// not count. A short gap of a busy machine is lateness like any other.
func TestFreezes(t *testing.T) {
	gap := func(from, to float64, requests uint64) *record.Generator {
		return &record.Generator{CPUSeconds: 0.3, Gaps: []record.Gap{{From: from, To: to, Requests: requests}}}
	}
	for _, c := range []struct {
		name     string
		counters record.Counters
		health   *record.Generator
		cause    string
		says     string
	}{
		{"six seconds", record.Counters{Frozen: 300, Waited: 400, Quiet: load(100, 1), Full: load(800, 60)}, gap(2, 8, 300), health.FindingFrozen, "did not run for 6 s from T0+2s on: 300 requests"},
		{"one request of 1000", record.Counters{Frozen: 1}, gap(2.5, 5.5, 1), health.FindingFrozen, "1 request was due"},
		{"what comes after it is its doing", record.Counters{Frozen: 1, Late: 200, Waited: 300, Quiet: load(100, 10), Full: load(300, 14)}, gap(2, 3, 1), health.FindingFrozen, ""},
		{"a short gap", record.Counters{Frozen: 20}, gap(2, 2.06, 20), "", ""},
		{"a short gap that met many", record.Counters{Frozen: 21}, gap(2, 2.06, 21), health.FindingPacing, "2.1 % of the requests left more than 50 ms late"},
		{"two of fifteen late", record.Counters{Due: 15, Sent: 15, Done: 15, Late: 2}, gap(2, 9, 0), "", ""},
	} {
		rec := record.New(manifest())
		if c.counters.Due == 0 {
			c.counters.Due, c.counters.Sent, c.counters.Done = 1000, 1000, 1000
		}
		if c.health.Gaps[0].Requests == 0 {
			c.health.Gaps = nil
		}
		rec.Add(record.Interval{Second: 1, Steps: map[string]*record.Counters{"order": &c.counters}, Generator: c.health})
		r := report.Judge(rec, nil, nil)
		if h := r.Health; h.Cause != c.cause || (r.ExitCode == 111) != (c.cause != "") || !strings.Contains(h.Message(c.cause), c.says) {
			t.Errorf("%s: exit code %d, cause %q, %+v; wanted %q saying %q", c.name, r.ExitCode, h.Cause, h.Findings, c.cause, c.says)
		}
	}
}

// TestGapsOfShardsAreJoined holds that each freeze is told of once, with what all shards and agents met.
func TestGapsOfShardsAreJoined(t *testing.T) {
	rec := record.New(manifest())
	add := func(second int, from, to float64, requests uint64) {
		rec.Add(record.Interval{Second: second, Generator: &record.Generator{Gaps: []record.Gap{{From: from, To: to, Requests: requests}}}})
	}
	add(8, 2, 8, 300)
	add(8, 2.001, 8.001, 310)
	add(9, 2, 8, 5)
	add(12, 11, 12, 1)
	want := []record.Gap{{From: 2, To: 8.001, Requests: 615}, {From: 11, To: 12, Requests: 1}}
	if got := report.Judge(rec, nil, nil).Health.Gaps; !slices.Equal(got, want) {
		t.Errorf("found %+v, wanted %+v", got, want)
	}
}

func TestSlowdownIsWeightedByRequestsOfEachStep(t *testing.T) {
	rec := record.New(manifest())
	count(rec, 0, "item", record.Counters{Due: 900, Sent: 900, Done: 900, Quiet: load(100, 10), Full: load(900, 10)})
	count(rec, 0, "order", record.Counters{Due: 100, Sent: 100, Done: 100, Waited: 100, Quiet: load(100, 10), Full: load(100, 40)})
	r := report.Judge(rec, nil, nil)
	if got := r.Health.TargetSlowdown; got < 1.299 || got > 1.301 {
		t.Errorf("slowdown %g, wanted (900 x 1 + 100 x 4) / 1000", got)
	}
	if r.Health.Cause != health.FindingConnections {
		t.Errorf("cause %q, wanted connections", r.Health.Cause)
	}
}

func TestRequestsNeverSent(t *testing.T) {
	for _, c := range []struct {
		name      string
		planned   uint64
		end       string
		counters  record.Counters
		saturated bool
		codes     []string
	}{
		{"all came", 1000, record.Completed, record.Counters{Sent: 1000}, false, nil},
		{"a few given up", 1000, record.Completed, record.Counters{Sent: 990, Unsent: 10}, false, nil},
		{"many given up", 1000, record.Completed, record.Counters{Sent: 900, Unsent: 100}, true, []string{health.FindingUnsent}},
		{"many given up by a queue", 1000, record.Completed, record.Counters{Sent: 900, Unsent: 100, Waited: 900, Quiet: load(9, 1), Full: load(900, 9)}, false, []string{health.FindingTargetLimited, health.FindingUnsent}},
		{"users missing", 1100, record.Completed, record.Counters{Sent: 1000}, true, []string{health.FindingUnsent}},
		{"users missing before a queue", 1100, record.Completed, record.Counters{Sent: 1000, Waited: 900, Quiet: load(9, 1), Full: load(900, 9)}, true, []string{health.FindingTargetLimited, health.FindingUnsent}},
		{"interrupted", 5000, record.Interrupted, record.Counters{Sent: 900, Unsent: 100}, false, nil},
		{"aborted", 5000, record.Aborted, record.Counters{Sent: 900, Unsent: 100}, false, nil},
		{"nothing sent", 1000, record.Completed, record.Counters{}, true, []string{health.FindingUnsent}},
		{"users gave up first", 1000, record.Completed, record.Counters{Sent: 900, GivenUp: 100}, false, nil},
		{"users gave up first, and others were not sent", 1000, record.Completed, record.Counters{Sent: 850, Unsent: 50, GivenUp: 100}, true, []string{health.FindingUnsent}},
		{"users gave up in a queue", 1000, record.Completed, record.Counters{Sent: 900, GivenUp: 100, Waited: 900, Quiet: load(9, 1), Full: load(900, 9)}, false, []string{health.FindingTargetLimited}},
		{"users gave up, and nothing was sent", 1000, record.Completed, record.Counters{GivenUp: 1000}, true, []string{health.FindingUnsent}},
	} {
		m := manifest()
		m.PlannedArrivals = c.planned
		m.End.Reason = c.end
		rec := record.New(m)
		c.counters.Due, c.counters.Done = 1000, c.counters.Sent
		rec.Add(record.Interval{Steps: map[string]*record.Counters{"order": &c.counters}, Generator: &record.Generator{Arrivals: 1000}})
		r := report.Judge(rec, nil, nil)
		if r.Health.Saturated != c.saturated || !slices.Equal(codes(r), c.codes) {
			t.Errorf("%s: saturated %t, findings %v; wanted %t, %v", c.name, r.Health.Saturated, r.Health.Findings, c.saturated, c.codes)
		}
		want := max(c.planned, 1000)
		unsent := want - c.counters.Sent
		if c.counters.Sent > 0 {
			unsent -= c.counters.GivenUp
		}
		if r.Health.PlannedRequests != want || r.Health.UnsentRequests != unsent {
			t.Errorf("%s: %d planned, %d unsent, wanted %d and %d", c.name, r.Health.PlannedRequests, r.Health.UnsentRequests, want, unsent)
		}
	}
}

func TestScenarioSetsTheLatenessAllowed(t *testing.T) {
	rec := record.New(manifest())
	count(rec, 0, "order", record.Counters{Due: 100, Sent: 100, Done: 100, Late: 10})
	sc := &scenarios.Scenario{Storm: &scenarios.Storm{Lateness: scenarios.Lateness{Share: 0.2}}}
	if r := report.Judge(rec, sc, nil); r.Health.Saturated {
		t.Errorf("10 %% late of 20 %% allowed: %v", r.Health.Findings)
	}
	sc.Storm.Lateness.Share = 0.04
	if r := report.Judge(rec, sc, nil); !r.Health.Saturated {
		t.Error("10 of 100 late, 4 % allowed, yet not saturated")
	}
}

func TestAgents(t *testing.T) {
	m := manifest()
	m.Agents = []record.Agent{
		{Name: "a", Finished: true, T0SkewSeconds: 0.004, BoundSeconds: 20e-6},
		{Name: "b", Finished: true, T0SkewSeconds: -0.006, BoundSeconds: 40e-6},
		{Name: "c", Lost: true, ShareRatio: 0.25, PlannedArrivals: 1000, ReportedArrivals: 700, InDoubtArrivals: 100, UnsentArrivals: 200},
	}
	rec := record.New(m)
	put(t, rec, 0, "order", "ok", 1)
	r := report.Judge(rec, nil, nil)
	if r.Health.Agents != (health.Agents{Expected: 3, Finished: 2, Lost: 1}) || r.Health.T0Skew != (health.Skew{Max: 0.006, Uncertainty: 40e-6}) || r.ExitCode != 113 {
		t.Errorf("agents %+v, skew %+v, exit code %d", r.Health.Agents, r.Health.T0Skew, r.ExitCode)
	}
	if want := "1 of 3 agents lost (c): of 1,000 users, 200 were not sent and 100 are in doubt"; r.Reason != want {
		t.Errorf("reason %q, wanted %q", r.Reason, want)
	}
	rec.Manifest.Agents[1].T0SkewSeconds = 0.3
	if r := report.Judge(rec, nil, nil); r.ExitCode != 111 || !strings.Contains(r.Reason, "agent b began 300 ms") {
		t.Errorf("an agent 300 ms late: exit code %d, %q", r.ExitCode, r.Reason)
	}
	rec.Manifest.Agents = nil
	if r := report.Judge(rec, nil, nil); r.Health.Agents != (health.Agents{Expected: 1, Finished: 1}) {
		t.Errorf("one process alone: %+v", r.Health.Agents)
	}
}

func TestSkewOfOneGeneratorIsLatenessOnly(t *testing.T) {
	m := manifest()
	m.Agents = []record.Agent{{Name: "local", Finished: true, T0SkewSeconds: 0.4}}
	rec := record.New(m)
	put(t, rec, 0, "order", "ok", 1)
	if r := report.Judge(rec, nil, nil); r.ExitCode != 0 || r.Health.T0Skew.Max != 0.4 {
		t.Errorf("exit code %d (%s), skew %+v", r.ExitCode, r.Reason, r.Health.T0Skew)
	}
}
