package report

import (
	"math"
	"strings"
	"testing"

	"fsctl/loadgen/record"
)

// Limits of a Poisson mean: Garwood, Biometrika 28, 1936, as tabled by Pearson and Hartley, Biometrika Tables, table 40.
func TestPoissonInterval(t *testing.T) {
	for _, c := range []struct{ n, low, high float64 }{{10, 4.795, 18.39}, {20, 12.22, 30.89}, {50, 37.11, 65.92}, {100, 81.36, 121.63}} {
		if low, high := poisson95(c.n); math.Abs(low-c.low) > 2e-3*c.low || math.Abs(high-c.high) > 2e-3*c.high {
			t.Errorf("%v: %v to %v, wanted %v to %v", c.n, low, high, c.low, c.high)
		}
	}
}

// What a search claims is what came in the hold, not what it asked for.
func TestSearchClaimsWhatWasSent(t *testing.T) {
	s := newSearched()
	l := s.level(t, 20, 100)
	for second := l.HoldFromSeconds; second < l.ToSeconds; second++ {
		s.Add(record.Interval{Second: second, Generator: &record.Generator{Arrivals: 18}})
	}
	r := Judge(s.Record, require(limitOf(t, "response_time", "p(99)<300ms", "")), nil)
	if r.Capacity.RatePerSec != 18 || r.Capacity.AskedPerSec != 20 || r.Capacity.Users.LowPerSec >= 18 || r.Capacity.Users.HighPerSec <= 18 || !strings.Contains(r.Reason, "holds at least 18 users/s (95 %: ") || !strings.Contains(r.Reason, "asked for 20/s") {
		t.Errorf("%+v, %q", r.Capacity, r.Reason)
	}
}
