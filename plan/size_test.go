package plan

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

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
		{[]string{"services.app.utilization=100%"}, 48, 12, byWait},
		{[]string{"services.app.utilization=100%", "services.app.wait=5%"}, 52, 13, byWait},
		{[]string{"services.app.utilization=100%", "services.app.wait=1%"}, 57, 15, byWait},
		{[]string{"services.app.utilization=70%"}, 58, 15, byCPU},
		{[]string{"services.app.utilization=80%"}, 50, 13, byCPU},
		{[]string{"services.app.utilization=100%", "services.app.wait=100%"}, 41, 11, byCPU},
	} {
		s := service(t, newPlan(t, flags(t, append(c.set, "workload.peak=3")...), Options{}), "app")
		if s.CPUCores.Mid != c.cores || s.Instances.Mid != c.instances || s.Bottleneck != c.bottleneck {
			t.Errorf("%v: %g cores, %g instances by %s, want %g, %g by %s", c.set,
				s.CPUCores.Mid, s.Instances.Mid, s.Bottleneck, c.cores, c.instances, c.bottleneck)
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

// The search for the latency limit finds what queueing's exact staffing finds.
func TestStaffAgreesWithQueueing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.Float64Range(1e-4, 1).Draw(t, "seconds")
		rate := rapid.Float64Range(0.01, 3000).Draw(t, "erlang") / seconds
		s := serviceModel{
			cores: 1, utilization: rapid.Float64Range(0.3, 1).Draw(t, "utilization"), wait: rapid.Float64Range(0.001, 1).Draw(t, "wait"),
			quantile: rapid.Float64Range(0.5, 0.999).Draw(t, "quantile"),
		}
		s.limit = seconds * rapid.Float64Range(0.5, 12).Draw(t, "limit")
		want, err := queueing.MinServers(queueing.Staffing{ArrivalPerSec: rate, ServiceSeconds: seconds, MaxUtilizationRatio: s.utilization,
			MaxWaitRatio: s.wait, LatencyQuantile: s.quantile, MaxLatencySeconds: s.limit})
		got := s.staff(rate, seconds, 1)
		if got.late != errors.Is(err, queueing.ErrInfeasible) {
			t.Fatalf("late is %v, queueing says %v", got.late, err)
		}
		if !got.late && got.cores != float64(want.Servers) {
			t.Fatalf("%g cores by %s, want %d by %s", got.cores, got.bottleneck, want.Servers, want.Binding)
		}
	})
}

func TestLatencyBinds(t *testing.T) {
	set := []string{"workload.peak=3", "services.app.utilization=100%", "services.app.instance.cores=1"}
	slack := service(t, newPlan(t, flags(t, append(set, "services.app.latency={quantile: 0.99, limit: 60ms}")...), Options{}), "app")
	tight := service(t, newPlan(t, flags(t, append(set, "services.app.latency={quantile: 0.99, limit: 23.1ms}")...), Options{}), "app")
	if slack.Bottleneck != byWait || tight.Bottleneck != byLatency || tight.CPUCores.Mid <= slack.CPUCores.Mid {
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
	if len(p.Excuses) != 1 || p.Excuses[0].Bottleneck != byLatency || p.Excuses[0].Limit != 0.023 {
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
		{"cache", `{name: x, kind: cache, hit: 80%, capacity: 1k/s, utilization: 80%, calls: {read: 1, transaction: 1}}`, 10, 0, byNodeRate},
		{"cache with demand", `{name: x, kind: cache, hit: 80%, capacity: 10k/s, utilization: 80%, demand: 1ms, calls: {read: 1, transaction: 1}}`, 12, 12, byWait},
		{"database", `{name: x, kind: database, capacity: 1k/s, utilization: 80%, writes: 10%, calls: {read: 1}}`, 10, 0, byNodeRate},
		{"primary over its plan", `{name: x, kind: database, capacity: 1k/s, utilization: 80%, writes: 90%, calls: {transaction: 2.5}}`, 2, 0, byPrimaryWrites},
		{"hot row", `{name: x, kind: database, capacity: 10k/s, writes: 90%, hot_row: 300/s, calls: {transaction: 1}}`, 2, 0, byHotRow},
		{"queue by capacity", `{name: x, kind: queue, capacity: 100/s, utilization: 100%, calls: {transaction: 1}}`, 4, 0, byNodeRate},
		{"queue by demand", `{name: x, kind: queue, demand: 10ms, utilization: 80%, wait: 1%, calls: {transaction: 1}}`, 5, 5, byCPU},
		{"function", `{name: x, kind: function, demand: 101ms, calls: {transaction: 1}}`, 41, 40.4, byConcurrency},
		{"uncalled", `{name: x, kind: service, demand: 5ms}`, 0, 0, ""},
	} {
		sc := flags(t, "workload.peak=3", "services=["+c.service+"]")
		s := newPlan(t, sc, Options{}).Services[0]
		if s.Instances.Mid != c.instances || math.Abs(s.CPUCores.Mid-c.cores) > 1e-9 || s.Bottleneck != c.bottleneck {
			t.Errorf("%s: %g instances, %g cores by %q, want %g, %g by %q", c.name, s.Instances.Mid, s.CPUCores.Mid, s.Bottleneck, c.instances, c.cores, c.bottleneck)
		}
	}
}

func TestResponse(t *testing.T) {
	mm1 := newResponse(75, 0.01, 1, 1)
	near(t, "p99 of M/M/1", mm1.quantile(0.99), 0.184207, 1e-5)
	// Beside scv 1 the gamma fit has to continue the exact distribution of M/M/1.
	near(t, "p99 beside M/M/1", newResponse(75, 0.01, 1+1e-9, 1).quantile(0.99), 0.184207, 1e-5)
	near(t, "median of a fixed service time", newResponse(1, 0.01, 0, 100).quantile(0.5), 0.01, 1e-9)
	near(t, "mean of Pollaczek-Khinchine", newResponse(80, 0.01, 4, 1).mean, 0.01+0.1, 1e-9)
	for _, scv := range []float64{0, 1e-8, 0.5, 1, 4, 100} {
		r := newResponse(80, 0.01, scv, 1)
		for _, p := range []float64{0.5, 0.99} {
			if q := r.quantile(p); r.tail(q) > 1-p+1e-9 || r.tail(q*(1-1e-6)) < 1-p-1e-9 {
				t.Errorf("scv %g: the tail beyond the %g quantile of %g s is %g", scv, p, q, r.tail(q))
			}
		}
	}
}

// A service time that varies more never needs fewer cores for its p99.
func TestVariabilityCosts(t *testing.T) {
	before := 0.0
	for _, scv := range []float64{0, 0.5, 1, 1.5, 2} {
		s := serviceModel{cores: 1, utilization: 1, wait: 1, quantile: 0.99, limit: (42 * time.Millisecond).Seconds()}
		got := s.staff(8000, 0.005, scv)
		if got.late || got.cores < before {
			t.Errorf("scv %g: %g cores, late %v, want at least %g", scv, got.cores, got.late, before)
		}
		before = got.cores
	}
}
