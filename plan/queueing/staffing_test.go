package queueing

import (
	"fmt"
	"math"
	"testing"
)

func TestHalfinWhittPublished(t *testing.T) {
	for alpha, want := range map[float64]float64{.5: .5061, .2: 1.0615, .05: 1.7398, .01: 2.3749} {
		beta := must[float64](t)(HalfinWhittBeta(alpha))
		wantNear(t, fmt.Sprintf("beta(%g)", alpha), beta, want, 5.1e-5)
		wantRelative(t, "alpha(beta)", must[float64](t)(HalfinWhittWait(beta)), alpha, 1e-10)
	}
	for _, alpha := range []float64{1 - 1e-12, .999, .3, 1e-6, 1e-30, 1e-300} {
		beta := must[float64](t)(HalfinWhittBeta(alpha))
		wantRelative(t, fmt.Sprintf("alpha(beta(%g))", alpha), must[float64](t)(HalfinWhittWait(beta)), alpha, 1e-8)
	}
	wantNear(t, "beta(1)", must[float64](t)(HalfinWhittBeta(1)), 0, 0)
	wantNear(t, "alpha(0)", must[float64](t)(HalfinWhittWait(0)), 1, 0)
	wantNear(t, "alpha(1000)", must[float64](t)(HalfinWhittWait(1000)), 0, 0)
}

func TestSquareRootStaffingIsAtMostTwoShort(t *testing.T) {
	for _, erlang := range []float64{10, 25.5, 40, 100, 333, 1000, 12345, 1e5, 1e6} {
		for _, alpha := range []float64{.8, .5, .2, .05, .01} {
			exact := must[int](t)(MinServersErlangC(erlang, alpha))
			quick := must[int](t)(SquareRootStaffing(erlang, alpha))
			short := 1
			if alpha == .01 && erlang > 1e4 {
				short = 2
			}
			if quick < exact-short || quick > exact {
				t.Errorf("square-root staffing of %g erlang at %g = %d, exact %d", erlang, alpha, quick, exact)
			}
		}
	}
}

func TestMinServersSaysWhatBinds(t *testing.T) {
	base := Staffing{ArrivalPerSec: 8000, ServiceSeconds: 0.005}
	for _, c := range []struct {
		name string
		edit func(*Staffing)
		want int
		by   Limit
	}{
		{"nothing", func(*Staffing) {}, 41, LimitStability},
		{"utilization", func(s *Staffing) { s.MaxUtilizationRatio = .7 }, 58, LimitUtilization},
		{"exact quotient", func(s *Staffing) { s.MaxUtilizationRatio = .8 }, 50, LimitUtilization},
		{"full utilization", func(s *Staffing) { s.MaxUtilizationRatio = 1 }, 41, LimitStability},
		{"wait", func(s *Staffing) { s.MaxWaitRatio = .05 }, 52, LimitWaitProbability},
		{"wait over utilization", func(s *Staffing) { s.MaxWaitRatio, s.MaxUtilizationRatio = .01, .8 }, 57, LimitWaitProbability},
		{"utilization over wait", func(s *Staffing) { s.MaxWaitRatio, s.MaxUtilizationRatio = .2, .7 }, 58, LimitUtilization},
	} {
		s := base
		c.edit(&s)
		got := must[ServerCount](t)(MinServers(s))
		if got.Servers != c.want || got.Binding != c.by {
			t.Errorf("%s: %d servers by %s, want %d by %s", c.name, got.Servers, got.Binding, c.want, c.by)
		}
	}
	// 42 / 0.7 is 60.00000000000001 in floats.
	if got := must[ServerCount](t)(MinServers(Staffing{ArrivalPerSec: 42, ServiceSeconds: 1, MaxUtilizationRatio: .7})); got.Servers != 60 {
		t.Errorf("42 erlang at 70 %% = %d servers, want 60", got.Servers)
	}
}

func TestMinServersLatencyIsTheSmallest(t *testing.T) {
	for _, erlang := range []float64{0.3, 1, 8, 40, 99, 150, 2000, 1e5} {
		for _, units := range []float64{4.7, 5, 8, 40} {
			s := Staffing{ArrivalPerSec: erlang * 200, ServiceSeconds: 0.005, LatencyQuantile: .99, MaxLatencySeconds: 0.005 * units}
			got := must[ServerCount](t)(MinServers(s))
			n := got.ByLimit[LimitLatency]
			if p := must[float64](t)(newQueue(t, s.ArrivalPerSec, s.ServiceSeconds, n).ResponseQuantile(.99)); p > s.MaxLatencySeconds*(1+1e-9) {
				t.Errorf("%+v: p99 of %d servers is %g", s, n, p)
			}
			if float64(n-1) > erlang*(1+1e-12) && n > 1 {
				if p := must[float64](t)(newQueue(t, s.ArrivalPerSec, s.ServiceSeconds, n-1).ResponseQuantile(.99)); p < s.MaxLatencySeconds*(1-1e-9) {
					t.Errorf("%+v: already %d servers have p99 %g", s, n-1, p)
				}
			}
		}
	}
}

func TestMinServersInfeasible(t *testing.T) {
	_, err := MinServers(Staffing{ArrivalPerSec: 10, ServiceSeconds: .1, LatencyQuantile: .99, MaxLatencySeconds: .4})
	wantError(t, "p99 of the service alone is 0.46 s", err, ErrInfeasible)
	_, err = MinServers(Staffing{ArrivalPerSec: 1000, ServiceSeconds: 1, MaxUtilizationRatio: 1e-300})
	wantError(t, "utilization of nothing", err, ErrInfeasible)
	_, err = MinServers(Staffing{ArrivalPerSec: 1000, ServiceSeconds: 1, LatencyQuantile: .99})
	wantRangeError(t, "quantile without a latency", err)
	_, err = MinServers(Staffing{ArrivalPerSec: 1e9, ServiceSeconds: 1e9})
	wantRangeError(t, "1e18 erlang", err)
}

func BenchmarkMinServersLatency(b *testing.B) {
	for _, erlang := range []float64{40, 1000, 100_000} {
		b.Run(fmt.Sprintf("erlang=%g", erlang), func(b *testing.B) {
			s := Staffing{ArrivalPerSec: erlang, ServiceSeconds: 1, LatencyQuantile: .99, MaxLatencySeconds: -1.02 * math.Log(.01)}
			for b.Loop() {
				if _, err := MinServers(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
