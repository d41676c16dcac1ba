package architectures

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fsctl/plan"
	"fsctl/plan/model"
	"fsctl/scenarios"
)

func compare(t testing.TB, sc *scenarios.Scenario, trials int) []Architecture {
	t.Helper()
	return compareFor(t, sc, trials, model.Largest)
}

// compareFor compares the architectures for one load.
func compareFor(t testing.TB, sc *scenarios.Scenario, trials int, load string) []Architecture {
	t.Helper()
	a, err := Compare(sc, model.Options{Trials: trials, Seed: 1, SizeFor: load})
	if err != nil {
		t.Fatal(err)
	}
	finite(t, "architectures", reflect.ValueOf(*a))
	return a.Architectures
}

func names(list []Architecture) (names []string) {
	for _, a := range list {
		names = append(names, a.Name)
	}
	return names
}

// The published design at the day's peak: the cache takes 80 % of the reads that it holds off the database, replicas
// give 3 to 5 times the reads of one node, and at the end nothing stops the sale by its loss alone.
func TestArchitecturesOfDouble11(t *testing.T) {
	list := compareFor(t, load(t, "taobao-double11"), 2000, "day")
	if want := []string{"monolith", "cluster", "split", "cached", "replicated", "queued"}; !slices.Equal(names(list), want) {
		t.Fatalf("architectures %v, want %v", names(list), want)
	}
	peak := 8.0 / 3 * 2500
	near(t, "reads of the monolith", list[0].DatabaseReadsQPS.Mid, peak*(.65+.28+.05+.02*.5), 1e-9)
	near(t, "reads behind the cache", list[3].DatabaseReadsQPS.Mid, peak*(.2*(.65+.28)+.05+.02*.5), 1e-9)
	near(t, "reads per replica", list[4].ReadsPerNodeQPS.Mid, list[3].ReadsPerNodeQPS.Mid/3, 1e-9)
	near(t, "writes", list[0].PrimaryWritesQPS.Mid, peak*(.05+.02*.5), 1e-9)
	for i, points := range []int{2, 2, 1, 2, 1, 0} {
		if len(list[i].SinglePoints) != points {
			t.Errorf("%s stops with %v, want %d", list[i].Name, list[i].SinglePoints, points)
		}
	}
	if refused := list[0].RefusedOrdersQPS; refused.Mid != 0 || refused.P99 == 0 || list[3].RefusedOrdersQPS.P99 != 0 {
		t.Errorf("refused %+v without a cache and %+v with it, want some in the bad cases, and none", refused, list[3].RefusedOrdersQPS)
	}
	for i, part := range []string{"one machine", "share the load", "scales and fails on its own", "75.2 % of the reads leave the database", "3 times the reads", "wait in place of being refused"} {
		if !strings.Contains(list[i].Gain, part) {
			t.Errorf("%s: gain %q, want %q in it", list[i].Name, list[i].Gain, part)
		}
	}
}

// A queue keeps the primary at its own pace: before it, the storm of orders is refused.
func TestArchitecturesOfTheLiveDrop(t *testing.T) {
	list := compare(t, load(t, "kuaishou-live-drop"), 500)
	replicated, queued := list[4], list[5]
	near(t, "pace", queued.PrimaryWritesQPS.Mid, 8000*0.7, 1e-9)
	near(t, "refused before", replicated.RefusedOrdersQPS.Mid, 336e3*(1-8000/replicated.PrimaryWritesQPS.Mid), 1e-6)
	if queued.RefusedOrdersQPS.Mid != 0 || queued.OrderBacklog.Mid > 100_000 || queued.OrderBacklog.Mid < 90_000 {
		t.Errorf("%g refused and %g waiting, want none, and no more than the 100 000 pieces", queued.RefusedOrdersQPS.Mid, queued.OrderBacklog.Mid)
	}
	near(t, "drain", queued.DrainSeconds.Mid, queued.OrderBacklog.Mid/(8000*0.7), 1e-6) // nothing else writes: who asks for a state reads
}

// Without stock the backlog is that of the fluid queue: (336000 - pace) x 60 s.
func TestBacklogWithoutStock(t *testing.T) {
	sc := flags(t, "workload.peak=1", "workload.event={transaction: 90}",
		"services=[{name: q, kind: queue, calls: {transaction: 1}, to: db}, {name: db, kind: database, capacity: 10k/s, utilization: 80%, writes: 100%}]")
	queued := compare(t, sc, 10)[5]
	rate, pace := 2666.6666667*.05*90, 8000.0
	near(t, "backlog", queued.OrderBacklog.Mid, (rate-pace)*60, 1e-6)
	near(t, "drain", queued.DrainSeconds.Mid, (rate-pace)*60/(pace-2666.6666667*.05), 1e-6)
}

// A row that everybody wants refuses orders whatever the nodes can do, until a queue stands before it.
func TestHotRowRefusesOrders(t *testing.T) {
	sc := flags(t, "workload.peak=1", "workload.event={transaction: 90}",
		"services=[{name: db, kind: database, capacity: 1M/s, writes: 100%, hot_row: 3k/s, calls: {transaction: 1}}]")
	list := compare(t, sc, 10)
	near(t, "refused", list[4].RefusedOrdersQPS.Mid, 12000-3000, 1e-9)
	near(t, "pace", list[5].PrimaryWritesQPS.Mid, 3000, 1e-9)
}

// Each architecture reads no more from the database than the one before, and the queue never makes
// the primary's peak worse.
func TestArchitecturesNeverGetWorse(t *testing.T) {
	texts := append(scenarios.Builtin(), liveDrop)
	rapid.Check(t, func(rt *rapid.T) {
		sc := load(t, rapid.SampledFrom(texts).Draw(rt, "scenario"))
		sc.Workload.Peak.High = rapid.Float64Range(3, 1e5).Draw(rt, "peak")
		list := compare(t, sc, 50)
		for i := range list[1:] {
			a, b := list[i], list[i+1]
			if b.ReadsPerNodeQPS.Mid > a.ReadsPerNodeQPS.Mid*(1+1e-9) || b.PrimaryWritesQPS.P99 > a.PrimaryWritesQPS.P99*(1+1e-9) || b.RefusedOrdersQPS.P95 > a.RefusedOrdersQPS.P95*(1+1e-9) {
				rt.Fatalf("%s after %s:\n%+v\n%+v", b.Name, a.Name, b, a)
			}
		}
	})
}

// Any scenario can be compared, and says what had to be assumed.
func TestArchitecturesOfAnyScenario(t *testing.T) {
	for name, c := range map[string]struct {
		set  []string
		note string
	}{
		"flags":          {nil, "there is no database"},
		"nothing":        {[]string{"services=[]"}, "no service has a demand"},
		"function":       {[]string{"services=[{name: f, kind: function, demand: 1s, calls: {read: 1}}]"}, "function f"},
		"cache only":     {[]string{"services=[{name: c, kind: cache, hit: 90%, capacity: 1k/s, calls: {read: 1}}]"}, "there is no queue"},
		"price":          {[]string{"estate={pools: [{name: a, cores: 1}, {name: b, cores: 1, price: 0.5}]}"}, "a core costs 0.5 an hour"},
		"queue":          {[]string{"services=[{name: q, kind: queue, calls: {read: 1}}]"}, "every message to a queue"},
		"no price":       {nil, "a core costs 0.04 an hour"},
		"extreme":        {[]string{"workload.users=1e15", "workload.actions=1", "services.app.demand=1ns"}, "at most 192 cores"},
		"fed by a cache": {[]string{"services=[{name: c, kind: cache, hit: 50%, misses: s, capacity: 1k/s, calls: {read: 1}}, {name: s, kind: service, demand: 1ms}]"}, "there is no database"},
	} {
		a, err := Compare(flags(t, c.set...), model.Options{Trials: 50})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		finite(t, name, reflect.ValueOf(*a))
		if !strings.Contains(strings.Join(a.Assumptions, "\n"), c.note) {
			t.Errorf("%s: assumptions %q, want %q among them", name, a.Assumptions, c.note)
		}
		for _, v := range a.Architectures {
			if v.Gain == "" || v.Instances.Mid == 0 || v.Instances.Mid != math.Trunc(v.Instances.Mid) {
				t.Errorf("%s: %s has the gain %q and %g instances", name, v.Name, v.Gain, v.Instances.Mid)
			}
		}
	}
}

// A cache is sized as in a plan: for its hottest key, and for a CPU demand where it has one.
func TestCachesAreSizedAsInAPlan(t *testing.T) {
	const sale = "sale={items: 10, stock: 100000, popularity: {zipf: 1}}"
	for name, c := range map[string]struct {
		cache  string
		shards float64
	}{
		"evenly":      {"{name: c, kind: cache, hit: 90%, misses: d, capacity: 90k/s, calls: {read: 1, transaction: 1}}", 2},
		"hottest key": {"{name: c, kind: cache, key: sale, hit: 90%, misses: d, capacity: 5k/s, utilization: 80%, calls: {read: 1, transaction: 1}}", 5},
		"CPU demand":  {"{name: c, kind: cache, hit: 90%, misses: d, capacity: 100k/s, demand: 1ms, utilization: 80%, calls: {read: 1, transaction: 1}}", 12},
	} {
		sc := flags(t, "workload.peak=3", "services=["+c.cache+", {name: d, kind: database, capacity: 1k/s}]", sale)
		list := compare(t, sc, 10)
		if got := list[3].Instances.Mid - list[2].Instances.Mid; got != c.shards {
			t.Errorf("%s: the cache adds %g instances, want %g", name, got, c.shards)
		}
		p, err := plan.New(sc, plan.Options{Trials: 10})
		if err != nil {
			t.Fatal(err)
		}
		if want := max(leastShards, p.Services[0].Instances.Mid); c.shards != want {
			t.Errorf("%s: the plan has %g shards, want %g", name, p.Services[0].Instances.Mid, c.shards)
		}
	}
}

// An assumed cache is sized for the hottest key too: 8000/s x .95 of reads with p1 = .341 at 63 000/s
// planned need one shard, at least two.
func TestAssumedCacheKnowsTheHottestKey(t *testing.T) {
	w := newWorkload(modelOf(t, flags(t, "workload.users=1G", "workload.peak=3", "sale={items: 10, stock: 1000, popularity: {zipf: 1}}")))
	c, err := w.m.Corners()
	if err != nil {
		t.Fatal(err)
	}
	_, cacheable := w.direct(c.Mid)
	s := model.Service{KeyCopies: 1}
	want, why := s.Shards(cacheable, w.m.Event.HotKey, 63_000)
	if got := w.shards(c.Mid); got != want || why != model.ByHotKey {
		t.Errorf("%g shards, want the %g by %s of %g/s", got, want, why, cacheable)
	}
}

func TestArchitecturesAreTheSameOnAnyCores(t *testing.T) {
	sc := load(t, "taobao-double11")
	var texts [2]string
	for i := range texts {
		a, err := Compare(sc, model.Options{Trials: 1000, Seed: 7, Cores: 1 + 3*i})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	if texts[0] != texts[1] {
		t.Errorf("on one core\n%s\non four\n%s", texts[0], texts[1])
	}
}

func TestArchitecturesRefuseBadInput(t *testing.T) {
	for field, c := range map[string]struct {
		sc     *scenarios.Scenario
		trials int
	}{
		"scenario": {nil, 10}, "trials": {flags(t), -1}, "services.app": {flags(t, "workload.users=1e18"), 10},
	} {
		_, err := Compare(c.sc, model.Options{Trials: c.trials})
		var in *model.InputError
		if !errors.As(err, &in) || in.Field != field {
			t.Errorf("error %v, want an InputError at %s", err, field)
		}
	}
}

// Whatever an estate says, the comparison is refused with a reason or finite.
func FuzzCompare(f *testing.F) {
	for _, seed := range [][2]string{
		{"estate.pools.cloud.provision.cores", "0.000001"}, {"estate.pools.cloud.provision.within", "1ns"}, {"estate.pools.cloud.provision.burst", "1e15"},
		{"estate.pools.cloud.price", "1e9"}, {"estate.pools.idc.cores", "0"}, {"estate.pools.idc.billing", "burst"}, {"estate.event_duration", "24h"},
		{"estate.margin", "10000h"}, {"estate.zones", "1000000"}, {"estate.survive_zones", "2"}, {"estate.scaling.1.target", "100%"},
		{"estate.scaling.1.min", "1e9"}, {"services.shop.start", "10000h"}, {"workload.event.order", "1e9"}, {"services.orders-db.capacity", "1/h"},
		{"services.hot-item-cache.hit", "[0, 0, 1]"}, {"sale.stock", "1"}, {"workload.requests", "1e15"}, {"estate.pools", "[]"},
	} {
		f.Add(seed[0], seed[1])
	}
	_, text, err := scenarios.Read("kuaishou-live-drop")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, field, value string) {
		sc, err := scenarios.Parse("fuzz.yaml", text, field+"="+value)
		if err != nil {
			return
		}
		var in *model.InputError
		if a, err := Compare(sc, model.Options{Trials: 20}); err == nil {
			finite(t, "architectures", reflect.ValueOf(*a))
		} else if !errors.As(err, &in) {
			t.Fatalf("%s=%s: error %v, want an InputError", field, value, err)
		}
	})
}

// What nothing calls changes no figure, and cores that nothing says are assumed in words.
func TestArchitecturesWithoutWhatNothingCalls(t *testing.T) {
	of := func(more string) string {
		sc, err := scenarios.Parse("arch.yaml", []byte("apiVersion: fsctl/v1\nkind: Scenario\nname: arch\nsteps: {order: {share: 100%, transaction: true}}\n"+
			"workload: {requests: 86.4M, busy: {share: 100%, window: 24h}, peak: 1}\nservices:\n  - {name: web, kind: service, calls: {order: 1}, demand: 10ms, instance: {cores: 4}}\n"+
			"  - {name: db, kind: database, calls: {order: 1}, writes: 50%, capacity: 3k/s}\n"+more))
		if err != nil {
			t.Fatal(err)
		}
		out, err := Compare(sc, model.Options{Trials: 50})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	text := of("")
	for _, kind := range []string{"service, demand: 10ms, instance: {cores: 64}, utilization: 10%", "database, writes: 100%, capacity: 1/s", "cache, hit: 100%, capacity: 1/s", "queue, instance: {cores: 64}"} {
		if got := of("  - {name: batch, kind: " + kind + "}\n"); got != text {
			t.Errorf("an uncalled %s changes\n%s\nto\n%s", kind, text, got)
		}
	}
	if !strings.Contains(text, "db: nothing says how many cores an instance has (instance.cores), and 1 is counted") {
		t.Errorf("no word of assumed cores in %s", text)
	}
}
