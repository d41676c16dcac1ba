package explain

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fsctl/plan"
	"fsctl/plan/model"
	"fsctl/scenarios"
)

// explained returns a scenario, its plan and all of its explanations.
func explained(t *testing.T, name string, set ...string) (*scenarios.Scenario, *plan.Plan, []Explanation) {
	t.Helper()
	sc, err := scenarios.Load(name, set...)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.New(sc, plan.Options{Trials: 500, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	list, err := All(sc, p)
	if err != nil {
		t.Fatal(err)
	}
	return sc, p, list
}

// numbers lists every number of a plan's JSON by its path; elements of lists go by their names.
func numbers(t *testing.T, v any) map[string]float64 {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch at := v.(type) {
		case float64:
			found[strings.TrimPrefix(path, ".")] = at
		case map[string]any:
			for name, child := range at {
				walk(path+"."+name, child)
			}
		case []any:
			for _, child := range at {
				walk(fmt.Sprint(path, ".", child.(map[string]any)["name"]), child)
			}
		}
	}
	walk("", tree)
	return found
}

// The numbers put into each formula give the plan's figure, for every figure of every built-in.
func TestExplanationsGiveThePlansFigures(t *testing.T) {
	t.Parallel()
	cases := map[string][]string{}
	for _, name := range scenarios.Builtin() {
		cases[name] = nil
	}
	cases["taobao-double11"] = []string{"services.shop.variability=[0.2,0.5,4]", "services.gateway.latency.limit=2ms"}
	for name, set := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, p, list := explained(t, name, set...)
			want := numbers(t, map[string]any{"demand": p.Demand, "services": p.Services, "totals": p.Totals})
			for _, e := range list {
				figure, known := want[e.Field]
				if !known {
					t.Errorf("%s is no figure of the plan", e.Field)
				}
				delete(want, e.Field)
				filled, err := Evaluate(e.Filled)
				if err != nil || !same(filled, figure, 1e-9) || e.Result != figure && !same(e.Result, figure, 1e-9) {
					t.Errorf("%s = %g, but %s gives %g, error %v", e.Field, figure, e.Filled, filled, err)
				}
				checkComplete(t, &e)
			}
			for field := range want {
				if !strings.Contains(field, ".details.") {
					t.Errorf("%s is not explained", field)
				}
			}
		})
	}
}

// What the built-ins do not have: a queue that may lag, a measured growth, a hottest key, a database
// with a demand, a function with a limit, a service that nothing calls and one that is too slow.
const everyKind = `apiVersion: fsctl/v1
kind: Scenario
name: every-kind
workload: {requests: [50M, 60M, 90M], peak: [2, 2.5, 3], event: {buy: [20, 30, 50]}}
steps:
  read: {share: 90%, request: {url: /}}
  buy: {share: 10%, transaction: true, request: {url: /}}
services:
  - {name: grown, kind: service, calls: {read: 1}, demand: 4ms, instance: {cores: 2}, latency: {quantile: 0.9, limit: 200ms},
     usl: {gamma: [300/s, 400/s, 500/s], alpha: [0.1%, 0.2%, 0.4%], beta: [0, 0.000001, 0.00001], measured: 60}}
  - {name: too-slow, kind: service, calls: {buy: 1}, demand: 50ms, variability: [0, 0.4, 2], latency: {quantile: 0.99, limit: 60ms}}
  - {name: idle, kind: service, calls: {buy: 0}, demand: 1ms}
  - {name: items, kind: cache, calls: {read: 3}, hit: [90%, 95%, 99%], misses: rows, key: sale, capacity: [1k/s, 2k/s, 3k/s]}
  - {name: copied, kind: cache, calls: {read: 2}, key_copies: 3, key: {zipf: 1, keys: 50}, quota: 60k/s, hit: 50%, misses: rows, capacity: [4k/s, 5k/s, 6k/s]}
  - {name: orders, kind: queue, calls: {buy: 1}, demand: [5ms, 8ms, 20ms], drain: 60s, to: rows}
  - {name: events, kind: queue, calls: {buy: 2}, capacity: [100/s, 200/s, 300/s], drain: 5s, partitions: 20, misses: small, hit: 20%}
  - {name: small, kind: database, writes: 100%, capacity: [1k/s, 2k/s, 3k/s], demand: [1ms, 2ms, 3ms]}
  - {name: shards, kind: database, calls: {buy: 1, read: 1}, shards: 4, writes: 50%, capacity: [1k/s, 2k/s, 3k/s], demand: [1ms, 2ms, 3ms], instance: {cores: 64}}
  - {name: bounded, kind: function, calls: {buy: 1}, demand: [20ms, 30ms, 50ms], max_instances: 80, misses: small, hit: 10%}
  - {name: rows, kind: database, calls: {buy: 2}, writes: 40%, capacity: [5k/s, 8k/s, 9k/s], demand: [1ms, 2ms, 3ms], instance: {cores: 8}, hot_row: 3k/s}
  - {name: coupon, kind: function, calls: {buy: 1}, demand: [20ms, 30ms, 50ms], variability: 3, latency: {quantile: 0.9, limit: 90ms}}
sale: {items: 100, stock: 100000, popularity: {zipf: 0.9}}
`

func TestExplanationsOfEveryKind(t *testing.T) {
	t.Parallel()
	for _, sale := range []string{"sale.items=100", "sale.items=3"} {
		sc, err := scenarios.Parse("every-kind.yaml", []byte(everyKind), sale)
		if err != nil {
			t.Fatal(err)
		}
		p, err := plan.New(sc, plan.Options{Trials: 400, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		list, err := All(sc, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if filled, err := Evaluate(e.Filled); err != nil || !same(filled, e.Result, 1e-9) {
				t.Errorf("%s = %g, but %s gives %g, error %v", e.Field, e.Result, e.Filled, filled, err)
			}
			checkComplete(t, &e)
		}
	}
}

func checkComplete(t *testing.T, e *Explanation) {
	t.Helper()
	if e.Meaning == "" || e.Formula == "" || e.Unit == "" || e.Source == "" || e.Error == "" {
		t.Errorf("%s lacks a part: %+v", e.Field, e)
	}
	formula, err := parseExpression(e.Formula)
	if err != nil {
		t.Errorf("%s: %v", e.Field, err)
		return
	}
	values := map[string]float64{}
	for _, s := range e.Symbols {
		if values[s.Name] = s.Value; s.Origin == "" || math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
			t.Errorf("%s: symbol %+v has no origin or no value", e.Field, s)
		}
	}
	if v, err := formula.eval(values, nil); err != nil || !same(v, e.Result, 1e-9) {
		t.Errorf("%s: the symbols give %g, error %v; the result is %g", e.Field, v, err, e.Result)
	}
}

func TestExplainNamesWhereValuesComeFrom(t *testing.T) {
	t.Parallel()
	origin := func(list []Explanation, field, symbol string) string {
		for _, e := range list {
			for _, s := range e.Symbols {
				if e.Field == field && s.Name == symbol {
					return s.Origin
				}
			}
		}
		return "no such symbol"
	}
	text := `apiVersion: fsctl/v1
kind: Scenario
name: small
workload: {users: 1M, active: 10%, actions: 20}
steps:
  read: {share: 90%, request: {url: /}}
  buy: {share: 10%, transaction: true, request: {url: /}}
services:
  - name: app
    kind: service
    calls: {read: 1, buy: 2}
    demand: [2ms, 4ms, 8ms]
`
	sc, err := scenarios.Parse("small.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.New(sc, plan.Options{Trials: 100})
	if err != nil {
		t.Fatal(err)
	}
	list, err := All(sc, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ field, symbol, want string }{
		{"demand.active_users", "users", "workload.users, small.yaml:4"},
		{"services.app.cpu_cores.mid", "demand", "services.app.demand, small.yaml:12 (low 0.002, mid 0.004, high 0.008)"},
		{"services.app.cpu_cores.mid", "utilization", "default of services.app.utilization"},
		{"services.app.peak_qps.mid", "calls[buy]", "services.app.calls.buy, small.yaml:11"},
		{"demand.peak_qps.mid", "busy_window", "default of workload.busy.window"},
		{"services.app.cpu_cores.mid", "rate", "calculated: services.app.peak_qps"},
	} {
		if got := origin(list, c.field, c.symbol); got != c.want {
			t.Errorf("%s of %s comes from %q, want %q", c.symbol, c.field, got, c.want)
		}
	}
	if got := origin(list, "demand.peak_qps.mid", "peak"); !strings.HasPrefix(got, "assumption: workload.peak is not given") {
		t.Errorf("the peak comes from %q", got)
	}
}

func TestExplainTakesAFieldOrAllBelow(t *testing.T) {
	t.Parallel()
	sc, p, all := explained(t, "taobao-double11")
	one, err := Field(sc, p, "services.shop.instances.p95")
	if err != nil || len(one) != 1 || one[0].Result != p.Services[1].Instances.P95 {
		t.Errorf("one field: %+v, error %v", one, err)
	}
	six, err := Field(sc, p, "totals.cpu_cores")
	if err != nil || len(six) != 6 {
		t.Errorf("an estimate: %d explanations, error %v", len(six), err)
	}
	for _, e := range append(one, six...) {
		for _, same := range all {
			if same.Field == e.Field && !reflect.DeepEqual(e, same) {
				t.Errorf("%s is explained in two ways:\n%+v\n%+v", e.Field, e, same)
			}
		}
	}
	var unknown *model.InputError
	if _, err = Field(sc, p, "services.shop.instance.p95"); !errors.As(err, &unknown) || !strings.Contains(err.Error(), "services.shop.instances.p95") {
		t.Errorf("unknown field: %v", err)
	}
}

// A plan that is not that of the scenario is not explained with its numbers.
func TestExplainRefusesAnotherPlan(t *testing.T) {
	t.Parallel()
	sc, p, _ := explained(t, "taobao-double11")
	p.Demand.BusyMeanQPS++
	if _, err := Field(sc, p, "demand.busy_mean_qps"); err == nil || !strings.Contains(err.Error(), "the plan has") {
		t.Errorf("error %v", err)
	}
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"1 + 2 * 3": 7, "(1 + 2) * 3": 9, "8 / 4 / 2": 1, "7 - 2 - 1": 4, "1e-3 * 1000": 1, "max(1, 5, ceil(2.1))": 5,
		"ceil(40.00000000000001)": 40, "min(3, 2) - floor(1.9)": 1, "cores_for_wait(40, 0.05)": 52, "sqrt(9)": 3,
	} {
		if got, err := Evaluate(text); err != nil || math.Abs(got-want) > 1e-12 {
			t.Errorf("%s = %g, error %v, want %g", text, got, err, want)
		}
	}
	for _, bad := range []string{"", "1 +", "(1", "max(1,", "unknown", "nosuch(1)", "ceil(1, 2)", "1 2", "rate[shop", "1e-", "$", "1\x00", "(1, 2)"} {
		if got, err := Evaluate(bad); err == nil {
			t.Errorf("%q = %g, want an error", bad, got)
		}
	}
}

// A formula with numbers in place of its names has the value that it has with the names' values.
func FuzzEvaluate(f *testing.F) {
	for _, text := range []string{"max(1, 2 * rate[a-b]) / 3", "a - b - a", "sqrt(a) * (b + 1e-3) / floor(c)", "ceil( a[x] )-min(b,2)", "a\x000[b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseExpression(text)
		if err != nil || strings.Contains(text, "cores_for") || strings.Contains(text, "halfin") { // these may take long
			return
		}
		values := map[string]float64{}
		var name func(*expression)
		name = func(x *expression) {
			if x.op == 'v' {
				values[x.name] = float64(2 + len(values))
			}
			for _, o := range x.operands {
				name(o)
			}
		}
		name(e)
		want, wantErr := e.eval(values, nil)
		filled := e.fill(text, values, func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) })
		got, err := Evaluate(filled)
		if (err == nil) != (wantErr == nil) || got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%q is %g (%v), and with numbers %q is %g (%v)", text, want, wantErr, filled, got, err)
		}
		if left := regexp.MustCompile(`\w+\[`).FindString(filled); left != "" {
			t.Errorf("%q with numbers is %q, which still has names", text, filled)
		}
	})
}

// Formulas have the value that Go gives to the same arithmetic.
func TestFormulasAreArithmetic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text, want := drawFormula(t, 4)
		got, err := Evaluate(text)
		if err != nil || got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Fatalf("%s = %g, error %v, wanted %g", text, got, err, want)
		}
	})
}

// drawFormula returns a formula and its value. Every sum is in parentheses, so that no rule of precedence is used twice.
func drawFormula(t *rapid.T, depth int) (text string, value float64) {
	if depth == 0 || rapid.IntRange(0, 4).Draw(t, "leaf") == 0 {
		v := rapid.Float64Range(0, 1e6).Draw(t, "number")
		return strconv.FormatFloat(v, 'g', -1, 64), v
	}
	a, x := drawFormula(t, depth-1)
	b, y := drawFormula(t, depth-1)
	switch rapid.IntRange(0, 6).Draw(t, "operation") {
	case 0:
		return "(" + a + " + " + b + ")", x + y
	case 1:
		return "(" + a + " - " + b + ")", x - y
	case 2:
		c, z := drawFormula(t, depth-1)
		return "(" + a + " - " + b + " * (" + c + "))", x - float64(y*z)
	case 3:
		return a + " * (" + b + ")", x * y
	case 4:
		return "(" + a + ") / (" + b + ")", x / y
	case 5:
		return "max(" + a + ", " + b + ", 1)", max(x, y, 1)
	}
	return "floor(" + a + ")", math.Floor(x)
}

const uslShop = `apiVersion: fsctl/v1
kind: Calibration
scenario: flags
measured: 2026-11-12T01:00:00Z
runs: [{name: steps}]
values:
  - {field: services.app.usl.gamma, value: 800, unit: 1/s, run: steps, method: least squares, n: 8}
  - {field: services.app.usl.alpha, value: 0.02, unit: ratio, run: steps, method: least squares, n: 8}
  - {field: services.app.usl.beta, value: 0.0001, unit: ratio, run: steps, method: least squares, n: 8}
  - {field: services.app.usl.measured, value: 40, unit: instances, run: steps, method: counted, n: 8}
`

func TestMeasuredGrowthIsExplained(t *testing.T) {
	c, err := plan.ParseCalibration("shop.yaml", []byte(strings.Replace(uslShop, "value: 800", "value: [700, 800, 900]", 1)))
	if err != nil {
		t.Fatal(err)
	}
	flags, err := scenarios.Parse("flags", plan.FlagScenario(), "workload.users=10M", "workload.active=20%", "workload.actions=30", "workload.peak=2..3")
	if err != nil {
		t.Fatal(err)
	}
	sc, _, err := c.Apply(flags)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.NewCalibrated(flags, c, plan.Options{Trials: 200})
	if err != nil {
		t.Fatal(err)
	}
	list, err := Field(sc, p, "services.app")
	if err != nil {
		t.Fatal(err) // among others where a formula does not give the plan's figure
	}
	for _, e := range list {
		for _, s := range e.Symbols {
			if s.Name == "gamma" && !strings.Contains(s.Origin, "measured in steps by least squares, n = 8") {
				t.Errorf("%s: gamma from %q, wanted the measurement", e.Field, s.Origin)
			}
		}
	}
}
