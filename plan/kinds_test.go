package plan

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fsctl/plan/model"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
)

// only returns the plan of one service behind the first example's steps: 8000/s, 400/s of them
// transactions, at the peak of 3.
func only(t testing.TB, service string, set ...string) *Plan {
	t.Helper()
	return newPlan(t, flags(t, append([]string{"workload.peak=3", "services=[" + service + "]"}, set...)...), Options{Trials: 50})
}

// detail returns a detail's value, and fails the test where there is none.
func detail(t testing.TB, s Service, name string) float64 {
	t.Helper()
	for _, d := range s.Details {
		if d.Name == name {
			return d.Value
		}
	}
	t.Fatalf("%s has no detail %s: %+v", s.Name, name, s.Details)
	return 0
}

func hasDetail(s Service, name string) bool {
	return slices.ContainsFunc(s.Details, func(d Detail) bool { return d.Name == name })
}

// excuseOf returns the excuse with a bottleneck, and whether there is one.
func excuseOf(p *Plan, bottleneck string) (Excuse, bool) {
	i := slices.IndexFunc(p.Excuses, func(e Excuse) bool { return e.Bottleneck == bottleneck })
	if i < 0 {
		return Excuse{}, false
	}
	return p.Excuses[i], true
}

func checkExcuse(t *testing.T, p *Plan, bottleneck string, got, limit float64) {
	t.Helper()
	e, ok := excuseOf(p, bottleneck)
	if !ok || warning(p, bottleneck) == "" {
		t.Fatalf("excuses %+v and warnings %+v, want one of each for %s", p.Excuses, p.Warnings, bottleneck)
	}
	near(t, bottleneck+" got", e.Got, got, 1e-9)
	near(t, bottleneck+" limit", e.Limit, limit, 1e-9)
}

// Ten items with s = 1: p1 = 1/H(10) = .341417. 8000/s on shards planned for 4000/s: the hottest key
// takes 2731.3 of one, and (1-p1) 8000 / (4000 - 2731.3) = 4.15 shards take the rest.
func TestCacheOfAHotKey(t *testing.T) {
	const cache = "{name: c, kind: cache, key: sale, hit: 90%, misses: d, capacity: CAP, utilization: 80%, calls: {read: 1, transaction: 1}}, {name: d, kind: database, capacity: 1k/s}"
	const sale = "sale={items: 10, stock: 100000, popularity: {zipf: 1}}"
	p := only(t, strings.Replace(cache, "CAP", "5k/s", 1), sale)
	c := service(t, p, "c")
	if c.Instances.Mid != 5 || c.Bottleneck != model.ByHotKey || warning(p, "hot-key") != "" {
		t.Errorf("%g shards by %s, warning %q, want 5 by the hottest key without a warning", c.Instances.Mid, c.Bottleneck, warning(p, "hot-key"))
	}
	const p1 = 0.3414171521474055
	near(t, "hot key", detail(t, c, "hot_key_qps"), p1*8000, 1e-9)
	near(t, "hot shard", detail(t, c, "hot_shard_qps"), p1*8000+(1-p1)*8000/5, 1e-9)
	near(t, "utilization", c.UtilizationRatio, (p1*8000+(1-p1)*8000/5)/5000, 1e-9)
	near(t, "reads at 90 %", detail(t, c, "db_reads_at_hit"), 800, 1e-9)
	near(t, "reads at 89 %", detail(t, c, "db_reads_at_hit_minus_1pct"), 880, 1e-9)

	over := only(t, strings.Replace(cache, "CAP", "3k/s", 1), sale)
	checkExcuse(t, over, model.ByHotKey, p1*8000, 2400)
	if c := service(t, over, "c"); c.Instances.Mid != 44 || c.Bottleneck != model.ByHotKey || !over.Feasible { // .658583 * 8000 / (5 % of 2400)
		t.Errorf("%g shards by %s, feasible %v, want the 44 that a twentieth of each takes, bound by the key, and no limit that anybody gave", c.Instances.Mid, c.Bottleneck, over.Feasible)
	}
	copied := only(t, strings.Replace(cache, "CAP", "3k/s, key_copies: 2", 1), sale)
	if c := service(t, copied, "c"); c.Instances.Mid != 6 || len(copied.Excuses) != 0 { // .658583 * 8000 / (2400 - 1365.7) = 5.09
		t.Errorf("%g shards, excuses %+v, want 6 and none with a second copy of the key", c.Instances.Mid, copied.Excuses)
	}
	without := service(t, only(t, strings.Replace(strings.Replace(cache, "CAP", "3k/s", 1), "key: sale, ", "", 1)), "c")
	if without.Instances.Mid != 4 || without.Bottleneck != model.ByNodeRate || hasDetail(without, "hot_key_qps") {
		t.Errorf("%+v, want the 4 shards of the rate where no sale describes keys", without)
	}
}

// 8000 reads/s, 400 writes/s, 20 ms each: 8 erlang on the primary, and 8000 reads on ceil(8000/700) =
// 12 replicas with 13.33 erlang each. ErlangC(11, 8) = .2421, ErlangC(12, 8) = .1399;
// ErlangC(17, 13.33) > .2 >= ErlangC(18, 13.33).
func TestDatabasePools(t *testing.T) {
	const database = "{name: d, kind: database, capacity: 1k/s, demand: 20ms, utilization: 70%, writes: 5%, instance: {cores: 64}LIMIT, calls: {read: 1, transaction: 2}}"
	p := only(t, strings.Replace(database, "LIMIT", "", 1))
	d := service(t, p, "d")
	near(t, "writes", detail(t, d, "write_qps"), 420, 1e-9)
	near(t, "reads", detail(t, d, "read_qps"), 7980, 1e-9)
	if d.Instances.Mid != 13 {
		t.Errorf("%g nodes, want 13", d.Instances.Mid)
	}
	near(t, "pool", detail(t, d, "pool_connections"), 12+12*18, 1e-9)
	near(t, "node", detail(t, d, "node_connections"), 18, 1e-9)
	checkExcuse(t, only(t, strings.Replace(database, "LIMIT", ", connections: 17", 1)), byConnections, 18, 17)
	if p := only(t, strings.Replace(database, "LIMIT", ", connections: 18", 1)); len(p.Excuses) != 0 || !p.Feasible {
		t.Errorf("excuses %+v, want none at the limit", p.Excuses)
	}
	if s := service(t, only(t, "{name: d, kind: database, capacity: 1k/s, hot_row: 1k/s, writes: 50%, calls: {transaction: 1}}"), "d"); hasDetail(s, "pool_connections") || detail(t, s, "hot_row_qps") != 200 {
		t.Errorf("%+v, want 200 writes/s to the row and no pool without a demand", s.Details)
	}
}

// 20 x as many transactions: 2666.67 x 5 % x 60 = 8000/s in the event, 400/s after it, for 10 s until the storm is over, whatever the stock. To be empty after 30 s more takes (80000 + 12000)/40 = 2300/s.
func TestQueueThatDrains(t *testing.T) {
	const queue = "{name: q, kind: queue, capacity: 100/s, utilization: 100%LIMIT, calls: {transaction: 1}}"
	set := []string{"workload.event={transaction: 60}", "sale={stock: 4000}", "steps.read.request={url: /}", "journeys={buyer: [read]}",
		"storm={t0: 1s, phases: [{journey: buyer, from: T0, to: T0+10s, rate: 1/s}]}"}
	plain := service(t, only(t, strings.Replace(queue, "LIMIT", "", 1), set...), "q")
	if plain.Instances.Mid != 80 || plain.Bottleneck != model.ByNodeRate || detail(t, plain, "depth") != 0 || detail(t, plain, "drain_seconds") != 0 {
		t.Errorf("%g consumers by %s, %+v, want 80 that keep up", plain.Instances.Mid, plain.Bottleneck, plain.Details)
	}
	p := only(t, strings.Replace(queue, "LIMIT", ", drain: 30s", 1), set...)
	q := service(t, p, "q")
	if q.Instances.Mid != 23 || q.Bottleneck != model.ByDrain || q.UtilizationRatio != 1 || !p.Feasible {
		t.Errorf("%g consumers by %s, %g used, want 23 by the drain time, all busy", q.Instances.Mid, q.Bottleneck, q.UtilizationRatio)
	}
	near(t, "event", detail(t, q, "event_seconds"), 10, 1e-9)
	near(t, "depth", detail(t, q, "depth"), 57_000, 1e-9)
	near(t, "drain", detail(t, q, "drain_seconds"), 30, 1e-9)

	few := only(t, strings.Replace(queue, "LIMIT", ", drain: 30s, partitions: 14", 1), set...)
	checkExcuse(t, few, byPartitions, 23, 14)
	near(t, "depth of 14", detail(t, service(t, few, "q"), "depth"), 66_000, 1e-9)
	near(t, "drain of 14", detail(t, service(t, few, "q"), "drain_seconds"), 66, 1e-9)
	if never := only(t, strings.Replace(queue, "LIMIT", ", partitions: 4", 1), set...); !strings.Contains(warning(never, byPartitions), "never gets empty") ||
		hasDetail(service(t, never, "q"), "drain_seconds") || never.Feasible {
		t.Errorf("warning %q, want that 4 consumers for 400/s never get done", warning(never, byPartitions))
	}
	work := service(t, only(t, "{name: q, kind: queue, demand: 10ms, utilization: 100%, drain: 30s, calls: {transaction: 1}}", set...), "q")
	if work.Instances.Mid != 24 || work.WaitProbability != 1 || work.ResponseSeconds.P99 != 0 { // more than 23 erlang
		t.Errorf("%+v, want 24 consumers by CPU time and no response time of a steady state", work)
	}
}

// The event lasts no longer than the storm, nor than it takes until everybody of the busy window has come: 18,000 s at a third of the rate. It does not
// end with the stock: who comes after that is refused, which takes a call too.
func TestHowLongTheEventLasts(t *testing.T) {
	const queue = "services=[{name: q, kind: queue, capacity: 100/s, calls: {transaction: 1}}]"
	const storm = "storm={t0: 1s, phases: [{journey: buyer, from: T0-1s, to: T0+20s, rate: 1/s}]}"
	for _, c := range []struct {
		set  []string
		want float64
	}{
		{nil, 6000},
		{[]string{"sale={stock: 4000}"}, 6000},
		{[]string{storm, "journeys={buyer: [read]}", "steps.read.request={url: /}"}, 20},
		{[]string{storm, "journeys={buyer: [read]}", "steps.read.request={url: /}", "sale={stock: 4000}"}, 20},
	} {
		sc := flags(t, append([]string{"workload.peak=3", queue}, c.set...)...)
		near(t, "event", detail(t, service(t, newPlan(t, sc, Options{Trials: 10}), "q"), "event_seconds"), c.want, 1e-6)
	}
}

// 10 000/s x 200 ms = 2000 executions: 10 s at AWS Lambda, 340 s at Function Compute (published limits).
func TestFunctionBurst(t *testing.T) {
	const function = "{name: f, kind: function, demand: 200msLIMIT, calls: {read: 1.25, transaction: 1.25}}"
	p := only(t, strings.Replace(function, "LIMIT", "", 1))
	f := service(t, p, "f")
	for name, want := range map[string]float64{
		"concurrency": 2000, "cold_starts": 2000, "burst_seconds{aws-lambda}": 10, "burst_seconds{function-compute}": 340,
		"throttled_qps{aws-lambda}": 5000, "throttled_qps{function-compute}": 8500,
		"throttled_requests{aws-lambda}": 25_000, "throttled_requests{function-compute}": 1_445_000,
		"server_cores": 2858, "server_instances": 2858,
	} {
		near(t, name, detail(t, f, name), want, 1e-9)
	}
	if !strings.Contains(warning(p, "burst-limit"), "aws-lambda after 10 s") || !strings.Contains(warning(p, "burst-limit"), "function-compute after 5 min 40 s") || !p.Feasible {
		t.Errorf("warning %q, want both times", warning(p, "burst-limit"))
	}
	own := service(t, only(t, strings.Replace(function, "LIMIT", ", provisioned: 1000, burst: {instances: 500, rate: 600/m}", 1)), "f")
	for name, want := range map[string]float64{
		"provisioned": 1000, "cold_starts": 1000, "burst_seconds{aws-lambda}": 0, "burst_seconds{function-compute}": 140,
		"burst_seconds{scenario}": 50, "throttled_qps{scenario}": 2500, "throttled_requests{scenario}": 62_500,
	} {
		near(t, name, detail(t, own, name), want, 1e-9)
	}
	if p := only(t, strings.Replace(function, "LIMIT", ", provisioned: 2000", 1)); warning(p, "burst-limit") != "" || detail(t, service(t, p, "f"), "cold_starts") != 0 {
		t.Errorf("warning %q, want none where all are provisioned", warning(p, "burst-limit"))
	}
	checkExcuse(t, only(t, strings.Replace(function, "LIMIT", ", max_instances: 100", 1)), byAccount, 2000, 100)
	if p := only(t, strings.Replace(function, "LIMIT", ", max_instances: 2000", 1)); len(p.Excuses) != 0 {
		t.Errorf("excuses %+v, want none at the limit", p.Excuses)
	}
}

func TestQuota(t *testing.T) {
	const gateway = "{name: g, kind: service, demand: 1ms, LIMIT, calls: {read: 1, transaction: 1}}"
	p := only(t, strings.Replace(gateway, "LIMIT", "quota: 5k/s", 1))
	checkExcuse(t, p, byQuota, 8000, 5000)
	if p.Feasible {
		t.Error("feasible, want not above a quota that was given")
	}
	near(t, "throttled share", detail(t, service(t, p, "g"), "throttled_ratio{quota}"), 0.375, 1e-9)
	near(t, "throttled", detail(t, service(t, p, "g"), "throttled_qps{quota}"), 3000, 1e-9)
	// 3000/s too many for 6000 s, in which all of the busy window come, are 18 M: a bucket of 9 M lets half of them through, one of 18 M all.
	half := service(t, only(t, strings.Replace(gateway, "LIMIT", "quota: 5k/s, quota_burst: 9M", 1)), "g")
	near(t, "share with a burst", detail(t, half, "throttled_ratio{quota}"), 0.1875, 1e-9)
	for _, limit := range []string{"quota: 8k/s", "quota: 5k/s, quota_burst: 18M"} {
		if p := only(t, strings.Replace(gateway, "LIMIT", limit, 1)); warning(p, "quota") != "" || len(p.Excuses) != 0 {
			t.Errorf("%s: warning %q, want none", limit, warning(p, "quota"))
		}
	}
}

// 550 M in three days: 2122/s, 8148/s in the busy window; 170 stores would have 1.08 M a day each.
func TestCenturyMart(t *testing.T) {
	p := newPlan(t, load(t, "century-mart-coupons"), Options{Trials: 50})
	near(t, "mean", p.Demand.DayMeanQPS, 2122, 1e-4)
	near(t, "busy mean", p.Demand.BusyMeanQPS, 8148, 1e-4)
	if w := warning(p, "source-figure"); !strings.Contains(w, "170 stores") || !strings.Contains(w, "1,080,000 requests a day") {
		t.Errorf("warning %q, want the stores and their share", w)
	}
	f := service(t, p, "coupon-function")
	near(t, "concurrency", detail(t, f, "concurrency"), f.PeakQPS.Mid*0.1, 1e-9)
	near(t, "seconds at AWS Lambda", detail(t, f, "burst_seconds{aws-lambda}"), (f.PeakQPS.Mid*0.1-1000)/100, 1e-9)
	near(t, "seconds at Function Compute", detail(t, f, "burst_seconds{function-compute}"), (f.PeakQPS.Mid*0.1-300)/5, 1e-9)
	sc := load(t, "century-mart-coupons")
	sc.Services[1].Kind = "service"
	server := service(t, newPlan(t, sc, Options{Trials: 50}), "coupon-function")
	if server.CPUCores.Mid != detail(t, f, "server_cores") || server.Instances.Mid != detail(t, f, "server_instances") {
		t.Errorf("%g cores and %g instances as a service, want what stands beside the function: %+v", server.CPUCores.Mid, server.Instances.Mid, f.Details)
	}
}

// One copy of the one item's key is not enough for a million calls a second.
func TestKuaishouNeedsCopiesOfItsKey(t *testing.T) {
	if p := newPlan(t, load(t, "kuaishou-live-drop"), Options{Trials: 50}); warning(p, "hot-key") != "" {
		t.Errorf("warning %q, want none with the copies of the scenario", warning(p, "hot-key"))
	}
	p := newPlan(t, load(t, "kuaishou-live-drop", "services.hot-item-cache.key_copies=1"), Options{Trials: 50})
	e, ok := excuseOf(p, model.ByHotKey)
	if !ok || e.Got < 1e6 {
		t.Errorf("excuse %+v, want one with over 1 M/s", e)
	}
	near(t, "planned rate of a shard", e.Limit, 63_000, 1e-9)
}

func TestLimitsOutOfRange(t *testing.T) {
	sc := flags(t)
	sc.Services[0].Quota = amount.Rate(math.Inf(1))
	sc.Services[0].QuotaBurst = amount.Count(math.NaN())
	sc.Services[0].Burst = &scenarios.Burst{Instances: 1}
	_, err := New(sc, Options{Trials: 10})
	for _, field := range []string{"services.app.quota:", "services.app.quota_burst", "services.app.burst.rate"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("error %v, want %s in it", err, field)
		}
	}
}

// A limit never makes more load need less.
func TestMoreLoadNeverDrainsWithFewer(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sc := flags(t, "services=[{name: q, kind: queue, capacity: 100/s, drain: 10s, calls: {transaction: 1}}]", "sale={stock: 1000}")
		times := rapid.Float64Range(3, 500).Draw(rt, "event")
		sc.Workload.Event = map[string]amount.Interval[float64]{"transaction": amount.Exactly(times)}
		less := newPlan(t, sc, Options{Trials: 10}).Services[0].Instances.Mid
		sc.Sale.Stock *= rapid.IntRange(1, 50).Draw(rt, "stock")
		sc.Workload.Event = map[string]amount.Interval[float64]{"transaction": amount.Exactly(times * rapid.Float64Range(1, 10).Draw(rt, "more"))}
		sc.Workload.Users = amount.Exactly(amount.Count(1e7 * rapid.Float64Range(1, 10).Draw(rt, "users")))
		more := newPlan(t, sc, Options{Trials: 10}).Services[0].Instances.Mid
		if more < less {
			rt.Fatalf("%g consumers for more stock, users and event, %g for less", more, less)
		}
	})
}

// Extreme limits still give finite figures.
func TestExtremeLimitsStayFinite(t *testing.T) {
	capacity := func(low, mid, high amount.Rate) func(*scenarios.Service) {
		return func(s *scenarios.Service) { s.Capacity = amount.Interval[amount.Rate]{Low: low, Mid: mid, High: high} }
	}
	for service, widen := range map[string]func(*scenarios.Service){ // by intervals wider than a file may have
		"{name: x, kind: function, demand: 1ns, provisioned: 1000000, max_instances: 1000000, burst: {instances: 0, rate: 1/h}, calls: {read: 1}}": nil,
		"{name: x, kind: function, demand: 10h, burst: {instances: 1T, rate: 1T/s}, calls: {read: 1}}": func(s *scenarios.Service) {
			s.Demand = amount.Interval[time.Duration]{Low: 1, Mid: 10 * time.Hour, High: 20 * time.Hour}
		},
		"{name: x, kind: queue, capacity: 1/s, drain: 1ns, partitions: 1, calls: {read: 1}}":                                                                                                                  capacity(1e-6, 1, 1e9),
		"{name: x, kind: queue, demand: 1h, drain: 8000h, calls: {transaction: 1}}":                                                                                                                           nil,
		"{name: x, kind: cache, hit: [0%, 0.5%, 100%], misses: y, capacity: 1/s, key_copies: 1000000, calls: {read: 1}}, {name: y, kind: database, capacity: 1G/s, demand: 1h, connections: 1, writes: 100%}": capacity(0.1, 1, 1e9),
		"{name: x, kind: service, demand: 1ms, quota: 0.000001/s, quota_burst: 1T, calls: {read: 1}}":                                                                                                         nil,
	} {
		for _, set := range [][]string{nil, {"sale={stock: 1}", "workload.event={transaction: 0.001}"}, {"sale={items: 10M, stock: 1000000000}", "workload.users=0.001"}} {
			sc := flags(t, append([]string{"workload.peak=3", "services=[" + service + "]"}, set...)...)
			if widen != nil {
				widen(&sc.Services[0])
			}
			newPlan(t, sc, Options{Trials: 50})
		}
	}
}
