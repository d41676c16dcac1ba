package architectures

import (
	"math"
	"reflect"
	"testing"

	"fsctl/plan"
	"fsctl/plan/model"
	"fsctl/scenarios"
)

const liveDrop = "../../scenarios/testdata/live-drop.yaml"

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
	all := append([]string{"workload.users=10M", "workload.active=20%", "workload.actions=30", "workload.peak=2..3"}, set...)
	sc, err := scenarios.Parse("flags", plan.FlagScenario(), all...)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func near(t testing.TB, what string, got, want, relative float64) {
	t.Helper()
	if math.Abs(got-want) > relative*math.Abs(want) {
		t.Errorf("%s is %.9g, want %.9g within %g", what, got, want, relative)
	}
}

// finite checks every number below a value, and the order inside every Estimate.
func finite(t testing.TB, path string, v reflect.Value) {
	t.Helper()
	if e, ok := v.Interface().(model.Estimate); ok {
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
			finite(t, path+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			finite(t, path, v.Index(i))
		}
	}
}

func modelOf(t testing.TB, sc *scenarios.Scenario) *model.Model {
	t.Helper()
	m, err := model.New(sc, 1)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
