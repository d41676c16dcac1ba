package report

import (
	"strings"
	"testing"

	"fsctl/loadgen/record"
	"fsctl/plan"
	"fsctl/scenarios"
)

// limited returns a run whose target did 100, 300, 300, 300 and 50 requests in its seconds, and queued; so many more failed in each.
func limited(failed uint64) *record.Record {
	rec := record.New(manifest())
	for second, n := range []uint64{100, 300, 300, 300, 50} {
		c := record.Counters{Due: n, Sent: n, Done: n + failed, Failed: failed, Quiet: load(10, 10)}
		if second > 0 && second < 4 {
			c.Waited, c.Full = n/2, load(n/2, 30)
		}
		count(rec, second, "order", c)
	}
	return rec
}

func shops() (*scenarios.Scenario, *plan.Plan) {
	sc := &scenarios.Scenario{Name: "test", Services: []scenarios.Service{
		{Name: "gateway", Kind: "service", Calls: map[string]float64{"order": 1}, Utilization: 0.7, Running: 4},
		{Name: "shop", Kind: "service", Calls: map[string]float64{"order": 2}, Utilization: 0.5, Running: 3},
		{Name: "mail", Kind: "function", Calls: map[string]float64{"pay": 1}},
		{Name: "db", Kind: "database", Calls: map[string]float64{"order": 1}},
	}}
	e := func(mid, p95 float64) plan.Estimate { return plan.Estimate{Mid: mid, P95: p95} }
	return sc, &plan.Plan{Services: []plan.Service{
		{Name: "gateway", Kind: "service", PeakQPS: e(500, 1000), Instances: e(4, 5)},
		{Name: "shop", Kind: "service", PeakQPS: e(1000, 2000), Instances: e(9, 17)},
		{Name: "mail", Kind: "function", PeakQPS: e(1, 2), Instances: e(1, 2)},
		{Name: "db", Kind: "database", PeakQPS: e(1, 2), Instances: e(1, 2)},
	}}
}

func TestCapacityIsTheBestThreeSeconds(t *testing.T) {
	c := Judge(limited(30), nil, nil).Capacity
	if c.QPS != 300 || c.AtSeconds != 1 || c.Steps["order"] != 300 || c.LowerBound || c.SaturatedSeconds != 3 {
		t.Errorf("%+v, wanted 300/s from second 1 on, at the limit for 3 s", c)
	}
	rec := record.New(manifest())
	count(rec, 0, "order", record.Counters{Due: 80, Sent: 80, Done: 80})
	count(rec, 10, "order", record.Counters{Due: 10, Sent: 10, Done: 10})
	if c := Judge(rec, nil, nil).Capacity; c.QPS < 26.6 || c.QPS > 26.7 || !c.LowerBound {
		t.Errorf("a burst of one second counts %+v, wanted 80/3 as a lower bound", c)
	}
	rec = record.New(manifest())
	count(rec, 0, "order", record.Counters{Due: 80, Sent: 80, Done: 80})
	if c := Judge(rec, nil, nil).Capacity; c.QPS != 80 {
		t.Errorf("a run of one second counts %g/s, wanted its own 80", c.QPS)
	}
}

func TestReplicasComeFromTheServiceThatWasTheLimit(t *testing.T) {
	sc, p := shops()
	r := Judge(limited(3), sc, p)
	want := map[string]Recommendation{
		"gateway.replicas": {Value: "5", Current: "4", Because: "by the plan another service was the limit"},
		// 600 calls/s on 3, half of which may be used: 100/s each, for 2000/s.
		"shop.replicas": {Value: "20", Current: "3", Because: "the target held 600/s on 3 instances, so one may be planned for 100/s at 50 %, and its peak is 2k/s (p95; by assumed demand the plan asked for 17)"},
	} // no request called mail
	if len(r.Recommendations) != len(want) {
		t.Errorf("%d recommendations, wanted %d: %+v", len(r.Recommendations), len(want), r.Recommendations)
	}
	for _, got := range r.Recommendations {
		w := want[got.Setting]
		if got.Value != w.Value || got.Current != w.Current || !strings.Contains(got.Because, w.Because) {
			t.Errorf("%+v, wanted %+v", got, w)
		}
	}
}

func TestReplicasKeepThePlanWhereTheLimitWasNotMet(t *testing.T) {
	sc, p := shops()
	for i := range sc.Services {
		sc.Services[i].Running = 0
	}
	rec := record.New(manifest())
	for second := range 4 {
		count(rec, second, "order", record.Counters{Due: 50, Sent: 50, Done: 50})
	}
	list := Judge(rec, sc, p).Recommendations
	if len(list) != 2 {
		t.Errorf("%+v, wanted those of gateway and shop: no request called mail", list)
	}
	for _, got := range list {
		wants := map[string][]string{
			"gateway.replicas": {"5", "at least 50/s on 1 instance (1 is assumed: set services.gateway.running)", "a larger --scale finds it"},
			"shop.replicas":    {"17", "at least 100/s", "never met the target's limit"},
		}[got.Setting]
		if got.Value != wants[0] || got.Current != "1" {
			t.Errorf("%+v, wanted the plan's %s", got, wants[0])
		}
		for _, w := range wants[1:] {
			if !strings.Contains(got.Because, w) {
				t.Errorf("%s because %q, wanted %q in it", got.Setting, got.Because, w)
			}
		}
	}
}

func TestInvalidRunOnlyMendsTheGenerator(t *testing.T) {
	sc, p := shops()
	rec := limited(30)
	count(rec, 2, "order", record.Counters{Late: 500})
	rec.Add(record.Interval{Second: 2, Generator: &record.Generator{CPUSeconds: 2}})
	r := Judge(rec, sc, p)
	if len(r.Recommendations) != 1 || r.Recommendations[0].Setting != "attack.agents" || r.Recommendations[0].Value != "2" || !r.Capacity.LowerBound {
		t.Errorf("%+v, capacity %+v; wanted one more agent, and no capacity", r.Recommendations, r.Capacity)
	}
	rec = record.New(manifest())
	count(rec, 0, "order", record.Counters{Due: 1000, Sent: 1000, Done: 1000, Waited: 900, Full: load(1000, 100)})
	r = Judge(rec, sc, p)
	want := Recommendation{Setting: "attack.connections", Value: "120", Current: "10", Because: r.Recommendations[0].Because}
	if len(r.Recommendations) != 1 || r.Recommendations[0] != want {
		t.Errorf("%+v, wanted %+v: 1000/s x 100 ms + 2 sqrt(100)", r.Recommendations, want)
	}
}
