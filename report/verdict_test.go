package report

import (
	"testing"

	"fsctl/loadgen/record"
	"fsctl/loadgen/record/orders"
	"fsctl/scenarios"
)

// faults are what a run can suffer from, one at a time or together.
type faults struct {
	saturated, lost, oversold, threshold, skew bool
	end                                        string
}

func runWith(t *testing.T, f faults) *Report {
	m := manifest()
	m.PlannedArrivals = 0
	if f.end == Died {
		m.End = nil
	} else if f.end != "" {
		m.End.Reason = f.end
		m.End.Message = "the end's own message"
	}
	if f.lost {
		m.Agents = []record.Agent{{Name: "a", Finished: true, ShareRatio: .5}, {Name: "b", Lost: true, ShareRatio: .5}}
	}
	if f.skew {
		m.Agents = []record.Agent{{Name: "a", Finished: true, Lost: f.lost}, {Name: "b", Finished: true, BoundSeconds: 0.2}}
	}
	rec := record.New(m)
	millis := 100.0
	if f.threshold {
		millis = 5000
	}
	put(t, rec, 0, "order", "placed", millis, millis)
	if f.saturated {
		count(rec, 0, "order", record.Counters{Late: 2})
	}
	rec.Ledger = record.Ledger{Read: true, Sold: orders.ListOf([]record.Order{{ID: "1", SKU: "sku-1", User: "u"}, {ID: "2", SKU: "sku-1", User: "v"}}...)}
	sc := require(limitOf(t, "response_time", "max<1s", ""))
	sc.Sale = &scenarios.Sale{Items: 1, Stock: 2, SKU: "sku-${n}"}
	if f.oversold {
		sc.Sale.Stock = 1
	}
	sc.Invariants = []scenarios.Invariant{{Name: scenarios.NoOversell}}
	return Judge(rec, sc, nil)
}

func TestExitCodesAndTheirPrecedence(t *testing.T) {
	for _, c := range []struct {
		name    string
		faults  faults
		code    int
		verdict Verdict
		reason  string
	}{
		{"all well", faults{}, 0, Pass, "held 1 threshold and 1 invariant"},
		{"threshold", faults{threshold: true}, 99, Fail, "a threshold was crossed: response_time was 5 s, wanted max<1s"},
		{"aborted", faults{end: record.Aborted, threshold: true}, 108, Fail, "the run was stopped early: the end's own message"},
		{"oversold", faults{oversold: true, end: record.Aborted, threshold: true}, 112, Fail, "an invariant is broken: sku-1 oversold by 1"},
		{"agent lost", faults{lost: true, oversold: true, threshold: true}, 113, Fail, ""},
		{"saturated", faults{saturated: true, lost: true, oversold: true, threshold: true}, 111, Invalid, ""},
		{"saturated, all held", faults{saturated: true}, 111, Invalid, ""},
		{"skew", faults{skew: true}, 111, Invalid, "the agents' clocks are known only to within 200 ms, wanted 50 ms: they may not have started together"},
		{"skew and agent lost", faults{skew: true, lost: true}, 111, Invalid, ""},
		{"interrupted", faults{end: record.Interrupted}, 105, Fail, ""},
		{"interrupted, oversold", faults{end: record.Interrupted, oversold: true, threshold: true, lost: true}, 105, Fail, ""},
		{"interrupted, saturated", faults{end: record.Interrupted, saturated: true}, 105, Invalid, ""},
		{"died", faults{end: Died}, 105, Incomplete, ""},
		{"died, threshold", faults{end: Died, threshold: true}, 105, Incomplete, ""},
		{"died, oversold", faults{end: Died, oversold: true}, 112, Fail, ""},
		{"died, lost", faults{end: Died, lost: true}, 113, Fail, ""},
		{"died, saturated", faults{end: Died, saturated: true}, 111, Invalid, ""},
		{"failed", faults{end: record.Failed, threshold: true}, 1, Fail, "the run stopped on an error: the end's own message"},
		{"failed, oversold", faults{end: record.Failed, oversold: true}, 112, Fail, ""},
	} {
		r := runWith(t, c.faults)
		if r.ExitCode != c.code || r.Verdict != c.verdict || r.Reason == "" || c.reason != "" && r.Reason != c.reason {
			t.Errorf("%s: exit code %d, %s, %q; wanted %d, %s, %q", c.name, r.ExitCode, r.Verdict, r.Reason, c.code, c.verdict, c.reason)
		}
	}
}

func TestOptionalInvariantWithoutData(t *testing.T) {
	rec := record.New(manifest())
	put(t, rec, 0, "order", "ok", 1)
	sc := require()
	sc.Sale = &scenarios.Sale{Items: 1, Stock: 1, PerUser: 1, SKU: "sku-${n}"}
	for _, name := range []string{scenarios.NoOversell, scenarios.OneOrderPerUser, scenarios.NoLostOrder, "unheard-of"} {
		sc.Invariants = []scenarios.Invariant{{Name: name}}
		if r := Judge(rec, sc, nil); r.ExitCode != 112 || r.Invariants[0].Status != NoData {
			t.Errorf("%s without data: exit code %d, %+v, wanted 112 and no-data", name, r.ExitCode, r.Invariants[0])
		}
		sc.Invariants[0].Optional = true
		if r := Judge(rec, sc, nil); r.ExitCode != 0 {
			t.Errorf("%s without data, optional: exit code %d (%s), wanted 0", name, r.ExitCode, r.Reason)
		}
	}
}

func TestDeadRunWithAnUnreadLedgerIsNotABrokenInvariant(t *testing.T) {
	sc := require()
	sc.Invariants = []scenarios.Invariant{{Name: scenarios.NoLostOrder}}
	for end, want := range map[string]int{Died: 105, record.Failed: 1, record.Aborted: 112, record.Completed: 112} {
		m := manifest()
		if m.End.Reason = end; end == Died {
			m.End = nil
		}
		if r := Judge(record.New(m), sc, nil); r.ExitCode != want {
			t.Errorf("%s: exit code %d (%s), wanted %d", end, r.ExitCode, r.Reason, want)
		}
	}
}

func TestBrokenInvariantIsNamedBeforeOneWithoutData(t *testing.T) {
	rec := record.New(manifest())
	put(t, rec, 0, "order", "placed", 1)
	rec.Ledger.Told = []record.Order{{ID: "1", SKU: "sku-1"}, {ID: "2", SKU: "sku-1"}}
	sc := require()
	sc.Sale = &scenarios.Sale{Items: 1, Stock: 1, SKU: "sku-${n}"}
	sc.Invariants = []scenarios.Invariant{{Name: scenarios.NoLostOrder}, {Name: scenarios.NoOversell}}
	if r := Judge(rec, sc, nil); r.Reason != "an invariant is broken: sku-1 oversold by 1 (and 1 more)" {
		t.Errorf("reason %q", r.Reason)
	}
}
