package queueing

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// failer is what *testing.T and *rapid.T share.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// load is one point in the space that the invariants are checked over.
type load struct {
	arrivalPerSec  float64
	serviceSeconds float64
	servers        int
	quantile       float64
	target         float64 // wait probability
}

// Two computations of one number may differ by this much, relative.
const slack = 1e-8

func atMost(t failer, what string, small, large float64) {
	t.Helper()
	if !(small <= large+slack*math.Abs(large)+1e-300) {
		t.Fatalf("%s: %g is more than %g", what, small, large)
	}
}

// checkInvariants holds for every load, however it was found.
func checkInvariants(t failer, l load) {
	t.Helper()
	erlang := l.arrivalPerSec * l.serviceSeconds
	b, err := ErlangB(l.servers, erlang)
	if err != nil {
		t.Fatalf("ErlangB of %+v: %v", l, err)
	}
	wantFinite(t, "Erlang B", b)
	atMost(t, "Erlang B", b, 1)
	atMost(t, "Erlang B", 0, b)
	more, err := ErlangB(l.servers+1, erlang)
	if err != nil {
		t.Fatalf("ErlangB of %+v: %v", l, err)
	}
	atMost(t, "blocking with one server more", more, b)
	checkStaffing(t, l, erlang)
	if q, err := NewMMc(l.arrivalPerSec, l.serviceSeconds, l.servers); err == nil {
		checkQueue(t, l, q, b)
	} else if erlang < float64(l.servers) {
		t.Fatalf("stable %+v refused: %v", l, err)
	}
}

func checkStaffing(t failer, l load, erlang float64) {
	t.Helper()
	n, err := MinServersErlangC(erlang, l.target)
	if err != nil {
		t.Fatalf("MinServersErlangC of %+v: %v", l, err)
	}
	c, err := ErlangC(n, erlang)
	if err != nil {
		t.Fatalf("%d servers for %+v: %v", n, l, err)
	}
	atMost(t, "wait probability", c, l.target)
	if n > 1 && erlang < float64(n-1) {
		c, err := ErlangC(n-1, erlang)
		if err != nil {
			t.Fatalf("%d servers for %+v: %v", n-1, l, err)
		}
		atMost(t, "target against one server fewer", l.target, c)
	}
	if heavier, err := MinServersErlangC(erlang*1.01, l.target); err == nil && heavier < n {
		t.Fatalf("%+v needs %d servers, 1 %% more load %d", l, n, heavier)
	}
	s := Staffing{ArrivalPerSec: l.arrivalPerSec, ServiceSeconds: l.serviceSeconds, MaxWaitRatio: l.target,
		LatencyQuantile: l.quantile, MaxLatencySeconds: l.serviceSeconds * (0.1 - 1.1*math.Log1p(-l.quantile))}
	count, err := MinServers(s)
	if err != nil {
		t.Fatalf("MinServers of %+v: %v", s, err)
	}
	if count.Servers < n || count.ByLimit[count.Binding] != count.Servers {
		t.Fatalf("MinServers of %+v = %+v, the wait alone needs %d", s, count, n)
	}
	q, err := NewMMc(l.arrivalPerSec, l.serviceSeconds, count.Servers)
	if err != nil {
		t.Fatalf("%d servers for %+v: %v", count.Servers, l, err)
	}
	slow, err := q.ResponseQuantile(l.quantile)
	if err != nil {
		t.Fatalf("ResponseQuantile of %+v: %v", l, err)
	}
	atMost(t, "latency", slow, s.MaxLatencySeconds)
}

func checkQueue(t failer, l load, q MMc, b float64) {
	t.Helper()
	atMost(t, "Erlang B against C", b, q.WaitProbability())
	atMost(t, "Erlang C", q.WaitProbability(), 1)
	wait, err := q.WaitQuantile(l.quantile)
	if err != nil {
		t.Fatalf("WaitQuantile of %+v: %v", l, err)
	}
	response, err := q.ResponseQuantile(l.quantile)
	if err != nil {
		t.Fatalf("ResponseQuantile of %+v: %v", l, err)
	}
	wantFinite(t, "queue", q.MeanWaitSeconds(), q.MeanQueueLength(), wait, response)
	atMost(t, "wait against response quantile", wait, response)
	atMost(t, "service against response quantile", -l.serviceSeconds*math.Log1p(-l.quantile), response)
	tail, err := q.ResponseTail(response)
	if err != nil {
		t.Fatalf("ResponseTail of %+v: %v", l, err)
	}
	atMost(t, "tail at the quantile", math.Abs(tail-(1-l.quantile)), 1e-9*(1-l.quantile))
	later, err := q.ResponseQuantile((1 + l.quantile) / 2)
	if err != nil {
		t.Fatalf("ResponseQuantile of %+v: %v", l, err)
	}
	atMost(t, "a higher quantile", response, later)
	checkMore(t, l, q, response)
	for _, scv := range []float64{0, .5, 1, 3} {
		e, err := MGcMeanWait(q, scv)
		if err != nil {
			t.Fatalf("MGcMeanWait of %+v: %v", l, err)
		}
		wantFinite(t, "M/G/c", e.LowSeconds, e.MeanWaitSeconds, e.HighSeconds)
		atMost(t, "M/G/c range", e.LowSeconds, e.MeanWaitSeconds)
		atMost(t, "M/G/c range", e.MeanWaitSeconds, e.HighSeconds)
		atMost(t, "steadier service", e.MeanWaitSeconds, q.MeanWaitSeconds()*math.Max(1, (1+scv)/2))
	}
}

// checkMore compares with one server more, and with a service that takes longer.
func checkMore(t failer, l load, q MMc, response float64) {
	t.Helper()
	wider, err := NewMMc(l.arrivalPerSec, l.serviceSeconds, l.servers+1)
	if err != nil {
		t.Fatalf("one server more than %+v: %v", l, err)
	}
	atMost(t, "wait with one server more", wider.MeanWaitSeconds(), q.MeanWaitSeconds())
	faster, err := wider.ResponseQuantile(l.quantile)
	if err != nil {
		t.Fatalf("ResponseQuantile of %+v: %v", l, err)
	}
	atMost(t, "quantile with one server more", faster, response)
	slower, err := NewMMc(l.arrivalPerSec, l.serviceSeconds*1.01, l.servers)
	if err != nil {
		return // no longer stable
	}
	atMost(t, "wait of a slower service", q.MeanWaitSeconds(), slower.MeanWaitSeconds())
	longer, err := slower.ResponseQuantile(l.quantile)
	if err != nil {
		t.Fatalf("ResponseQuantile of %+v: %v", l, err)
	}
	atMost(t, "quantile of a slower service", response, longer)
}

func TestInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		erlang := math.Pow(10, rapid.Float64Range(-4, 6).Draw(t, "log load"))
		service := math.Pow(10, rapid.Float64Range(-6, 3).Draw(t, "log service time"))
		spread := rapid.Float64Range(-5, 12).Draw(t, "deviations of servers above the load")
		checkInvariants(t, load{
			arrivalPerSec: erlang / service, serviceSeconds: service,
			servers:  max(1, int(erlang+spread*math.Sqrt(erlang)+1)),
			quantile: rapid.Float64Range(0.01, .99999).Draw(t, "quantile"),
			target:   math.Pow(10, rapid.Float64Range(-9, 0).Draw(t, "log target")),
		})
	})
}

func FuzzInvariants(f *testing.F) {
	f.Add(75.0, 0.01, 1, .99, .2)
	f.Add(8000.0, .005, 48, .999, .05)
	f.Add(2.0, 1.0, 3, .5, 1.0)
	f.Add(1e6, .1, 100_400, .95, 1e-9)
	f.Add(1e-9, 1e-9, 1, .01, 1e-300)
	f.Add(3.0, 0.3333333333333286, 1, .5, 1.0) // saturated but for rounding
	f.Fuzz(func(t *testing.T, arrival, service float64, servers int, quantile, target float64) {
		// Outside, the functions answer with errors, which have their own test.
		valid := arrival >= 1e-12 && arrival <= 1e12 && service >= 1e-9 && service <= 1e9 && arrival*service <= 1e6 &&
			servers >= 1 && servers <= 2_000_000 && quantile >= .001 && quantile <= 1-1e-9 && target >= 1e-300 && target <= 1
		if valid {
			checkInvariants(t, load{arrival, service, servers, quantile, target})
		}
	})
}

func TestFluidInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(0.001, 1e7)
		flows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Flow {
			return Flow{rapid.Float64Range(0.001, 1e4).Draw(t, "seconds"), rate.Draw(t, "arrivals"), rate.Draw(t, "service")}
		}), 1, 12).Draw(t, "flows")
		f, err := FluidBacklog(0, flows)
		if err != nil {
			t.Fatalf("%v: %v", flows, err)
		}
		arrived, served := 0.0, 0.0
		for i := range flows {
			arrived += flows[i].Seconds * flows[i].ArrivalPerSec
			served += flows[i].Seconds * flows[i].ServicePerSec
			flows[i].ServicePerSec *= 1.1
		}
		wantFinite(t, "fluid", f.FinalBacklog, f.PeakBacklog, f.PeakSeconds, f.WaitRequestSeconds)
		if f.FinalBacklog > arrived*(1+slack) || f.FinalBacklog < arrived-served-slack*(arrived+served) {
			t.Fatalf("final backlog %g of %g arrivals with service for %g", f.FinalBacklog, arrived, served)
		}
		for _, p := range f.Points {
			if p.Backlog < 0 || p.Backlog > f.PeakBacklog {
				t.Fatalf("backlog %g outside 0 to its peak %g", p.Backlog, f.PeakBacklog)
			}
		}
		faster, err := FluidBacklog(0, flows)
		if err != nil {
			t.Fatalf("%v: %v", flows, err)
		}
		atMost(t, "peak with faster servers", faster.PeakBacklog, f.PeakBacklog)
		atMost(t, "area with faster servers", faster.WaitRequestSeconds, f.WaitRequestSeconds)
	})
}

func TestCacheInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.IntRange(2, 2_000_000).Draw(t, "items")
		z, err := NewZipf(items, rapid.Float64Range(0, 3).Draw(t, "exponent"))
		if err != nil {
			t.Fatalf("%v", err)
		}
		cached := rapid.IntRange(1, items-1).Draw(t, "cached")
		hit, err := z.CacheHitRatio(cached)
		if err != nil {
			t.Fatalf("%v", err)
		}
		best, err := z.TopShare(cached)
		if err != nil {
			t.Fatalf("%v", err)
		}
		wantFinite(t, "cache", hit, best)
		atMost(t, "hit ratio against holding the most popular", hit, best+1e-7)
		atMost(t, "hit ratio against all alike", float64(cached)/float64(items), hit+1e-7)
	})
}
