package plan

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fsctl/plan/model"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
)

func TestInputsOutOfRange(t *testing.T) {
	for _, c := range []struct {
		field string
		set   []string
	}{
		{"workload.users", []string{"workload.users=1e300"}},
		{"workload.actions", []string{"workload.actions=1e12"}},
		{"workload.peak", []string{"workload.peak=1e12"}},
		{"workload.event.transaction", []string{"workload.event={transaction: 1e12}"}},
		{"services.app.calls.read", []string{"services.app.calls.read=1e300"}},
		{"services.app.variability", []string{"services.app.variability=1000"}},
		{"services.app", []string{"workload.users=1e18"}},
		{"services.app", []string{"services.app.demand=200h"}},
		{"services.app", []string{"services.app.utilization=0.0000001%"}},
		{"services.db", []string{"services=[{name: db, kind: database, capacity: 0.000001/s, calls: {read: 10000000}}]"}},
		{"services.db.capacity", []string{"services=[{name: db, kind: database, capacity: 1e-200/s, calls: {read: 1}}]"}},
	} {
		_, err := New(flags(t, c.set...), Options{Trials: 50})
		var in *model.InputError
		if !errors.As(err, &in) || in.Field != c.field {
			t.Errorf("%v: error %v, want an InputError at %s", c.set, err, c.field)
		}
	}
}

// A value that no plan can be made from is named with its line, and by Check too.
func TestInputsOutOfRangeHaveALine(t *testing.T) {
	for variability, want := range map[string]string{"100": "", "1000": "wide.yaml:6: services.web.variability: found 1,000, wanted a squared coefficient of variation from 0 to 100"} {
		sc, err := scenarios.Parse("wide.yaml", []byte("apiVersion: fsctl/v1\nkind: Scenario\nname: wide\nworkload: {requests: 1M}\nsteps: {order: {share: 100%}}\n"+
			"services: [{name: web, kind: service, calls: {order: 1}, demand: 1ms, variability: "+variability+"}]\n"))
		if err != nil {
			t.Fatal(err)
		}
		_, planned := New(sc, Options{Trials: 50})
		for _, err := range []error{planned, Check(sc)} {
			if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
				t.Errorf("error %v, want %q", err, want)
			}
		}
	}
}

func TestTrialsOutOfRange(t *testing.T) {
	for _, trials := range []int{-1, 10_000_001} {
		var in *model.InputError
		if _, err := New(flags(t), Options{Trials: trials}); !errors.As(err, &in) || in.Field != "trials" {
			t.Errorf("%d trials: error %v, want an InputError at trials", trials, err)
		}
	}
}

func TestNoScenario(t *testing.T) {
	var in *model.InputError
	if _, err := New(nil, Options{}); !errors.As(err, &in) || in.Field != "scenario" {
		t.Errorf("error %v, want an InputError at scenario", err)
	}
}

// The extremes that are let in still give finite figures.
func TestExtremesStayFinite(t *testing.T) {
	for _, set := range [][]string{
		{"workload.users=1e15", "workload.actions=1", "services.app.demand=1ns"},
		{"workload.users=1e-300", "services.app.demand=1h"},
		{"workload.busy.window=1ns", "workload.users=1"},
		{"services.app.variability=[0, 1, 100]", "services.app.latency={quantile: 0.999999, limit: 10s}"},
		{"services.app.variability=100", "services.app.latency={quantile: 0.01, limit: 1ns}"},
		{"services.app.latency={quantile: 0.99, limit: 23.0258509299405ms}"},
		{"services.app.instance.cores=1M"},
		{"services=[]"},
	} {
		if _, err := New(flags(t, set...), Options{Trials: 500}); err != nil {
			t.Errorf("%v: %v", set, err)
			continue
		}
		newPlan(t, flags(t, set...), Options{Trials: 500})
	}
}

// Intervals that no file may have, since their tails go far beyond their points, still give finite figures.
func TestWideIntervalsStayFinite(t *testing.T) {
	const cache = "services=[{name: c, kind: cache, hit: [0%, 100%, 100%], misses: d, capacity: 1M/s, calls: {read: 1}}, {name: d, kind: database, capacity: 1G/s, writes: 100%}]"
	for name, c := range map[string]struct {
		set   []string
		widen func(*scenarios.Scenario)
	}{
		"users and demand": {nil, func(sc *scenarios.Scenario) {
			sc.Workload.Users = amount.Interval[amount.Count]{Low: 1e-6, Mid: 1e7, High: 1e15}
			sc.Services[0].Demand = amount.Interval[time.Duration]{Low: 1, Mid: time.Microsecond, High: 2 * time.Microsecond}
		}},
		"users, actions and demand": {nil, func(sc *scenarios.Scenario) {
			sc.Workload.Users = amount.Interval[amount.Count]{Low: 1e-3, Mid: 1e7, High: 1e7}
			sc.Workload.Actions = amount.Interval[float64]{Low: 1e-6, Mid: 1, High: 1e6}
			sc.Services[0].Demand = amount.Interval[time.Duration]{Low: 1, Mid: time.Millisecond, High: 1100 * time.Microsecond}
		}},
		"the capacity of a cache": {[]string{cache}, func(sc *scenarios.Scenario) {
			sc.Services[0].Capacity = amount.Interval[amount.Rate]{Low: 0.001, Mid: 1e6, High: 1e9}
		}},
	} {
		sc := flags(t, c.set...)
		c.widen(sc)
		if _, err := New(sc, Options{Trials: 500}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		newPlan(t, sc, Options{Trials: 500})
	}
}

func TestMoreUsersNeverNeedFewerCores(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sc := flags(t, "services.app.latency={quantile: 0.99, limit: 40ms}")
		users := rapid.Float64Range(1, 1e9).Draw(rt, "users")
		w := &sc.Workload
		w.Actions = amount.Interval[float64]{Low: 1, Mid: rapid.Float64Range(1, 60).Draw(rt, "actions"), High: 90}
		s := &sc.Services[0]
		demand := time.Duration(rapid.IntRange(1e3, 8e6).Draw(rt, "demand ns"))
		s.Demand = amount.Interval[time.Duration]{Low: demand / 2, Mid: demand, High: demand + 2e6}
		s.Variability = &amount.Interval[float64]{Low: 0.5, Mid: rapid.Float64Range(0.5, 1.5).Draw(rt, "variability"), High: 1.5}
		s.Utilization = amount.Ratio(rapid.Float64Range(0.3, 1).Draw(rt, "utilization"))
		s.Wait = amount.Ratio(rapid.Float64Range(0.01, 1).Draw(rt, "wait"))
		w.Users = amount.Exactly(amount.Count(users))
		few := newPlan(t, sc, Options{Trials: 60}).Totals.CPUCores
		w.Users = amount.Exactly(amount.Count(users * rapid.Float64Range(1, 3).Draw(rt, "growth")))
		many := newPlan(t, sc, Options{Trials: 60}).Totals.CPUCores
		if many.Low < few.Low || many.Mid < few.Mid || many.High < few.High || many.P50 < few.P50 || many.P99 < few.P99 {
			rt.Fatalf("more users need %+v, fewer %+v", many, few)
		}
	})
}

func FuzzNew(f *testing.F) {
	for _, seed := range [][2]string{
		{"workload.users", "1e15"}, {"workload.peak", "[1, 2, 1000000]"}, {"workload.busy.window", "1ns"},
		{"services.shop.demand", "[1ns, 1ms, 24h]"}, {"services.shop.variability", "[0, 3, 100]"}, {"services.shop.latency.limit", "1ns"},
		{"services.stock-cache.hit", "[0, 0.5, 1]"}, {"services.orders-db.capacity", "1/h"}, {"sale.popularity.zipf", "9.9"},
		{"services.shop.kind", "queue"}, {"services.gateway.utilization", "100%"}, {"services.shop.wait", "0.000001%"},
		{"sale.items", "10M"}, {"services.shop.instance.cores", "100000"}, {"estate.survive_zones", "2"},
	} {
		f.Add(seed[0], seed[1])
	}
	_, text, err := scenarios.Read(liveDrop)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, field, value string) {
		sc, err := scenarios.Parse("fuzz.yaml", text, field+"="+value)
		if err != nil {
			return
		}
		p, err := New(sc, Options{Trials: 20})
		if err != nil {
			var in *model.InputError
			if !errors.As(err, &in) {
				t.Fatalf("%s=%s: error %v, want an InputError", field, value, err)
			}
			return
		}
		checkPlan(t, p)
	})
}
