package scenarios

import (
	"reflect"
	"strings"
	"testing"

	"fsctl/scenarios/kinds"
	"fsctl/scenarios/strict"
)

// allKinds has a service of each kind with every field that has an effect there.
const allKinds = `apiVersion: fsctl/v1
kind: Scenario
name: all-kinds
workload: {requests: [1M, 2M, 4M], busy: {share: 80%, window: 5h}, peak: [2, 2.5, 3], event: {order: 90}}
steps: {order: {share: 20%, transaction: true, request: {url: "/${sku}"}}, item: {share: 80%}, free: {share: 0%}}
services:
  - {name: web, kind: service, calls: {order: 1, item: 1}, demand: [2ms, 3ms, 5ms], variability: 2, instance: {cores: 4}, utilization: 60%, wait: 10%, latency: {quantile: 99%, limit: 1s}, start: 30s, running: 3, quota: 1M/s, quota_burst: 10}
  - {name: hot, kind: cache, calls: {item: 1}, hit: 90%, misses: db, capacity: 80k/s, key: sale, key_copies: 2, instance: {cores: 2}}
  - {name: orders, kind: queue, calls: {order: 1}, to: db, capacity: 5k/s, partitions: 100, drain: 10m}
  - {name: db, kind: database, calls: {order: 1}, writes: 50%, hot_row: 5k/s, capacity: 10k/s, demand: 1ms, connections: 500, shards: 2, wait: 5%}
  - {name: fn, kind: function, calls: {item: 1}, demand: 50ms, provisioned: 10, max_instances: 1000, burst: {instances: 100, rate: 10/s}}
sale: {items: 10, stock: 1000}
estate:
  zones: 3
  survive_zones: 1
  pools: [{name: idc, cores: 2k, price: 0.02, billing: reserved}, {name: cloud, cores: 10k, provision: {cores: 1k, within: 1m}}]
  scaling: [{service: web, policy: scheduled, lead: 20m}, {service: web, policy: hpa, target: 60%, min: 3, max: 900}]
  functions: {gb_second: 0.00002}
storm: {t0: 10s, phases: [{journey: buyer, from: T0-5s, to: T0+5s, rate: 100/s}, {journey: buyer, at: T0, users: 5k, reaction: {uniform: [0s, 1s]}}]}
journeys: {buyer: [order]}
`

func TestFieldsWithoutEffect(t *testing.T) {
	if _, err := Parse("k.yaml", []byte(allKinds)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"variability: 2", "variability: 2, writes: 5%", "k.yaml:7: services.web.writes: found it at a service, wanted it at a database only; leave it out: give it to the database behind"},
		{"variability: 2", "hot_row: 5/s", "7: services.web.hot_row: found it at a service, wanted it at a database only"},
		{"variability: 2", "connections: 5", "7: services.web.connections: found it at a service, wanted it at a database only; leave it out"},
		{"variability: 2", "key_copies: 2", "7: services.web.key_copies: found it at a service, wanted it at a cache only"},
		{"variability: 2", "key: none", "7: services.web.key: found it at a service, wanted it at a cache only"},
		{"variability: 2", "shards: 2", "7: services.web.shards: found it at a service, wanted it at a database only"},
		{"variability: 2", "to: db", "7: services.web.to: found it at a service, wanted it at a queue only; leave it out: misses leads on from here"},
		{"variability: 2", "partitions: 2", "7: services.web.partitions: found it at a service, wanted it at a queue only"},
		{"variability: 2", "drain: 2s", "7: services.web.drain: found it at a service, wanted it at a queue only"},
		{"variability: 2", "provisioned: 2", "7: services.web.provisioned: found it at a service, wanted it at a function only; leave it out: running says"},
		{"variability: 2", "max_instances: 2", "7: services.web.max_instances: found it at a service, wanted it at a function only; leave it out: limits.instances"},
		{"variability: 2", "hit: 20%", "7: services.web.hit: found it at a service without misses, where it has no effect; wanted both, or neither"},
		{"hit: 90%", "hit: 90%, writes: 0%", "8: services.hot.writes: found it at a cache, wanted it at a database only"},
		{"key_copies: 2", "wait: 5%", "8: services.hot.wait: found it at a cache without demand, where it has no effect"},
		{"key_copies: 2", "latency: {quantile: 99%, limit: 5ms}", "8: services.hot.latency: found it at a cache without demand"},
		{"key_copies: 2", "variability: 2", "8: services.hot.variability: found it at a cache without demand"},
		{"key: sale", "key: none", "8: services.hot.key_copies: found 2 beside key: none, where no key is hotter than others; wanted one of them left out"},
		{"partitions: 100", "wait: 20%", "9: services.orders.wait: found it at a queue, wanted it at a service, cache, database or function only; leave it out: calls wait in a queue by design"},
		{"partitions: 100", "usl: {gamma: 5/s, alpha: 1%, beta: 0, measured: 3}", "9: services.orders.usl: found it at a queue, wanted it at a service only"},
		{"demand: 1ms, connections", "connections", "10: services.db.connections: found it at a database without demand, where it has no effect"},
		{"shards: 2", "partitions: 0", "10: services.db.partitions: found it at a database, wanted it at a queue only"},
		{"provisioned: 10", "capacity: 5k/s", "11: services.fn.capacity: found it at a function, wanted it at a service, cache, database or queue only; leave it out: max_instances and quota bound a function"},
		{"provisioned: 10", "drain: 1s", "11: services.fn.drain: found it at a function, wanted it at a queue only"},
		{"provision: {cores: 1k, within: 1m}", "billing: burst", "16: estate.pools.cloud.billing: found it with billing burst without price, where it has no effect; wanted both, or neither"},
		{"lead: 20m", "lead: 20m, target: 60%", "17: estate.scaling[0].target: found it with policy scheduled, wanted it with policy hpa only; leave it out: a second entry with policy hpa has a target"},
		{"lead: 20m", "lead: 20m, min: 3", "17: estate.scaling[0].min: found it with policy scheduled"},
		{"lead: 20m", "lead: 20m, max: 3", "17: estate.scaling[0].max: found it with policy scheduled"},
		{"target: 60%", "target: 60%, lead: 5m", "17: estate.scaling[1].lead: found it with policy hpa, wanted it with policy scheduled only"},
		{"policy: scheduled, lead: 20m", "policy: scheduled", "17: estate.scaling[0].lead: missing or 0, wanted how long before T0"},
		{"policy: scheduled, lead: 20m", "policy: hpa, target: 50%, max: 5", "17: estate.scaling[1]: found hpa for web beside hpa in estate.scaling[0], wanted at most one of each policy, and none alone"},
		{"policy: hpa, target: 60%, min: 3, max: 900", "policy: scheduled, lead: 5m", "17: estate.scaling[1]: found scheduled for web beside scheduled in estate.scaling[0]"},
		{"policy: scheduled, lead: 20m", "policy: none", "17: estate.scaling[1]: found hpa for web beside none in estate.scaling[0]"},
		{"policy: scheduled, lead: 20m", "policy: none, lead: 20m", "17: estate.scaling[0].lead: found it with policy none, wanted it with policy scheduled only"},
		{"service: web, policy: hpa", "service: orders, policy: hpa", "17: estate.scaling[1].policy: found hpa for orders, which gives no demand, wanted services.orders.demand"},
		{"start: 30s, ", "", "7: services.web.start: missing, wanted how long an instance takes from scale to ready, such as 30s: estate.scaling lets it grow"},
		{"kind: function, calls: {item: 1}, demand: 50ms, provisioned: 10, max_instances: 1000, burst: {instances: 100, rate: 10/s}}", "kind: service, calls: {item: 1}, demand: 50ms}", "18: estate.functions: found prices of functions and no service of kind function"},
		{"zones: 3\n  survive_zones: 1", "zones: 0", "14: estate.zones: found 0, wanted 1 or more, or the field left out"},
		{"{share: 80%, window: 5h}", "{share: 10%, window: 12h}", "4: workload.busy: found 10 % of the day's requests in 12 h, a mean of 4.63/s in the busy window and of 23.1/s over the whole day; wanted the busy window to be busier than the day: a share of 50 % or more, or a window of at most 2 h 24 min"},
		{"event: {order: 90}", "event: {order: 90, free: 3}", "4: workload.event.free: found a multiplier for a step whose share is 0 %, which stays 0; wanted steps.free.share above 0, or the step left out"},
		{"requests: [1M, 2M, 4M]", "requests: [10k, 2M, 4M]", "4: workload.requests: found low and mid so far apart that one draw in a hundred lies 75.2 times below its low; wanted each within 16 times of mid"},
		{"demand: [2ms, 3ms, 5ms]", "demand: [2ms, 3ms, 5s]", "7: services.web.demand: found mid and high so far apart that one draw in a hundred lies"},
		{"capacity: 80k/s", "capacity: [1k/s, 80k/s, 90k/s]", "8: services.hot.capacity: found low and mid so far apart"},
		{"peak: [2, 2.5, 3]", "peak: [2, 2.5, 300]", "4: workload.peak: found mid and high so far apart"},
		{"variability: 2", "variability: [0.01, 25, 50]", "7: services.web.variability: found low and mid so far apart"},
		{"variability: 2", "usl: {gamma: [1/s, 300/s, 400/s], alpha: 1%, beta: 0, measured: 9}", "7: services.web.usl.gamma: found low and mid so far apart"},
		{"variability: 2", "usl: {gamma: 300/s, alpha: [0.01%, 1%, 2%], beta: 0, measured: 9}", "7: services.web.usl.alpha: found low and mid so far apart"},
		{"variability: 2", "usl: {gamma: 300/s, alpha: 1%, beta: [0, 0.00001, 0.01], measured: 9}", "7: services.web.usl.beta: found mid and high so far apart"},
		{"hot_row: 5k/s", "hot_row: 0/s", "10: services.db.hot_row: found 0, wanted above 0; leave it out"},
		{"service: web, policy: hpa", "service: fn, policy: hpa", "17: estate.scaling[1].service: found fn, a function, with policy hpa, wanted another service, or the entry left out: the provider creates its instances"},
		{"service: web, policy: scheduled", "service: fn, policy: scheduled", "17: estate.scaling[0].service: found fn, a function, with policy scheduled"},
		{"{share: 80%, window: 5h}", "{share: 80%, window: 24h}", "a share of 100 %, or a window of at most 19 h 12 min"},
		{"rate: 100/s", "rate: 100/s, users: 0", "19: storm.phases[0]: found fields of both forms"},
		{"users: 5k", "users: 5k, rate: 0/s", "19: storm.phases[1]: found fields of both forms"},
	} {
		if strings.Count(allKinds, c.old) != 1 {
			t.Fatalf("the scenario has %q %d times", c.old, strings.Count(allKinds, c.old))
		}
		_, err := Parse("k.yaml", []byte(strings.Replace(allKinds, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n%v\nwanted %s", c.new, err, c.want)
		}
		if _, err := ParseRun("k.yaml", []byte(strings.Replace(allKinds, c.old, c.new, 1))); err != nil && !strings.Contains(c.want, "both forms") && strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: a run that is over is held to it: %v", c.new, err)
		}
	}
}

// A busy window exactly as busy as the day is one, and an explicit 0 of a start is a start.
func TestWhatIsJustRight(t *testing.T) {
	for _, c := range [][2]string{
		{"{share: 80%, window: 5h}", "{share: 50%, window: 12h}"}, {"{share: 80%, window: 5h}", "{share: 20%, window: 4h48m}"}, {"start: 30s", "start: 0s"},
		{"requests: [1M, 2M, 4M]", "requests: [125k, 2M, 32M]"}, {"{order: 90}", "{order: 0.5}"}, {"provision: {cores: 1k, within: 1m}", "price: 0.1, billing: burst"},
		{"to: db", "misses: db, hit: 0%"}, {"zones: 3\n  survive_zones: 1", "margin: 1m"}, {"hit: 90%, misses: db", "hit: [0%, 1%, 100%]"},
		{"variability: 2", "variability: [1, 2, 100]"}, {"service: web, policy: scheduled, lead: 20m", "service: fn, policy: none"},
	} {
		if _, err := Parse("k.yaml", []byte(strings.Replace(allKinds, c[0], c[1], 1))); err != nil {
			t.Errorf("%s: %v", c[1], err)
		}
	}
}

// Every field of a service, a policy, a pool and a phase is in the table that says where it has an effect.
func TestTablesHaveEveryField(t *testing.T) {
	for _, c := range []struct {
		part  reflect.Type
		table *kinds.Table
	}{
		{reflect.TypeFor[Service](), kinds.OfServices()}, {reflect.TypeFor[Scaling](), kinds.OfScaling()},
		{reflect.TypeFor[Pool](), kinds.OfPools()}, {reflect.TypeFor[Phase](), kinds.OfPhases()},
	} {
		has := map[string]bool{}
		for _, f := range c.table.Fields {
			name, _, isPath := strings.Cut(f.Name, ".")
			has[name] = true
			if _, ok := strict.FieldsOf(c.part)[name]; !ok && !isPath {
				t.Errorf("the table of %v has %s, which is no field", c.part, f.Name)
			}
		}
		for name := range strict.FieldsOf(c.part) {
			if !has[name] {
				t.Errorf("the table of %v has no %s", c.part, name)
			}
		}
	}
}

// What a program made is held to the same, as far as it differs from the defaults.
func TestFieldsWithoutEffectInAProgram(t *testing.T) {
	s, err := Parse("k.yaml", []byte(allKinds))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(); err != nil {
		t.Fatalf("what was read is not valid: %v", err)
	}
	s.Services[0].Writes = 0.5
	checkInvalid(t, "writes", s, "services.web.writes: found it at a service")
}
