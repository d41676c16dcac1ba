package scenarios

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/request"
)

func TestSet(t *testing.T) {
	for set, got := range map[string]func(*Scenario) (found, wanted any){
		"workload.users=20M": func(s *Scenario) (any, any) { return s.Workload.Users, amount.Exactly[amount.Count](20e6) },
		"workload.peak=[1, 2, 3]": func(s *Scenario) (any, any) {
			return s.Workload.Peak, amount.Interval[float64]{Low: 1, Mid: 2, High: 3}
		},
		"workload.peak=1..3": func(s *Scenario) (any, any) {
			return s.Workload.Peak, amount.Interval[float64]{Low: 1, Mid: 2, High: 3}
		},
		"services.shop.demand=4ms":              func(s *Scenario) (any, any) { return s.Services[1].Demand, amount.Exactly(4 * time.Millisecond) },
		"services.1.demand=4ms":                 func(s *Scenario) (any, any) { return s.Services[1].Demand, amount.Exactly(4 * time.Millisecond) },
		"services[1].demand=4ms":                func(s *Scenario) (any, any) { return s.Services[1].Demand, amount.Exactly(4 * time.Millisecond) },
		"storm.phases[2].users=5":               func(s *Scenario) (any, any) { return s.Storm.Phases[2].Users, amount.Count(5) },
		"storm.drain=5s":                        func(s *Scenario) (any, any) { return s.Storm.Drain, 5 * time.Second },
		"rehearsal.scale=5%":                    func(s *Scenario) (any, any) { return s.Rehearsal.Scale, amount.Ratio(0.05) },
		"rehearsal={scale: 5%, workers: 3}":     func(s *Scenario) (any, any) { return *s.Rehearsal, Rehearsal{Scale: 0.05, Workers: 3} },
		"sale.sku='a=${n}'":                     func(s *Scenario) (any, any) { return s.Sale.SKU, "a=${n}" },
		"services.gateway.latency.limit=1s":     nil,
		"thresholds.http_req_failed=rate<1%":    func(s *Scenario) (any, any) { return s.Thresholds[3].Thresholds[0].Value, 0.01 },
		"feeders.user.fields.token='x\n  ${n}'": func(s *Scenario) (any, any) { return s.Feeders[0].Fields["token"], "x ${n}" },
		"ledger=answers": func(s *Scenario) (any, any) {
			return *s.Ledger, Ledger{Answers: true, Baseline: NoBaseline, Outcome: "placed", OrderID: "order_id"}
		},
		"ledger={answers: true}": func(s *Scenario) (any, any) {
			return *s.Ledger, Ledger{Answers: true, Baseline: NoBaseline, Outcome: "placed", OrderID: "order_id"}
		},
		"ledger.baseline=none": func(s *Scenario) (any, any) {
			return *s.Ledger, Ledger{URL: "/ledger", Baseline: NoBaseline, Outcome: "placed", OrderID: "order_id"}
		},
		"services.shop.start=90s":  func(s *Scenario) (any, any) { return s.Services[1].Start, 90 * time.Second },
		"estate.scaling.0.lead=5m": func(s *Scenario) (any, any) { return s.Estate.Scaling[0].Lead, 5 * time.Minute },
		"steps.order.request.json.gift=true": func(s *Scenario) (any, any) {
			return s.Steps[2].Request.JSON, request.JSON(`{"sku":"${sku}","quantity":1,"gift":true}`)
		},
	} {
		if got == nil {
			if found := problemsOf(t, exampleText(t), set); len(found) != 1 || !strings.HasPrefix(found[0], "0: services.gateway.latency.quantile: missing") {
				t.Errorf("--set %s: found %q", set, found)
			}
			continue
		}
		s := mustParse(t, exampleText(t), set)
		if found, wanted := got(s); !reflect.DeepEqual(found, wanted) {
			t.Errorf("--set %s: found %v, wanted %v", set, found, wanted)
		}
	}
}

func TestBadSet(t *testing.T) {
	for set, want := range map[string]string{
		"workload.usrs=5":              "0: workload.usrs: unknown key, wanted one of",
		"services.shop.demand=3":       `0: services.shop.demand: found "3", wanted a duration`,
		"steps.order.share=6%":         "29: steps: found shares that add up to 101 %",
		"storm.phases.0.to=T0-40s":     "104: storm.phases[0]: found from T0-30s and to T0-40s",
		"storm.phases.9.to=T0":         `0: --set storm.phases.9: no element "9", wanted an index below 4`,
		"services.shp.demand=3ms":      `0: --set services.shp: no element "shp", wanted an index below 4 or one of gateway, shop, stock-cache, orders-db`,
		"name.x=5":                     `0: --set name.x: found "live-drop", which has no fields`,
		"workload.users":               `0: found --set "workload.users", wanted PATH=VALUE`,
		"=5":                           `0: found --set "=5", wanted PATH=VALUE`,
		"workload..users=5":            `0: found --set "workload..users=5", wanted names`,
		"workload.users=":              `0: found --set workload.users with the value "", wanted a YAML value`,
		"workload.users={":             "0: found --set workload.users with the value",
		"workload.users=*x":            "0: found --set workload.users with the value",
		"journeys.buyer=&x [*x]":       "0: found the alias *x",
		"workload=~":                   "0: workload: found nothing, wanted a value",
		"sale.stock=0":                 "0: sale.stock: found 0",
		"services.shop.name=two\nshop": `0: services.two shop.name: found the name "two shop"`,
	} {
		if found := problemsOf(t, exampleText(t), set); len(found) == 0 || !strings.HasPrefix(found[0], want) {
			t.Errorf("--set %s: found %q, wanted %q", set, found, want)
		}
	}
	found := problemsOf(t, exampleText(t), "nonsense", "services.x.demand=1ms")
	if len(found) != 2 {
		t.Errorf("found %q, wanted both problems", found)
	}
	_, err := Parse("sale.yaml", []byte(exampleText(t)), "sale.stock=0")
	if want := "sale.yaml (set on the command line): sale.stock: found 0, wanted the pieces of each item, 1 to 1G"; err == nil || err.Error() != want {
		t.Errorf("found %v, wanted %s", err, want)
	}
}

// What was set must be in the document, which agents and the run directory get in place of the file.
func TestDocumentHoldsWhatWasSet(t *testing.T) {
	sets := []string{"workload.users=20M", "services[0].calls={browse: 2}", "rehearsal.scale=5%", "sale.sku='x ${n}'"}
	names := append(Builtin(), example)
	for _, name := range names {
		s, err := Load(name, sets...)
		if name == "kuaishou-live-drop" || name == "century-mart-coupons" { // these count requests, not users, and have other steps
			s, err = Load(name, "services[0].wait=10%", "rehearsal.scale=5%", "sale.sku='x ${n}'")
		}
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(s.File, s.Document)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, s.Document)
		}
		again.Document = s.Document
		if !reflect.DeepEqual(s, again) {
			t.Errorf("%s: the document reads differently:\n%s", name, s.Document)
		}
		if !slices.Equal(problemsOf(t, string(s.Document)), nil) {
			t.Errorf("%s: the document has problems", name)
		}
	}
	s := mustParse(t, exampleText(t))
	if string(s.Document) != exampleText(t) {
		t.Error("without --set the document is not the file's text")
	}
}

// A scenario can be varied after it was read: the file is not read again, and what was read stays as it was.
func TestWith(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sale.yaml")
	_, text, err := Read("taobao-double11")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := Load(path, "workload.users=5M")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	varied, err := s.With("workload.actions=7")
	if err != nil {
		t.Fatal(err)
	}
	if varied.Workload.Users != s.Workload.Users || varied.Workload.Actions == s.Workload.Actions || varied.File != path {
		t.Errorf("found %+v in %s, wanted the users of %+v with other actions", varied.Workload, varied.File, s.Workload)
	}
	if _, err := s.With("workload.actions=-1"); err == nil {
		t.Error("a value out of range was taken")
	}
	if same, err := s.With(); err != nil || same != s {
		t.Errorf("found %p, %v, wanted the scenario itself", same, err)
	}
}
