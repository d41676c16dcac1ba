package scenarios

import (
	"testing"
	"time"
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
