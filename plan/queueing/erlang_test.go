package queueing

import (
	"fmt"
	"math"
	"testing"
)

func TestErlangBPublishedLoads(t *testing.T) {
	// Offered load at 1 % loss, published Erlang B tables.
	for servers, want := range map[int]float64{1: .0101, 5: 1.3608, 10: 4.4612, 50: 37.9014} {
		got := must[float64](t)(OfferedErlang(servers, 0.01))
		wantNear(t, fmt.Sprintf("load of %d servers at 1 %% loss", servers), got, want, 5.1e-5)
		wantRelative(t, "loss at that load", must[float64](t)(ErlangB(servers, got)), 0.01, 1e-10)
	}
}

func TestErlangCCheckValues(t *testing.T) {
	for _, c := range []struct {
		erlang    float64
		servers   int
		want      float64
		tolerance float64
	}{
		{2, 3, 4.0 / 9, 1e-12}, // by hand
		{8, 10, .409180, 5e-7},
		{90, 100, .216940, 5e-7},
		{0, 4, 0, 0},
		{0.5, 1, 0.5, 1e-15}, // M/M/1: rho
	} {
		wantNear(t, fmt.Sprintf("C(%g, %d)", c.erlang, c.servers), must[float64](t)(ErlangC(c.servers, c.erlang)), c.want, c.tolerance)
	}
}

func TestErlangAgainstRecursion(t *testing.T) {
	for _, erlang := range []float64{1e-3, 0.7, 12, 99, 101, 150, 200, 201, 1234.5, 1e4, 1e5, 1e6} {
		for _, deviations := range []float64{-30, -10, -5.01, -4.99, -3, -1, 0, .01, 1, 3, 4.6, 6, 12, 30} {
			servers := int(erlang + deviations*math.Sqrt(erlang))
			if servers < 1 {
				continue
			}
			what := fmt.Sprintf("(%g, %d)", erlang, servers)
			wantRelative(t, "B"+what, must[float64](t)(ErlangB(servers, erlang)), recursiveB(servers, erlang), 1e-9)
			if erlang < float64(servers) {
				wantRelative(t, "C"+what, must[float64](t)(ErlangC(servers, erlang)), recursiveC(servers, erlang), 1e-9)
			}
		}
		for _, share := range []float64{.01, .3, .69, .71, 1.29, 1.31, 2, 10} {
			servers := int(erlang * share)
			if want := recursiveB(servers, erlang); want > 1e-290 {
				wantRelative(t, fmt.Sprintf("B(%g, %d)", erlang, servers), must[float64](t)(ErlangB(servers, erlang)), want, 1e-9)
			}
		}
	}
}

func TestErlangBExtremes(t *testing.T) {
	for _, c := range []struct {
		servers int
		erlang  float64
		want    float64
	}{
		{0, 5, 1}, {0, 0, 1}, {3, 0, 0}, {1, 1e9, 1e9 / (1e9 + 1)}, {1000, 1e-9, 0}, {1_000_000, 1, 0},
		{2, 5e-324, 0}, {101, 5e-324, 0},
	} {
		wantRelative(t, fmt.Sprintf("B(%d, %g)", c.servers, c.erlang), must[float64](t)(ErlangB(c.servers, c.erlang)), c.want, 1e-12)
	}
}

func TestOfferedErlangInvertsErlangB(t *testing.T) {
	for _, servers := range []int{1, 2, 7, 100, 101, 500, 20000, 1_000_000} {
		for _, blocking := range []float64{1e-200, 1e-12, 1e-3, .1, .5, .9} {
			load := must[float64](t)(OfferedErlang(servers, blocking))
			wantRelative(t, fmt.Sprintf("B at the load of %d servers", servers), must[float64](t)(ErlangB(servers, load)), blocking, 1e-7)
		}
	}
}

func TestMinServersErlangCCheckValues(t *testing.T) {
	// 8000/s x 5 ms = 40 erlang.
	for target, want := range map[float64]int{.2: 48, .05: 52, .01: 57} {
		if got := must[int](t)(MinServersErlangC(8000*0.005, target)); got != want {
			t.Errorf("servers for 40 erlang at %g = %d, want %d", target, got, want)
		}
	}
	for _, c := range []struct {
		erlang, target float64
		want           int
	}{{0, .01, 1}, {0.5, 1, 1}, {1, 1, 2}, {7, 1, 8}, {250, 1, 251}, {5e-324, .5, 1}} {
		if got := must[int](t)(MinServersErlangC(c.erlang, c.target)); got != c.want {
			t.Errorf("servers for %g erlang at %g = %d, want %d", c.erlang, c.target, got, c.want)
		}
	}
}

func TestMinServersErlangCAgainstCounting(t *testing.T) {
	loads := []float64{.01, 1, 3.5, 50, 99.5, 100, 100.5, 128, 300, 777.25, 5000, 3e4, 1e6}
	for _, erlang := range loads {
		for _, target := range []float64{.999, .5, .2, .05, .01, 1e-3, 1e-6, 1e-12, 1e-100} {
			want := countedServers(erlang, target)
			if got := must[int](t)(MinServersErlangC(erlang, target)); got != want {
				t.Errorf("servers for %g erlang at %g = %d, want %d by counting", erlang, target, got, want)
			}
		}
	}
	// So rare that every probability near the start underflows.
	if got, want := must[int](t)(MinServersErlangC(500, 5e-324)), countedServers(500, 5e-324); got < want-1 || got > want+1 {
		t.Errorf("servers for 500 erlang at 5e-324 = %d, want about %d", got, want)
	}
}

func BenchmarkMinServersErlangC(b *testing.B) {
	for _, erlang := range []float64{40, 1000, 100_000} {
		b.Run(fmt.Sprintf("erlang=%g", erlang), func(b *testing.B) {
			for b.Loop() {
				if _, err := MinServersErlangC(erlang, .05); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMonteCarlo is what a plan with 20 services and 10 000 trials asks of this package.
func BenchmarkMonteCarlo(b *testing.B) {
	for b.Loop() {
		for trial := range 10_000 {
			for service := range 20 {
				erlang := float64(1+service*service*50) * (0.5 + float64(trial)/10_000)
				if _, err := MinServersErlangC(erlang, .05); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}
