package plan

import (
	"slices"
	"strings"
	"testing"

	"fsctl/plan/model"
	"fsctl/scenarios"
)

func warning(p *Plan, code string) string {
	for _, w := range p.Warnings {
		if w.Code == code {
			return w.Message
		}
	}
	return ""
}

func TestWarnings(t *testing.T) {
	const sale = "sale={items: 100, stock: 200, popularity: {zipf: 0.99}}"
	const database = `services=[{name: db, kind: database, capacity: 1k/s, writes: 100%, hot_row: 100/s, calls: {transaction: 2}}]`
	for _, c := range []struct {
		code  string
		set   []string
		parts []string // of the message; none where it must not appear
	}{
		{"busy-window-rounded", nil, []string{"4.8 h", "2.78k/s", "2.67k/s", "8.33k/s"}},
		{"busy-window-rounded", []string{"workload.busy.window=4h48m"}, nil},
		{"event-above-day-peak", []string{"workload.event={transaction: 90}"}, []string{"18.3k/s", "2.75 times", "6.67k/s"}},
		{"event-above-day-peak", []string{"workload.event={transaction: 2}"}, nil},
		{"second-peak", nil, []string{"6.67k/s", "26 to 36", "18.1k/s to 25k/s"}},
		{"second-peak", []string{"workload.event={transaction: 90}"}, nil},
		{"stock-bounds-orders", []string{sale}, []string{"20,000 pieces", "60 s", "333 transactions/s"}},
		{"stock-bounds-orders", []string{"sale={items: 1000000, stock: 200}"}, nil},
		{"hot-row", []string{database, sale}, []string{"126 writes/s", "18.9 %", "100/s"}},
		{"hot-row", []string{database}, []string{"667 writes/s", "no sale"}},
		{"hot-row", []string{strings.Replace(database, "100/s", "700/s", 1)}, []string{"800 writes/s in the high case"}},
		{"hot-row", []string{strings.Replace(database, "100/s", "900/s", 1)}, nil},
		{"primary-writes", []string{strings.Replace(database, "1k/s", "900/s", 1)}, []string{"667 writes/s", "900/s", "630/s"}},
		{"primary-writes", []string{strings.Replace(database, "1k/s", "2k/s", 1)}, nil},
		{"source-figure", []string{"workload.actions=5000"}, []string{"5,000 actions", "17.3 s"}},
		{"source-figure", nil, nil},
		{"latency-infeasible", []string{"services.app.latency={quantile: 0.99, limit: 23ms}"}, []string{"just over 23 ms", "limit of 23 ms", "4.99 ms"}},
		{"latency-infeasible", []string{"services.app.latency={quantile: 0.99, limit: 25ms}", "services.app.demand=[4ms, 5ms, 6ms]"}, []string{"in the high case"}},
		{"unsized", []string{"services=[{name: q, kind: queue, calls: {read: 1}}]"}, []string{"6.33k calls/s", "neither demand nor capacity"}},
		{"unsized", []string{"services.app.calls={}"}, []string{"no step calls it"}},
		{"hit-ratio", []string{"services=[{name: c, kind: cache, hit: 99%, misses: db, capacity: 1M/s, calls: {read: 1}}, {name: db, kind: database, capacity: 1k/s}]"},
			[]string{"99 %", "63.3/s to 127/s"}},
		{"estate-too-small", []string{"estate={pools: [{name: idc, cores: 40}]}"}, []string{"48 cores", "60", "40"}},
		{"zone-loss", []string{"estate={zones: 3, survive_zones: 1}"}, []string{"1 of 3 zones", "1.5 times", "72 cores", "48"}},
	} {
		got := warning(newPlan(t, flags(t, c.set...), Options{Trials: 50}), c.code)
		if (got == "") != (len(c.parts) == 0) {
			t.Errorf("%s with %v: message %q, want one: %v", c.code, c.set, got, len(c.parts) > 0)
		}
		for _, part := range c.parts {
			if !strings.Contains(got, part) {
				t.Errorf("%s with %v: message %q, want %q in it", c.code, c.set, got, part)
			}
		}
	}
}

// The default peak looks the same as one given: only the text shows which it is.
func TestPeakAssumed(t *testing.T) {
	sc, err := scenarios.Parse("flags", FlagScenario(), "workload.users=10M", "workload.active=20%", "workload.actions=30")
	if err != nil {
		t.Fatal(err)
	}
	if got := warning(newPlan(t, sc, Options{Trials: 50}), "peak-assumed"); !strings.Contains(got, "2 to 3 times") || !strings.Contains(got, "5.33k/s to 8k/s") {
		t.Errorf("message %q, want the multipliers and the rates", got)
	}
	if got := warning(newPlan(t, flags(t), Options{Trials: 50}), "peak-assumed"); got != "" {
		t.Errorf("message %q for a peak that was given", got)
	}
}

// A primary over its capacity has an excuse; one over its planned share of it only a warning.
func TestPrimaryWritesExcuse(t *testing.T) {
	const database = `services=[{name: db, kind: database, capacity: CAP/s, writes: 100%, calls: {transaction: 2}}]`
	over := newPlan(t, flags(t, "workload.peak=3", strings.Replace(database, "CAP", "700", 1)), Options{})
	tight := newPlan(t, flags(t, "workload.peak=3", strings.Replace(database, "CAP", "900", 1)), Options{})
	if len(over.Excuses) != 1 || over.Excuses[0].Bottleneck != model.ByPrimaryWrites || over.Excuses[0].Limit != 700 {
		t.Fatalf("excuses %+v, want one for the primary", over.Excuses)
	}
	near(t, "writes", over.Excuses[0].Got, 800, 1e-9)
	if len(tight.Excuses) != 0 || warning(tight, "primary-writes") == "" {
		t.Errorf("excuses %+v and warning %q, want only a warning", tight.Excuses, warning(tight, "primary-writes"))
	}
}

func TestWarningsComeByImportance(t *testing.T) {
	p := newPlan(t, load(t, liveDrop, "workload.actions=2000"), Options{Trials: 50})
	codes := warningCodes()
	if len(p.Warnings) < 4 {
		t.Fatalf("warnings %+v, want at least four", p.Warnings)
	}
	last := -1
	for _, w := range p.Warnings {
		at := slices.Index(codes, w.Code)
		if at < 0 || at < last { // -1 is a code that the order does not know
			t.Errorf("%s at its place in %+v, want it in the order of %v", w.Code, p.Warnings, codes)
		}
		last = at
	}
}
