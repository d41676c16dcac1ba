package plan

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"fsctl/plan/model"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/strict"
)

const measuredShop = `apiVersion: fsctl/v1
kind: Calibration
scenario: taobao-double11
measured: 2026-11-12T01:00:00Z
runs:
  - {name: rush-1, target: "http://shop", seed: "7", scale: 0.01, fsctl: v1}
values:
  - field: services.shop.demand
    value: [0.0009, 0.001, 0.0011]
    unit: s
    run: rush-1
    method: utilization law
    n: 12
  - {field: services.shop.variability, value: [0.1, 0.2, 0.3], unit: ratio, run: rush-1, method: quiet seconds, n: 900}
  - {field: services.item-cache.hit, value: [0.9, 0.92, 0.95], unit: ratio, run: rush-1, method: cache counters, n: 5000}
  - {field: services.orders-db.capacity, value: 9000, unit: 1/s, run: rush-1, method: node counters, n: 60}
  - {field: steps.order.share, value: [0.4, 0.41, 0.42], unit: ratio, run: rush-1, method: counted, n: 5000}
`

func parseCalibration(t testing.TB, text string) *Calibration {
	t.Helper()
	c, err := ParseCalibration("shop.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCalibrationReplacesAssumedValues(t *testing.T) {
	sc := load(t, "taobao-double11")
	kept := load(t, "taobao-double11")
	out, changes, err := parseCalibration(t, measuredShop).Apply(sc)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(sc, kept) {
		t.Error("the scenario that was given has changed")
	}
	shop, cache, db := out.Services[1], out.Services[2], out.Services[3]
	if shop.Demand != (amount.Interval[time.Duration]{Low: 900 * time.Microsecond, Mid: time.Millisecond, High: 1100 * time.Microsecond}) ||
		shop.Variability.Mid != 0.2 || cache.Hit.Mid != 0.92 || db.Capacity != amount.Exactly(amount.Rate(9000)) {
		t.Errorf("shop %+v, cache hit %v, db %+v", shop, cache.Hit, db.Capacity)
	}
	if out.Step("order").Share != sc.Step("order").Share {
		t.Error("the share of a storm's step has replaced the day's")
	}
	want := Change{Field: "services.shop.demand", Unit: "s", Old: &Range{0.003, 0.005, 0.008}, New: Range{0.0009, 0.001, 0.0011},
		Origin: Origin{"rush-1", "utilization law", 12}, Applied: true}
	if len(changes) != 5 {
		t.Fatalf("%d changes, wanted one for each of 5 values", len(changes))
	}
	near(t, "old demand", changes[0].Old.Mid, 0.005, 1e-12)
	changes[0].Old = want.Old
	if !reflect.DeepEqual(changes[0], want) {
		t.Errorf("%+v, wanted %+v", changes[0], want)
	}
	if last := changes[4]; last.Applied || last.Old.Mid != 0.05 || last.New.Mid != 0.41 {
		t.Errorf("%+v, wanted the share beside the scenario's, not applied", last)
	}
}

func TestCalibratedPlanStandsBesideTheAssumedOne(t *testing.T) {
	sc := load(t, "taobao-double11")
	opts := Options{Trials: 500, Seed: 3}
	before := newPlan(t, sc, opts)
	p, err := NewCalibrated(sc, parseCalibration(t, measuredShop), opts)
	if err != nil {
		t.Fatal(err)
	}
	checkPlan(t, p)
	if !reflect.DeepEqual(p.Uncalibrated.Totals, before.Totals) || p.Uncalibrated.Services[1].Instances != before.Services[1].Instances {
		t.Errorf("before: %+v, wanted the plan's own %+v", p.Uncalibrated.Totals, before.Totals)
	}
	truth := newPlan(t, load(t, "taobao-double11", "services.shop.demand=[900us, 1ms, 1100us]", "services.shop.variability=[0.1, 0.2, 0.3]",
		"services.item-cache.hit=[90%, 92%, 95%]", "services.orders-db.capacity=9k/s"), opts)
	if !reflect.DeepEqual(p.Services, truth.Services) || !reflect.DeepEqual(p.Totals, truth.Totals) {
		t.Errorf("calibrated %+v, wanted what the same values in the scenario give: %+v", p.Totals, truth.Totals)
	}
	codes := map[string]string{}
	for _, w := range p.Warnings {
		codes[w.Code] = w.Message
	}
	if m := codes["calibration-partial"]; !strings.Contains(m, "services.gateway.demand") || strings.Contains(m, "services.shop.demand") {
		t.Errorf("%q, wanted what is still assumed, without the measured", m)
	}
	if m := codes["calibration-unused"]; !strings.Contains(m, "steps.order.share") {
		t.Errorf("%q, wanted the share that is not planned with", m)
	}
	if _, ok := codes["calibration-scenario"]; ok {
		t.Error("a warning about the scenario's name, which is the same")
	}
	sc.Name = "another"
	if p, err = NewCalibrated(sc, parseCalibration(t, measuredShop), opts); err != nil || p.Warnings[0].Code != "calibration-scenario" {
		t.Errorf("%v, warnings %+v; wanted the other name first", err, p.Warnings)
	}
}

func TestCalibrationThatDoesNotFit(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"services.shop.demand", "services.shopp.demand", "no service shopp in scenario taobao-double11, wanted one of gateway, shop, item-cache, orders-db"},
		{"services.item-cache.hit", "services.shop.hit", "found a service without hit"},
		{"steps.order.share", "steps.pay.share", "no step pay"},
	} {
		_, _, err := parseCalibration(t, strings.Replace(measuredShop, c.old, c.new, 1)).Apply(load(t, "taobao-double11"))
		var input *model.InputError
		if !errors.As(err, &input) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "shop.yaml:") || strings.Contains(err.Error(), "shop.yaml: ") {
			t.Errorf("%s: %v, wanted %q", c.new, err, c.want)
		}
	}
}

func TestCalibrationFilesAreReadStrictly(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"kind: Calibration", "kind: Scenario", `shop.yaml:2: kind: found "Scenario", wanted Calibration`},
		{"kind: Calibration", "kindd: Calibration", `shop.yaml:2: kindd: unknown key`},
		{"scenario: taobao-double11\n", "", `scenario: missing, wanted a value`},
		{"2026-11-12T01:00:00Z", "yesterday", `shop.yaml:4: measured: found "yesterday", wanted a time`},
		{"[0.0009, 0.001, 0.0011]", "[0.002, 0.001, 0.0011]", `shop.yaml:9: values[0].value: found 0.002, 0.001, 0.0011, wanted low <= mid <= high`},
		{"[0.0009, 0.001, 0.0011]", "[-1, 0.001, 0.0011]", `shop.yaml:9: values[0].value: found "-1"`},
		{"[0.0009, 0.001, 0.0011]", "[0, 0.001, 0.0011]", `values[0].value: found 0, wanted 1e-09 to 10,000,000`},
		{"[0.0009, 0.001, 0.0011]", ".nan", `values[0].value: found ".nan"`},
		{"[0.9, 0.92, 0.95]", "[0.9, 0.92, 1.95]", `values[2].value: found 1.95, wanted 0 to 1`},
		{"unit: s\n", "unit: ms\n", `shop.yaml:10: values[0].unit: found "ms", wanted s for services.shop.demand`},
		{"    n: 12", "    n: 0", `shop.yaml:13: values[0].n: found 0`},
		{"    run: rush-1", "    run: rush-2", `shop.yaml:11: values[0].run: found "rush-2", wanted the name of one of the runs`},
		{"method: utilization law", `method: ""`, `values[0].method: found nothing`},
		{"services.shop.variability", "services.shop.demand", `values[1].field: found services.shop.demand twice`},
		{"services.shop.variability", "services.shop.latency", `values[1].field: found "services.shop.latency", wanted steps.NAME.share or`},
		{"services.orders-db.capacity", "services.shop.usl.gamma", `values[3].field: found services.shop.usl.gamma without services.shop.usl.alpha`},
	} {
		text := strings.Replace(measuredShop, c.old, c.new, 1)
		_, err := ParseCalibration("shop.yaml", []byte(text))
		var problems *strict.Error
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, wanted %q", c.new, err, c.want)
		}
	}
	for _, text := range []string{"", "a", "[]", "a: 1\n---\nb: 2\n", "a: [", "x: &a 1\ny: *a\n"} {
		if _, err := ParseCalibration("shop.yaml", []byte(text)); err == nil || strings.Contains(err.Error(), "scenario:") && text == "" {
			t.Errorf("%q: %v, wanted an error that speaks of a calibration", text, err)
		}
	}
}

func TestCalibrationIsReadAsItWasWritten(t *testing.T) {
	c := parseCalibration(t, measuredShop)
	text, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "shop.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := LoadCalibration(path)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	again.File = c.File
	for i := range again.Values {
		again.Values[i].line = c.Values[i].line
	}
	if !reflect.DeepEqual(again, c) {
		t.Errorf("%+v, wanted %+v", again, c)
	}
	if _, err := LoadCalibration(path + ".no"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v, wanted that there is no file", err)
	}
}

func TestOldCalibrationSaysSo(t *testing.T) {
	c := parseCalibration(t, measuredShop)
	at := time.Date(2026, 11, 12, 1, 0, 0, 0, time.UTC)
	if why := c.Stale(at.Add(89 * 24 * time.Hour)); why != "" {
		t.Errorf("%q after 89 days", why)
	}
	if why := c.Stale(at.Add(91 * 24 * time.Hour)); !strings.Contains(why, "91 days ago") {
		t.Errorf("%q after 91 days", why)
	}
	if why := c.Stale(at.Add(-25 * time.Hour)); !strings.Contains(why, "yet to come") {
		t.Errorf("%q the day before", why)
	}
}

func FuzzParseCalibration(f *testing.F) {
	f.Add(measuredShop)
	f.Add(uslShop)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCalibration("f", []byte(text))
		if err != nil {
			return
		}
		var in *model.InputError
		if p, err := NewCalibrated(load(t, "taobao-double11"), c, Options{Trials: 20}); err == nil {
			checkPlan(t, p)
		} else if !errors.As(err, &in) {
			t.Fatalf("error %v, want an InputError", err)
		}
	})
}

// What a flag sets stands over what was measured, by whatever path it names the field.
func TestFlagsStandOverMeasurements(t *testing.T) {
	for _, c := range []struct {
		kept  string
		stays []string // fields
	}{
		{"services.shop.demand", []string{"services.shop.demand"}}, {"services.1.demand", []string{"services.shop.demand"}}, {"services[1].demand", []string{"services.shop.demand"}},
		{"services.shop", []string{"services.shop.demand", "services.shop.variability"}}, {"services.item-cache.hit.0", []string{"services.item-cache.hit"}},
		{"services.shop.start", nil}, {"workload.users", nil},
		{"services", []string{"services.shop.demand", "services.shop.variability", "services.item-cache.hit", "services.orders-db.capacity"}},
	} {
		sc, measured := load(t, "taobao-double11"), parseCalibration(t, measuredShop)
		measured.Kept = []string{c.kept}
		out, changes, err := measured.Apply(sc)
		if err != nil {
			t.Fatal(err)
		}
		var stays []string
		for _, ch := range changes {
			if !ch.Applied && strings.HasPrefix(ch.Field, "services.") {
				stays = append(stays, ch.Field)
			}
		}
		if !reflect.DeepEqual(stays, c.stays) {
			t.Errorf("%s: %v stay as they are, want %v", c.kept, stays, c.stays)
		}
		if len(c.stays) > 0 && c.stays[0] == "services.shop.demand" && out.Services[1].Demand != sc.Services[1].Demand {
			t.Errorf("%s: the measured demand stands", c.kept)
		}
		p, err := NewCalibrated(sc, measured, Options{Trials: 20})
		if err != nil {
			t.Fatal(err)
		}
		if got := warning(p, "calibration-overridden"); (got == "") != (c.stays == nil) || !strings.HasPrefix(got, strings.Join(c.stays, ", ")) {
			t.Errorf("%s: warning %q, want one of %v", c.kept, got, c.stays)
		}
	}
}

func TestCalibrationsThatContradictThemselves(t *testing.T) {
	const demand = "  - {field: services.shop.variability, value: [0.1, 0.2, 0.3], unit: ratio, run: rush-1, method: quiet seconds, n: 900}\n"
	usl := func(gamma string) string {
		text := ""
		for _, v := range [][3]string{{"gamma", gamma, "1/s"}, {"alpha", "0.01", "ratio"}, {"beta", "0", "ratio"}, {"measured", "4", "instances"}} {
			text += "  - {field: services.shop.usl." + v[0] + ", value: " + v[1] + ", unit: " + v[2] + ", run: rush-1, method: fit, n: 9}\n"
		}
		return text
	}
	for _, c := range []struct{ old, new, want string }{
		{demand, usl("5000"), "shop.yaml:14: services.shop.usl.gamma: found 5k/s of one instance beside a demand of 900 us a call, of which its 4 cores can do 4.44k/s at most, wanted the two to agree"},
		{demand, usl("4000"), ""}, {demand, usl("[4000, 5000, 6000]"), ""},
		{demand, demand + "  - {field: steps.browse.share, value: [0.7, 0.8, 0.9], unit: ratio, run: rush-1, method: counted, n: 9}\n", "found shares of steps whose low values add up to 110 %, wanted at most 100 %"},
		{"[0.0009, 0.001, 0.0011]", "[0.00001, 0.001, 0.0011]", "shop.yaml:9: values[0].value: found points so far apart"},
		{"[0.0009, 0.001, 0.0011]", "[0.0009, 0.001, 1]", "shop.yaml:9: values[0].value: found points so far apart"},
		{"runs:\n", "runs:\n  - {name: rush-1}\n", "runs[1].name: found rush-1 twice, wanted different names"},
	} {
		text := strings.Replace(measuredShop, c.old, c.new, 1)
		m, err := ParseCalibration("shop.yaml", []byte(text))
		if err == nil {
			_, _, err = m.Apply(load(t, "taobao-double11"))
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.new, err, c.want)
		}
	}
}

// What the table of kinds gives a meaning can be measured: the CPU time of a database's writes, the rate of a service's instance.
func TestWhatCanBeMeasuredOfAKind(t *testing.T) {
	sc := load(t, "taobao-double11")
	for _, c := range [][2]string{
		{"services.shop.demand", "services.item-cache.demand"}, {"services.shop.demand", "services.orders-db.demand"}, {"services.orders-db.capacity", "services.gateway.capacity"},
	} {
		_, changes, err := parseCalibration(t, strings.Replace(measuredShop, c[0], c[1], 1)).Apply(sc)
		if err != nil || !slices.ContainsFunc(changes, func(ch Change) bool { return ch.Field == c[1] && ch.Applied }) {
			t.Errorf("%s: %v, changes %+v; wanted it planned with", c[1], err, changes)
		}
	}
}
