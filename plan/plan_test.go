package plan

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"fsctl/scenarios"
)

const liveDrop = "../scenarios/testdata/live-drop.yaml"

func load(t testing.TB, name string, set ...string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Load(name, set...)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// flags returns the scenario of plan's flags with the first example's figures.
func flags(t testing.TB, set ...string) *scenarios.Scenario {
	t.Helper()
	all := append([]string{"workload.users=10M", "workload.active=20%", "workload.actions=30", "workload.peak=2..3", "services.app.instance.cores=4"}, set...)
	sc, err := scenarios.Parse("flags", FlagScenario(), all...)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func newPlan(t testing.TB, sc *scenarios.Scenario, opts Options) *Plan {
	t.Helper()
	p, err := New(sc, opts)
	if err != nil {
		t.Fatal(err)
	}
	checkPlan(t, p)
	return p
}

func service(t testing.TB, p *Plan, name string) Service {
	t.Helper()
	for _, s := range p.Services {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no service %s in the plan", name)
	return Service{}
}

// checkPlan checks what must hold of every plan.
func checkPlan(t testing.TB, p *Plan) {
	t.Helper()
	finite(t, "plan", reflect.ValueOf(*p))
	for _, s := range p.Services {
		if s.UtilizationRatio > 1 || s.WaitProbability > 1 {
			t.Errorf("%s: utilization %g and wait %g, want at most 1", s.Name, s.UtilizationRatio, s.WaitProbability)
		}
		if s.ResponseSeconds.P50 > s.ResponseSeconds.P99 {
			t.Errorf("%s: response p50 %g above p99 %g", s.Name, s.ResponseSeconds.P50, s.ResponseSeconds.P99)
		}
		if i := s.Instances.Mid; i != math.Trunc(i) {
			t.Errorf("%s: %g instances, want a whole number", s.Name, i)
		}
	}
	checkBill(t, p)
	checkLoads(t, p)
	checkTexts(t, p) // which has a JSON form, too
}

// finite checks every number below a value, and the order inside every Estimate.
func finite(t testing.TB, path string, v reflect.Value) {
	t.Helper()
	if e, ok := v.Interface().(Estimate); ok {
		if !(e.Low <= e.Mid && e.Mid <= e.High) {
			t.Errorf("%s: low %g, mid %g, high %g, want them in order", path, e.Low, e.Mid, e.High)
		}
		if !(e.P50 <= e.P95 && e.P95 <= e.P99) {
			t.Errorf("%s: p50 %g, p95 %g, p99 %g, want them in order", path, e.P50, e.P95, e.P99)
		}
	}
	switch v.Kind() {
	case reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) || f < 0 {
			t.Errorf("%s is %g, want finite and not negative", path, f)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			finite(t, path, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				finite(t, path+"."+f.Name, v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			finite(t, path, v.Index(i))
		}
	}
}

func near(t testing.TB, what string, got, want, relative float64) {
	t.Helper()
	if math.Abs(got-want) > relative*math.Abs(want) {
		t.Errorf("%s is %.9g, want %.9g within %g", what, got, want, relative)
	}
}

func TestEveryScenarioPlans(t *testing.T) {
	for _, name := range append(scenarios.Builtin(), liveDrop) {
		p := newPlan(t, load(t, name), Options{Trials: 2000, Seed: 1})
		if p.Totals.Instances.Mid == 0 || len(p.Warnings) == 0 {
			t.Errorf("%s: %g instances and %d warnings, want some of both", name, p.Totals.Instances.Mid, len(p.Warnings))
		}
	}
}

// The published example of the 2/8 rule.
func TestDemandOfTheExample(t *testing.T) {
	p := newPlan(t, flags(t, "workload.busy={share: 80%, window: 5h}"), Options{})
	d := p.Demand
	near(t, "active users", d.ActiveUsers, 2e6, 1e-12)
	near(t, "requests a day", d.RequestsPerDay, 60e6, 1e-12)
	near(t, "day mean", d.DayMeanQPS, 694.4444, 1e-6)
	near(t, "busy mean", d.BusyMeanQPS, 2666.6667, 1e-6)
	near(t, "low peak", d.PeakQPS.Low, 5333.3333, 1e-6)
	near(t, "mid peak", d.PeakQPS.Mid, 6666.6667, 1e-6)
	near(t, "high peak", d.PeakQPS.High, 8000, 1e-6)
	near(t, "mid TPS", d.PeakTPS.Mid, 333.33333, 1e-6)
	if d.EventQPS != d.PeakQPS {
		t.Errorf("event %+v, want the day's peak %+v without an event", d.EventQPS, d.PeakQPS)
	}
	exact := newPlan(t, flags(t, "workload.busy={share: 80%, window: 4h48m}"), Options{})
	near(t, "busy mean of 4.8 h", exact.Demand.BusyMeanQPS, 2777.7778, 1e-6)
	near(t, "high peak of 4.8 h", exact.Demand.PeakQPS.High, 8333.3333, 1e-6)
}

// The day's peak stays the 2/8 rule's beside an event, on which the services are sized.
func TestEventOfTheReferenceScenario(t *testing.T) {
	p := newPlan(t, load(t, liveDrop), Options{Trials: 2000})
	d := p.Demand
	near(t, "low peak", d.PeakQPS.Low, 5333.3333, 1e-6)
	near(t, "high peak", d.PeakQPS.High, 8000, 1e-6)
	want := map[string]float64{"browse": 2666.6667 * .7 * 2.5, "item": 2666.6667 * .25 * 20, "order": 2666.6667 * .05 * 90, "status": 0}
	for _, s := range d.Steps {
		near(t, s.Name, s.Loads.EventQPS.Mid, want[s.Name], 1e-6)
	}
	near(t, "event", d.EventQPS.Mid, 30000, 1e-6)
	near(t, "event TPS", d.EventTPS.Mid, 12000, 1e-6)
	near(t, "gateway", service(t, p, "gateway").EventQPS.Mid, 30000, 1e-6)
	near(t, "misses and orders at the database", service(t, p, "orders-db").EventQPS.Mid, .2*30000+2*12000, 1e-6)
}

// Misses flow on through a chain, from the least hits in the high case.
func TestMissesFlowThroughAChain(t *testing.T) {
	sc := flags(t, "workload.peak=3", `services=[
 {name: db, kind: database, capacity: 1k/s, writes: 50%, calls: {transaction: 1}},
 {name: far, kind: cache, hit: 50%, misses: db, capacity: 100k/s},
 {name: near, kind: cache, hit: [80%, 90%, 95%], misses: far, capacity: 100k/s, calls: {read: 2}}]`)
	p := newPlan(t, sc, Options{Trials: 1000})
	reads, writes := 2*7600.0, 400.0
	for name, want := range map[string][3]float64{
		"near": {reads, reads, reads},
		"far":  {.05 * reads, .1 * reads, .2 * reads},
		"db":   {.025*reads + writes, .05*reads + writes, .1*reads + writes},
	} {
		e := service(t, p, name).PeakQPS
		for i, got := range []float64{e.Low, e.Mid, e.High} {
			near(t, name, got, want[i], 1e-9)
		}
	}
	// 200 writes/s on the primary; 760 misses and 200 reads over 700/s each.
	if got := service(t, p, "db").Instances.Mid; got != 3 {
		t.Errorf("db has %g nodes, want a primary and 2 replicas", got)
	}
}

func TestJSONKeepsTheContract(t *testing.T) {
	text, err := json.Marshal(newPlan(t, flags(t), Options{Trials: 100}))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{`"peak_qps":{"low":`, `"cpu_cores":`, `"utilization_ratio":`, `"wait_probability_ratio":`,
		`"response_seconds":{"p50":`, `"warnings":[{"code":`, `"excuses":[]`, `"bottleneck":"cpu"`} {
		if !bytes.Contains(text, []byte(key)) {
			t.Errorf("no %s in %s", key, text)
		}
	}
}
