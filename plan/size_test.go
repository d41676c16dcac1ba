package plan

import (
	"math"
	"testing"

	"fsctl/plan/model"
	"fsctl/plan/queueing"
)

// 8000/s of 5 ms are 40 erlang: 48, 52 and 57 cores for waits of .2, .05 and .01 (Erlang C).
func TestStaffingOfTheExample(t *testing.T) {
	for _, c := range []struct {
		set        []string
		cores      float64
		instances  float64
		bottleneck string
	}{
		{[]string{"services.app.utilization=100%"}, 48, 12, model.ByWait},
		{[]string{"services.app.utilization=100%", "services.app.wait=5%"}, 52, 13, model.ByWait},
		{[]string{"services.app.utilization=100%", "services.app.wait=1%"}, 57, 15, model.ByWait},
		{[]string{"services.app.utilization=70%"}, 58, 15, model.ByCPU},
		{[]string{"services.app.utilization=80%"}, 50, 13, model.ByCPU},
		{[]string{"services.app.utilization=100%", "services.app.wait=100%"}, 41, 11, model.ByCPU},
	} {
		s := service(t, newPlan(t, flags(t, append(c.set, "workload.peak=3")...), Options{}), "app")
		if s.NeededCores.Mid != c.cores || s.CPUCores.Mid != 4*c.instances || s.Instances.Mid != c.instances || s.Bottleneck != c.bottleneck {
			t.Errorf("%v: %g cores, %g instances by %s, want %g, %g by %s", c.set,
				s.NeededCores.Mid, s.Instances.Mid, s.Bottleneck, c.cores, c.instances, c.bottleneck)
		}
	}
}

func TestBehaviourIsThatOfTheInstances(t *testing.T) {
	s := service(t, newPlan(t, flags(t, "services.app.utilization=100%", "workload.peak=3"), Options{}), "app")
	q, err := queueing.NewMMc(8000, 0.005, 48)
	if err != nil {
		t.Fatal(err)
	}
	p99, err := q.ResponseQuantile(0.99)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "utilization", s.UtilizationRatio, 40.0/48, 1e-9)
	near(t, "wait", s.WaitProbability, q.WaitProbability(), 1e-9)
	near(t, "p99", s.ResponseSeconds.P99, p99, 1e-9)
}

func TestLatencyBinds(t *testing.T) {
	set := []string{"workload.peak=3", "services.app.utilization=100%", "services.app.instance.cores=1"}
	slack := service(t, newPlan(t, flags(t, append(set, "services.app.latency={quantile: 0.99, limit: 60ms}")...), Options{}), "app")
	tight := service(t, newPlan(t, flags(t, append(set, "services.app.latency={quantile: 0.99, limit: 23.1ms}")...), Options{}), "app")
	if slack.Bottleneck != model.ByWait || tight.Bottleneck != model.ByLatency || tight.CPUCores.Mid <= slack.CPUCores.Mid {
		t.Errorf("%g cores by %s at 60 ms and %g by %s at 23.1 ms, want more by latency at 23.1 ms",
			slack.CPUCores.Mid, slack.Bottleneck, tight.CPUCores.Mid, tight.Bottleneck)
	}
	if tight.ResponseSeconds.P99 > 0.0231 {
		t.Errorf("p99 is %g s, want the limit of 23.1 ms kept", tight.ResponseSeconds.P99)
	}
}

// An exponential service of 5 ms has a p99 of 23.03 ms by itself.
func TestLatencyThatNoSizeMeets(t *testing.T) {
	p := newPlan(t, flags(t, "workload.peak=3", "services.app.latency={quantile: 0.99, limit: 23ms}"), Options{Trials: 100})
	if len(p.Excuses) != 1 || p.Excuses[0].Bottleneck != model.ByLatency || p.Excuses[0].Limit != 0.023 {
		t.Fatalf("excuses %+v, want one for the latency", p.Excuses)
	}
	near(t, "excuse", p.Excuses[0].Got, 0.005*math.Log(100), 1e-9)
	steady := newPlan(t, flags(t, "workload.peak=3", "services.app.latency={quantile: 0.99, limit: 23ms}", "services.app.variability=0"), Options{Trials: 100})
	if len(steady.Excuses) != 0 {
		t.Errorf("excuses %+v, want none for a service time that does not vary", steady.Excuses)
	}
}

func TestSizesByKind(t *testing.T) {
	for _, c := range []struct {
		name, service string
		instances     float64
		cores         float64
		bottleneck    string
	}{
		{"cache", `{name: x, kind: cache, hit: 80%, capacity: 1k/s, utilization: 80%, calls: {read: 1, transaction: 1}}`, 10, 0, model.ByNodeRate},
		{"cache with demand", `{name: x, kind: cache, hit: 80%, capacity: 10k/s, utilization: 80%, demand: 1ms, calls: {read: 1, transaction: 1}}`, 12, 12, model.ByWait},
		{"database", `{name: x, kind: database, capacity: 1k/s, utilization: 80%, writes: 10%, calls: {read: 1}}`, 10, 0, model.ByNodeRate},
		{"primary over its plan", `{name: x, kind: database, capacity: 1k/s, utilization: 80%, writes: 90%, calls: {transaction: 2.5}}`, 2, 0, model.ByPrimaryWrites},
		{"hot row", `{name: x, kind: database, capacity: 10k/s, writes: 90%, hot_row: 300/s, calls: {transaction: 1}}`, 2, 0, model.ByHotRow},
		{"queue by capacity", `{name: x, kind: queue, capacity: 100/s, utilization: 100%, calls: {transaction: 1}}`, 4, 0, model.ByNodeRate},
		{"queue by demand", `{name: x, kind: queue, demand: 10ms, utilization: 80%, calls: {transaction: 1}}`, 5, 5, model.ByCPU},
		{"function", `{name: x, kind: function, demand: 101ms, calls: {transaction: 1}}`, 41, 0, model.ByConcurrency},
		{"database of 4 cores", `{name: x, kind: database, capacity: 1k/s, utilization: 80%, writes: 10%, calls: {read: 1}, instance: {cores: 4}}`, 10, 40, model.ByNodeRate},
		{"uncalled", `{name: x, kind: service, demand: 5ms}`, 0, 0, ""},
	} {
		sc := flags(t, "workload.peak=3", "services=["+c.service+"]")
		s := newPlan(t, sc, Options{}).Services[0]
		if s.Instances.Mid != c.instances || math.Abs(s.CPUCores.Mid-c.cores) > 1e-9 || s.Bottleneck != c.bottleneck {
			t.Errorf("%s: %g instances, %g cores by %q, want %g, %g by %q", c.name, s.Instances.Mid, s.CPUCores.Mid, s.Bottleneck, c.instances, c.cores, c.bottleneck)
		}
	}
}
