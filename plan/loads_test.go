package plan

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fsctl/plan/model"
	"fsctl/scenarios"
)

// checkLoads checks what must hold of the loads of every plan: the steps' rates are the total's, in each load, and services are sized for
// the largest where nothing else is asked for.
func checkLoads(t testing.TB, p *Plan) {
	t.Helper()
	d := &p.Demand
	for _, l := range []struct {
		name  string
		total *Estimate
		of    func(*StepDemand) *Estimate
	}{
		{"day", &d.PeakQPS, func(s *StepDemand) *Estimate { return s.DayQPS }},
		{"event", &d.EventQPS, func(s *StepDemand) *Estimate { return s.EventQPS }},
		{"storm", d.StormQPS, func(s *StepDemand) *Estimate { return s.StormQPS }},
		{"burst", d.StormBurstQPS, func(s *StepDemand) *Estimate { return s.StormBurstQPS }},
	} {
		sum, has := 0.0, false
		for i := range d.Steps {
			if e := l.of(&d.Steps[i]); e != nil {
				sum, has = sum+e.Mid, true
			}
		}
		if has && math.Abs(sum-l.total.Mid) > 1e-9*sum {
			t.Errorf("%s: the steps have %.9g/s and all requests %.9g/s, want the same", l.name, sum, l.total.Mid)
		}
	}
	largest := func(name string, peak Estimate, l Loads) {
		most := 0.0
		for _, e := range []*Estimate{l.DayQPS, l.EventQPS, l.StormQPS} {
			if e != nil {
				most = max(most, e.Mid)
			}
		}
		if most != peak.Mid && p.SizeFor == model.Largest {
			t.Errorf("%s: sized for %.9g/s, want its largest load, %.9g/s", name, peak.Mid, most)
		}
	}
	for i := range d.Steps {
		largest(d.Steps[i].Name, d.Steps[i].PeakQPS, d.Steps[i].Loads)
	}
	for i := range p.Services {
		if s := &p.Services[i]; s.Kind != "database" && s.Kind != "queue" { // which tell calls apart
			largest(s.Name, s.PeakQPS, s.Loads)
		}
	}
}

const largeStorm = `apiVersion: fsctl/v1
kind: Scenario
name: large-storm
workload: {requests: 8.64M, busy: {share: 100%, window: 24h}, peak: 2}
steps: {order: {share: 100%, transaction: true, request: {method: POST, url: /orders}}}
services: [{name: web, kind: service, calls: {order: 1}, demand: 10ms}]
storm: {t0: 10s, phases: [{journey: buyer, at: T0, users: 5k, reaction: {uniform: [0s, 1s]}}]}
journeys: {buyer: [order]}
`

func parsed(t testing.TB, text string, set ...string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse("x.yaml", []byte(text), set...)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// A storm above the day's peak is what services are sized for, unless the day is asked for.
func TestSizedForTheLargest(t *testing.T) {
	for _, c := range []struct {
		set     []string
		sizeFor string
		load    string
		rate    float64
		warning string
	}{
		{nil, "", "storm", 5000, "storm-above-event"},
		{nil, "storm", "storm", 5000, "storm-above-event"},
		{nil, "day", "day", 200, "size-for"},
		{[]string{"workload.event={order: 50}"}, "", "event", 5000, ""},
		{[]string{"workload.event={order: 58}"}, "", "event", 5800, ""},
		{[]string{"workload.event={order: 58}"}, "storm", "storm", 5000, "size-for"},
		{[]string{"workload.event={order: 90}"}, "", "event", 9000, "storm-below-event"},
		{[]string{"workload.event={order: 1}"}, "", "storm", 5000, "event-below-day-peak"},
		{[]string{"storm.phases.0.users=100"}, "", "day", 200, ""},
		{[]string{"storm.phases.0.users=100", "workload.event={order: 1}"}, "", "day", 200, "event-below-day-peak"},
	} {
		p := newPlan(t, parsed(t, largeStorm, c.set...), Options{Trials: 10, SizeFor: c.sizeFor})
		web := service(t, p, "web")
		near(t, "rate", web.PeakQPS.Mid, c.rate, 1e-9)
		if p.Demand.SizedFor != c.load || web.SizedFor != c.load || p.Demand.Steps[0].SizedFor != c.load {
			t.Errorf("%v for %q: sized for %s, %s and %s, want %s", c.set, c.sizeFor, p.Demand.SizedFor, web.SizedFor, p.Demand.Steps[0].SizedFor, c.load)
		}
		if least := math.Ceil(c.rate * .01 / .7); web.Instances.Mid < least || web.Instances.Mid > least+2 {
			t.Errorf("%v for %q: %g instances, want some %g", c.set, c.sizeFor, web.Instances.Mid, least)
		}
		if c.warning != "" && warning(p, c.warning) == "" {
			t.Errorf("%v for %q: no warning %s in %+v", c.set, c.sizeFor, c.warning, p.Warnings)
		}
		if spread := warning(p, "storm-above-event") + warning(p, "storm-below-event"); c.warning == "" && spread != "" {
			t.Errorf("%v for %q: warning %q, want none", c.set, c.sizeFor, spread)
		}
	}
}

func TestLoadsThatAreNotThere(t *testing.T) {
	for _, sizeFor := range []string{"event", "storm", "evening"} {
		_, err := New(flags(t), Options{SizeFor: sizeFor})
		if input, ok := errors.AsType[*model.InputError](err); !ok || input.Field != "size-for" {
			t.Errorf("%s: error %v, want one of size-for", sizeFor, err)
		}
	}
}

// Without a workload the storm alone is planned for.
func TestStormWithoutAWorkload(t *testing.T) {
	text := strings.Replace(largeStorm, "workload: {requests: 8.64M, busy: {share: 100%, window: 24h}, peak: 2}\n", "", 1)
	p := newPlan(t, parsed(t, strings.Replace(text, "share: 100%, ", "", 1)), Options{Trials: 10})
	if web := service(t, p, "web"); p.Demand.SizedFor != "storm" || web.Instances.Mid != 72 || web.DayQPS != nil || web.EventQPS != nil {
		t.Errorf("sized for %s: %+v, want 72 instances for the storm, and neither day nor event", p.Demand.SizedFor, web)
	}
	if p.Demand.PeakQPS.High != 0 || p.Demand.EventQPS.High != 0 || warning(p, "storm-alone") == "" {
		t.Errorf("%+v with %+v, want no day, and that said", p.Demand, p.Warnings)
	}
	if _, err := New(parsed(t, "apiVersion: fsctl/v1\nkind: Scenario\nname: x\nsteps: {a: {request: {url: /}}}\nservices: [{name: s, kind: service, calls: {a: 1}, demand: 1ms}]\n"), Options{}); err == nil || !strings.Contains(err.Error(), "workload: found none, and no storm") {
		t.Errorf("error %v, want one that asks for a workload or a storm", err)
	}
}

// A service has its own busiest second: here that of b comes 5 s after that of all requests.
func TestEachServiceHasItsOwnSecond(t *testing.T) {
	p := newPlan(t, parsed(t, `apiVersion: fsctl/v1
kind: Scenario
name: two-seconds
steps: {a: {request: {url: /a}}, b: {request: {url: /b}}}
services:
  - {name: both, kind: service, calls: {a: 1, b: 1}, demand: 10ms}
  - {name: late, kind: cache, calls: {b: 2}, capacity: 1k/s, hit: 90%, misses: db}
  - {name: db, kind: database, capacity: 1k/s, writes: 10%}
storm: {t0: 1s, phases: [{journey: j, at: T0, users: 1000}, {journey: k, at: T0+5s, users: 400}]}
journeys: {j: [a], k: [b]}
`), Options{Trials: 10})
	near(t, "both", service(t, p, "both").PeakQPS.Mid, 1000, 1e-9)
	near(t, "late", service(t, p, "late").PeakQPS.Mid, 800, 1e-9)
	near(t, "db, by misses", service(t, p, "db").PeakQPS.Mid, 80, 1e-9)
	near(t, "late in 100 ms", service(t, p, "late").StormBurstQPS.Mid, 8000, 1e-9)
	if p.Demand.StormAt != "T0" || p.Demand.Steps[1].StormQPS.Mid != 0 {
		t.Errorf("busiest at %s with %g/s of b, want T0 without it", p.Demand.StormAt, p.Demand.Steps[1].StormQPS.Mid)
	}
}

// Uncertain parts of a journey make the storm uncertain. One input stands for all of them.
func TestUncertainStorm(t *testing.T) {
	sc := parsed(t, strings.Replace(largeStorm, "[order]", "[{if: \"status == 200\", do: [order], expect: [20%, 50%, 80%]}]", 1))
	p := newPlan(t, sc, Options{Trials: 20_000})
	e := *p.Demand.StormQPS
	for name, c := range map[string][2]float64{"low": {e.Low, 1000}, "mid": {e.Mid, 2500}, "high": {e.High, 4000}, "p50": {e.P50, 2500}, "p95": {e.P95, 4000}} {
		near(t, name, c[0], c[1], 0.01)
	}
	if len(p.Tornado) != 1 || p.Tornado[0].Input != "storm" {
		t.Errorf("tornado %+v, want the storm alone", p.Tornado)
	}
}

var suggested = regexp.MustCompile(`workload\.event: (\{[^}]*\})|storm\.phases\[(\d+)\]\.(users|rate): (\[[^\]]*\]|[^\s,]+)`)

// ways returns what a warning suggests, as values to set: those of the event and those of the storm.
func ways(message string) [2][]string {
	var ofEvent, ofStorm []string
	for _, way := range suggested.FindAllStringSubmatch(message, -1) {
		if way[2] == "" {
			ofEvent = append(ofEvent, "workload.event="+way[1])
		} else {
			ofStorm = append(ofStorm, fmt.Sprintf("storm.phases.%s.%s=%s", way[2], way[3], way[4]))
		}
	}
	return [2][]string{ofEvent, ofStorm}
}

// Whoever does what a warning says is not warned again.
func TestSuggestionsBringTheLoadsTogether(t *testing.T) {
	for _, set := range [][]string{
		nil, {"workload.event={order: 90}"}, {"workload.event={order: 2}"},
		{"storm.phases.0={journey: buyer, from: T0, to: T0+10s, rate: 3k/s}"}, {"storm.phases.0={journey: buyer, from: T0, to: T0+10s, rate: [1/s, 3k/s]}", "workload.event={order: 3}"},
		// without the first phase another second is the busiest, and asks for more than the event
		{"storm.phases=[{journey: buyer, at: T0+2s, users: 20k}, {journey: buyer, from: T0, to: T0+1s, rate: 2k/s}]"},
		{"storm.phases=[{journey: buyer, at: T0, users: 20k}, {journey: buyer, at: T0+5s, users: 4k}, {journey: buyer, at: T0+9s, users: 3k}]"},
		// the end of a ramp that is hardly there
		{"storm.phases=[{journey: buyer, from: T0, to: T0+10s, rate: [90k/s, 0.2/s]}, {journey: buyer, from: T0, to: T0+5s, rate: 10/s}]"},
	} {
		text := largeStorm
		w := LoadWarnings(parsed(t, text, set...))
		if len(w) == 0 {
			t.Fatalf("%v: no warning", set)
		}
		for _, changes := range ways(w[0].Message) {
			if len(changes) == 0 {
				t.Errorf("%q: want a way of the event and one of the storm", w[0].Message)
			}
			if again := LoadWarnings(parsed(t, text, slices.Concat(set, changes)...)); len(again) != 0 {
				t.Errorf("%v and then %s: %+v, want no warning", set, changes, again)
			}
		}
	}
}

// Of many phases none is named that does not bring the two together.
func TestManyPhasesAreNotNamed(t *testing.T) {
	var phases []string
	for at := range 2 * mostPhases {
		phases = append(phases, fmt.Sprintf("{journey: buyer, at: T0+%ds, users: 9k}", 3*at))
	}
	w := LoadWarnings(parsed(t, largeStorm, "storm.phases=["+strings.Join(phases, ", ")+"]"))
	if len(w) != 1 || strings.Contains(w[0].Message, "phases") || !strings.Contains(w[0].Message, "workload.event: {order: 90}") {
		t.Errorf("%+v, want a warning that names the event alone", w)
	}
}

// The built-in scenarios agree with themselves.
func TestBuiltinsAgreeWithThemselves(t *testing.T) {
	for _, name := range append(scenarios.Builtin(), "../scenarios/template.yaml") {
		sc := load(t, name)
		if w := LoadWarnings(sc); len(w) != 0 {
			t.Errorf("%s: %+v, want no warning", name, w)
		}
		d := newPlan(t, sc, Options{Trials: 10}).Demand
		if spread := d.StormQPS.Mid / d.EventQPS.Mid; spread < 1/mostSpread || spread > mostSpread {
			t.Errorf("%s: the storm is %g of the event, want them within 20 %%", name, spread)
		}
		if load, rate := SizedFor(sc); load != d.SizedFor || rate != max(d.StormQPS.Mid, d.EventQPS.Mid) {
			t.Errorf("%s: sized for %s of %g/s, want what the plan says", name, load, rate)
		}
	}
}

// randomSale draws a scenario with all three loads; more multiplies them.
func randomSale(rt *rapid.T) func(more float64) string {
	number := func(name string, least, most float64) float64 { return rapid.Float64Range(least, most).Draw(rt, name) }
	event, order, users, rate := number("event", 1, 100), number("order", 1, 100), number("users", 1, 1e5), number("rate", 1, 5000)
	requests, peak := number("requests", 1e4, 1e9), number("peak", 1, 4)
	expect, think := number("expect", 0.05, 1), rapid.IntRange(0, 3000).Draw(rt, "think")
	hit, calls := number("hit", 0, 1), rapid.IntRange(0, 3).Draw(rt, "calls")
	return func(more float64) string {
		return fmt.Sprintf(`apiVersion: fsctl/v1
kind: Scenario
name: random
workload: {requests: [%.6f, %.6f, %.6f], peak: %g, event: {look: %g, order: %g}}
steps: {look: {share: 80%%, request: {url: /}}, order: {share: 20%%, transaction: true, request: {url: /o}, outcome: {placed: "status 200"}}}
services:
  - {name: web, kind: service, calls: {look: 1, order: %d}, demand: [1ms, 3ms, 9ms], instance: {cores: 2}}
  - {name: items, kind: cache, calls: {look: 2}, hit: %g, misses: db, capacity: [1k/s, 2k/s, 4k/s]}
  - {name: db, kind: database, calls: {order: 2}, writes: 50%%, capacity: [1k/s, 2k/s, 4k/s]}
  - {name: line, kind: queue, calls: {order: 1}, capacity: 300/s, drain: 30s}
  - {name: pay, kind: function, calls: {order: 1}, demand: 50ms}
storm:
  t0: 10s
  phases:
    - {journey: visitor, from: T0-5s, to: T0+5s, rate: %.6f/s}
    - {journey: buyer, at: T0, users: %.0f, reaction: {lognormal: {median: 500ms, sigma: 0.5}}}
journeys: {visitor: [look], buyer: [look, {think: %dms}, {if: "status == 200", do: [order], expect: [%g, %g, %g]}]}
`, requests*more*.7, requests*more, requests*more*1.5, peak, event, order, calls, hit, rate*more, math.Ceil(users)*more, think, expect/2, expect*.8, expect)
	}
}

// More load never needs less of anything, and each plan's loads are those of its steps.
func TestMoreLoadNeverNeedsLess(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := randomSale(rt)
		less := newPlan(t, parsed(t, text(1)), Options{Trials: 50, Seed: 1})
		more := newPlan(t, parsed(t, text(float64(rapid.IntRange(2, 10).Draw(rt, "more")))), Options{Trials: 50, Seed: 1})
		check := func(what string, a, b Estimate) {
			for i, v := range []float64{a.Low, a.Mid, a.High, a.P50, a.P95, a.P99} {
				if w := []float64{b.Low, b.Mid, b.High, b.P50, b.P95, b.P99}[i]; w < v*(1-1e-9) {
					rt.Fatalf("%s: %+v, and with more load %+v", what, a, b)
				}
			}
		}
		for i := range less.Services {
			a, b := &less.Services[i], &more.Services[i]
			if a.Kind != "database" && a.Kind != "queue" { // which may be sized for a load with more writes, or one that lasts, and fewer calls
				check(a.Name+" rate", a.PeakQPS, b.PeakQPS)
			}
			check(a.Name+" cores", a.CPUCores, b.CPUCores)
			check(a.Name+" instances", a.Instances, b.Instances)
		}
		check("storm", *less.Demand.StormQPS, *more.Demand.StormQPS)
		check("cores", less.Totals.CPUCores, more.Totals.CPUCores)
		kind := rapid.SampledFrom(model.LoadKinds()).Draw(rt, "kind") // one load alone never needs more than the largest
		only := newPlan(t, parsed(t, text(1)), Options{Trials: 50, Seed: 1, SizeFor: kind})
		for i := range less.Services {
			a, b := only.Services[i].Instances, less.Services[i].Instances // the percentiles are shares of another size
			check(kind+" alone", Estimate{Low: a.Low, Mid: a.Mid, High: a.High}, Estimate{Low: b.Low, Mid: b.Mid, High: b.High})
			check(kind+" alone, cores needed", only.Services[i].NeededCores, less.Services[i].NeededCores)
		}
	})
}

// A storm that sends nothing is none.
func TestStormOfZeroIsAbsent(t *testing.T) {
	text := strings.Replace(largeStorm, "[order]", "[{if: \"status == 200\", do: [order], expect: 0%}]", 1)
	p := newPlan(t, parsed(t, text), Options{Trials: 10})
	if p.Demand.StormQPS != nil || p.Demand.SizedFor != "day" || service(t, p, "web").StormQPS != nil {
		t.Errorf("%+v, want no storm", p.Demand)
	}
}

// What a warning says helps in any scenario: the loads are closer than before, and mostly together.
func TestSuggestionsHelpAnySale(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := randomSale(rt)(1) + fmt.Sprintf("sale: {stock: %d}\n", rapid.IntRange(1, 1e6).Draw(rt, "stock"))
		w := LoadWarnings(parsed(t, text))
		const mix = "for other transactions" // which is another disagreement, once the totals agree
		if len(w) == 0 || strings.Contains(w[0].Message, mix) {
			return
		}
		for _, changes := range ways(w[0].Message) {
			if len(changes) == 0 { // such as of a single user, who cannot be fewer
				continue
			}
			for _, again := range LoadWarnings(parsed(t, text, changes...)) {
				if strings.HasPrefix(again.Code, "storm-") && !strings.Contains(again.Message, mix) {
					rt.Errorf("%s\nand then %s: %s", w[0].Message, changes, again.Message)
				}
			}
		}
	})
}

// An event and a storm of the same size and other transactions are not of the same sale.
func TestTransactionsOfEventAndStorm(t *testing.T) {
	const text = `apiVersion: fsctl/v1
kind: Scenario
name: mix
workload: {requests: 8.64M, busy: {share: 100%, window: 24h}, peak: 1, event: {look: 9, buy: ORDERS}}
steps: {look: {share: 50%, request: {url: /}}, buy: {share: 50%, transaction: true, request: {url: /o}}}
services: [{name: web, kind: service, calls: {look: 1, buy: 1}, demand: 1ms}]
storm: {t0: 5s, phases: [{journey: looker, from: T0, to: T0+10s, rate: 900/s}, {journey: buyer, from: T0, to: T0+10s, rate: 100/s}]}
journeys: {looker: [look], buyer: [buy]}
`
	for orders, want := range map[string]string{"11": "workload.event: {look: 18, buy: 2}", "2.1": ""} {
		w := LoadWarnings(parsed(t, strings.Replace(strings.Replace(text, "look: 9", map[string]string{"11": "look: 9", "2.1": "look: 17.9"}[orders], 1), "ORDERS", orders, 1)))
		switch {
		case want == "" && len(w) > 0:
			t.Errorf("buy: %s: %v, want no warning", orders, w)
		case want != "" && (len(w) != 1 || w[0].Code != "storm-below-event" || !strings.Contains(w[0].Message, want)):
			t.Errorf("buy: %s: %v, want %q", orders, w, want)
		}
	}
}
