package bill

import (
	"math"
	"slices"
	"testing"

	"fsctl/plan/model"
)

func near(t testing.TB, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9*math.Abs(want) {
		t.Errorf("%s is %.12g, want %.12g", what, got, want)
	}
}

func billOf(t testing.TB, text string) (Bill, *model.Model) {
	t.Helper()
	m := modelOf(t, text)
	c, err := m.Corners()
	if err != nil {
		t.Fatal(err)
	}
	return NewTariff(m).Bill(SizeOf(m, c.Mid)), m
}

// 1000 calls/s at every kind of service.
const everyKind = `workload: {requests: 86.4M, busy: {share: 100%, window: 24h}, peak: 1}
steps: {order: {share: 100%, transaction: true}}
services:
  - {name: web, kind: service, calls: {order: 1}, demand: 10ms, utilization: 80%, wait: 100%, start: 0s, instance: {cores: 4}}
  - {name: cache, kind: cache, calls: {order: 1}, hit: 100%, capacity: 500/s, utilization: 100%, instance: {cores: 2}}
  - {name: db, kind: database, calls: {order: 1}, capacity: 500/s, utilization: 100%, instance: {cores: 16}}
  - {name: line, kind: queue, calls: {order: 1}, capacity: 100/s, utilization: 100%}
  - {name: f, kind: function, calls: {order: 2}, demand: 100ms, instance: {memory: 500M}}
`

// 13 cores in 4 instances of 4, 2 shards of 2, 3 nodes of 16, 10 consumers of unknown cores, 200 executions of half a GB.
func TestWhatIsCounted(t *testing.T) {
	b, m := billOf(t, everyKind)
	near(t, "cores", b.Cores, 16+4+48)
	near(t, "instances", b.Instances, 4+2+3+10+200)
	near(t, "GB s", b.GBSeconds, 200*0.5*3600)
	near(t, "calls", b.Calls, 2000*3600)
	near(t, "cost", b.Cost, 68) // core-hours
	if got := NewTariff(m); got.Unit != InCoreHours || !slices.Equal(b.Unpriced, []string{FunctionTime, FunctionCalls, UnsizedCores}) {
		t.Errorf("unit %s without the prices of %v, want core-hours, without those of the function and the queue", got.Unit, b.Unpriced)
	}
	c, _ := m.Corners()
	if got := Unsized(m, c.High); !slices.Equal(got, []string{"line"}) {
		t.Errorf("unsized: %v, want the queue", got)
	}
	near(t, "cores of the case", AllCoresOf(m, c.Mid), 68)
}

// A cost is the sum of its parts; what has no price is none of them.
func TestPartsOfTheCost(t *testing.T) {
	const estate = `estate:
  event_duration: 2h
  margin: 0s
  zones: 3
  survive_zones: 1
  pools:
    - {name: own, cores: 60, price: 0.5}
    - {name: old, cores: 10}
    - {name: cloud, cores: 20, price: 2, billing: on-demand}
  functions: {gb_second: 0.001, million_calls: 3}
`
	b, m := billOf(t, everyKind+estate)
	want := []Part{
		{"pool:own", 60 * 24 * 0.5, true}, {"pool:old", 0, false}, {"pool:cloud", 20 * 2 * 2, true}, {BeyondPools, (102 - 90) * 2 * 2, true},
		{FunctionTime, 100 * 7200 * 0.001, true}, {FunctionCalls, 2000 * 7200 * 3e-6, true}, {UnsizedCores, 0, false},
	}
	sum := 0.0
	for i, p := range b.Parts {
		near(t, p.Name, p.Cost, want[i].Cost)
		if p.Name != want[i].Name || p.Known != want[i].Known {
			t.Errorf("part %+v, want %+v", p, want[i])
		}
		sum += p.Cost
	}
	if b.Cost != sum || NewTariff(m).Unit != InMoney || !slices.Equal(b.Unpriced, []string{"pool:old", UnsizedCores}) {
		t.Errorf("cost %g without %v, want the sum %g without the old pool", b.Cost, b.Unpriced, sum)
	}
	near(t, "cores", b.Need, 68)
	near(t, "with zones", b.Home+b.Rest, 102)
	near(t, "short", b.Short, 12)
}

// An autoscaler runs the pods of its target, at least min and at most max, where these are more than the size.
func TestPodsOfAutoscalers(t *testing.T) {
	for scaling, want := range map[string]float64{
		"target: 20%, min: 1, max: 100":  13, // 10 erlang at 20 % of 4 cores
		"target: 20%, min: 1, max: 9":    9,
		"target: 20%, min: 1, max: 2":    4, // which its size needs all the same
		"target: 100%, min: 30, max: 40": 30,
		"target: 100%, min: 1, max: 40":  4,
	} {
		b, m := billOf(t, everyKind+"estate: {scaling: [{service: web, policy: hpa, "+scaling+"}]}\n")
		if got := b.Need - 4 - 48; got != want*4 {
			t.Errorf("%s: %g cores, want %g", scaling, got, want*4)
		}
		near(t, "cores of the sizes", b.Cores, 68)
		_ = m
	}
}

// A sale of functions alone has no cost without their prices, and not a cost of 0.
func TestNoPriceIsNoCost(t *testing.T) {
	const functions = "workload: {requests: 86.4M, busy: {share: 100%, window: 24h}, peak: 1}\nsteps: {order: {share: 100%}}\n" +
		"services: [{name: f, kind: function, calls: {order: 1}, demand: 100ms}]\n"
	if b, _ := billOf(t, functions); b.HasCost() || b.Cores != 0 || b.GBSeconds == 0 {
		t.Errorf("bill %+v, want time of functions, no cores and no cost", b)
	}
	if b, _ := billOf(t, functions+"estate: {functions: {gb_second: 1, million_calls: 0}}\n"); !b.HasCost() || b.Cost != b.GBSeconds {
		t.Errorf("bill %+v, want the price of the time", b)
	}
}
