package scenarios

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/random"
	"fsctl/scenarios/strict"

	"pgregory.net/rapid"
)

// checkInvalid checks that a scenario is refused, with each of the words among what is wrong.
func checkInvalid(t *testing.T, what string, s *Scenario, words ...string) {
	t.Helper()
	err := s.Validate()
	var e *strict.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: error %v, want an *strict.Error", what, err)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: error %v, want %s in it", what, err, word)
		}
	}
	if strings.Contains(err.Error(), "command line") {
		t.Errorf("%s: %v, which was read from no command line", what, err)
	}
}

func TestWhatIsReadIsValid(t *testing.T) {
	for _, name := range append(Builtin(), example) {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*Scenario{s, s.Scaled(0.01)} {
			if err := s.Validate(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// A scenario that a program put together has no defaults and was not validated.
func TestScenariosThatWereNotLoaded(t *testing.T) {
	for name, c := range map[string]struct {
		s      *Scenario
		fields []string
	}{
		"empty":             {&Scenario{}, []string{"apiVersion", "kind", "name", "steps"}},
		"an empty workload": {&Scenario{Workload: Workload{Origins: map[string]amount.Count{"store": 1}}}, []string{"workload.users", "workload.peak", "workload.busy.share", "workload.busy.window", "steps"}},
		"bare services": {&Scenario{
			Workload: Workload{Requests: amount.Exactly(amount.Count(1e6)), Peak: amount.Exactly(2.0), Busy: Busy{Share: 1, Window: time.Hour}},
			Steps:    strict.Keyed[Step]{{Name: "a", Share: 1}},
			Services: []Service{{Name: "x", Kind: "service", Misses: "y"}, {Name: "y", Kind: "cache", Misses: "x"}, {Name: "y", Kind: "thing", Misses: "z"}},
		}, []string{"services.x.demand", "services.x.utilization", "services.x.wait", "services.x.instance.cores", "services.y.capacity", "services.y.kind", "services.y.misses", "services.y: found twice"}},
		"a circle": {&Scenario{
			Services: []Service{{Name: "x", Kind: "cache", Misses: "y"}, {Name: "y", Kind: "cache", Misses: "x"}},
		}, []string{"services.x.misses: found a circle of misses", "services.y.misses: found a circle of misses"}},
		"disorder": {&Scenario{
			Workload: Workload{Requests: amount.Interval[amount.Count]{Low: 3, Mid: 2, High: 1}, Peak: amount.Exactly(2.0), Busy: Busy{Share: 1, Window: time.Hour}},
			Steps:    strict.Keyed[Step]{{Name: "a", Share: 2}},
		}, []string{"workload.requests: found 3, 2, 1", "steps.a.share"}},
	} {
		checkInvalid(t, name, c.s, c.fields...)
	}
}

func TestEstatesThatWereNotLoaded(t *testing.T) {
	for field, e := range map[string]Estate{
		"estate.event_duration":                {},
		"estate.margin":                        {EventDuration: time.Hour, Margin: -1},
		"estate.survive_zones":                 {EventDuration: time.Hour, Zones: 1, SurviveZones: 1},
		"estate.pools.a.billing":               {EventDuration: time.Hour, Pools: []Pool{{Name: "a", Cores: 1}}},
		"estate.pools.b.cores":                 {EventDuration: time.Hour, Pools: []Pool{{Name: "b", Cores: amount.Count(math.Inf(1)), Billing: Reserved}}},
		"estate.pools.c.price":                 {EventDuration: time.Hour, Pools: []Pool{{Name: "c", Price: new(math.NaN()), Billing: Reserved}}},
		"estate.pools.d.provision.cores":       {EventDuration: time.Hour, Pools: []Pool{{Name: "d", Provision: &Provision{Within: time.Hour}, Billing: OnDemand}}},
		"estate.pools.e.provision.within":      {EventDuration: time.Hour, Pools: []Pool{{Name: "e", Provision: &Provision{Cores: 1}, Billing: OnDemand}}},
		"estate.scaling[0].policy: found \"\"": {EventDuration: time.Hour, Scaling: []Scaling{{Service: "shop"}}},
	} {
		s := mustParse(t, exampleText(t))
		s.Estate = &e
		checkInvalid(t, field, s, field)
	}
}

func TestMoneyHasARange(t *testing.T) {
	s := mustParse(t, exampleText(t))
	s.Sale.Margin = 1e13
	checkInvalid(t, "margin", s, "sale.margin: found 10000000000000, wanted at most 1T")
}

func TestStormsThatWereNotLoaded(t *testing.T) {
	for field, change := range map[string]func(*Storm){
		"storm.phases[0].rate":    func(s *Storm) { s.Phases[0].Rate.To = -1 },
		"storm.phases[0].from":    func(s *Storm) { s.Phases[0].From = instant(-2 * quantity.Longest) },
		"storm.phases[0].to":      func(s *Storm) { s.Phases[0].To = nil },
		"storm.lateness.share":    func(s *Storm) { s.Lateness.Share = 2 },
		"storm.phases[0].spacing": func(s *Storm) { s.Phases[0].Spacing = "odd" },
	} {
		s := mustParse(t, exampleText(t))
		change(s.Storm)
		checkInvalid(t, field, s, strings.TrimSuffix(field, ".to"))
	}
}

// Whatever one number of a scenario is changed to, Validate says what Parse would say.
func TestValidateAgreesWithParse(t *testing.T) {
	fields := map[string]func(*Scenario, float64){
		"workload.busy.share":         func(s *Scenario, x float64) { s.Workload.Busy.Share = amount.Ratio(x) },
		"services.shop.utilization":   func(s *Scenario, x float64) { s.Services[1].Utilization = amount.Ratio(x) },
		"services.shop.wait":          func(s *Scenario, x float64) { s.Services[1].Wait = amount.Ratio(x) },
		"sale.margin":                 func(s *Scenario, x float64) { s.Sale.Margin = x },
		"sale.popularity.zipf":        func(s *Scenario, x float64) { s.Sale.Popularity.Zipf = x },
		"workload.peak":               func(s *Scenario, x float64) { s.Workload.Peak = amount.Exactly(x) },
		"services.shop.variability":   func(s *Scenario, x float64) { s.Services[1].Variability = pointer(amount.Exactly(x)) },
		"services.orders-db.capacity": func(s *Scenario, x float64) { s.Services[3].Capacity = amount.Exactly(amount.Rate(x)) },
	}
	text := exampleText(t)
	rapid.Check(t, func(rt *rapid.T) {
		names := slices.Sorted(maps.Keys(fields))
		field := rapid.SampledFrom(names).Draw(rt, "field")
		x := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, 0.5, 1, 2, 10, 1e12, 1e13})).Draw(rt, "value") + 0 // no -0, whose text has a sign
		s := mustParse(t, text)
		unit := ""
		if strings.HasSuffix(field, "capacity") {
			unit = "/s"
		}
		fields[field](s, x)
		_, read := Parse(example, []byte(text), field+"="+strconv.FormatFloat(x, 'g', -1, 64)+unit)
		if changed := s.Validate(); (changed == nil) != (read == nil) {
			rt.Fatalf("%s = %g: changed %v, read %v", field, x, changed, read)
		}
	})
}

// TestValidateTakesWhatParseGives holds that what Parse has filled in is valid, in scenarios without defaults too.
func TestValidateTakesWhatParseGives(t *testing.T) {
	for _, name := range Builtin() {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := mustParse(t, exampleText(t))
	if s.Sale.Margin = 0; s.Validate() != nil {
		t.Errorf("without a margin: %v", s.Validate())
	}
}

func TestLawsBeyondAnyRun(t *testing.T) {
	if amount.CheckLaw(&random.Distribution{Lognormal: &random.Lognormal{Median: quantity.Longest, Sigma: 5}}) == nil {
		t.Error("a law that reaches beyond any run is accepted")
	}
}
