// Package scenariotest draws scenarios at random for property tests: valid ones, of all kinds of services, with estates, storms,
// journeys and sales.
package scenariotest

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"fsctl/scenarios"
)

// Draw returns a scenario drawn at random. It fails the test where the text that it drew is not valid.
func Draw(t *rapid.T) *scenarios.Scenario {
	text := Text(t)
	sc, err := scenarios.Parse("drawn.yaml", []byte(text))
	if err != nil {
		t.Fatalf("a drawn scenario is not valid: %v\n%s", err, text)
	}
	return sc
}

// Text returns the text of a valid scenario drawn at random.
func Text(t *rapid.T) string {
	d := &drawing{t: t}
	d.line("apiVersion: fsctl/v1")
	d.line("kind: Scenario")
	d.line("name: drawn")
	d.hasStorm = d.sometimes("storm", 2)
	d.steps = d.stepNames()
	d.workload()
	d.stepsPart()
	d.servicesPart()
	if d.hasSale = d.sometimes("sale", 2); d.hasSale {
		d.line("sale: {items: %d, stock: %d, popularity: {zipf: %s}}", d.int("items", 1, 50), d.int("stock", 1, 100_000), d.number("zipf", 0, 1.5))
	}
	if d.sometimes("estate", 2) {
		d.estatePart()
	}
	if d.hasStorm {
		d.stormPart()
	}
	return d.text.String()
}

// drawing is a scenario that is being drawn.
type drawing struct {
	t        *rapid.T
	text     strings.Builder
	hasStorm bool
	hasSale  bool
	steps    []string
	shares   []int // percent of each step
	services []drawn
}

// drawn is a service that other parts refer to.
type drawn struct{ name, kind string }

func (d *drawing) line(format string, args ...any) { fmt.Fprintf(&d.text, format+"\n", args...) }

func (d *drawing) int(label string, low, high int) int {
	return rapid.IntRange(low, high).Draw(d.t, label)
}

func (d *drawing) sometimes(label string, oneIn int) bool {
	return rapid.IntRange(1, oneIn).Draw(d.t, label) == oneIn
}

func (d *drawing) number(label string, low, high float64) string {
	return fmt.Sprintf("%.3f", rapid.Float64Range(low, high).Draw(d.t, label))
}

// interval is a number, certain or with a range, each point within the bounds.
func (d *drawing) interval(label string, low, high float64, unit string) string {
	mid := rapid.Float64Range(low, high).Draw(d.t, label)
	if d.sometimes(label+" is certain", 2) {
		return fmt.Sprintf("%.4f%s", mid, unit)
	}
	below := rapid.Float64Range(max(low, mid/4), mid).Draw(d.t, label+" low")
	above := rapid.Float64Range(mid, min(high, mid*4)).Draw(d.t, label+" high")
	return fmt.Sprintf("[%.4f%s, %.4f%s, %.4f%s]", below, unit, mid, unit, above, unit)
}

func (d *drawing) oneOf(label string, words ...string) string {
	return rapid.SampledFrom(words).Draw(d.t, label)
}

func (d *drawing) stepNames() []string {
	all := []string{"order", "item", "browse", "poll"}
	return all[:d.int("steps", 1, len(all))]
}

func (d *drawing) workload() {
	left := 100
	for i := range d.steps {
		share := left
		if i < len(d.steps)-1 {
			share = d.int("share", 1, left-(len(d.steps)-1-i))
		}
		d.shares = append(d.shares, share)
		left -= share
	}
	people := fmt.Sprintf("requests: %s", d.interval("requests", 1e3, 1e9, ""))
	if d.sometimes("people", 3) {
		people = fmt.Sprintf("users: %s, active: %s, actions: %s", d.interval("users", 1e3, 1e7, ""), d.interval("active", 1, 100, "%"), d.interval("actions", 1, 100, ""))
	}
	busy := d.oneOf("busy", "{share: 80%, window: 5h}", "{share: 100%, window: 24h}", "{share: 30%, window: 1h}", "{share: 50%, window: 12h}")
	var event []string
	for _, step := range d.steps {
		if d.sometimes("event of "+step, 3) {
			event = append(event, step+": "+d.interval("event", 0.5, 100, ""))
		}
	}
	if len(event) > 0 {
		people += fmt.Sprintf(", event: {%s}", strings.Join(event, ", "))
	}
	d.line("workload: {%s, busy: %s, peak: %s}", people, busy, d.interval("peak", 1, 5, ""))
}

func (d *drawing) stepsPart() {
	d.line("steps:")
	for i, step := range d.steps {
		transaction := ""
		if step == "order" {
			transaction = "transaction: true, "
		}
		url := "/" + step
		if d.sometimes(step+" names the item", 2) {
			url += "/${sku}"
		}
		d.line("  %s: {share: %d%%, %srequest: {url: %q}}", step, d.shares[i], transaction, url)
	}
}

// kindsOf are the services of a drawn scenario, in the order in which they call each other: each may lead on to the next ones.
func (d *drawing) servicesPart() {
	d.line("services:")
	count := d.int("services", 1, 6)
	for i := range count {
		kind := d.oneOf("kind", "service", "cache", "database", "queue", "function")
		d.services = append(d.services, drawn{fmt.Sprintf("%s%d", kind, i), kind})
	}
	for i, s := range d.services {
		var fields []string
		add := func(format string, args ...any) { fields = append(fields, fmt.Sprintf(format, args...)) }
		add("name: %s", s.name)
		add("kind: %s", s.kind)
		var calls []string
		for _, step := range d.steps {
			if d.sometimes(step+" calls "+s.name, 2) {
				calls = append(calls, fmt.Sprintf("%s: %d", step, d.int("calls", 1, 3)))
			}
		}
		if len(calls) > 0 {
			add("calls: {%s}", strings.Join(calls, ", "))
		}
		next := ""
		if i+1 < count && d.sometimes(s.name+" leads on", 2) {
			next = d.services[d.int("to", i+1, count-1)].name
		}
		d.fields(s, next, add)
		d.line("  - {%s}", strings.Join(fields, ", "))
	}
}

// fields draws what the kind of a service has.
func (d *drawing) fields(s drawn, next string, add func(string, ...any)) {
	works := s.kind == "service" || s.kind == "function" || d.sometimes(s.name+" has a demand", 3)
	if works {
		add("demand: %s", d.interval("demand", 0.1, 100, "ms"))
		if d.sometimes("variability", 3) {
			add("variability: %s", d.interval("variability of "+s.name, 0.2, 4, ""))
		}
	}
	if s.kind == "cache" || s.kind == "database" || s.kind == "queue" && !works {
		add("capacity: %s", d.interval("capacity", 100, 100_000, "/s"))
	}
	if s.kind != "function" && (works || d.sometimes("cores", 2)) {
		add("instance: {cores: %d}", d.int("cores of "+s.name, 1, 16))
	}
	if d.sometimes("utilization", 3) {
		add("utilization: %d%%", d.int("utilization of "+s.name, 30, 100))
	}
	if works && s.kind != "queue" && d.sometimes("wait", 3) {
		add("wait: %d%%", d.int("wait of "+s.name, 1, 100))
	}
	add("start: %ds", d.int("start", 0, 120))
	if d.sometimes("quota", 6) {
		add("quota: %s/s", d.number("quota of "+s.name, 1, 1e6))
	}
	switch s.kind {
	case "cache":
		add("hit: %s", d.interval("hit", 10, 100, "%"))
		if next != "" {
			add("misses: %s", next)
		}
		add("key_copies: %d", d.int("copies", 1, 8))
	case "database":
		add("writes: %d%%", d.int("writes", 0, 100))
		if d.sometimes("hot row", 3) {
			add("hot_row: %s/s", d.number("hot row of "+s.name, 10, 1e5))
		}
	case "queue":
		if next != "" {
			add("to: %s", next)
		}
		if d.sometimes("drain", 2) {
			add("drain: %ds", d.int("drain of "+s.name, 1, 3600))
		}
		if d.sometimes("partitions", 4) {
			add("partitions: %d", d.int("partitions of "+s.name, 1, 1000))
		}
	case "function":
		if d.sometimes("provisioned", 3) {
			add("provisioned: %d", d.int("provisioned of "+s.name, 1, 100))
		}
		if d.sometimes("burst", 3) {
			add("burst: {instances: %d, rate: %d/s}", d.int("burst of "+s.name, 0, 1000), d.int("rate of burst", 1, 100))
		}
	default:
		if next != "" {
			add("hit: %d%%", d.int("local hits", 0, 90))
			add("misses: %s", next)
		}
		if d.sometimes("latency", 4) {
			add("latency: {quantile: %d%%, limit: %dms}", d.int("quantile", 50, 99), d.int("limit", 1, 2000))
		}
	}
}

func (d *drawing) estatePart() {
	d.line("estate:")
	zones := d.int("zones", 1, 4)
	d.line("  zones: %d", zones)
	d.line("  survive_zones: %d", d.int("zones to lose", 0, zones-1))
	d.line("  pools:")
	hasPrice := d.sometimes("prices", 2)
	for i := range d.int("pools", 1, 3) {
		pool := fmt.Sprintf("name: pool%d, cores: %d", i, d.int("cores of the pool", 0, 100_000))
		if i > 0 || d.sometimes("all is asked for", 4) {
			pool += fmt.Sprintf(", provision: {cores: %d, within: %ds}", d.int("cores that come", 1, 10_000), d.int("within", 1, 3600))
		}
		if hasPrice {
			pool += fmt.Sprintf(", price: %s", d.number("price", 0, 1))
			if d.sometimes("billing", 2) {
				pool += ", billing: " + d.oneOf("how it is paid", "reserved", "on-demand", "burst")
			}
		}
		d.line("    - {%s}", pool)
	}
	at := slices.IndexFunc(d.services, func(s drawn) bool { return s.kind == "service" })
	if at < 0 || !d.sometimes("scaling", 2) {
		return
	}
	d.line("  scaling:")
	if d.sometimes("schedule", 2) {
		d.line("    - {service: %s, policy: scheduled, lead: %dm}", d.services[at].name, d.int("lead", 1, 120))
	}
	least := d.int("min", 1, 100)
	d.line("    - {service: %s, policy: hpa, target: %d%%, min: %d, max: %d}", d.services[at].name, d.int("target", 10, 90), least, d.int("max", least, 100_000))
}

func (d *drawing) stormPart() {
	d.line("storm:")
	d.line("  t0: 10s")
	d.line("  phases:")
	d.line("    - {journey: visitor, from: T0-5s, to: T0+%ds, rate: %d/s}", d.int("seconds", 1, 20), d.int("rate", 1, 100_000))
	if d.sometimes("crowd", 2) {
		d.line("    - {journey: buyer, at: T0, users: %d, reaction: {uniform: [0s, %dms]}}", d.int("crowd of", 1, 1_000_000), d.int("reaction", 1, 5000))
	}
	d.line("journeys:")
	d.line("  visitor: [%s]", strings.Join(d.steps, ", "))
	d.line("  buyer: [%s, {think: 500ms}, %s]", d.steps[0], d.steps[len(d.steps)-1])
}
