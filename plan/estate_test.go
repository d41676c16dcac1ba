package plan

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"fsctl/plan/model"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
)

func estate(t testing.TB, p *Plan) *EstatePlan {
	t.Helper()
	if p.Estate == nil {
		t.Fatal("no estate in the plan")
	}
	finite(t, "estate", reflect.ValueOf(*p.Estate))
	return p.Estate
}

// 100 000 cores within 30 min carry a live drop with one of three zones to lose.
func TestEstateOfTheLiveDrop(t *testing.T) {
	p := newPlan(t, load(t, "kuaishou-live-drop"), Options{Trials: 2000, Seed: 1})
	e := estate(t, p)
	near(t, "zones on top", e.ProvisionCores.Mid, math.Ceil(1.5*e.NeedCores.Mid), 1e-12)
	near(t, "spill", e.SpillCores.Mid, e.ProvisionCores.Mid-50_000, 1e-12)
	near(t, "provisioning", e.Pools[1].ProvisionSeconds.P95, e.Pools[1].UsedCores.P95*1800/100_000, 1e-12)
	near(t, "lead", e.LeadSeconds.P95, e.Pools[1].ProvisionSeconds.P95+30+300, 1e-12)
	near(t, "reserved", e.Pools[0].Cost.Mid, 50_000*24*0.02, 1e-12)
	near(t, "on demand", e.Pools[1].Cost.Mid, e.Pools[1].UsedCores.Mid*0.04*(e.Pools[1].LeadSeconds.Mid+3600)/3600, 1e-12)
	near(t, "all", e.Cost.Mid, e.Pools[0].Cost.Mid+e.Pools[1].Cost.Mid, 1e-12)
	if !e.Enough || e.BindingLimit != byProvisionRate || e.GivenLeadSeconds != 2400 {
		t.Errorf("enough %v, bound by %s, given lead %g s, want enough, bound by the provision rate with 2400 s", e.Enough, e.BindingLimit, e.GivenLeadSeconds)
	}
	for _, part := range []string{"100,000 cores within 30 min are enough", "of 100,000 in cloud at mid", "at p95"} {
		if !strings.Contains(e.Verdict, part) {
			t.Errorf("verdict %q, want %q in it", e.Verdict, part)
		}
	}
	if p.Demand.EventQPS.Mid < 1e6 {
		t.Errorf("%g requests/s at the sale, want over 1 M", p.Demand.EventQPS.Mid)
	}
}

// Each limit binds when it is the scarcest, and is named.
func TestBindingLimits(t *testing.T) {
	for _, c := range []struct {
		name, estate string
		enough       bool
		binding      string
		verdict      string
	}{
		{"pools", "{pools: [{name: idc, cores: 40}]}", false, byPoolSize, "not enough: 8 cores short at mid"},
		{"none", "{zones: 3, survive_zones: 1}", false, byPoolSize, "no pools are given for the 72 cores"},
		{"zones", "{zones: 3, survive_zones: 1, pools: [{name: idc, cores: 70}]}", false, byZones, "with 1 of 3 zones to lose"},
		{"start", "{pools: [{name: idc, cores: 500}]}", true, byServiceStart, "500 cores at home are enough: 48 used at mid"},
		{"rate", "{pools: [{name: cloud, cores: 500, provision: {cores: 1, within: 10s}}]}", true, byProvisionRate, "1 core within 10 s is enough: 48 of 500 in cloud"},
		{"fast", "{pools: [{name: cloud, cores: 500, provision: {cores: 100, within: 1s}}]}", true, byServiceStart, "100 cores within 1 s are enough"},
		{"late", "{pools: [{name: cloud, cores: 500, provision: {cores: 1, within: 10s}}], scaling: [{service: app, policy: scheduled, lead: 3m}]}",
			false, byProvisionRate, "3 min before T0 is too late to ask for them: 12 of "},
	} {
		p := newPlan(t, flags(t, "services.app.start=60s", "estate="+c.estate), Options{Trials: 200})
		e := estate(t, p)
		if e.Enough != c.enough || e.BindingLimit != c.binding || !strings.Contains(e.Verdict, c.verdict) {
			t.Errorf("%s: enough %v, bound by %s, %q, want %v, %s, %q", c.name, e.Enough, e.BindingLimit, e.Verdict, c.enough, c.binding, c.verdict)
		}
		if got := warning(p, "lead-too-short"); (got != "") != (c.name == "late") {
			t.Errorf("%s: warning %q", c.name, got)
		}
	}
}

// Caches and databases stay at home, and take their room there before what may leave.
func TestHotCachesStayAtHome(t *testing.T) {
	sc := flags(t, "workload.peak=3",
		`services=[{name: app, kind: service, demand: 5ms, calls: {read: 1, transaction: 1}, utilization: 80%},
 {name: c, kind: cache, hit: 80%, misses: db, capacity: 1k/s, utilization: 80%, calls: {read: 1}, instance: {cores: 1}}, {name: db, kind: database, capacity: 10k/s, instance: {cores: 1}}, {name: f, kind: function, demand: 1s, calls: {read: 1}}]`,
		"estate={pools: [{name: cloud, cores: 100, provision: {cores: 1, within: 1s}}, {name: idc, cores: 20}]}")
	e := estate(t, newPlan(t, sc, Options{}))
	if e.NeedCores.Mid != 62 || e.HomeCores.Mid != 12 || e.Pools[1].UsedCores.Mid != 12 || e.Pools[0].UsedCores.Mid != 50 {
		t.Errorf("need %g, home %g, idc %g, cloud %g, want 62 with 12 at home and 50 in the cloud",
			e.NeedCores.Mid, e.HomeCores.Mid, e.Pools[1].UsedCores.Mid, e.Pools[0].UsedCores.Mid)
	}
	if want := []string{"app"}; !reflect.DeepEqual(e.CloudFirst, want) {
		t.Errorf("to the cloud first: %v, want %v", e.CloudFirst, want)
	}
	sc.Estate.Pools[1].Cores = 5
	if e := estate(t, newPlan(t, sc, Options{})); e.ShortCores.Mid != 7 || e.Enough {
		t.Errorf("%g cores short, want the 7 that may not leave home", e.ShortCores.Mid)
	}
}

// Form is checked where a scenario is read: here is what the formulas cannot take.
func TestBadEstates(t *testing.T) {
	for field, e := range map[string]scenarios.Estate{
		"estate.survive_zones":                         {EventDuration: time.Hour, Zones: 1, SurviveZones: 1},
		"estate.pools.b.cores":                         {EventDuration: time.Hour, Pools: []scenarios.Pool{{Name: "b", Cores: amount.Count(math.Inf(1)), Billing: scenarios.Reserved}}},
		"estate.pools.c.price":                         {EventDuration: time.Hour, Pools: []scenarios.Pool{{Name: "c", Price: new(math.NaN()), Billing: scenarios.Reserved}}},
		"estate.pools.d.provision (cores per second)":  {EventDuration: time.Hour, Pools: []scenarios.Pool{{Name: "d", Provision: &scenarios.Provision{Within: time.Hour}, Billing: scenarios.OnDemand}}},
		"estate.pools.e.provision (cores per second) ": {EventDuration: time.Hour, Pools: []scenarios.Pool{{Name: "e", Provision: &scenarios.Provision{Cores: 1}, Billing: scenarios.OnDemand}}},
		"estate.pools.f.provision.burst":               {EventDuration: time.Hour, Pools: []scenarios.Pool{{Name: "f", Provision: &scenarios.Provision{Cores: 1, Within: time.Hour, Burst: 1e20}, Billing: scenarios.OnDemand}}},
	} {
		sc := flags(t)
		sc.Estate = &e
		_, err := New(sc, Options{Trials: 10})
		var in *model.InputError
		if !errors.As(err, &in) || !strings.Contains(err.Error(), strings.TrimSpace(field)) {
			t.Errorf("error %v, want an InputError at %s", err, field)
		}
	}
}

func TestNoEstateNoSection(t *testing.T) {
	if p := newPlan(t, flags(t), Options{Trials: 50}); p.Estate != nil || p.Autoscaling != nil {
		t.Errorf("estate %v and autoscaling %v, want none", p.Estate, p.Autoscaling)
	}
}

// Whatever an estate says, the plan is refused with a reason or finite.
func FuzzEstate(f *testing.F) {
	for _, seed := range [][2]string{
		{"estate.pools.cloud.provision.cores", "0.000001"}, {"estate.pools.cloud.provision.within", "1ns"}, {"estate.pools.cloud.provision.burst", "1e15"},
		{"estate.pools.cloud.price", "1e9"}, {"estate.pools.idc.cores", "0"}, {"estate.pools.idc.billing", "burst"}, {"estate.event_duration", "24h"},
		{"estate.margin", "10000h"}, {"estate.zones", "1000000"}, {"estate.survive_zones", "2"}, {"estate.scaling.1.target", "100%"},
		{"estate.scaling.1.min", "1e9"}, {"services.shop.start", "10000h"}, {"workload.event.order", "1e9"}, {"services.orders-db.capacity", "1/h"},
		{"services.hot-item-cache.hit", "[0, 0, 1]"}, {"sale.stock", "1"}, {"workload.requests", "1e15"}, {"estate.pools", "[]"},
	} {
		f.Add(seed[0], seed[1])
	}
	_, text, err := scenarios.Read("kuaishou-live-drop")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, field, value string) {
		sc, err := scenarios.Parse("fuzz.yaml", text, field+"="+value)
		if err != nil {
			return
		}
		var in *model.InputError
		if p, err := New(sc, Options{Trials: 20}); err == nil {
			checkPlan(t, p)
		} else if !errors.As(err, &in) {
			t.Fatalf("%s=%s: error %v, want an InputError", field, value, err)
		}
	})
}

// A verdict of short pools names the pools that are short: those at home, where caches and databases find no room elsewhere.
func TestVerdictOfCachesAndDatabases(t *testing.T) {
	const db = "workload: {requests: 86.4M, busy: {share: 100%, window: 24h}, peak: 1}\nservices: [{name: db, kind: database, calls: {order: 1}, capacity: 100/s, instance: {cores: 32}}]\n"
	for _, c := range []struct{ zones, home, binding, verdict string }{
		{"zones: 1", "300", byPoolSize, "need 512 at p95, the pools at home have 300"},
		{"zones: 3, survive_zones: 1", "300", byPoolSize, "need 768 at p95, with 1 of 3 zones to lose, the pools at home have 300"},
		{"zones: 3, survive_zones: 1", "600", byZones, "need 768 at p95, with 1 of 3 zones to lose, the pools at home have 600"},
	} {
		e := estate(t, newPlan(t, parse(t, db+"estate: {"+c.zones+", pools: [{name: idc, cores: "+c.home+"}, {name: cloud, cores: 1k, provision: {cores: 100, within: 1m}, price: 1}]}\n"), Options{}))
		if e.Enough || e.BindingLimit != c.binding || !strings.Contains(e.Verdict, c.verdict) {
			t.Errorf("%s, %s cores at home: bound by %s: %q, want by %s and %q", c.zones, c.home, e.BindingLimit, e.Verdict, c.binding, c.verdict)
		}
	}
}

// A verdict says which cores it leaves out, and which it has beyond the sizes.
func TestVerdictOfOtherCoresThanTheSizes(t *testing.T) {
	const services = "workload: {requests: 86.4M, busy: {share: 100%, window: 24h}, peak: 1}\nservices:\n  - {name: web, kind: service, calls: {order: 1}, demand: 10ms, start: 30s}\n"
	for more, want := range map[string]string{
		"  - {name: db, kind: database, calls: {order: 1}, capacity: 100/s}\nestate: {pools: [{name: p, cores: 20}]}\n":     "; without db, whose cores are not known",
		"estate: {pools: [{name: p, cores: 100}], scaling: [{service: web, policy: hpa, target: 50%, min: 60, max: 60}]}\n": "; autoscalers run pods of 60 cores at p95, where the sizes have 15",
		"estate: {pools: [{name: p, cores: 100}]}\n": "100 cores at home are enough: 15 used at mid, 15 at p95",
	} {
		if e := estate(t, newPlan(t, parse(t, services+more), Options{})); !strings.HasSuffix(e.Verdict, want) {
			t.Errorf("verdict %q, want %q at its end", e.Verdict, want)
		}
	}
}
