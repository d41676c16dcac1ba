package plan

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fsctl/plan/model"
	"fsctl/scenarios"
)

// small returns a scenario of one step, order, with so many requests a day spread over all of it.
func small(requests, rest string) string {
	return `apiVersion: fsctl/v1
kind: Scenario
name: small
steps: {order: {share: 100%, transaction: true, request: {method: POST, url: /orders}}}
workload: {requests: ` + requests + `, busy: {share: 100%, window: 24h}, peak: 1}
` + rest
}

// 1000 writes/s of 10 ms are 10 cores of work on one primary: it is planned for 0.7 of a core, or for 11.2 of 16.
func TestOnePrimaryIsBoundedByItsCores(t *testing.T) {
	text := small("86.4M", `services: [{name: db, kind: database, calls: {order: 1}, writes: 100%, demand: 10ms, capacity: 10k/s}]`)
	for _, c := range []struct {
		set       []string
		instances float64
		bound     bool // more than the planned share of its cores
		excuse    bool // more than its cores
	}{
		{nil, 1, true, true},
		{[]string{"services.db.instance.cores=9"}, 1, true, true},
		{[]string{"services.db.instance.cores=14"}, 1, true, false}, // planned for 9.8
		{[]string{"services.db.instance.cores=16"}, 1, false, false},
		{[]string{"services.db.shards=9"}, 9, true, true},
		{[]string{"services.db.shards=14"}, 14, true, false},
		{[]string{"services.db.shards=15"}, 15, false, false},
		{[]string{"services.db.shards=2", "services.db.instance.cores=8"}, 2, false, false},
	} {
		p := newPlan(t, parsed(t, text, c.set...), Options{Trials: 10})
		s := service(t, p, "db")
		_, excused := excuseOf(p, model.ByPrimaryCPU)
		if s.Instances.Mid != c.instances || excused != c.excuse || p.Feasible == c.excuse || (s.Bottleneck == model.ByPrimaryCPU) != c.bound || (warning(p, model.ByPrimaryCPU) != "") != c.bound {
			t.Errorf("%v: %g nodes by %s, feasible %v, excuses %+v, want %g and an excuse: %v", c.set, s.Instances.Mid, s.Bottleneck, p.Feasible, p.Excuses, c.instances, c.excuse)
		}
		if detail(t, s, "read_qps") != 0 || detail(t, s, "write_qps") != 1000 {
			t.Errorf("%v: %+v, want 1000 writes/s and no reads", c.set, s.Details)
		}
	}
	p := newPlan(t, parsed(t, text), Options{Trials: 10})
	checkExcuse(t, p, model.ByPrimaryCPU, 10, 1)
	for _, part := range []string{"15 cores", "shards: 15"} {
		if w := warning(p, model.ByPrimaryCPU); !strings.Contains(w, part) {
			t.Errorf("warning %q, want %q in it", w, part)
		}
	}
}

// 900 reads/s of 10 ms are 9 erlang for the replicas: the primary's 1 erlang is not theirs, nor theirs the primary's.
func TestReplicasCarryReadsOnly(t *testing.T) {
	s := service(t, newPlan(t, parsed(t, small("86.4M", `services: [{name: db, kind: database, calls: {order: 1}, writes: 10%, demand: 10ms, capacity: 10k/s, instance: {cores: 2}, wait: 100%}]`)), Options{Trials: 10}), "db")
	if s.Instances.Mid != 1+7 || s.NeededCores.Mid != 13+2 || s.CPUCores.Mid != 16 { // ceil(9/.7) = 13 cores are 7 replicas; more than 1 erlang takes 2 cores
		t.Errorf("%g nodes, %g cores needed of %g, want 8, 15 and 16", s.Instances.Mid, s.NeededCores.Mid, s.CPUCores.Mid)
	}
	near(t, "primary", detail(t, s, "primary_cores"), 1, 1e-9)
	near(t, "utilization", s.UtilizationRatio, 9.0/14, 1e-9)
}

const queueToDatabase = `workload.event={order: 50}`

// 5000 orders/s for 60 s, of which 100,000 find a piece, then 100/s: to be empty 10 min later takes (300k + 60k)/660 s = 545.45/s.
func TestWhatLeavesAQueueArrives(t *testing.T) {
	const rest = `services:
  - {name: orders, kind: queue, calls: {order: 1}, capacity: 500/s, drain: 10m, TO}
  - {name: db, kind: database, writes: 100%, capacity: 1k/s}
sale: {stock: 100k}
storm: {t0: 1s, phases: [{journey: buyer, from: T0, to: T0+60s, rate: 5k/s}]}
journeys: {buyer: [order]}
`
	for _, c := range []struct {
		to       string
		out      float64
		arrive   float64
		drainSec float64 // 0 where it never drains
	}{
		{"to: db", 360e3 / 660, 360e3 / 660, 600},
		{"misses: db, hit: 0%", 360e3 / 660, 360e3 / 660, 600},
		{"misses: db, hit: 50%", 360e3 / 660, 180e3 / 660, 600},
		{"to: db, partitions: 1", 350, 350, 4650 * 60 / 250.0},
		{"to: db, partitions: 1, utilization: 10%", 50, 50, 0},
	} {
		p := newPlan(t, parsed(t, small("8.64M", strings.Replace(rest, "TO", c.to, 1)), queueToDatabase), Options{Trials: 10})
		q, db := service(t, p, "orders"), service(t, p, "db")
		near(t, c.to+": out", detail(t, q, "out_qps"), c.out, 1e-9)
		near(t, c.to+": writes", detail(t, db, "write_qps"), c.arrive, 1e-9)
		near(t, c.to+": calls", db.PeakQPS.Mid, c.arrive, 1e-9)
		near(t, c.to+": enqueued", detail(t, q, "enqueued"), 300e3, 1e-6)
		near(t, c.to+": in = out + waiting", detail(t, q, "delivered")+detail(t, q, "depth"), detail(t, q, "enqueued"), 1e-9)
		if c.drainSec == 0 {
			if hasDetail(q, "drain_seconds") {
				t.Errorf("%s: %+v, want none that ever drains", c.to, q.Details)
			}
			continue
		}
		near(t, c.to+": drain", detail(t, q, "drain_seconds"), c.drainSec, 1e-6)
	}
	keepsUp := newPlan(t, parsed(t, small("8.64M", strings.Replace(rest, "drain: 10m, TO", "to: db", 1)), queueToDatabase), Options{Trials: 10})
	silent := newPlan(t, parsed(t, small("8.64M", strings.Split(strings.Replace(rest, "TO", "to: db", 1), "storm:")[0]), queueToDatabase), Options{Trials: 10})
	// All of the day come in 1728 s, whatever the stock.
	near(t, "enqueued without a storm", detail(t, service(t, silent, "orders"), "enqueued"), 8.64e6, 1e-9)
	near(t, "without a drain", service(t, keepsUp, "db").PeakQPS.Mid, 5000, 1e-9)
}

// The row of the one item gets its orders by way of the queue too.
func TestOrdersOfAQueueMeetInTheRow(t *testing.T) {
	const rest = `services:
  - {name: orders, kind: queue, calls: {order: 1}, capacity: 500/s, to: db}
  - {name: db, kind: database, writes: 50%, capacity: 10k/s, hot_row: 2k/s}
`
	db := service(t, newPlan(t, parsed(t, small("8.64M", rest), queueToDatabase), Options{Trials: 10}), "db")
	near(t, "row", detail(t, db, "hot_row_qps"), 2500, 1e-9)
	if db.Bottleneck != model.ByHotRow {
		t.Errorf("bound by %s, want the row", db.Bottleneck)
	}
}

// 100,000 calls/s of 1 s each. No more are throttled than come: 1000 until the stock is gone; without a sale all of the day come within 864 s.
func TestThrottledAreAtMostThoseThatCome(t *testing.T) {
	const rest = "services: [{name: f, kind: function, calls: {order: 1}, demand: 1sLIMIT}]\n"
	plan := func(limit, sale string) Service {
		return service(t, newPlan(t, parsed(t, small("86.4M", strings.Replace(rest, "LIMIT", limit, 1)+sale), "workload.event={order: 100}"), Options{Trials: 10}), "f")
	}
	sold := plan("", "sale: {stock: 1000}\n")
	near(t, "event", detail(t, sold, "event_seconds"), 0.01, 1e-9)
	near(t, "aws-lambda", detail(t, sold, "throttled_requests{aws-lambda}"), 99_000*.01-100*.01*.01/2, 1e-9)
	all := plan("", "")
	near(t, "event without a sale", detail(t, all, "event_seconds"), 864, 1e-9)
	near(t, "aws-lambda, all of the day", detail(t, all, "throttled_requests{aws-lambda}"), 99_000*864-100*864*864/2, 1e-9)
	near(t, "function-compute, all of the day", detail(t, all, "throttled_requests{function-compute}"), 99_700*864-5*864*864/2, 1e-9)

	bounded := plan(", max_instances: 2000", "")
	if bounded.Instances.Mid != 2000 || bounded.Instances.High != 2000 || detail(t, bounded, "concurrency") != 2000 || detail(t, bounded, "cold_starts") != 2000 {
		t.Errorf("%+v, want no more executions than the account allows", bounded)
	}
	near(t, "account", detail(t, bounded, "throttled_requests{account}"), 98_000*864, 1e-9)
	near(t, "seconds", detail(t, bounded, "burst_seconds{aws-lambda}"), 10, 1e-9)
	near(t, "aws-lambda and the account", detail(t, bounded, "throttled_requests{aws-lambda}"), 98_000*864+1000*10/2, 1e-9)
}

// What is refused does not go on to the service behind.
func TestRefusedCallsDoNotGoOn(t *testing.T) {
	const rest = `services:
  - {name: SERVICE, calls: {order: 1}, demand: 100ms, misses: db, hit: 50%}
  - {name: db, kind: database, capacity: 10k/s}
`
	for service, want := range map[string]float64{
		"x, kind: service":                                1000.0 / 2,
		"x, kind: service, quota: 600/s":                  600.0 / 2,
		"x, kind: service, quota: 600/s, quota_burst: 50": 650.0 / 2,
		"x, kind: function, max_instances: 20":            200.0 / 2,
	} {
		p := newPlan(t, parsed(t, small("86.4M", strings.Replace(rest, "SERVICE", service, 1))), Options{Trials: 10})
		near(t, service, p.Services[1].PeakQPS.Mid, want, 1e-9)
	}
}

// A million calls/s on shards for 70,000/s. Sessions spread over them; one item does not.
func TestWhatACacheIsKeyedBy(t *testing.T) {
	const rest = `services: [{name: c, kind: cache, calls: {order: 1}, hit: 100%, capacity: 100k/s}]
sale: {items: 1, stock: 1000}
`
	for _, c := range []struct {
		set  []string
		key  float64
		note string
	}{
		{nil, 0, "no step that calls it uses ${sku}"},
		{[]string{"steps.order.request.url=/orders/${sku}"}, 1, "step order uses ${sku}"},
		{[]string{"steps.order.request.json={sku: '${sku}'}"}, 1, "step order uses ${sku}"},
		{[]string{"steps.order.request.url=/orders/${sku}", "services.c.key=none"}, 0, "key: none"},
		{[]string{"services.c.key=sale"}, 1, "key: sale"},
		{[]string{"services.c.key={zipf: 1, keys: 10}"}, 0.3414171521474055, "key: zipf"},
		{[]string{"services.c.key={zipf: 0, keys: 10}"}, 0.1, "key: zipf"},
	} {
		p := newPlan(t, parsed(t, small("86.4G", rest), c.set...), Options{Trials: 10})
		s := service(t, p, "c")
		near(t, fmt.Sprint(c.set), detail(t, s, "hot_key_ratio"), c.key, 1e-9)
		if !strings.Contains(s.Details[0].Note, c.note) {
			t.Errorf("%v: note %q, want %q in it", c.set, s.Details[0].Note, c.note)
		}
		shards := max(15, math.Ceil((1-c.key)*1e6/(0.05*70_000))) // no number helps with a key of over 6.65 %
		if c.key == 0 {
			shards = 15
		}
		if _, hot := excuseOf(p, model.ByHotKey); s.Instances.Mid != shards || hot != (c.key > 0.07) {
			t.Errorf("%v: %g shards, excuses %+v, want %g", c.set, s.Instances.Mid, p.Excuses, shards)
		}
	}
	behind := strings.Replace(rest, "hit: 100%, capacity: 100k/s}", "hit: 50%, misses: far, capacity: 100k/s}, {name: far, kind: cache, hit: 50%, capacity: 100k/s}", 1)
	far := service(t, newPlan(t, parsed(t, small("86.4M", behind), "steps.order.request.url=/orders/${sku}"), Options{Trials: 10}), "far")
	near(t, "a cache behind", detail(t, far, "hot_key_ratio"), 1, 1e-9)
}

// randomGraph draws a scenario whose services pass calls on to each other in every way there is.
func randomGraph(rt *rapid.T) string {
	number := func(name string, least, most float64) float64 { return rapid.Float64Range(least, most).Draw(rt, name) }
	some := func(name string, texts ...string) string { return rapid.SampledFrom(texts).Draw(rt, name) }
	count := rapid.IntRange(2, 8).Draw(rt, "services")
	var b strings.Builder
	fmt.Fprintf(&b, `apiVersion: fsctl/v1
kind: Scenario
name: graph
workload: {requests: [%.0f, %.0f, %.0f], peak: [1.5, 2, 3]%s}
steps: {look: {share: 70%%, request: {url: /}}, item: {share: 20%%, request: {url: "/items/${sku}"}}, order: {share: 10%%, transaction: true, request: {url: /o}}}
%ssale: {items: %d, stock: %d}
services:
`, number("low", 1e6, 3e6), number("mid", 4e6, 1e7), number("high", 2e7, 5e7), some("event", "", ", event: {order: 50}", ", event: {order: [2, 20, 90], look: 3}"),
		some("storm", "", "storm: {t0: 5s, phases: [{journey: buyer, at: T0, users: 20k, reaction: {uniform: [0s, 2s]}}, {journey: visitor, from: T0-5s, to: T0+30s, rate: 500/s}]}\njourneys: {buyer: [item, {repeat: {times: 3, every: 1s, do: [order]}}], visitor: [look]}\n"),
		rapid.IntRange(1, 100).Draw(rt, "items"), rapid.IntRange(1, 1e6).Draw(rt, "stock"))
	for i := range count {
		kind := some("kind", "service", "cache", "database", "queue", "function")
		fmt.Fprintf(&b, "  - {name: s%d, kind: %s, calls: {look: %d, item: %d, order: %d}", i, kind, rapid.IntRange(0, 2).Draw(rt, "look"), rapid.IntRange(0, 2).Draw(rt, "item"), rapid.IntRange(0, 2).Draw(rt, "order"))
		next := ""
		if i+1 < count && rapid.Bool().Draw(rt, "leads on") {
			next = fmt.Sprintf(", misses: s%d, hit: %.3f", rapid.IntRange(i+1, count-1).Draw(rt, "next"), number("hit", 0, 1))
		} else if kind == "cache" {
			next = ", hit: 50%"
		}
		switch kind {
		case "service":
			b.WriteString(", demand: [1ms, 2ms, 9ms]" + some("quota", "", ", quota: 50/s", ", quota: 500/s, quota_burst: 300"))
		case "cache":
			b.WriteString(", capacity: [1k/s, 5k/s, 9k/s]" + some("key", "", ", key: none", ", key: sale", ", key: {zipf: 1, keys: 1000}"))
		case "database":
			b.WriteString(", capacity: [1k/s, 5k/s, 9k/s], writes: 40%" + some("database", "", ", demand: 2ms, shards: 3", ", hot_row: 100/s"))
		case "queue":
			b.WriteString(some("queue", ", capacity: [100/s, 200/s, 300/s]", ", demand: [1ms, 5ms, 8ms]", "") + some("drain", "", ", drain: 10s", ", drain: 1h, partitions: 3", ", quota: 100/s"))
			next = some("to", next, strings.Split(strings.Replace(next, "misses", "to", 1), ", hit")[0])
		case "function":
			b.WriteString(", demand: [10ms, 50ms, 300ms]" + some("limit", "", ", max_instances: 7", ", burst: {instances: 5, rate: 10/s}", ", max_instances: 40, provisioned: 20, burst: {instances: 5, rate: 10/s}"))
		}
		b.WriteString(next + "}\n")
	}
	return b.String()
}

// Requests are conserved along every graph of services, in every load, corner and trial; and so are the figures that a plan shows.
func TestCallsAreConserved(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := randomGraph(rt)
		sc, err := scenarios.Parse("graph", []byte(text))
		if err != nil {
			rt.Fatalf("%v\n%s", err, text)
		}
		m, err := model.New(sc, 1)
		if err != nil {
			rt.Fatal(err)
		}
		if _, err := m.Corners(); err != nil {
			rt.Fatalf("%v\n%s", err, text)
		}
		for trial := range 20 {
			if err := m.Conserved(m.Trial(trial)); err != nil {
				rt.Fatalf("trial %d: %v\n%s", trial, err, text)
			}
		}
		p, err := New(sc, Options{Trials: 10})
		if err != nil {
			rt.Fatal(err)
		}
		for i := range p.Services {
			if err := shownConserved(&p.Services[i]); err != nil {
				rt.Fatalf("%s: %v\n%s", p.Services[i].Name, err, text)
			}
		}
	})
}

// shownConserved checks the details of a service against each other.
func shownConserved(s *Service) error {
	value := map[string]float64{}
	for _, d := range s.Details {
		value[d.Name] = d.Value
	}
	come := s.PeakQPS.Mid * value["event_seconds"]
	switch s.Kind {
	case "queue":
		if in, out := value["enqueued"], value["delivered"]+value["depth"]; math.Abs(in-out) > 1e-9*in {
			return fmt.Errorf("%g enqueued, %g delivered or waiting", in, out)
		}
	case "database":
		if sum := value["write_qps"] + value["read_qps"]; len(s.Details) > 0 && math.Abs(sum-s.PeakQPS.Mid) > 1e-9*sum {
			return fmt.Errorf("%g writes and reads/s of %g calls/s", sum, s.PeakQPS.Mid)
		}
	case "function":
		for _, d := range s.Details {
			if strings.HasPrefix(d.Name, "throttled_requests") && d.Value > come*(1+1e-9) {
				return fmt.Errorf("%s is %g, and %g come", d.Name, d.Value, come)
			}
		}
	}
	return nil
}

// What a queue's consumers pass on is written behind them: a service or function between does not make reads of it, a cache does.
func TestConsumersPassWritesOn(t *testing.T) {
	text := small("86.4M", `services:
  - {name: q, kind: queue, calls: {order: 1}, capacity: 100/s, to: between}
  - {name: between, BETWEEN, misses: db, hit: 20%}
  - {name: db, kind: database, capacity: 10k/s, writes: 50%, hot_row: 100/s}
sale: {stock: 100k}
`)
	for _, c := range []struct {
		between       string
		queued, write float64
		unused        bool
	}{
		{"kind: service, demand: 1ms", 800, 400, false},
		{"kind: function, demand: 1ms", 800, 400, false},
		{"kind: cache, capacity: 10k/s", 0, 0, true},
		{"kind: service, demand: 1ms, calls: {order: 3}", 800, 400, false}, // of whose own calls the misses are reads
	} {
		p := newPlan(t, parsed(t, strings.Replace(text, "BETWEEN", c.between, 1)), Options{Trials: 10})
		db := service(t, p, "db")
		near(t, c.between+": writes", detail(t, db, "write_qps"), c.write, 1e-9)
		near(t, c.between+": hot row", detail(t, db, "hot_row_qps"), c.write, 1e-9)
		if c.queued > 0 {
			near(t, c.between+": out of the queue", detail(t, db, "queued_qps"), c.queued, 1e-9)
		}
		if w := warning(p, "writes-unused"); (w != "") != c.unused {
			t.Errorf("%s: warning %q, want one: %v", c.between, w, c.unused)
		}
	}
}

// The most wanted row has to bear the orders of any load, also where another one asks for more nodes.
func TestHotRowOfAnotherLoad(t *testing.T) {
	p := newPlan(t, parsed(t, `apiVersion: fsctl/v1
kind: Scenario
name: hot
workload: {requests: 8.64M, busy: {share: 100%, window: 24h}, peak: 1, event: {order: 100}}
steps: {look: {share: 50%, request: {url: /l}}, order: {share: 50%, transaction: true, request: {method: POST, url: /o}}}
services: [{name: db, kind: database, calls: {look: 1, order: 1}, writes: 50%, capacity: 10k/s, hot_row: 2k/s}]
sale: {stock: 100k}
storm: {t0: 1s, phases: [{journey: visitor, from: T0, to: T0+60s, rate: 50k/s}]}
journeys: {visitor: [look]}
`), Options{Trials: 10})
	db := service(t, p, "db")
	if near(t, "hot row", detail(t, db, "hot_row_qps"), 2500, 1e-9); db.SizedFor != "storm" || warning(p, "hot-row") == "" {
		t.Errorf("sized for %s, warnings %+v, want the storm, and one of the row in the event", db.SizedFor, p.Warnings)
	}
}

// Consumers work off no more than comes, however fast they are.
func TestFullSpeedOfConsumersIsWhatComes(t *testing.T) {
	p := newPlan(t, parsed(t, small("8.64M, busy: {share: 100%, window: 24h}, peak: 1, event: {order: 50}}\n# ", "services: [{name: q, kind: queue, calls: {order: 1}, capacity: 500/s, drain: 10m}]")), Options{Trials: 10})
	q := service(t, p, "q")
	if q.Instances.Mid != 11 || detail(t, q, "depth") == 0 {
		t.Fatalf("%g consumers, %+v, want 11, and a depth", q.Instances.Mid, q.Details)
	}
	near(t, "at full speed", detail(t, q, "most_out_qps"), 5000, 1e-9) // of 5500
}

// A hot_row that no transaction writes to is not ignored in silence.
func TestHotRowThatNothingWritesTo(t *testing.T) {
	text := small("86.4M", "services: [{name: db, kind: database, calls: {order: 1}, capacity: 10k/s, writes: 50%, hot_row: 100/s}]\n")
	for _, c := range []struct {
		set  string
		text string
	}{
		{"services.db.writes=50%", ""},
		{"services.db.writes=0", "nothing writes"},
		{"steps.order.transaction=false", "transaction: true"},
	} {
		if w := warning(newPlan(t, parsed(t, text, c.set), Options{Trials: 10}), "writes-unused"); (w != "") != (c.text != "") || !strings.Contains(w, c.text) {
			t.Errorf("%s: warning %q, want one with %q", c.set, w, c.text)
		}
	}
}

// A cache whose keys are given is not asked what they are.
func TestHotKeyOfGivenKeys(t *testing.T) {
	for key, asks := range map[string]bool{", key: sale": false, ", key: {zipf: 0, keys: 1}": false, "": true} {
		text := small("86.4G", "services: [{name: c, kind: cache, calls: {order: 1}, hit: 100%, capacity: 1k/s"+key+"}]\nsale: {stock: 10}\n")
		w := warning(newPlan(t, parsed(t, text, "steps.order.request.url=/orders/${sku}"), Options{Trials: 10}), "hot-key")
		if w == "" || strings.Contains(w, "say what they are") != asks {
			t.Errorf("%q: %q, want a warning that asks for the keys: %v", key, w, asks)
		}
	}
}
