package scenarios

import (
	"strings"
	"testing"
	"time"

	"fsctl/scenarios/amount"
)

func TestServiceLimitProblems(t *testing.T) {
	for _, b := range []badScenario{
		{"    hit: 80% ", "    key_copies: 0\n    hit: 80% ", []string{`@: services.stock-cache.key_copies: found 0, wanted 1 or more`}},
		{"    hit: 80% ", "    connections: 10\n    hit: 80% ", []string{`@: services.stock-cache.connections: found it at a cache, wanted it at a database only`}},
		{"    hot_row: 8k/s", "    connections: -1", []string{`@: services.orders-db.connections: found "-1", wanted a whole number, 0 or more`}},
		{"    hot_row: 8k/s", "    drain: 3s\n    partitions: 2", []string{
			`@: services.orders-db.drain: found it at a database, wanted it at a queue only`, `@+1: services.orders-db.partitions: found it at a database`}},
		{"    hot_row: 8k/s", "    burst: {instances: 10}", []string{
			`@: services.orders-db.burst: found it at a database, wanted it at a function only`, `@: services.orders-db.burst.rate: missing`}},
		{"    hot_row: 8k/s", "    burst: {instances: 1.5, rate: 0/s}", []string{
			`@: services.orders-db.burst: found it at a database`, `@: services.orders-db.burst.instances: found 1.5, wanted a whole number`, `@: services.orders-db.burst.rate: found 0`}},
		{"    hot_row: 8k/s", "    provisioned: 5\n    max_instances: 4", []string{
			`@: services.orders-db.provisioned: found 5, wanted at most the 4 of max_instances`, `@: services.orders-db.provisioned: found it`, `@+1: services.orders-db.max_instances: found it at a database`}},
		{"    hot_row: 8k/s", "    quota_burst: 5k", []string{`@: services.orders-db.quota_burst: found it without a quota`}},
		{"    hit: 80% ", "    to: orders-db\n    hit: 80% ", []string{`@: services.stock-cache.to: found it at a cache, wanted it at a queue only`, `@+2: services.stock-cache.misses: found it beside to`}},
		{"    hit: 80% ", "    shards: 2\n    hit: 80% ", []string{`@: services.stock-cache.shards: found it at a cache, wanted it at a database only`}},
		{"    hot_row: 8k/s", "    shards: 0", []string{`@: services.orders-db.shards: found 0, wanted 1 or more`}},
		{"    hot_row: 8k/s", "    hot_row: 0/s\n    connections: 0\n    demand: 1ms\n    quota: 0/s", []string{`@: services.orders-db.hot_row: found 0, wanted above 0; leave it out where there is no limit`,
			`@+1: services.orders-db.connections: found 0`, `@+3: services.orders-db.quota: found 0`}},
		{"    hot_row: 8k/s", "    key: none", []string{`@: services.orders-db.key: found it at a database, wanted it at a cache only`}},
		{"    hit: 80% ", "    key: items\n    hit: 80% ", []string{`@: services.stock-cache.key: found "items", wanted sale, none or {zipf: 0.99, keys: 1M}`}},
		{"    hit: 80% ", "    key: {zipf: 11, keys: 0}\n    hit: 80% ", []string{`@: services.stock-cache.key.keys: found 0, wanted 1 to 10M`, `@: services.stock-cache.key.zipf: found 11, wanted 0 to 10`}},
		{"    hit: 80% ", "    key: {zipf: 1}\n    hit: 80% ", []string{`@: services.stock-cache.key.keys: missing`}},
		{"    hot_row: 8k/s", "    quota: 5k", []string{`@: services.orders-db.quota: found "5k", wanted a rate`}},
		{"  actions: 30 ", "  origins: {stores: 0}\n  actions: 30 ", []string{`@: workload.origins.stores: found 0, wanted above 0`}},
	} {
		b.check(t)
	}
}

func TestServiceLimitsAreRead(t *testing.T) {
	sc, err := Parse("function.yaml", []byte(`apiVersion: fsctl/v1
kind: Scenario
name: function
workload: {requests: 1M, origins: {stores: 1.7k}}
steps: {claim: {share: 100%}}
services:
  - {name: f, kind: function, calls: {claim: 1}, demand: 100ms, provisioned: 5, max_instances: 300, burst: {instances: 300, rate: 300/m}, quota: 10k/s, quota_burst: 5k}
  - {name: q, kind: queue, calls: {claim: 1}, capacity: 1k/s, partitions: 12, drain: 3s}
  - {name: c, kind: cache, calls: {claim: 1}, capacity: 1k/s, hit: 50%}
`))
	if err != nil {
		t.Fatal(err)
	}
	f, q, c := sc.Services[0], sc.Services[1], sc.Services[2]
	if f.Provisioned != 5 || f.MaxInstances != 300 || *f.Burst != (Burst{300, 5}) || f.Quota != 10_000 || f.QuotaBurst != 5000 {
		t.Errorf("function %+v with burst %+v, want what the text says", f, f.Burst)
	}
	if q.Partitions != 12 || q.Drain != 3*time.Second || q.KeyCopies != 0 || c.KeyCopies != 1 {
		t.Errorf("queue %+v and cache %+v, want 12 partitions, 3 s and one copy of the hottest key", q, c)
	}
	if sc.Workload.Origins["stores"] != 1700 {
		t.Errorf("origins %v, want 1700 stores", sc.Workload.Origins)
	}
}

// What leaves a queue goes to a service that there is, and in no circle.
func TestWhereQueuesLead(t *testing.T) {
	const text = `apiVersion: fsctl/v1
kind: Scenario
name: queues
workload: {requests: 1M}
steps: {claim: {share: 100%}}
services:
  - {name: q, kind: queue, calls: {claim: 1}, capacity: 1k/s, to: TO}
  - {name: r, kind: queue, capacity: 1k/s, to: q}
  - {name: d, kind: database, capacity: 1k/s}
`
	for to, want := range map[string]string{
		"d": "", "e": `services.q.to: no service "e", wanted q or r or d`, "r": "services.q.to: found a circle of to through r", "q": "services.q.to: found a circle of to through q",
	} {
		_, err := Parse("queues.yaml", []byte(strings.Replace(text, "TO", to, 1)))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("to %s: error %v, want %q", to, err, want)
		}
	}
	sold := strings.Replace(strings.Replace(text, "TO", "d", 1), "{name: d, ", "{name: c, kind: cache, capacity: 1k/s, hit: 50%, key: sale}\n  - {name: d, ", 1)
	if _, err := Parse("queues.yaml", []byte(sold)); err == nil || !strings.Contains(err.Error(), "services.c.key: found sale, and the scenario has none") {
		t.Errorf("error %v, want that there is no sale", err)
	}
}

const uslScenario = `apiVersion: fsctl/v1
kind: Scenario
name: grown
workload: {requests: 1M}
steps: {order: {share: 100%}}
services:
  - name: shop
    kind: service
    calls: {order: 1}
    demand: 5ms
    usl: {gamma: [700/s, 800/s, 900/s], alpha: 2%, beta: 0.0001, measured: 40}
`

func TestUSLIsRead(t *testing.T) {
	sc, err := Parse("grown.yaml", []byte(uslScenario))
	if err != nil {
		t.Fatal(err)
	}
	want := USL{amount.Interval[amount.Rate]{Low: 700, Mid: 800, High: 900}, amount.Exactly[amount.Ratio](0.02), amount.Exactly(0.0001), 40}
	if got := sc.Services[0].USL; got == nil || *got != want {
		t.Errorf("%+v, wanted %+v", got, want)
	}
}

func TestUSLProblems(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"measured: 40", "measured: 0", "grown.yaml:11: services.shop.usl.measured: found 0, wanted"},
		{", measured: 40", "", "services.shop.usl.measured: missing"},
		{"[700/s, 800/s, 900/s]", "0/s", "services.shop.usl.gamma: found 0, wanted"},
		{"alpha: 2%", "alpha: 200%", `services.shop.usl.alpha: found "200%", wanted a share`},
		{"beta: 0.0001", "beta: -1", `services.shop.usl.beta: found "-1", wanted a number`},
		{"kind: service", "kind: queue", "services.shop.usl: found it at a queue, wanted it at a service only"},
	} {
		_, err := Parse("grown.yaml", []byte(strings.Replace(uslScenario, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, wanted %q", c.new, err, c.want)
		}
	}
}

func TestReadStrictlyNamesFileLineAndKind(t *testing.T) {
	type card struct {
		Name string                        `yaml:"name" jsonschema:"required"`
		Size amount.Interval[amount.Count] `yaml:"size"`
	}
	for text, want := range map[string]string{
		"":                      "card.yaml:1: found an empty file, wanted a card",
		"- a":                   "card.yaml:1: found a list, wanted a card: a mapping",
		"size: 3":               "card.yaml:1: name: missing, wanted a value",
		"name: a\nsize: [3, 1]": "card.yaml:2: size: found 3, ",
		"name: a\nsiez: 3":      "card.yaml:2: siez: unknown key, wanted one of name, size (did you mean size?)",
		"name: b\nsize: 4":      "card.yaml:1: name: found b, wanted a",
	} {
		var c card
		fields, err := ReadStrictly("card.yaml", "card", []byte(text), &c)
		if err == nil {
			if c.Name == "b" {
				fields.Problem("name", "found %s, wanted a", c.Name)
			}
			fields.Problem("size", "of a field that could not be read nothing more is said")
			err = fields.Err()
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.HasPrefix(text, "name: a\nsize") && strings.Contains(err.Error(), "nothing more") {
			t.Errorf("%q: %v, wanted %q", text, err, want)
		}
	}
	var c card
	if fields, err := ReadStrictly("card.yaml", "card", []byte("name: a\nsize: 3"), &c); err != nil || fields.Err() != nil || c.Size.Mid != 3 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestSizeLimitProblems(t *testing.T) {
	for _, b := range []badScenario{
		{"sale:\n", "limits: {cores: 0, instances: 0, cost: 0}\nsale:\n", []string{
			`@: limits.cores: found 0, wanted above 0`, `@: limits.cost: found 0`, `@: limits.instances: found 0`}},
		{"sale:\n", "limits: {core: 5}\nsale:\n", []string{`@: limits.core: unknown key, wanted one of cores, cost, instances (did you mean cores?)`}},
		{"sale:\n", "limits: {cores: -5}\nsale:\n", []string{`@: limits.cores: found "-5", wanted a count`}},
		{"sale:\n", "limits: {cost: [1, 2]}\nsale:\n", []string{`@: limits.cost: found a list, wanted a count`}},
		{"  items: 1\n", "  margin: 2e12\n", []string{`@: sale.margin: found 2000000000000, wanted at most 1T`}},
		{"  items: 1\n", "  margin: -1\n", []string{`@: sale.margin: found "-1", wanted a number`}},
	} {
		b.check(t)
	}
}

func TestSizeLimitsAreRead(t *testing.T) {
	sc := mustParse(t, exampleText(t), "limits.cores=10k", "limits.cost=2.5", "sale.margin=12.5")
	if l := sc.Limits; l == nil || *l.Cores != 10_000 || *l.Cost != 2.5 || l.Instances != nil {
		t.Errorf("limits %+v, want 10k cores, a cost of 2.5 and none on instances", l)
	}
	if sc.Sale.Margin != 12.5 {
		t.Errorf("margin %g, want 12.5", sc.Sale.Margin)
	}
	if sc := mustParse(t, exampleText(t)); sc.Limits != nil || sc.Sale.Margin != 0 {
		t.Errorf("limits %+v and margin %g, want none by default", sc.Limits, sc.Sale.Margin)
	}
}
